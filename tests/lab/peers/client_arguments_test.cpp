#include "tests/lab/peers/client_arguments.h"

using namespace tharsis;
using namespace tharsis::lab;

namespace {

result<client_arguments> parse(std::vector<std::string> words) {
  return parse_client_arguments(words, {"--tuned"});
}

// Enough of a command line, and more words.
std::string failure_of(const std::vector<std::string>& more) {
  std::vector<std::string> words{"tcp://127.0.0.1:1", "--body-file", "b", "--rate", "5"};
  words.insert(words.end(), more.begin(), more.end());
  const auto parsed = parse(words);
  return parsed ? "" : parsed.failure().text;
}

}  // namespace

TEST(ClientArguments, EveryWordFindsItsField) {
  const auto all = parse({"tcps://192.0.2.1:443", "--tuned", "tcps://[2001:db8::1]:444", "--body-file", "body",
                          "--count", "200", "--rate", "0.5",
                          "--deadline", "3s", "--ca", "ca.pem", "--name", "im.test", "--json"});
  ASSERT_TRUE(all) << all.failure().text;
  ASSERT_EQ(all->endpoints.size(), 2u);
  EXPECT_EQ(all->endpoints[1].host, "2001:db8::1");
  EXPECT_TRUE(all->tls);
  EXPECT_EQ(all->name, "im.test");
  EXPECT_EQ(all->body_file, "body");
  EXPECT_EQ(all->ca_file, "ca.pem");
  EXPECT_EQ(all->asked.count, 200u);
  EXPECT_EQ(all->asked.rate, 0.5);
  EXPECT_EQ(all->asked.deadline, 3s);
  EXPECT_TRUE(all->json);
  EXPECT_TRUE(all->has("--tuned"));
}

TEST(ClientArguments, WhatIsNotSaidHasADefault) {
  const auto all = parse({"tcp://localhost:80", "--body-file", "b", "--rate", "5"});
  ASSERT_TRUE(all) << all.failure().text;
  EXPECT_FALSE(all->tls);
  EXPECT_EQ(all->name, "localhost");
  EXPECT_EQ(all->asked.count, 1u);
  EXPECT_EQ(all->asked.deadline, 15s);
  EXPECT_FALSE(all->has("--tuned"));
  EXPECT_FALSE(all->json);
}

TEST(ClientArguments, AnAddressListHasANameOfItsOwn) {
  const auto all = parse({"tcp://127.0.0.1:1", "tcp://127.0.0.2:1", "--body-file", "b", "--rate", "5"});
  ASSERT_TRUE(all) << all.failure().text;
  EXPECT_EQ(all->name, "echo.test");
}

TEST(ClientArguments, MistakesAreNamed) {
  EXPECT_EQ(failure_of({}), "");
  EXPECT_EQ(failure_of({"--http2"}), "there is no option '--http2'; see --help");
  EXPECT_EQ(failure_of({"--count"}), "--count needs a value");
  EXPECT_EQ(failure_of({"--count", "0"}), "--count 0: expected a number from 1 to 10000000");
  EXPECT_EQ(failure_of({"--rate", "fast"}), "--rate fast: expected requests per second, 0.001 to 100000");
  EXPECT_EQ(failure_of({"--rate", "-1"}), "--rate -1: expected requests per second, 0.001 to 100000");
  EXPECT_EQ(failure_of({"--deadline", "15"}), "--deadline 15: expected a duration like '5s' or '200ms'");
  EXPECT_EQ(failure_of({"--deadline", "0s"}), "--deadline 0s: expected 1ms to 1h");
  EXPECT_NE(failure_of({"127.0.0.1:1"}).find("the scheme is missing"), std::string::npos);
  EXPECT_EQ(failure_of({"udp://127.0.0.1:1"}), "udp://127.0.0.1:1: the scheme must be tcp or tcps");
  EXPECT_EQ(failure_of({"tcps://127.0.0.1:1"}), "the endpoints are one server's: tcp or tcps, not both");
  EXPECT_EQ(failure_of({"tcp://localhost:1"}),
            "tcp://localhost:1: several endpoints are the addresses of one server, not names");
}

TEST(ClientArguments, WhatIsMissingIsNamed) {
  EXPECT_EQ(parse({"--body-file", "b", "--rate", "5"}).failure().text,
            "no ENDPOINT is given, like tcp://192.0.2.1:443");
  EXPECT_EQ(parse({"tcp://127.0.0.1:1", "--rate", "5"}).failure().text, "--body-file FILE is missing: what is sent");
  EXPECT_EQ(parse({"tcp://127.0.0.1:1", "--body-file", "b"}).failure().text,
            "say --rate R, requests per second, or --in-flight K, those without an answer at a time");
  EXPECT_EQ(failure_of({"--in-flight", "2"}), "say --rate R, requests per second, or --in-flight K, those without an answer at a time, not both");
  EXPECT_EQ(failure_of({"--in-flight", "0"}), "--in-flight 0: expected a number from 1 to 100000");
  EXPECT_EQ(parse({"tcp://127.0.0.1:1", "--body-file", "b", "--in-flight", "64"})->asked.in_flight, 64u);
}

TEST(ClientArguments, HelpNeedsNothingElse) {
  const auto all = parse({"--help"});
  ASSERT_TRUE(all);
  EXPECT_TRUE(all->help);
}
