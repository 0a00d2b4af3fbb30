#include "runtime/expansion.h"

#include <gtest/gtest.h>

using namespace tharsis;
using namespace tharsis::runtime;

namespace {

const expansion here{{{"data", "/state"}, {"config", "/etc/app"}},
                     "/etc/app",
                     "/home/ann",
                     [](const std::string& name) -> std::optional<std::string> {
                       if (name == "HOST") return "im.example.com";
                       if (name == "EMPTY") return "";
                       return {};
                     }};

std::string expanded(std::string_view text) {
  const auto r = here.expand(text);
  return r ? *r : "error: " + r.failure().text;
}
std::string path(std::string_view text, bool typed = false) {
  const auto r = here.path(text, typed);
  return r ? *r : "error: " + r.failure().text;
}

}  // namespace

TEST(Expansion, NamesAreReplacedAndEverythingElseStays) {
  EXPECT_EQ(expanded("${data}/logs"), "/state/logs");
  EXPECT_EQ(expanded("a${data}b${config}c"), "a/stateb/etc/appc");
  EXPECT_EQ(expanded("$data {data} $ $$ }"), "$data {data} $ $$ }");
  EXPECT_EQ(expanded("$${data}"), "${data}");
  EXPECT_EQ(expanded(""), "");
}

TEST(Expansion, WhatWasPutInIsNotExpandedAgain) {
  const expansion twice{{{"a", "${b}"}, {"b", "x"}}, "/", "/", {}};
  EXPECT_EQ(*twice.expand("${a}"), "${b}");
}

TEST(Expansion, TheEnvironmentMayHaveAStandIn) {
  EXPECT_EQ(expanded("tcps://${env:HOST}:443"), "tcps://im.example.com:443");
  EXPECT_EQ(expanded("${env:HOST:-localhost}"), "im.example.com");
  EXPECT_EQ(expanded("${env:PORT:-443}"), "443");
  EXPECT_EQ(expanded("${env:PORT:-}"), "");
  EXPECT_EQ(expanded("${env:EMPTY:-full}"), "");
  EXPECT_EQ(expanded("${env:PORT}"),
            "error: the environment has no 'PORT'; set it, or write what stands in for it: '${env:PORT:-else}'");
  EXPECT_EQ(expanded("${env:}"), "error: the name of the environment's variable is missing, like in '${env:HOME}'");
}

TEST(Expansion, UnknownNamesAndOpenBracesAreErrors) {
  EXPECT_EQ(expanded("${date}/x"),
            "error: '${date}' is not known; known here: ${data}, ${config} and ${env:NAME:-else}; write '$${' for a plain '${'");
  EXPECT_EQ(expanded("x${data"), "error: the brace of '${' is not closed; write '$${' for a plain '${'");
}

TEST(Expansion, PathsAreAbsoluteAndPlain) {
  EXPECT_EQ(path("${data}//logs/./a/"), "/state/logs/a");
  EXPECT_EQ(path("ca.pem"), "/etc/app/ca.pem");
  EXPECT_EQ(path("./ca.pem", true), "/home/ann/ca.pem");
  EXPECT_EQ(path("../x"), "/etc/app/../x");
  EXPECT_EQ(path("/"), "/");
  EXPECT_EQ(path(""), "error: expected a path, got ''; leave the key out instead");
  EXPECT_EQ(path("${env:EMPTY}"), "error: expected a path, got ''; leave the key out instead");
}

TEST(Expansion, TheParentOfAPath) {
  EXPECT_EQ(parent_folder("/a/b/c.yaml"), "/a/b");
  EXPECT_EQ(parent_folder("/c.yaml"), "/");
  EXPECT_EQ(parent_folder("c.yaml"), ".");
}
