#include "runtime/diagnostic.h"

#include <gtest/gtest.h>

using namespace tharsis::runtime;

namespace {

std::shared_ptr<const source> text_of(const std::string& text, source::kind kind = source::kind::profile) {
  return std::make_shared<const source>(source{kind == source::kind::command_line ? "--set a.b" : "x.yaml", text, kind});
}

std::string shown(const source_position& at, bool secret = false) {
  diagnostics problems;
  problems.add(at, "wrong").secret = secret;
  return render(problems);
}

}  // namespace

TEST(Diagnostic, TheCaretStandsUnderItsColumn) {
  EXPECT_EQ(shown({text_of("one\n\ttwo three\n"), 2, 6}), "x.yaml:2:6: error: wrong\n   2 | \ttwo three\n     | \t    ^\n");
  // Columns count bytes; the caret counts characters.
  EXPECT_EQ(shown({text_of("\xC3\xA9\xC3\xA9: x\n"), 1, 7}), "x.yaml:1:7: error: wrong\n   1 | \xC3\xA9\xC3\xA9: x\n     |     ^\n");
}

TEST(Diagnostic, APlaceBeyondTheTextShowsNoLine) {
  EXPECT_EQ(shown({text_of("one\n"), 9, 1}), "x.yaml:9:1: error: wrong\n");
  EXPECT_EQ(shown({text_of("one\n"), 0, 0}), "x.yaml: error: wrong\n");
  EXPECT_EQ(shown({}), "error: wrong\n");
}

TEST(Diagnostic, OfALongLineThePartAroundTheCaretIsShown) {
  std::string longest(10'000, 'a');
  longest[5000] = 'X';
  const std::string text = shown({text_of(longest), 1, 5001});
  EXPECT_LT(text.size(), 600u);
  const size_t line = text.find(" | ") + 3, caret = text.find('^'), below = text.rfind(" | ") + 3;
  EXPECT_EQ(text[line + (caret - below)], 'X') << text;
}

TEST(Diagnostic, SecretsAndControlCharactersAreNotShown) {
  EXPECT_EQ(shown({text_of("key: hunter2\n"), 1, 6}, true), "x.yaml:1:6: error: wrong\n");
  EXPECT_EQ(shown({text_of("hunter2", source::kind::command_line), 1, 1}, true), "--set a.b: error: wrong\n");
  EXPECT_EQ(shown({text_of("5s", source::kind::command_line), 1, 1}), "--set a.b: error: wrong\n") << "it may be a secret";
  diagnostics problems;
  problems.add({}, "a\x1b[2Jb");
  EXPECT_EQ(render(problems), "error: a?[2Jb\n");
  EXPECT_EQ(in_quotes("a\nb"), "'a?b'");
}

TEST(Diagnostic, ManyProblemsAreCountedAndTheRestIsNamedAsANumber) {
  diagnostics problems;
  for (size_t i = 0; i < diagnostics::kept_most + 500; ++i) problems.add({}, "wrong").with("note");
  EXPECT_EQ(problems.count(), diagnostics::kept_most + 500);
  EXPECT_EQ(problems.kept().size(), diagnostics::kept_most);
  const std::string text = render(problems);
  EXPECT_NE(text.find("and 1480 more\n"), std::string::npos);
  diagnostics all;
  all.add({}, "first");
  all.add_all(problems);
  EXPECT_EQ(all.count(), problems.count() + 1);
}

TEST(Diagnostic, WordsAreListed) {
  EXPECT_EQ(listed({}), "");
  EXPECT_EQ(listed({"a"}), "a");
  EXPECT_EQ(listed({"a", "b", "c"}, "or"), "a, b or c");
}
