#include "sdk/pure/dns_message.h"

#include <gtest/gtest.h>

#include "sdk/pure/dns_record_data.h"
#include "tests/plugins/dns/answer_writer.h"

using namespace tharsis;
using namespace tharsis::dns;
using namespace tharsis::dns::test;

namespace {

octets head(uint16_t questions, uint16_t answers, uint16_t more = 0) {
  octets h;
  two(h, 7), two(h, 0x8180), two(h, questions), two(h, answers), two(h, 0), two(h, more);
  return h;
}
octets asked(const octets& name) {
  octets q = head(1, 0) + name;
  two(q, type::a), two(q, 1);
  return q;
}
defect read(const octets& bytes) {
  message m;
  return message::read(bytes, m);
}
octets labels_of(size_t count, size_t size) {
  octets n;
  for (size_t i = 0; i < count; ++i) n = n + octets{static_cast<uint8_t>(size)} + octets(size, 'a');
  return n + octets{0};
}

}  // namespace

TEST(Message, EachPartIsReadWhereItStands) {
  const question q{.name = "im.example.com", .kind = type::aaaa};
  answer_writer w(bytes_of(q));
  w.alias("", "edge.example.net", 30).address("2001:db8::1", 0xFFFFFFFF, "edge.example.net").zone_start("example.net", 9, 5).options({}, 1);
  message m;
  ASSERT_EQ(message::read(w.bytes, m), defect::none);
  EXPECT_TRUE(m.is_answer());
  EXPECT_FALSE(m.truncated());
  EXPECT_EQ(m.code(), 16) << "the bits of OPT are above the head's";
  EXPECT_EQ(m.asked_name().text(), "im.example.com");
  EXPECT_EQ(m.asked_kind(), type::aaaa);
  EXPECT_EQ(m.options().group, 1232);
  auto answers = m.answers();
  record r;
  ASSERT_TRUE(answers.next(r));
  wire_name target;
  ASSERT_TRUE(read_target(r, target));
  EXPECT_EQ(target.text(), "edge.example.net");
  EXPECT_EQ(r.owner, m.asked_name());
  ASSERT_TRUE(answers.next(r));
  tharsis_address a;
  ASSERT_TRUE(read_address(r, a));
  EXPECT_EQ(ip_text(a), "2001:db8::1");
  EXPECT_EQ(r.life(), 0u) << "RFC 2181: with the highest bit set a life means nothing";
  EXPECT_FALSE(answers.next(r));
  auto zone = m.authorities();
  zone_start z;
  ASSERT_TRUE(zone.next(r) && read_zone_start(r, z));
  EXPECT_EQ(z.minimum, 5u);
  EXPECT_EQ(z.person.text(), "who.example.net");
}

TEST(Message, ACompressedNameThatLeadsInACircleOrForwardIsRefused) {
  EXPECT_EQ(read(asked({0xC0, 12})), defect::name_loop) << "to itself";
  EXPECT_EQ(read(asked({1, 'a', 0xC0, 12})), defect::name_loop) << "to its own begin";
  EXPECT_EQ(read(asked({0xC0, 14, 0})), defect::name_loop) << "forward";
  octets two_of_them = asked({0xC0, 14, 0xC0, 12});
  EXPECT_EQ(read(two_of_them), defect::name_loop) << "one to the other";
  EXPECT_EQ(read(asked({0xC0})), defect::name_loop) << "its second octet is the next field's";
  octets cut = head(1, 0) + octets{0xC0};
  EXPECT_EQ(read(cut), defect::name_cut);
}

// A chain of pointers, each to the one before: no circle, but work for nothing.
TEST(Message, MoreHopsThanACompressorMakesAreRefused) {
  for (const size_t hops : {wire_name::hops_max, wire_name::hops_max + 1}) {
    octets bytes(head(0, 2));
    bytes.push_back(0);
    two(bytes, type::txt), two(bytes, 1), four(bytes, 0), two(bytes, 2 * hops);
    const size_t chain = bytes.size();
    two(bytes, 0);  // The root, and one octet more.
    for (size_t i = 1; i < hops; ++i) two(bytes, 0xC000 | (i == 1 ? chain : chain + 2 * (i - 1)));
    two(bytes, 0xC000 | (chain + 2 * (hops - 1)));  // An owner that goes through all of it.
    two(bytes, type::txt), two(bytes, 1), four(bytes, 0), two(bytes, 0);
    EXPECT_EQ(read(bytes), hops > wire_name::hops_max ? defect::name_loop : defect::none) << hops;
  }
}

