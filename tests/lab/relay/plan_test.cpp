#include "tests/lab/relay/plan.h"

#include <gtest/gtest.h>

#include "sdk/pure/address.h"

using namespace tharsis;
using namespace tharsis::lab;

namespace {

plan read(const std::string& text, std::string* mistakes = nullptr) {
  runtime::diagnostics problems;
  const plan made = parse_plan(std::make_shared<runtime::source>(runtime::source{"plan.json", text}), problems);
  if (mistakes != nullptr)
    *mistakes = runtime::render(problems);
  else
    EXPECT_TRUE(problems.empty()) << runtime::render(problems);
  return made;
}

tharsis_address ip(std::string_view text) { return *parse_ip(text); }

}  // namespace

TEST(Plan, AnEmptyStateIsAPerfectNetwork) {
  const plan p = read(R"([{"at_us":0}])");
  ASSERT_EQ(p.size(), 1u);
  for (const direction way : {direction::up, direction::down}) {
    const line_faults& line = p[0].line(way);
    EXPECT_EQ(line.delay + line.jitter, 0ns);
    EXPECT_EQ(line.loss + line.burst_enter + line.reorder + line.duplicate + line.corrupt, 0);
    EXPECT_EQ(line.rate_bps + line.drop_over, 0u);
  }
  EXPECT_TRUE(p[0].blocked.empty() && p[0].forged.empty() && p[0].client_hellos.empty());
  EXPECT_EQ(p[0].nat_forgets_after + p[0].reset_every, 0ns);
}

TEST(Plan, EveryKeyReachesItsPlace) {
  const plan p = read(R"([{"at_us":0,
    "up":{"delay_us":50000,"jitter_us":3,"loss":0.05,"burst":{"enter":0.01,"leave":0.2,"loss":0.9},"reorder":0.1,
          "duplicate":0.2,"corrupt":0.3,"rate_bps":64000,"queue_packets":20,"drop_over":1300,"icmp":true},
    "block":[{"direction":"down","address":"198.51.100.0/24","port":443,"protocol":"udp","answer":"reset"}],
    "nat":{"forget_after_us":60000000},"reset":{"every_us":3000000},
    "forge":[{"name":"im.test","address":"2001:db8::66","servers":"198.51.100.53","only":true}],
    "client_hello":[{"name":"blocked.test","action":"reset"}]},{"at_us":1500000}])");
  ASSERT_EQ(p.size(), 2u);
  const line_faults& up = p[0].line(direction::up);
  EXPECT_EQ(up.delay, 50ms);
  EXPECT_EQ(up.jitter, 3us);
  EXPECT_EQ(up.loss, 0.05);
  EXPECT_EQ(up.burst_enter, 0.01);
  EXPECT_EQ(up.burst_leave, 0.2);
  EXPECT_EQ(up.burst_loss, 0.9);
  EXPECT_EQ(up.reorder, 0.1);
  EXPECT_EQ(up.duplicate, 0.2);
  EXPECT_EQ(up.corrupt, 0.3);
  EXPECT_EQ(up.rate_bps, 64000u);
  EXPECT_EQ(up.queue_packets, 20u);
  EXPECT_EQ(up.drop_over, 1300u);
  EXPECT_TRUE(up.icmp);
  EXPECT_EQ(p[0].line(direction::down).delay, 0ns);
  const block_rule& block = p[0].blocked.at(0);
  EXPECT_TRUE(!block.up && block.down && block.port == 443 && block.protocol == protocol_udp);
  EXPECT_EQ(block.says, block_rule::answer::reset);
  EXPECT_TRUE(block.remote.holds(ip("198.51.100.77")));
  EXPECT_EQ(p[0].nat_forgets_after, 60s);
  EXPECT_EQ(p[0].reset_every, 3s);
  const forge_rule& forge = p[0].forged.at(0);
  EXPECT_TRUE(forge.name == "im.test" && forge.only && same_ip(forge.address, ip("2001:db8::66")));
  EXPECT_FALSE(forge.servers.holds(ip("198.51.100.54")));
  EXPECT_TRUE(p[0].client_hellos.at(0).reset);
  EXPECT_EQ(p[1].at, 1500ms);
}

