// Goal: what is typed behind a command is taken as it was meant, and what is not understood is said so that one sees what to
// type instead.
#include "sdk/pure/option_words.h"

#include <gtest/gtest.h>

using namespace tharsis;
using list = std::vector<std::string>;

namespace {

struct typed {
  bool json = false, help = false;
  std::string name;
  int number = 0;
  list words;
  error failure;
};
typed read(const list& all, bool takes_words = true) {
  typed t;
  option_words known("app do");
  known.flag("--json", t.json).value("--name", t.name).value("--number", [&](const std::string& text) {
    t.number = static_cast<int>(text.size());
    return text == "many" ? std::string("is no number") : std::string();
  });
  known.quiet_value("--token", [](const std::string& text) { return text == "hidden" ? std::string("is not a token") : std::string(); });
  if (takes_words) known.words("a path", t.words);
  t.failure = known.read(all);
  t.help = known.help();
  return t;
}

}  // namespace

TEST(OptionWords, OptionsAndWordsStandInAnyOrder) {
  const typed t = read({"one", "--name", "x", "--json", "two", "--number=123", "--", "--json", "-"});
  EXPECT_EQ(t.failure.status, THARSIS_OK) << t.failure.text;
  EXPECT_EQ(t.words, (list{"one", "two", "--json", "-"}));
  EXPECT_EQ(t.name, "x");
  EXPECT_TRUE(t.json);
  EXPECT_EQ(t.number, 3);
  EXPECT_EQ(read({"--name="}).name, "");
  EXPECT_EQ(read({"--name", "--json"}).name, "--json") << "a value may look like an option";
  EXPECT_EQ(read({"--name=a=b"}).name, "a=b");
  EXPECT_TRUE(read({"-h"}).help);
  EXPECT_TRUE(read({"x", "--help"}).help);
  EXPECT_FALSE(read({}).help);
}

TEST(OptionWords, WhatIsWrongIsSaidAndWhatToTypeInstead) {
  const auto why = [](const list& all, bool takes_words = true) {
    const typed t = read(all, takes_words);
    EXPECT_EQ(t.failure.status, THARSIS_E_INVALID);
    return t.failure.text;
  };
  EXPECT_EQ(why({"--jsno"}), "app do: there is no option '--jsno'; did you mean --json? See tharsis app do --help");
  EXPECT_EQ(why({"--verbose"}), "app do: there is no option '--verbose'. See tharsis app do --help");
  EXPECT_EQ(why({"--name"}), "app do: option --name needs a value behind it");
  EXPECT_EQ(why({"--json=yes"}), "app do: option --json takes no value");
  EXPECT_EQ(why({"--number", "many"}), "app do: --number: 'many' is no number");
  EXPECT_EQ(why({"--token", "hidden"}), "app do: --token: is not a token");
  EXPECT_EQ(why({""}), "app do: a path is empty");
  EXPECT_EQ(why({"word"}, false), "app do: 'word' is one word too many. See tharsis app do --help");
}
