#include "plugins/stn/core/send_arguments.h"

#include <gtest/gtest.h>

using namespace tharsis;
using stn::parse_send_arguments;

namespace {

const std::vector<std::string> least = {"tcp://127.0.0.1:80", "--command", "3", "--body", "x"};

std::vector<std::string> with(const std::vector<std::string>& more) {
  std::vector<std::string> all = least;
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

void expect_refused(const std::vector<std::string>& words, const std::string& part) {
  const auto line = parse_send_arguments(words);
  ASSERT_FALSE(line) << part;
  EXPECT_NE(line.failure().text.find(part), std::string::npos) << line.failure().text;
}

}  // namespace

TEST(SendArguments, TheShortestLineIsOneTaskInAClosedLoop) {
  const auto line = parse_send_arguments(least);
  ASSERT_TRUE(line) << line.failure().text;
  ASSERT_EQ(line->endpoints.size(), 1u);
  EXPECT_EQ(line->endpoints[0].text(), "tcp://127.0.0.1:80");
  EXPECT_EQ(line->command, 3u);
  EXPECT_EQ(line->body, "x");
  EXPECT_EQ(line->plan.count, 1);
  EXPECT_EQ(line->plan.in_flight, 1);
  EXPECT_EQ(line->plan.rate, 0);
  EXPECT_EQ(line->plan.deadline, 15s);
  EXPECT_FALSE(line->plain || line->keys || line->hash || line->json || line->client_version || line->user);
}

TEST(SendArguments, EverythingCanBeSaidInAnyOrderAndEitherForm) {
  const auto line = parse_send_arguments({"--hash", "--times", "--json", "--plain", "--keys", "--codec", "mars", "--body-file=b.bin",
                                          "tcps://a:1", "--command=4294967295", "--count", "7", "--rate", "2.5/s",
                                          "--deadline=300ms", "--ca", "ca.pem", "--user=ann", "--client-version", "0", "tcps://b:2"});
  ASSERT_TRUE(line) << line.failure().text;
  ASSERT_EQ(line->endpoints.size(), 2u);
  EXPECT_EQ(line->endpoints[1].host, "b");
  EXPECT_EQ(line->command, 4294967295u);
  EXPECT_EQ(line->body_file, "b.bin");
  EXPECT_EQ(line->plan.count, 7);
  EXPECT_EQ(line->plan.rate, 2.5);
  EXPECT_EQ(line->plan.deadline, 300ms);
  EXPECT_EQ(line->ca, "ca.pem");
  EXPECT_EQ(line->user, "ann");
  EXPECT_EQ(line->client_version, 0u);
  EXPECT_TRUE(line->plain && line->keys && line->hash && line->plan.times && line->json);
}

TEST(SendArguments, ABodyMayBeEmptyOrLookLikeAnOption) {
  EXPECT_EQ(parse_send_arguments({"tcp://127.0.0.1:80", "--command", "3", "--body="})->body, "");
  EXPECT_EQ(parse_send_arguments({"tcp://127.0.0.1:80", "--command", "3", "--body", "--json"})->body, "--json");
}

TEST(SendArguments, HelpNeedsNothingElse) {
  EXPECT_TRUE(parse_send_arguments({"--help"})->help);
  EXPECT_TRUE(parse_send_arguments({"-h"})->help);
}

TEST(SendArguments, WhatIsWrongIsSaid) {
  expect_refused({}, "name at least one endpoint");
  expect_refused({"nowhere"}, "nowhere");
  expect_refused({"http://a:1"}, "neither tcps:// nor tcp://");
  expect_refused({"tcp://127.0.0.1:80", "--body", "x"}, "--command N is missing");
  expect_refused({"tcp://127.0.0.1:80", "--command", "3"}, "--body TEXT or --body-file FILE is missing");
  expect_refused(with({"--body-file", "b"}), "exclude each other");
  expect_refused(with({"--rate", "5", "--in-flight", "2"}), "exclude each other");
  expect_refused(with({"--comand", "3"}), "did you mean --command?");
  expect_refused(with({"--deadline"}), "--deadline needs a value");
  expect_refused(with({"--json=1"}), "--json takes no value");
  expect_refused(with({"--ca", ""}), "--ca: '' is no file's name");
  expect_refused(with({"--codec", "No Codec"}), "--codec: 'No Codec' is no codec's name, which is a lower-case word, like mars or length-prefixed");
  EXPECT_EQ(parse_send_arguments(with({"--codec", "acme"}))->codec, "acme");
  for (const char* command : {"0", "-1", "x", "4294967296", "3x"}) expect_refused(with({"--command", command}), "--command: '" + std::string(command) + "' is no whole number from 1 to 4294967295");
  expect_refused(with({"--command", "6"}), "--command: '6' is the heartbeat's command, no task may have it");
  for (const char* count : {"0", "-5", "1e3", "10000001", ""}) expect_refused(with({"--count", count}), "--count: '" + std::string(count) + "' is no whole number from 1 to 10000000");
  for (const char* rate : {"0", "-1", "fast", "1/m", "1e9", "nan", ""}) expect_refused(with({"--rate", rate}), "--rate: '" + std::string(rate) + "' is no number of tasks a second");
  for (const char* deadline : {"0s", "15", "-1s", "2d", ""}) expect_refused(with({"--deadline", deadline}), "--deadline: '" + std::string(deadline) + "' is no time from 1ms to 1d");
}

TEST(SendArguments, HowTheServerIsReachedCanBeSaid) {
  const std::string pin = "sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
  const auto line = parse_send_arguments(with({"--proxy", "socks5://ann:hidden@p:1080", "--pin", pin, "--pin=" + pin, "--cert", "c.pem", "--key", "k.pem",
                                               "--address", "192.0.2.1", "--address=[2001:db8::1]:8443"}));
  ASSERT_TRUE(line) << line.failure().text;
  ASSERT_TRUE(line->through);
  EXPECT_EQ(line->through->text(), "socks5://p:1080");
  EXPECT_EQ(line->pins.size(), 2u);
  EXPECT_EQ(line->certificate, "c.pem");
  EXPECT_EQ(line->key, "k.pem");
  ASSERT_EQ(line->addresses.size(), 2u);
  EXPECT_EQ(to_text(line->addresses[1]), "[2001:db8::1]:8443");
  expect_refused(with({"--proxy", "ftp://ann:hidden@p:1"}), "a proxy of a kind that is not known");
  const auto hidden = parse_send_arguments(with({"--proxy", "ftp://ann:hidden@p:1"}));
  EXPECT_EQ(hidden.failure().text.find("hidden"), std::string::npos) << hidden.failure().text;
  expect_refused(with({"--pin", "sha256/short"}), "--pin: 'sha256/short' is no pin");
  expect_refused(with({"--cert", "c.pem"}), "--cert FILE and --key FILE belong together");
  expect_refused(with({"--address", "im.example.com"}), "--address: 'im.example.com' is no address");
}
