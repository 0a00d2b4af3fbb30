#include "plugins/dns/core/findings.h"

#include "plugins/dns/core/alias_walk.h"

#include <gtest/gtest.h>

#include "tests/plugins/dns/answer_writer.h"

using namespace tharsis;
using namespace tharsis::dns;
using namespace tharsis::dns::test;

namespace {

findings of(const question& q, const octets& bytes) {
  message m;
  EXPECT_EQ(match(q, bytes, m), fit::fits);
  return read_findings(q, m);
}
std::string list(const findings& f) {
  std::string all;
  for (const auto& a : f.addresses) all += (all.empty() ? "" : " ") + ip_text(a);
  return all;
}
const question q{.name = "im.example.com"};

}  // namespace

TEST(Findings, AddressesAlongTheAliasesCountInAnyOrder) {
  const auto f = of(q, answer_writer(bytes_of(q)).address("192.0.2.7", 90, "edge.example.net").alias("cdn.example.net", "edge.example.net", 40)
                        .alias("", "cdn.example.net", 300).address("192.0.2.8", 70, "EDGE.example.net").bytes);
  EXPECT_EQ(f.what, findings::kind::found);
  EXPECT_EQ(list(f), "192.0.2.7 192.0.2.8");
  EXPECT_EQ(f.life, 40u) << "the shortest";
  EXPECT_EQ(f.tail, "edge.example.net");
  EXPECT_EQ(f.strays, 0u);
}

TEST(Findings, WhatNobodyAskedForDoesNotCount) {
  const auto f = of(q, answer_writer(bytes_of(q)).address("203.0.113.66", 60, "bank.example.org").address("192.0.2.1")
                        .add("", type::txt, 1, {2, 'h', 'i'}).bytes);
  EXPECT_EQ(list(f), "192.0.2.1");
  EXPECT_EQ(f.strays, 2u);
  EXPECT_EQ(f.life, 60u) << "nor its life";
  const auto only = of(q, answer_writer(bytes_of(q)).address("203.0.113.66", 60, "bank.example.org").bytes);
  EXPECT_EQ(only.what, findings::kind::no_data);
  EXPECT_EQ(list(only), "");
}

TEST(Findings, AliasesThatLeadToNoEndAreAFailure) {
  const auto circle = of(q, answer_writer(bytes_of(q)).alias("", "a.test").alias("a.test", "im.example.com").bytes);
  EXPECT_EQ(circle.what, findings::kind::failed);
  for (size_t n : {aliases_max, aliases_max + 1}) {
    answer_writer w(bytes_of(q));
    for (size_t i = 0; i < n; ++i) w.alias(i == 0 ? "" : "n" + std::to_string(i) + ".test", "n" + std::to_string(i + 1) + ".test");
    w.address("192.0.2.1", 60, "n" + std::to_string(n) + ".test");
    EXPECT_EQ(of(q, w.bytes).what, n > aliases_max ? findings::kind::failed : findings::kind::found) << n;
  }
}

TEST(Findings, NothingHoldsAsLongAsTheZoneSays) {
  auto f = of(q, answer_writer(bytes_of(q), rcode::no_name).zone_start("example.com", 900, 120).bytes);
  EXPECT_EQ(f.what, findings::kind::no_name);
  EXPECT_EQ(f.life, 120u);
  f = of(q, answer_writer(bytes_of(q)).alias("", "gone.example.net").zone_start("example.net", 30, 120).bytes);
  EXPECT_EQ(f.what, findings::kind::no_data);
  EXPECT_EQ(f.life, 30u);
  EXPECT_EQ(f.tail, "gone.example.net");
  EXPECT_EQ(of(q, answer_writer(bytes_of(q)).bytes).life, 0u);
}

TEST(Findings, LivesOfNothingAndOfYears) {
  EXPECT_EQ(of(q, answer_writer(bytes_of(q)).address("192.0.2.1", 0).bytes).life, 0u);
  EXPECT_EQ(of(q, answer_writer(bytes_of(q)).address("192.0.2.1", 0x7FFFFFFF).bytes).life, 0x7FFFFFFFu);
  EXPECT_EQ(of(q, answer_writer(bytes_of(q)).address("192.0.2.1", 0x80000000).bytes).life, 0u);
}

