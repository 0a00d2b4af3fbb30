#include "plugins/stn/core/fetch_arguments.h"

#include <gtest/gtest.h>

using namespace tharsis;
using namespace tharsis::stn;

namespace {

std::string complaint(const std::vector<std::string>& words) {
  const auto read = parse_fetch_arguments(words);
  return read ? "" : read.failure().text;
}

void expect_complaint(const std::vector<std::string>& words, std::string_view part) {
  EXPECT_NE(complaint(words).find(part), std::string::npos) << complaint(words);
}

}  // namespace

TEST(FetchArguments, EveryOption) {
  const auto a = parse_fetch_arguments({"https://a.test/x", "--method=PUT", "--header", "X: y z ", "--header=E:", "--data", "", "--output", "o",
                                        "--ca", "c.pem", "--timeout", "3s", "--plain", "--raw", "--include", "--no-redirect", "--json"});
  ASSERT_TRUE(a) << a.failure().text;
  EXPECT_EQ(a->to.text(), "https://a.test/x");
  EXPECT_EQ(a->method, "PUT");
  EXPECT_EQ(a->fields, (http1::field_list{{"X", "y z"}, {"E", ""}}));
  EXPECT_EQ(a->data, "");
  EXPECT_EQ(a->output, "o");
  EXPECT_EQ(a->ca, "c.pem");
  EXPECT_EQ(a->timeout, 3s);
  EXPECT_TRUE(a->plain && a->raw && a->include && !a->redirect && a->json);
}

TEST(FetchArguments, MistakesAreNamed) {
  expect_complaint({}, "name a URL");
  expect_complaint({"ftp://a.test/"}, "neither http nor https");
  expect_complaint({"http://a.test/", "http://b.test/"}, "another");
  expect_complaint({"http://a.test/", "--headr", "x"}, "did you mean --header?");
  expect_complaint({"http://a.test/", "--header", "x"}, "'Name: value'");
  expect_complaint({"http://a.test/", "--header", "a b: x"}, "cannot be sent");
  expect_complaint({"http://a.test/", "--header", "Content-Length: 3"}, "leave it out");
  expect_complaint({"http://a.test/", "--header", "X: a\r\nB: c"}, "cannot be sent");
  expect_complaint({"http://a.test/", "--method", "G T"}, "no method");
  expect_complaint({"http://a.test/", "--timeout", "0s"}, "from 1ms to 1d");
  expect_complaint({"http://a.test/", "--data", "x", "--data-file", "y"}, "exclude each other");
  expect_complaint({"http://a.test/", "--output"}, "needs a value");
  expect_complaint({"http://a.test/", "--json=1"}, "takes no value");
  EXPECT_EQ(complaint({"http://a.test/", "--header", "Authorization: Bearer hid\nden"}).find("den"), std::string::npos) << "secrets are not shown";
  EXPECT_EQ(complaint({"--help"}), "");
}
