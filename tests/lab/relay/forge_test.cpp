#include "tests/lab/relay/forge.h"

#include <gtest/gtest.h>

#include "tests/lab/relay/sample_packets.h"

using namespace tharsis;
using namespace tharsis::lab;
using namespace tharsis::lab::sample;

namespace {

const tharsis_address liar = at("203.0.113.66"), liar6 = at("2001:db8::66");
const std::vector<forge_rule> for_im = {{"im.test", liar, {}, false}};

std::optional<forgery> forged(const bytes& query, const std::vector<forge_rule>& rules,
                              const tharsis_address& to = resolver) {
  const bytes whole = make_udp(asker, to, query);
  return forge_answer(*parse_packet(whole), rules);
}

bytes message_of(const forgery& f) {
  const auto p = parse_packet(f.packet);
  EXPECT_TRUE(p->source == resolver && p->target == asker);
  const auto data = parse_udp(*p);
  return bytes(data->begin(), data->end());
}

}  // namespace

TEST(Forge, AQuestionIsReadWholeOrNotAtAll) {
  const bytes query = dns_query("a.im.test", 28);
  const auto q = parse_question(query);
  ASSERT_TRUE(q);
  EXPECT_EQ(q->name, "a.im.test");
  EXPECT_EQ(q->type, 28);
  EXPECT_EQ(q->written.size(), query.size() - 12);
  for (size_t size = 0; size < query.size(); ++size) EXPECT_FALSE(parse_question(byte_view(query).first(size))) << size;
}

TEST(Forge, WhatIsNoOrdinaryQueryIsNone) {
  const auto changed = [](size_t at, uint8_t to) {
    bytes query = dns_query("im.test", 1);
    query[at] = to;
    return parse_question(query).has_value();
  };
  EXPECT_TRUE(changed(2, 0));
  EXPECT_FALSE(changed(2, 0x80)) << "a response";
  EXPECT_FALSE(changed(2, 0x28)) << "an update";
  EXPECT_FALSE(changed(5, 2)) << "two questions";
  EXPECT_FALSE(changed(12, 0xc0)) << "a pointer";
  EXPECT_FALSE(changed(24, 3)) << "another class";
  EXPECT_FALSE(parse_question(dns_query(std::string(64, 'a'), 1))) << "a label too long";
  std::string name;
  for (int i = 0; i < 5; ++i) name += std::string(60, 'a') + ".";
  EXPECT_FALSE(parse_question(dns_query(name, 1))) << "a name too long";
}

TEST(Forge, TheAnswerIsOneToThatQuery) {
  bytes query = dns_query("wWw.iM.test", 1);
  query.insert(query.end(), {0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0});  // EDNS, which is not answered.
  query[11] = 1;
  const auto f = forged(query, for_im);
  ASSERT_TRUE(f);
  EXPECT_FALSE(f->only);
  bytes expected = dns_query("wWw.iM.test", 1);
  expected[2] = 0x81, expected[3] = 0x80, expected[7] = 1;
  append(expected, bytes{0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 203, 0, 113, 66});
  EXPECT_EQ(message_of(*f), expected);
}

TEST(Forge, TheOtherFamilyGetsNoAddressUnlessARuleHasOne) {
  auto rules = for_im;
  const bytes query = dns_query("im.test", 28);
  bytes none = query;
  none[2] = 0x81, none[3] = 0x80;
  EXPECT_EQ(message_of(*forged(query, rules)), none);
  rules.push_back({"im.test", liar6, {}, true});
  const auto f = forged(query, rules);
  EXPECT_TRUE(f->only);
  const bytes message = message_of(*f);
  EXPECT_TRUE(std::equal(liar6.ip, liar6.ip + 16, message.end() - 16));
  EXPECT_EQ(message[7], 1);
  EXPECT_FALSE(forged(dns_query("im.test", 1), rules)->only) << "the first family's rule still counts for it";
}

TEST(Forge, OnlyWhatARuleFitsIsForged) {
  EXPECT_FALSE(forged(dns_query("other.test", 1), for_im));
  EXPECT_FALSE(forged(dns_query("im.test", 65), for_im)) << "another type";
  EXPECT_FALSE(forged(dns_query("im.test", 1), for_im, at("192.0.2.53", 54))) << "another port";
  const std::vector<forge_rule> one_server = {{"im.test", liar, *parse_prefix("198.51.100.53"), false}};
  EXPECT_FALSE(forged(dns_query("im.test", 1), one_server));
  EXPECT_TRUE(forged(dns_query("im.test", 1), one_server, at("198.51.100.53", 53)));
  const bytes over_tcp = make_tcp(asker, resolver, 1, 1, tcp_ack, dns_query("im.test", 1));
  EXPECT_FALSE(forge_answer(*parse_packet(over_tcp), for_im));
}
