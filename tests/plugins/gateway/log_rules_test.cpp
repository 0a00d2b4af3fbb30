#include "plugins/gateway/core/log_rules.h"

#include <gtest/gtest.h>

#include <limits>

#include "sdk/pure/sha256.h"

using namespace tharsis;
using namespace tharsis::gateway;

namespace {

const std::map<std::string, std::string> tokens = {{"*", "for everybody"}, {"phone", "for the phone"}};

int status_of(std::string_view method, std::string_view target, std::string_view authorization = "Bearer for everybody") {
  const auto u = understand_log_call(method, target, authorization, tokens);
  const auto* refused = std::get_if<log_reply>(&u);
  return refused != nullptr ? refused->status : 0;
}

constexpr int64_t hour = 3'600'000'000'000;

}  // namespace

TEST(GatewayLogRules, ATokenIsForItsSource) {
  EXPECT_EQ(status_of("GET", "/v1/logs/me"), 0);
  EXPECT_EQ(status_of("GET", "/v1/logs/phone"), 401) << "it has one of its own";
  EXPECT_EQ(status_of("GET", "/v1/logs/phone", "Bearer for the phone"), 0);
  EXPECT_EQ(status_of("GET", "/v1/logs/me", "Bearer for the phone"), 401);
  for (const char* wrong : {"", "Bearer", "Bearer ", "for everybody", "bearer for everybody", "Bearer for everybody "}) EXPECT_EQ(status_of("GET", "/v1/logs/me", wrong), 401) << wrong;
  EXPECT_TRUE(std::holds_alternative<log_reply>(understand_log_call("GET", "/v1/logs/me", "Bearer ", {}))) << "where there is no token, nobody comes in";
  EXPECT_EQ(status_of("GET", "/nowhere", "Bearer x"), 401) << "who has no token learns nothing";
}

TEST(GatewayLogRules, OnlyWhatTheProtocolHasIsUnderstood) {
  EXPECT_EQ(status_of("PUT", "/v1/logs/me/a.tlog"), 0);
  EXPECT_EQ(status_of("POST", "/v1/pieces/me"), 0);
  EXPECT_EQ(status_of("DELETE", "/v1/wishes/me/w1"), 0);
  for (const auto& [method, target] : std::vector<std::pair<const char*, const char*>>{
           {"GET", "/v2/logs/me"}, {"GET", "/"}, {"GET", ""}, {"GET", "/v1/logs"}, {"GET", "/v1/logs/"}, {"GET", "/v1/logs/me/a.tlog"}, {"PUT", "/v1/logs/me"}, {"POST", "/v1/logs/me/a.tlog"}, {"DELETE", "/v1/wishes/me"}})
    EXPECT_EQ(status_of(method, target), 404) << method << target;
}

TEST(GatewayLogRules, NamesStayInTheirFolder) {
  for (const char* source : {"..", ".", ".state", ".wishes", "%2e%2e", "a%2fb", "a b"}) EXPECT_NE(status_of("GET", std::string("/v1/logs/") + source), 0) << source;
  for (const char* name : {"..", ".a.tlog", "a", "a.txt", ".tlog", "a.tlog/b", "..%2fa.tlog", "a\n.tlog"}) EXPECT_NE(status_of("PUT", std::string("/v1/logs/me/") + name), 0) << name;
}

TEST(GatewayLogRules, AWishIsReadAsAPersonWritesIt) {
  const int64_t now = 1'795'000'000'000'000'000;
  const auto wishes = parse_wishes("last=2h level=warning\n\nsince=2026-11-26T10:00 until=2026-11-26T10:00:05Z\nwhat=ever\nlast=2\n level=error", now);
  ASSERT_EQ(wishes.size(), 3u);
  EXPECT_EQ(wishes[0].since, now - 2 * hour);
  EXPECT_EQ(wishes[0].until, std::numeric_limits<int64_t>::max());
  EXPECT_EQ(wishes[0].level, 3u);
  EXPECT_EQ(wishes[1].until - wishes[1].since, 5'000'000'000);
  EXPECT_EQ(wishes[1].since, 1'795'687'200'000'000'000);
  EXPECT_EQ(wishes[2].level, 4u);
  EXPECT_NE(wishes[0].id, wishes[1].id);
  EXPECT_EQ(parse_wishes("last=2h level=warning", 0)[0].id, wishes[0].id) << "whenever it is read";
}

TEST(GatewayLogRules, TheOldestGo) {
  log_limits l;
  l.keep_for = 10h;
  const std::vector<kept_file> files = {{100, 90 * hour}, {100, 89 * hour}, {100, 99 * hour}, {100, 95 * hour}};
  EXPECT_EQ(files_to_remove(files, l, 100 * hour), std::vector<size_t>{1});
  l.keep_bytes = 250;
  EXPECT_EQ(files_to_remove(files, l, 100 * hour), (std::vector<size_t>{1, 0}));
  l.keep_for = duration::zero();
  l.keep_bytes = 0;
  EXPECT_TRUE(files_to_remove(files, l, 100 * hour).empty());
}
