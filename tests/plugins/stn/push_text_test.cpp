#include "plugins/stn/core/push_text.h"

#include <gtest/gtest.h>

using namespace tharsis;
using stn::push;
using stn::push_json;
using stn::push_line;

namespace {

push of(std::string_view body) { return {10001, {body.begin(), body.end()}}; }

}  // namespace

TEST(PushText, TextIsShownAsItIsAndAllElseInHexadecimal) {
  EXPECT_EQ(push_line(of("hi \xC3\xA9")), "push 10001, 5 bytes: hi \xC3\xA9");
  EXPECT_EQ(push_line(of("a\nb")), "push 10001, 3 bytes: 610a62");
  EXPECT_EQ(push_line(of("")), "push 10001, 0 bytes: ");
}

TEST(PushText, NothingThatSteersATerminalIsPrinted) {
  for (const char* body : {"\x1B[2J", "\xC2\x9B""2J", "\x7F", "\xC3", "\xED\xA0\x80"}) {
    const std::string line = push_line(of(body));
    for (const char c : line) EXPECT_TRUE(c >= 0x20 && c < 0x7F) << line;
  }
}

TEST(PushText, ALongBodyIsCutForAPersonAndWholeForAProgram) {
  const push p = of(std::string(2000, 'x'));
  EXPECT_EQ(push_line(p).substr(0, 24), "push 10001, 2000 bytes: ");
  EXPECT_EQ(push_line(p).size(), 24 + 2 * stn::push_shown + 3);
  EXPECT_NE(push_json(p).find(",\"text\":\"" + std::string(2000, 'x') + "\"}"), std::string::npos);
}

TEST(PushText, JsonHasTheBodyInHexadecimalAndTextWhereItIsText) {
  EXPECT_EQ(push_json(of("hi")), "{\"command\":10001,\"bytes\":2,\"body\":\"6869\",\"text\":\"hi\"}");
  EXPECT_EQ(push_json(of("\n")), "{\"command\":10001,\"bytes\":1,\"body\":\"0a\"}");
}
