#include "runtime/expansion.h"

#include <gtest/gtest.h>

#include <map>

using namespace tharsis;
using namespace tharsis::runtime;

namespace {

const std::map<std::string, std::string> variables = {{"HOST", "im.example.com"}, {"EMPTY", ""}};
const expansion here{{{"data", "/state"}, {"config", "/etc/app"}}, "/etc/app", &variables};

std::string expanded(std::string_view text) {
  const auto r = here.expand(text, "");
  return r ? *r : "error: " + r.failure().text;
}
std::string path(std::string_view text, const std::string& folder = "") {
  const auto r = here.path(text, folder);
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
  const expansion twice{{{"a", "${b}"}, {"b", "x"}}, "/", nullptr};
  EXPECT_EQ(*twice.expand("${a}", ""), "${b}");
}

TEST(Expansion, TheEnvironmentMayHaveAStandIn) {
  EXPECT_EQ(expanded("tcps://${env:HOST}:443"), "tcps://im.example.com:443");
  EXPECT_EQ(expanded("${env:HOST:-localhost}"), "im.example.com");
  EXPECT_EQ(expanded("${env:PORT:-443}"), "443");
  EXPECT_EQ(expanded("${env:PORT:-}"), "");
  EXPECT_EQ(expanded("${env:EMPTY:-full}"), "full") << "as a shell has it";
  EXPECT_EQ(expanded("${env:EMPTY}"), "");
  EXPECT_EQ(expanded("${env:PORT}"),
            "error: the environment variable PORT is not set; set it, or give a default: ${env:PORT:-default}");
  EXPECT_EQ(expanded("${env:EMPTY:?the port}"), "error: the environment variable EMPTY is empty: the port");
  EXPECT_EQ(expanded("${env:}"),
            "error: expected '${env:NAME}', '${env:NAME:-default}' or '${env:NAME:?message}', got '${env:}'");
}

TEST(Expansion, WithoutAnEnvironmentNeitherVariablesNorFilesCanBePutIn) {
  const expansion closed{{{"data", "/state"}}, "/", nullptr};
  EXPECT_EQ(closed.expand("${env:HOST:-x}", "").status(), THARSIS_E_INVALID);
  EXPECT_EQ(closed.expand("${file:/etc/hostname}", "").status(), THARSIS_E_INVALID);
}

TEST(Expansion, UnknownNamesAndOpenBracesAreErrors) {
  EXPECT_EQ(expanded("${date}/x"),
            "error: '${date}' is not known; known here: ${data}, ${config}, ${env:NAME} and ${file:PATH}; write '$${' for a plain '${'");
  EXPECT_EQ(expanded("x${data"), "error: the brace of '${' is not closed; write '$${' for a plain '${'");
}

TEST(Expansion, PathsAreAbsoluteAndPlain) {
  EXPECT_EQ(path("/state//logs/./a/"), "/state/logs/a");
  EXPECT_EQ(path("ca.pem"), "/etc/app/ca.pem");
  EXPECT_EQ(path("./ca.pem", "/home/ann"), "/home/ann/ca.pem");
  EXPECT_EQ(path("../x"), "/etc/app/../x");
  EXPECT_EQ(path("/"), "/");
  EXPECT_EQ(path(""), "error: expected a path, got ''; leave the key out instead");
}

TEST(Expansion, TheParentOfAPath) {
  EXPECT_EQ(parent_folder("/a/b/c.yaml"), "/a/b");
  EXPECT_EQ(parent_folder("/c.yaml"), "/");
  EXPECT_EQ(parent_folder("c.yaml"), ".");
}