TEST(Message, NamesHaveAnEnd) {
  EXPECT_EQ(read(asked(labels_of(64, 1))), defect::none);
  EXPECT_EQ(read(asked(labels_of(65, 1))), defect::name_labels);
  EXPECT_EQ(read(asked(labels_of(3, 63) + octets())), defect::none);
  EXPECT_EQ(read(asked(labels_of(4, 63))), defect::name_long) << "257 octets";
  EXPECT_EQ(read(asked({0x41, 'a'})), defect::name_label);
  EXPECT_EQ(read(asked({0x80, 'a'})), defect::name_label);
  octets open = head(1, 0) + octets{5, 'a', 'b'};
  EXPECT_EQ(read(open), defect::name_cut);
}

TEST(Message, EveryCutIsNoticed) {
  const question q{.name = "im.example.com"};
  answer_writer w(bytes_of(q));
  w.address("192.0.2.1").alias("x.example.com", "y.example.com").zone_start("example.com", 9, 5).options();
  ASSERT_EQ(read(w.bytes), defect::none);
  for (size_t n = 0; n < w.bytes.size(); ++n) {
    octets cut(w.bytes.begin(), w.bytes.begin() + static_cast<std::ptrdiff_t>(n));
    EXPECT_NE(read(cut), defect::none) << n;
  }
}