TEST(Findings, FailuresHaveASentence) {
  for (const uint16_t code : {rcode::format, rcode::server_failed, rcode::not_implemented, rcode::refused, uint16_t{9}}) {
    const auto f = of(q, answer_writer(bytes_of(q), code).address("192.0.2.1").bytes);
    EXPECT_EQ(f.what, findings::kind::failed);
    EXPECT_TRUE(f.addresses.empty());
    EXPECT_NE(f.why, "");
  }
  EXPECT_EQ(of(q, answer_writer(bytes_of(q)).add("", type::a, 60, {1, 2}).bytes).what, findings::kind::failed) << "a broken address";
  EXPECT_EQ(of(q, answer_writer(bytes_of(q), rcode::no_name).address("192.0.2.1").bytes).what, findings::kind::failed)
      << "no such name, and its address";
  octets referral = answer_writer(bytes_of(q)).bytes;
  referral[3] = 0;
  EXPECT_EQ(of(q, referral).what, findings::kind::failed) << "who does not recurse knows nothing";
}

TEST(Findings, AnAddressCountsOnceAndNotMoreThanAClientTries) {
  answer_writer w(bytes_of(q));
  for (int i = 0; i < 3; ++i) w.address("192.0.2.1");
  for (int i = 0; i < 200; ++i) w.address("198.51.100." + std::to_string(i));
  const auto f = of(q, w.bytes);
  EXPECT_EQ(f.addresses.size(), found_max);
  EXPECT_EQ(ip_text(f.addresses[1]), "198.51.100.0");
}

TEST(Findings, ServicesComeInTheOrderOfTheirPriority) {
  const question h{.name = "im.example.com", .kind = type::https};
  const octets far = octets{0, 9, 0, 0, 4, 0, 4, 192, 0, 2, 9};
  const octets near = octets{0, 1} + name_octets("Edge.example.net") + octets{0, 1, 0, 3, 2, 'h', '2', 0, 3, 0, 2, 32, 251, 0, 4, 0, 4, 192, 0, 2, 1};
  const octets strange = octets{0, 1, 0, 0, 0, 0, 2, 2, 155, 2, 155, 0, 0};
  const auto f = of(h, answer_writer(bytes_of(h)).add("", type::https, 60, far).add("", type::https, 60, near).add("", type::https, 60, strange).bytes);
  ASSERT_EQ(f.services.size(), 2u) << "one that cannot be understood is left out";
  EXPECT_EQ(f.services[0].target, "edge.example.net");
  EXPECT_EQ(f.services[0].port, 8443);
  EXPECT_EQ(f.services[0].alpn, std::vector<std::string>{"h2"});
  EXPECT_EQ(to_text(f.services[0].hints.at(0)), "192.0.2.1:8443");
  EXPECT_EQ(f.services[1].target, "im.example.com") << "the root means the owner";
}

TEST(Findings, TypesHaveNames) {
  EXPECT_EQ(type_number("https"), type::https);
  EXPECT_EQ(type_number("AAAA"), type::aaaa);
  EXPECT_EQ(type_number("AAAAA"), 0);
  EXPECT_EQ(type_number(""), 0);
  EXPECT_EQ(type_name(type::txt), "TXT");
  const question t{.name = "im.example.com", .kind = type::txt};
  EXPECT_EQ(of(t, answer_writer(bytes_of(t)).add("", type::txt, 60, {2, 'h', 'i', 1, '!'}).bytes).texts, std::vector<std::string>{"hi!"});
}

TEST(Findings, BytesThatAreNoTextAreLeftOut) {
  const question t{.name = "im.example.com", .kind = type::txt};
  const octets data{11, 'a', 0x1B, '[', 0xFF, 0xC2, 0x9B, 0xC3, 0xA4, 0x7F, '\n', 'b'};
  EXPECT_EQ(of(t, answer_writer(bytes_of(t)).add("", type::txt, 60, data).bytes).texts, std::vector<std::string>{"a[\xC3\xA4" "b"});
}
