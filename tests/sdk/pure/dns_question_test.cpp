#include "sdk/pure/dns_question.h"

#include <gtest/gtest.h>

#include "sdk/pure/dns_record_data.h"
#include "tests/plugins/dns/answer_writer.h"

using namespace tharsis;
using namespace tharsis::dns;
using namespace tharsis::dns::test;

namespace {

question guarded() {
  question q{.name = "im.example.com", .kind = type::a};
  q.secret.id = 0x1234;
  q.secret.cases.fill(0xFF);
  q.secret.cookie = {1, 2, 3, 4, 5, 6, 7, 8};
  q.cookie = true;
  return q;
}
fit fits(const question& q, const octets& bytes) {
  message m;
  return match(q, bytes, m);
}

}  // namespace

TEST(Question, ItsBytesSayWhatItAsks) {
  question q = guarded();
  const octets bytes = bytes_of(q);
  message m;
  ASSERT_EQ(message::read(bytes, m), defect::none);
  EXPECT_EQ(m.id(), 0x1234);
  EXPECT_FALSE(m.is_answer());
  EXPECT_EQ(m.asked_kind(), type::a);
  EXPECT_EQ(m.asked_name().text(), q.name);
  ASSERT_TRUE(m.has_options());
  EXPECT_EQ(m.options().group, datagram_max);
  options all(m.options());
  uint16_t code = 0;
  std::span<const uint8_t> cookie;
  ASSERT_TRUE(all.next(code, cookie));
  EXPECT_EQ(code, option_cookie);
  EXPECT_EQ(octets(cookie.begin(), cookie.end()), octets(q.secret.cookie.begin(), q.secret.cookie.end()));
  wire_name::labels labels(m.asked_name());
  std::string_view label;
  ASSERT_TRUE(labels.next(label));
  EXPECT_EQ(label, "IM") << "the case is drawn";
}

TEST(Question, WithoutEdnsItEndsBehindTheType) {
  question q = guarded();
  q.bare = true;
  const octets bytes = bytes_of(q);
  message m;
  ASSERT_EQ(message::read(bytes, m), defect::none);
  EXPECT_FALSE(m.has_options());
  EXPECT_EQ(bytes.size(), 12 + q.name.size() + 2 + 4);
}

TEST(Question, PaddingFillsABlockWhateverTheName) {
  for (size_t n = 1; n < 60; ++n)
    for (const bool cookie : {false, true}) {
      const question q{.name = std::string(n, 'a') + ".example", .cookie = cookie, .padded_to = 128};
      const octets bytes = bytes_of(q);
      EXPECT_EQ(bytes.size() % 128, 0u) << n;
      message m;
      EXPECT_EQ(message::read(bytes, m), defect::none);
    }
}

TEST(Question, TheLongestOneHasRoom) {
  std::string name;
  for (int i = 0; i < 3; ++i) name.append(63, 'a').append(".");
  name += std::string(61, 'b');
  question q{.name = name, .cookie = true, .padded_to = 128};
  const octets bytes = bytes_of(q);
  message m;
  ASSERT_EQ(message::read(bytes, m), defect::none);
  EXPECT_TRUE(m.asked_name().is(name));
}

TEST(Question, OnlyItsOwnAnswerFits) {
  const question q = guarded();
  const octets right = answer_writer(bytes_of(q)).address("192.0.2.1").bytes;
  EXPECT_EQ(fits(q, right), fit::fits);
  EXPECT_EQ(fits(q, bytes_of(q)), fit::no_answer) << "the question itself, sent back";
  octets wrong = right;
  wrong[1] ^= 1;
  EXPECT_EQ(fits(q, wrong), fit::other_id);
  wrong = right;
  wrong[13] ^= 0x20;
  EXPECT_EQ(fits(q, wrong), fit::other_case);
  wrong[13] ^= 0x21;
  EXPECT_EQ(fits(q, wrong), fit::other_question);
  question other = q;
  other.kind = type::aaaa;
  EXPECT_EQ(fits(q, answer_writer(bytes_of(other)).bytes), fit::other_question);
  wrong = right;
  wrong[2] |= 0x28;
  EXPECT_EQ(fits(q, wrong), fit::no_answer) << "an update";
  wrong = right;
  wrong[5] = 0;  // No question, so what follows is a record that means nothing, or an answer without one.
  EXPECT_NE(fits(q, wrong), fit::fits);
  EXPECT_EQ(fits(q, octets(5, 0)), fit::damaged);
}

TEST(Question, ACookieThatComesBackMustBeOurs) {
  const question q = guarded();
  const auto with = [&](octets cookie) {
    octets option;
    two(option, option_cookie), two(option, cookie.size());
    return fits(q, answer_writer(bytes_of(q)).options(option + cookie).bytes);
  };
  EXPECT_EQ(with({1, 2, 3, 4, 5, 6, 7, 8}), fit::fits);
  EXPECT_EQ(with(octets{1, 2, 3, 4, 5, 6, 7, 8} + octets(8, 7)), fit::fits);
  EXPECT_EQ(with({1, 2, 3, 4, 5, 6, 7, 9}), fit::other_cookie);
  EXPECT_EQ(with({1, 2, 3}), fit::other_cookie);
  EXPECT_EQ(fits(q, answer_writer(bytes_of(q)).options().bytes), fit::fits) << "most servers have none";
}

TEST(Question, AFailureWithoutTheQuestionIsAnAnswer) {
  const question q = guarded();
  octets bytes;
  two(bytes, 0x1234), two(bytes, 0x8181), four(bytes, 0), four(bytes, 0);
  EXPECT_EQ(fits(q, bytes), fit::fits);
  bytes[3] = 0x80;
  EXPECT_EQ(fits(q, bytes), fit::other_question) << "success without one is not";
}
