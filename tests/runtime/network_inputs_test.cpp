#include "runtime/network_inputs.h"

#include <gtest/gtest.h>

using namespace tharsis;
using namespace tharsis::runtime;

namespace {

tharsis_runtime_inputs nothing() {
  tharsis_runtime_inputs i{};
  i.size = sizeof i;
  return i;
}

// What was said against it.
std::string refusal(const std::map<std::string, std::string>& words) {
  network_inputs all;
  const auto failure = add_words(all, words);
  EXPECT_TRUE(!failure || all == network_inputs{}) << "something of it was taken";
  return failure ? failure->text : "";
}

}  // namespace

TEST(NetworkInputs, ZeroesSayNothing) {
  network_inputs all;
  all.foreground = 0, all.metered = 1, all.account = "ann";
  const network_inputs before = all;
  EXPECT_FALSE(add_inputs(all, nothing()));
  EXPECT_EQ(all, before);
}

TEST(NetworkInputs, WordsAreLaidOverWhatWasToldBefore) {
  network_inputs all;
  EXPECT_FALSE(add_words(all, {{"foreground", "0"}, {"account", "ann"}, {"type", "cellular"}, {"metered", "yes"}, {"network", "home"}}));
  EXPECT_FALSE(add_words(all, {{"account", ""}, {"device", "a phone"}}));
  EXPECT_EQ(all.foreground, 0);
  EXPECT_EQ(all.metered, 1);
  EXPECT_EQ(all.type, THARSIS_NETWORK_CELLULAR);
  EXPECT_EQ(all.network, "home");
  EXPECT_EQ(all.account, "");
  EXPECT_EQ(all.device, "a phone");
  EXPECT_FALSE(add_words(all, {{"network", ""}}));
  EXPECT_EQ(all.type, THARSIS_NETWORK_UNKNOWN) << "what is observed counts again";
  EXPECT_EQ(all.metered, -1);
}

TEST(NetworkInputs, WhatMeansNothingIsRefusedWithASentence) {
  EXPECT_EQ(refusal({{"forground", "1"}}), "a runtime is not told of 'forground'; did you mean 'foreground'?");
  EXPECT_NE(refusal({{"foreground", "maybe"}}).find("1 for yes or 0 for no"), std::string::npos);
  EXPECT_NE(refusal({{"type", "wire"}, {"account", "ann"}}).find("wired, wifi, cellular"), std::string::npos);
  EXPECT_NE(refusal({{"account", std::string(513, 'a')}}).find("513 bytes"), std::string::npos);
  EXPECT_NE(refusal({{"account", "a\nb"}}).find("control character"), std::string::npos);
  EXPECT_NE(refusal({{"device", "\xff"}}).find("UTF-8"), std::string::npos);
  EXPECT_NE(refusal({{"proxy", "http://proxy"}}).find("the port is missing"), std::string::npos);
  EXPECT_NE(refusal({{"proxy", "ftp://proxy:21"}}).find("'ftp'"), std::string::npos);
  EXPECT_NE(refusal({{"proxy", "http://proxy:0"}}).find("port 0"), std::string::npos);
  network_inputs all;
  auto given = nothing();
  given.foreground = 2;
  EXPECT_TRUE(add_inputs(all, given));
  given = nothing();
  given.type = 77;
  EXPECT_TRUE(add_inputs(all, given));
}

TEST(NetworkInputs, AProxysPasswordStandsInNoSentence) {
  for (const std::string proxy : {"ann:s3cret@proxy:1", "http://ann:s3cret@proxy", "gopher://ann:s3cret@proxy:1", "http:/ann:s3cret@proxy:1",
                                  "http://ann:s3cret@proxy:0", "http://a@b:s3cret@", "://s3cret@x:1"}) {
    const std::string text = refusal({{"proxy", proxy}});
    EXPECT_NE(text, "") << proxy;
    EXPECT_EQ(text.find("s3cret"), std::string::npos) << text;
  }
  network_inputs all;
  EXPECT_FALSE(add_words(all, {{"proxy", "socks5://ann:s3@cret@[fd00::1]:1080"}}));
  EXPECT_EQ(proxy_without_secret(all.proxy), "socks5://***@[fd00::1]:1080");
  EXPECT_EQ(proxy_without_secret("http://proxy:1"), "http://proxy:1");
  EXPECT_EQ(proxy_without_secret(""), "");
}
