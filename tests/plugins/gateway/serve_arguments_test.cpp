#include "plugins/gateway/core/serve_arguments.h"

#include <gtest/gtest.h>

using namespace tharsis;
using gateway::parse_serve_arguments;

namespace {

void expect_refused(const std::vector<std::string>& words, const std::string& part) {
  const auto line = parse_serve_arguments(words);
  ASSERT_FALSE(line) << part;
  EXPECT_NE(line.failure().text.find(part), std::string::npos) << line.failure().text;
}

}  // namespace

TEST(ServeArguments, WithoutWordsTheSettingsStay) {
  const auto line = parse_serve_arguments({});
  ASSERT_TRUE(line);
  gateway::settings s, before;
  line->apply(s);
  EXPECT_EQ(s.listen, before.listen);
  EXPECT_EQ(s.codec, "mars");
  EXPECT_EQ(s.names, before.names);
  EXPECT_FALSE(s.open || s.plain_allowed);
}

TEST(ServeArguments, WhatIsSaidIsStronger) {
  const auto line = parse_serve_arguments({"tcp://10.0.0.1:0", "--codec=length-prefixed", "--names", "im.test,10.0.0.1", "--for", "2s", "--open", "--plain", "--identity", "id", "--streams", "files", "--http", "http://10.0.0.1:0"});
  ASSERT_TRUE(line) << line.failure().text;
  gateway::settings s;
  line->apply(s);
  EXPECT_EQ(s.listen, "tcp://10.0.0.1:0");
  EXPECT_EQ(s.codec, "length-prefixed");
  EXPECT_EQ(s.names, (std::vector<std::string>{"im.test", "10.0.0.1"}));
  EXPECT_TRUE(s.open && s.plain_allowed);
  EXPECT_EQ(s.http.listen, "http://10.0.0.1:0");
  EXPECT_EQ(line->lasts, 2s);
  EXPECT_EQ(line->identity, "id");
  EXPECT_EQ(line->streams, "files");
}

TEST(ServeArguments, WhatIsWrongIsSaid) {
  expect_refused({"tcp://a:1", "tcp://b:1"}, "'tcp://b:1' is a second place to listen");
  expect_refused({"--codec", "lines"}, "'lines' is not what the gateway speaks");
  expect_refused({"--names", ","}, "names nobody");
  expect_refused({"--for", "soon"}, "is no time like 500ms");
  expect_refused({"--opne"}, "did you mean --open?");
}
