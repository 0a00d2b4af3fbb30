#include "plugins/xlog/core/push_arguments.h"

#include <gtest/gtest.h>

using namespace tharsis;
using namespace tharsis::xlog;

namespace {

constexpr int64_t now = 1'795'000'000'000'000'000;
constexpr int64_t minute = 60'000'000'000;

push_arguments good(const std::vector<std::string>& words) {
  auto parsed = parse_push_arguments(words, now);
  EXPECT_TRUE(parsed) << (parsed ? "" : parsed.failure().text);
  return parsed ? *parsed : push_arguments();
}
std::string refusal(const std::vector<std::string>& words) {
  const auto parsed = parse_push_arguments(words, now);
  return parsed ? "" : parsed.failure().text;
}

}  // namespace

TEST(XlogPushArguments, WhereToAndWhat) {
  const push_arguments a = good({"https://logs.example.com/in", "logs", "--level", "W", "--last=5m", "more", "--rate", "200KiB", "--source", "phone-7", "--deadline", "2h", "--json", "--dry-run"});
  EXPECT_EQ(a.to.host, "logs.example.com");
  EXPECT_EQ(a.paths, (std::vector<std::string>{"logs", "more"}));
  EXPECT_EQ(a.wanted.level, 3u);
  EXPECT_EQ(a.wanted.since, now - 5 * minute);
  EXPECT_EQ(a.rate, 200u << 10);
  EXPECT_EQ(a.deadline, duration(2h));
  EXPECT_TRUE(a.json && a.dry && !a.plain);
}

TEST(XlogPushArguments, EachMistakeIsNamed) {
  const std::string to = "https://h";
  EXPECT_NE(refusal({}).find("where to"), std::string::npos);
  EXPECT_NE(refusal({to}).find("and what"), std::string::npos);
  EXPECT_NE(refusal({"logs", "x"}).find("xlog push"), std::string::npos);
  EXPECT_NE(refusal({to, "x", "--levl", "W"}).find("did you mean --level"), std::string::npos);
  EXPECT_NE(refusal({to, "x", "--level", "loud"}).find("no level"), std::string::npos);
  EXPECT_NE(refusal({to, "x", "--since", "soon"}).find("no time"), std::string::npos);
  EXPECT_NE(refusal({to, "x", "--last", "5"}).find("no duration"), std::string::npos);
  EXPECT_NE(refusal({to, "x", "--rate", "0"}).find("bytes a second"), std::string::npos);
  EXPECT_NE(refusal({to, "x", "--source", "../me"}).find("no name"), std::string::npos);
  EXPECT_NE(refusal({to, "x", "--ca"}).find("needs a value"), std::string::npos);
  EXPECT_NE(refusal({to, ""}).find("empty"), std::string::npos);
}

TEST(XlogPushArguments, UnencryptedOnlyToOneselfUnlessItIsSaid) {
  EXPECT_NE(refusal({"http://10.0.0.2", "x"}).find("--plain"), std::string::npos);
  EXPECT_NE(refusal({"http://localhost.example.com", "x"}).find("--plain"), std::string::npos);
  good({"http://10.0.0.2", "x", "--plain"});
  good({"http://127.0.0.1:80", "x"});
  good({"http://localhost", "x"});
  good({"http://[::1]:80", "x"});
}