TEST(Plan, AMistakeIsToldWithItsPlace) {
  const std::pair<const char*, const char*> mistakes[] = {
      {"[]", "needs at least 1 element"},
      {"[{\"at_us\":1}]", "plan.json:1:11: error: the first state holds from the beginning"},
      {"[{\"at_us\":0},\n {\"at_us\":0}]", "plan.json:2:11: error: at_us must be later"},
      {"[{\"at_us\":0,\n  \"upp\":{}}]", "plan.json:2:3: error: 0: unknown key 'upp'"},
      {"[{\"at_us\":0,\"up\":{\"los\":0.5}}]", "did you mean 'loss'?"},
      {"[{\"at_us\":0,\"up\":{\"loss\":1.5}}]", "must be between 0 and 1, got '1.5'"},
      {"[{\"up\":{}}]", "at_us: is required"},
      {"[{\"at_us\":0,\"block\":[{\"address\":\"1.2.3\"}]}]", "plan.json:1:33: error: '1.2.3' is not"},
      {"[{\"at_us\":0,\"block\":[{\"address\":\"1.2.3.4/33\"}]}]", "expected a prefix like"},
      {"[{\"at_us\":0,\"block\":[{\"protocol\":\"icmp\",\"port\":1}]}]", "ICMP has no ports"},
      {"[{\"at_us\":0,\"block\":[{\"answer\":\"rst\"}]}]", "expected one of silence, reset or unreachable, got 'rst'"},
      {"[{\"at_us\":0,\"forge\":[{\"name\":\"\",\"address\":\"1.2.3.4\"}]}]", "expected a name like 'im.test'"},
      {"[{\"at_us\":0,\"forge\":[{\"name\":\"a\",\"address\":\"here\"}]}]", "'here' is not an IP address"},
      {"[{\"at_us\":0", "plan.json:1:"},
      {"{\"at_us\":0}", "expected a list"},
      {"", "plan.json"},
  };
  for (const auto& [text, expected] : mistakes) {
    std::string told;
    EXPECT_TRUE(read(text, &told).empty()) << text;
    EXPECT_NE(told.find(expected), std::string::npos) << text << "\n" << told;
  }
}

TEST(Plan, APrefixHoldsWhatBeginsLikeIt) {
  EXPECT_TRUE(parse_prefix("10.0.0.0/8")->holds(ip("10.255.0.1")));
  EXPECT_FALSE(parse_prefix("10.0.0.0/8")->holds(ip("11.0.0.1")));
  EXPECT_TRUE(parse_prefix("10.0.0.128/25")->holds(ip("10.0.0.200")));
  EXPECT_FALSE(parse_prefix("10.0.0.128/25")->holds(ip("10.0.0.1")));
  EXPECT_FALSE(parse_prefix("10.0.0.1")->holds(ip("10.0.0.2")));
  EXPECT_TRUE(parse_prefix("0.0.0.0/0")->holds(ip("1.2.3.4")));
  EXPECT_FALSE(parse_prefix("0.0.0.0/0")->holds(ip("::1")));
  EXPECT_TRUE(parse_prefix("2001:db8::/33")->holds(ip("2001:db8:7fff::1")));
  EXPECT_FALSE(parse_prefix("2001:db8::/33")->holds(ip("2001:db8:8000::1")));
  EXPECT_TRUE(network_prefix{}.holds(ip("::1")));
  for (const char* wrong : {"", "/8", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/33", "::/129", "10.0.0.0/8/8"})
    EXPECT_FALSE(parse_prefix(wrong).ok()) << wrong;
}

TEST(Plan, ARulesNameIsTheNameOrOneBelow) {
  EXPECT_TRUE(is_at_or_below("im.test", "im.test"));
  EXPECT_TRUE(is_at_or_below("A.Im.TEST.", "im.test"));
  EXPECT_FALSE(is_at_or_below("him.test", "im.test"));
  EXPECT_FALSE(is_at_or_below("test", "im.test"));
  EXPECT_FALSE(is_at_or_below("", "im.test"));
}