TEST(Message, TenThousandRecordsAreRefusedBeforeTheyAreRead) {
  octets bytes = head(0, 10'000);
  EXPECT_EQ(read(bytes), defect::records_many);
  bytes = head(0, message::records_max);
  for (size_t i = 0; i < message::records_max; ++i) bytes = bytes + octets{0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0};
  EXPECT_EQ(read(bytes), defect::none);
}

TEST(Message, OneQuestionAndOneOptRecordIsWhatThereIs) {
  EXPECT_EQ(read(head(2, 0)), defect::questions_many);
  const octets opt{0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0};
  EXPECT_EQ(read(head(0, 0, 1) + opt), defect::none);
  EXPECT_EQ(read(head(0, 0, 2) + opt + opt), defect::options_many);
  EXPECT_EQ(read(head(0, 1) + opt), defect::options_many) << "among the answers";
}

TEST(Message, TheDataOfARecordIsCheckedByItsType) {
  const question q{.name = "a.test"};
  const auto only = [&](uint16_t kind, const octets& data) {
    answer_writer w(bytes_of(q));
    w.add("", kind, 60, data);
    message m;
    EXPECT_EQ(message::read(w.bytes, m), defect::none);
    auto all = m.answers();
    record r;
    EXPECT_TRUE(all.next(r));
    tharsis_address a;
    wire_name n;
    zone_start z;
    service_binding b;
    switch (kind) {
      case type::a:
      case type::aaaa: return read_address(r, a);
      case type::cname: return read_target(r, n);
      case type::soa: return read_zone_start(r, z);
      case type::txt: return pieces::whole(r.data);
      default: return read_service_binding(r, b);
    }
  };
  EXPECT_TRUE(only(type::a, {192, 0, 2, 1}));
  EXPECT_FALSE(only(type::a, {192, 0, 2}));
  EXPECT_FALSE(only(type::aaaa, {192, 0, 2, 1}));
  EXPECT_TRUE(only(type::cname, name_octets("b.test")));
  EXPECT_TRUE(only(type::cname, {1, 'b', 0xC0, 12}));
  EXPECT_FALSE(only(type::cname, {1, 'b', 0xC0}));
  EXPECT_FALSE(only(type::cname, {1, 'b', 0, 0})) << "something behind it";
  EXPECT_FALSE(only(type::cname, {}));
  EXPECT_FALSE(only(type::soa, name_octets("a") + name_octets("b") + octets(19, 0)));
  EXPECT_TRUE(only(type::soa, name_octets("a") + name_octets("b") + octets(20, 0)));
  EXPECT_TRUE(only(type::txt, {2, 'h', 'i', 0}));
  EXPECT_FALSE(only(type::txt, {3, 'h', 'i'}));
  // Service bindings: priority, target, keys.
  EXPECT_TRUE(only(type::https, {0, 1, 0}));
  EXPECT_TRUE(only(type::https, {0, 1, 0, 0, 1, 0, 3, 2, 'h', '2', 0, 3, 0, 2, 1, 187}));
  EXPECT_FALSE(only(type::https, {0, 1, 0, 0, 3, 0, 2, 1, 187, 0, 1, 0, 3, 2, 'h', '2'})) << "keys ascend";
  EXPECT_FALSE(only(type::https, {0, 1, 0, 0, 3, 0, 2, 1, 187, 0, 3, 0, 2, 1, 187})) << "and come once";
  EXPECT_FALSE(only(type::https, {0, 1, 0, 0, 3, 0, 1, 1})) << "a port of one octet";
  EXPECT_FALSE(only(type::https, {0, 1, 0, 0, 4, 0, 3, 1, 2, 3})) << "three quarters of an address";
  EXPECT_FALSE(only(type::https, {0, 1, 0, 0, 1, 0, 3, 3, 'h', '2'})) << "a list that runs over";
  EXPECT_FALSE(only(type::https, {0, 1, 0, 0, 1, 0, 9, 2, 'h', '2'})) << "a value that does";
}

// Appendix D.2 of RFC 9460, figures 4, 7 and 8: port, address hints, and keys that one must know.
TEST(Message, ServiceBindingsOfTheBook) {
  const question q{.name = "example.com", .kind = type::svcb};
  const auto binding = [&](const octets& data, service_binding& b, octets& keep) {
    answer_writer w(bytes_of(q));
    w.add("", type::svcb, 60, data);
    keep = w.bytes;
    message m;
    record r;
    EXPECT_EQ(message::read(keep, m), defect::none);
    auto all = m.answers();
    return all.next(r) && read_service_binding(r, b);
  };
  service_binding b;
  octets keep;
  ASSERT_TRUE(binding(octets{0, 16} + name_octets("foo.example.com") + octets{0, 3, 0, 2, 0, 53}, b, keep));
  EXPECT_EQ(b.priority, 16);
  EXPECT_EQ(b.target.text(), "foo.example.com");
  EXPECT_EQ(b.port, 53);
  ASSERT_TRUE(binding(octets{0, 1} + name_octets("foo.example.com") + octets{0, 6, 0, 32} + ip_octets("2001:db8::1") + ip_octets("2001:db8::53:1"), b, keep));
  EXPECT_EQ(b.hints6.size(), 32u);
  ASSERT_TRUE(binding(octets{0, 16} + name_octets("foo.example.org") +
                          octets{0, 0, 0, 4, 0, 1, 0, 4, 0, 1, 0, 9, 2, 'h', '2', 5, 'h', '3', '-', '1', '9', 0, 4, 0, 4, 192, 0, 2, 1}, b, keep));
  EXPECT_TRUE(b.understood);
  pieces alpn(b.alpn);
  std::string_view p;
  ASSERT_TRUE(alpn.next(p));
  EXPECT_EQ(p, "h2");
  ASSERT_TRUE(alpn.next(p));
  EXPECT_EQ(p, "h3-19");
  EXPECT_FALSE(alpn.next(p));
  ASSERT_TRUE(binding(octets{0, 1, 0, 0, 0, 0, 2, 2, 155, 2, 155, 0, 0}, b, keep));
  EXPECT_FALSE(b.understood) << "key 667 must be known";
}

TEST(Message, NamesAreTheSameWhateverTheirCaseAndWrittenForPeople) {
  octets bytes = asked({3, 'W', 'w', 'W', 2, 'a', '.', 1, ' ', 0});
  message m;
  ASSERT_EQ(message::read(bytes, m), defect::none);
  EXPECT_EQ(m.asked_name().text(), "www.a\\046.\\032");
  EXPECT_FALSE(m.asked_name().is("www.a.. "));
  octets other = asked(name_octets("www.example"));
  octets large = asked(name_octets("WWW.Example"));
  message a, b;
  ASSERT_EQ(message::read(other, a), defect::none);
  ASSERT_EQ(message::read(large, b), defect::none);
  EXPECT_EQ(a.asked_name(), b.asked_name());
  EXPECT_FALSE(a.asked_name().same_case(b.asked_name()));
  EXPECT_TRUE(b.asked_name().is("www.example"));
  EXPECT_FALSE(b.asked_name().is("www.example.com"));
  EXPECT_FALSE(b.asked_name().is("www"));
}

TEST(Message, WhatIsDamagedHasAFrontWithEachRecordBeforeTheDamage) {
  const question q{.name = "im.example.com"};
  answer_writer w(bytes_of(q));
  w.address("192.0.2.1", 60).address("192.0.2.2", 60).options({}, 0);
  defect why = defect::name_loop;
  const size_t all = w.bytes.size();
  size_t before = 0;
  for (size_t size = 0; size <= all; ++size) {
    const auto cut = std::span(w.bytes).first(size);
    const auto front = message::read_front(cut, why);
    message whole;
    EXPECT_EQ(message::read(cut, whole), why) << size << ": both see the same damage";
    EXPECT_EQ(why == defect::none, size == all) << size;
    if (!front) continue;
    size_t records = front->additionals().left();
    auto answers = front->answers();
    for (record r; answers.next(r); ++records) EXPECT_EQ(r.owner, front->asked_name());
    EXPECT_GE(records, before) << size;
    before = records;
  }
  EXPECT_EQ(before, 3u);
  octets two_questions = head(2, 0);
  EXPECT_FALSE(message::read_front(two_questions, why));
  EXPECT_EQ(why, defect::questions_many);
}
