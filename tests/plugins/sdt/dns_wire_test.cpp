#include "plugins/sdt/core/dns_wire.h"

#include <gtest/gtest.h>

#include "sdk/pure/address.h"

using namespace tharsis;
using namespace tharsis::sdt;

namespace {

dns_question asked() {
  dns_question q;
  q.id = 0x1234;
  q.name = "iM.tEst";
  return q;
}

// The question with its bits turned into an answer, and behind it one A record whose name points back.
std::vector<uint8_t> answered(uint8_t rcode = 0) {
  dns_question plain = asked();
  plain.edns = false;
  std::vector<uint8_t> m = write_question(plain);
  m[2] |= 0x80;
  m[3] = rcode;
  m[7] = 1;
  const uint8_t record[] = {0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 203, 0, 113, 66};
  m.insert(m.end(), std::begin(record), std::end(record));
  return m;
}

}  // namespace

TEST(SdtDnsWire, AnAnswerIsReadWithItsAddressAndItsLetters) {
  const auto r = read_reply(answered(), asked());
  ASSERT_TRUE(r);
  EXPECT_EQ(r->rcode, 0);
  EXPECT_TRUE(r->case_kept);
  EXPECT_EQ(r->ttl, 60u);
  ASSERT_EQ(r->addresses.size(), 1u);
  EXPECT_EQ(ip_text(r->addresses[0]), "203.0.113.66");
  auto q = asked();
  q.name = "im.test";
  EXPECT_FALSE(read_reply(answered(), q)->case_kept);
  EXPECT_EQ(read_reply(answered(3), asked())->rcode, 3);
}

TEST(SdtDnsWire, AnAnswerToSomethingElseIsNone) {
  auto q = asked();
  q.id = 1;
  EXPECT_FALSE(read_reply(answered(), q));
  q = asked();
  q.name = "other.test";
  EXPECT_FALSE(read_reply(answered(), q));
  q = asked();
  q.type = record_type::aaaa;
  EXPECT_FALSE(read_reply(answered(), q));
  EXPECT_FALSE(read_reply(write_question(asked()), asked())) << "our own question, back";
}

TEST(SdtDnsWire, WhatIsCutOrPointsInCirclesIsBoundedAndNeverReadPastItsEnd) {
  const auto whole = answered();
  for (size_t size = 0; size < whole.size(); ++size) {
    const std::vector<uint8_t> cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    const auto r = read_reply(cut, asked());
    EXPECT_TRUE(!r || r->addresses.empty()) << size;
  }
  auto circle = answered();
  circle[25] = 0xC0, circle[26] = 25;  // The record's name is where it stands itself.
  const auto r = read_reply(circle, asked());
  EXPECT_TRUE(!r || r->addresses.empty());
}

TEST(SdtDnsWire, ANameThatIsNoneIsNotAsked) {
  for (const std::string name : {"", ".", "a..b", ".a", "this-label-has-more-than-sixty-three-letters-which-is-more-than-any-label-may"}) {
    dns_question q;
    q.name = name;
    EXPECT_TRUE(write_question(q).empty()) << name;
  }
  dns_question q;
  q.name = std::string(60, 'a') + "." + std::string(60, 'b') + "." + std::string(60, 'c') + "." + std::string(60, 'd') + "." + std::string(60, 'e');
  EXPECT_TRUE(write_question(q).empty());
}
