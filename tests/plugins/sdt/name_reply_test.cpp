#include "plugins/sdt/core/name_reply.h"

#include <gtest/gtest.h>

#include "sdk/pure/address.h"

using namespace tharsis;
using namespace tharsis::sdt;

namespace {

// im.test, its second letter and its fifth large.
dns::question asked(std::string_view name = "im.test", uint64_t cases = 0x12) {
  auto q = *question_of(name, record_type::a, cases);
  q.secret.id = 0x1234;
  return q;
}

// The question with its bits turned into an answer, and behind it A records whose names point back.
std::vector<uint8_t> answered(uint8_t rcode = 0, uint8_t records = 1) {
  dns::question plain = asked();
  plain.bare = true;
  std::array<uint8_t, dns::question_max> room;
  const auto question = dns::write(plain, room);
  std::vector<uint8_t> m(question.begin(), question.end());
  m[2] |= 0x80;
  m[3] = rcode;
  m[7] = records;
  for (uint8_t i = 0; i < records; ++i) {
    const uint8_t record[] = {0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 203, 0, 113, static_cast<uint8_t>(66 + i)};
    m.insert(m.end(), std::begin(record), std::end(record));
  }
  return m;
}

}  // namespace

TEST(NameReply, AnAnswerIsReadWithItsAddressAndItsLetters) {
  const auto r = read_reply(answered(), asked());
  ASSERT_TRUE(r);
  EXPECT_EQ(r->rcode, 0);
  EXPECT_TRUE(r->case_kept);
  EXPECT_EQ(r->ttl, 60u);
  ASSERT_EQ(r->addresses.size(), 1u);
  EXPECT_EQ(ip_text(r->addresses[0]), "203.0.113.66");
  EXPECT_FALSE(read_reply(answered(), asked("im.test", 0))->case_kept);
  EXPECT_EQ(read_reply(answered(3), asked())->rcode, 3);
}

TEST(NameReply, AnAnswerToSomethingElseIsNone) {
  auto q = asked();
  q.secret.id = 1;
  EXPECT_FALSE(read_reply(answered(), q));
  EXPECT_FALSE(read_reply(answered(), asked("other.test")));
  q = asked();
  q.kind = dns::type::aaaa;
  EXPECT_FALSE(read_reply(answered(), q));
  auto back = answered();
  back[2] &= 0x7F;
  EXPECT_FALSE(read_reply(back, asked())) << "our own question, back";
}

TEST(NameReply, ARefusalMayLeaveOutWhatItRefusesAndNothingElseMay) {
  for (const int code : {0, 1, 2, 3, 5}) {
    auto m = answered(static_cast<uint8_t>(code), 0);
    m.resize(12);
    m[5] = 0;
    EXPECT_EQ(read_reply(m, asked()).has_value(), code != 0) << code;
  }
}

TEST(NameReply, WhatIsCutGivesTheAddressesBeforeTheCutAndIsNeverANo) {
  const auto whole = answered(0, 3);
  const size_t first = whole.size() - 3 * 16;
  for (size_t size = 0; size < whole.size(); ++size) {
    const std::vector<uint8_t> cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    const auto r = read_reply(cut, asked());
    const size_t records = size < first ? 0 : (size - first) / 16;
    ASSERT_EQ(r.has_value(), records > 0) << size;
    if (!r) continue;
    EXPECT_TRUE(r->damaged);
    EXPECT_EQ(r->addresses.size(), records) << size;
  }
  EXPECT_FALSE(read_reply(whole, asked())->damaged);
}

TEST(NameReply, WhatPointsInCirclesEndsThere) {
  auto circle = answered(0, 2);
  const uint8_t second = static_cast<uint8_t>(circle.size() - 16);
  circle[second] = 0xC0, circle[second + 1] = second;  // The record's name is where it stands itself.
  const auto r = read_reply(circle, asked());
  ASSERT_TRUE(r);
  EXPECT_TRUE(r->damaged);
  EXPECT_EQ(r->addresses.size(), 1u);
}

TEST(NameReply, ANameThatIsNoneIsNotAsked) {
  const std::string label(60, 'a');
  for (const std::string& name : {std::string(), std::string("."), std::string("a..b"), std::string(".a"), std::string(64, 'a'), std::string("192.0.2.1"),
                                  std::string("\xC3\xBC.test"), label + "." + label + "." + label + "." + label + "." + label})
    EXPECT_FALSE(question_of(name, record_type::a, 0)) << name;
  EXPECT_EQ(question_of("IM.Test.", record_type::txt, 0)->name, "im.test");
}
