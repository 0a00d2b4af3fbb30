// plugins/sdt/README.md lists every verdict; what it says is what the table says.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "plugins/sdt/core/verdict_table.h"

using namespace tharsis::sdt;

namespace {

constexpr std::string_view begins = "<!-- verdicts: made of core/verdict_table.cpp, kept true by tests/plugins/sdt/readme_test.cpp -->\n";
constexpr std::string_view ends = "<!-- end of verdicts -->\n";

struct layer {
  const char* title;
  verdict_code first;
};
constexpr layer layers[] = {{"All in all", verdict_code::healthy},        {"This machine", verdict_code::no_interface},
                            {"Into the internet", verdict_code::captive_portal}, {"Names", verdict_code::dns_unreachable},
                            {"The path", verdict_code::packet_loss},      {"The server", verdict_code::host_down},
                            {"Somebody in the middle", verdict_code::tls_interception}, {"Later ones", verdict_code::name_unknown}};

std::string verdicts_markdown() {
  std::string text;
  for (const verdict_entry& e : verdict_table()) {
    for (const layer& l : layers)
      if (l.first == e.code) text += std::string(text.empty() ? "" : "\n") + "**" + l.title + "**\n\n| code | blame | evidence | how surely | action |\n|---|---|---|---|---|\n";
    text += "| `" + std::string(name_of(e.code)) + "`" + (e.information ? " (note)" : "") + " | " + std::string(name_of(e.who)) + " | " + std::string(e.evidence) + " | " +
            std::string(e.confidence) + " | " + (e.action.empty() ? "" : "`" + std::string(e.action) + "`") + " |\n";
  }
  return text;
}

}  // namespace

TEST(SdtReadme, ListsEveryVerdictAsTheTableHasIt) {
  std::ifstream in("plugins/sdt/README.md");
  std::stringstream whole;
  whole << in.rdbuf();
  const std::string text = whole.str();
  const size_t from = text.find(begins), to = text.find(ends);
  ASSERT_NE(from, std::string::npos);
  ASSERT_NE(to, std::string::npos);
  const std::string listed = text.substr(from + begins.size(), to - from - begins.size());
  EXPECT_TRUE(listed == verdicts_markdown()) << "put this between the marks of plugins/sdt/README.md:\n" << verdicts_markdown();
}
