#include "plugins/dns/core/served_message.h"

#include <gtest/gtest.h>

#include "plugins/dns/core/doh_request.h"
#include "plugins/dns/core/findings.h"
#include "plugins/dns/core/serve_settings.h"
#include "sdk/pure/dns_record_data.h"
#include "tests/plugins/dns/answer_writer.h"

using namespace tharsis;
using namespace tharsis::dns;
using namespace tharsis::dns::test;

namespace {

question asked_for(const std::string& name, uint16_t kind = type::a) {
  question q{.name = name, .kind = kind};
  q.secret.id = 0x1234;
  q.secret.cases.fill(0xA5);
  return q;
}
served_question served(const question& q) {
  const auto heard = hear_request(bytes_of(q));
  EXPECT_TRUE(heard.question.has_value());
  return *heard.question;
}
std::vector<tharsis_address> addresses(int count) {
  std::vector<tharsis_address> all;
  for (int i = 1; i <= count; ++i) all.push_back(*parse_ip("192.0.2." + std::to_string(i)));
  return all;
}

}  // namespace

// Whoever asked finds that the message answers the question, letters and id included.
TEST(ServedMessage, AnAnswerFitsItsQuestion) {
  const question q = asked_for("im.example.com");
  const auto reply = reply_with(served(q), addresses(3), 77, 512);
  message m;
  ASSERT_EQ(match(q, reply, m), fit::fits);
  const findings f = read_findings(q, m);
  EXPECT_EQ(f.what, findings::kind::found);
  EXPECT_EQ(f.addresses.size(), 3u);
  EXPECT_EQ(f.life, 77u);
  EXPECT_EQ(life_of(reply), 77u);
  EXPECT_TRUE(m.recursion_available());
  EXPECT_TRUE(m.has_options()) << "who sends options gets some";
}

TEST(ServedMessage, OnlyAddressesOfTheTypeThatWasAskedForAreGiven) {
  const question q = asked_for("im.example.com", type::aaaa);
  const std::vector<tharsis_address> both{*parse_ip("192.0.2.1"), *parse_ip("2001:db8::1")};
  const auto reply = reply_with(served(q), both, 1, 512);
  message m;
  ASSERT_EQ(match(q, reply, m), fit::fits);
  EXPECT_EQ(ip_text(read_findings(q, m).addresses.at(0)), "2001:db8::1");
}

TEST(ServedMessage, WhatDoesNotFitIsCutAndSaysSo) {
  const question q = asked_for("im.example.com");
  const auto reply = reply_with(served(q), addresses(200), 60, 512);
  EXPECT_LE(reply.size(), 512u);
  message m;
  ASSERT_EQ(match(q, reply, m), fit::fits);
  EXPECT_TRUE(m.truncated());
  EXPECT_GT(m.answers().left(), 10u);
  const auto whole = reply_with(served(q), addresses(200), 60, 65'535);
  ASSERT_EQ(match(q, whole, m), fit::fits);
  EXPECT_FALSE(m.truncated());
  EXPECT_EQ(m.answers().left(), 200u);
}

TEST(ServedMessage, NoAnswerHasItsReason) {
  const question q = asked_for("im.example.com");
  const auto reply = reply_without(served(q), rcode::server_failed, "no trusted server answered");
  message m;
  ASSERT_EQ(match(q, reply, m), fit::fits);
  EXPECT_EQ(m.code(), rcode::server_failed);
  options all(m.options());
  uint16_t code = 0;
  std::span<const uint8_t> data;
  ASSERT_TRUE(all.next(code, data));
  EXPECT_EQ(code, 15);
  EXPECT_EQ(as_text(data.subspan(2)), "no trusted server answered");
}

// Goal: what a server says is handed on to who asked in other letters. Method: aliases with pointers into the question.
TEST(ServedMessage, AServersAnswerIsHandedOnWithTheLettersOfWhoAsked) {
  const question ours = [] {
    question q{.name = "im.example.com", .kind = type::txt};
    q.secret.id = 0x4444;
    return q;
  }();
  const question theirs = asked_for("im.example.com", type::txt);
  const octets said = answer_writer(bytes_of(ours)).alias("", "edge.example.net").add("edge.example.net", type::txt, 50, {2, 'h', 'i'}).zone_start("example.net", 900, 30).options({0, 12, 0, 1, 0}).bytes;
  const auto reply = reply_like(served(theirs), said, 4096);
  message m;
  ASSERT_EQ(match(theirs, reply, m), fit::fits);
  EXPECT_EQ(read_findings(theirs, m).texts, std::vector<std::string>{"hi"});
  EXPECT_EQ(life_of(reply), 50u);
  const octets nothing = answer_writer(bytes_of(ours), rcode::no_name).alias("", "edge.example.net").zone_start("example.net", 900, 30).bytes;
  const auto none = reply_like(served(theirs), nothing, 4096);
  ASSERT_EQ(match(theirs, none, m), fit::fits);
  EXPECT_EQ(m.code(), rcode::no_name);
  EXPECT_EQ(m.authorities().left(), 1u);
  EXPECT_EQ(read_findings(theirs, m).life, 30u) << "the zone says how long there is nothing";
  EXPECT_EQ(life_of(none), 30u);
  EXPECT_EQ(reply_like(served(theirs), said, 60).at(2) & 0x02, 0x02) << "no room: cut";
  const auto broken = reply_like(served(theirs), octets(40, 0xFF), 4096);
  ASSERT_EQ(match(theirs, broken, m), fit::fits);
  EXPECT_EQ(m.code(), rcode::server_failed);
}

// Whoever answers over UDP could have programs believe addresses that nobody has weighed.
TEST(ServedMessage, RecordsThatNobodyAskedForStayBehind) {
  const question q = asked_for("x.example.com", type::txt);
  const octets said = answer_writer(bytes_of(q))
                          .address("10.6.6.6")
                          .add("www.bank.com", type::a, 60, ip_octets("203.0.113.66"))
                          .alias("", "edge.example.net")
                          .add("other.example.net", type::txt, 60, {2, 'n', 'o'})
                          .add("edge.example.net", type::txt, 60, {2, 'h', 'i'})
                          .add("bank.com", type::ns, 60, name_octets("ns.evil.test"), 1)
                          .add("ns.evil.test", type::a, 60, ip_octets("203.0.113.66"), 1)
                          .bytes;
  const auto reply = reply_like(served(q), said, 4096);
  message m;
  ASSERT_EQ(match(q, reply, m), fit::fits);
  EXPECT_EQ(m.answers().left(), 2u) << "the alias, and the text at its end";
  EXPECT_EQ(m.authorities().left(), 0u);
  EXPECT_EQ(m.additionals().left(), 1u) << "our own options";
  const findings f = read_findings(q, m);
  EXPECT_EQ(f.texts, std::vector<std::string>{"hi"});
  EXPECT_EQ(f.strays, 0u);
}

// Goal: names within data that point into what stays behind are whole all the same. Method: they point to a stray record's owner.
TEST(ServedMessage, NamesWithinRecordsAreWrittenOut) {
  for (const auto& [kind, before] : {std::pair(type::mx, octets{0, 10}), std::pair(type::srv, octets{0, 1, 0, 2, 0x01, 0xBB}), std::pair(type::ns, octets{}), std::pair(type::cname, octets{})}) {
    const question q = asked_for("x.example.com", kind);
    answer_writer w(bytes_of(q));
    const auto stray_at = static_cast<uint8_t>(w.bytes.size());
    w.add("mail.example.net", type::a, 60, ip_octets("203.0.113.66")).add("", kind, 60, before + octets{0xC0, stray_at});
    const auto reply = reply_like(served(q), w.bytes, 4096);
    message m;
    ASSERT_EQ(match(q, reply, m), fit::fits);
    auto all = m.answers();
    record r;
    ASSERT_TRUE(all.next(r)) << kind;
    EXPECT_EQ(octets(r.data.begin(), r.data.end()), before + name_octets("mail.example.net")) << kind;
    EXPECT_FALSE(all.next(r));
  }
  const question q = asked_for("x.example.com", type::mx);
  const auto broken = reply_like(served(q), answer_writer(bytes_of(q)).add("", type::mx, 60, {1}).bytes, 4096);
  EXPECT_EQ(broken.at(3) & 0x0F, rcode::server_failed);
  const auto circle = reply_like(served(q), answer_writer(bytes_of(q)).alias("", "y.test").alias("y.test", "x.example.com").bytes, 4096);
  EXPECT_EQ(circle.at(3) & 0x0F, rcode::server_failed);
}

TEST(ServedMessage, WhatIsNoQuestionGetsWhatItDeserves) {
  const octets good = bytes_of(asked_for("im.example.com"));
  const auto code = [](const octets& bytes) {
    const auto heard = hear_request(bytes);
    EXPECT_FALSE(heard.question.has_value());
    return heard.refusal.empty() ? -1 : heard.refusal.at(3) & 0x0F;
  };
  EXPECT_EQ(code(octets(good.begin(), good.begin() + 11)), -1) << "less than a head";
  octets odd = good;
  odd[2] |= 0x80;
  EXPECT_EQ(code(odd), -1) << "an answer: two of us would talk for ever";
  odd = good, odd[2] |= 0x28;
  EXPECT_EQ(code(odd), 4) << "an update";
  EXPECT_EQ(code(octets(good.begin(), good.begin() + 20)), 1) << "cut";
  odd = good, odd[5] = 0;
  EXPECT_EQ(code(odd), 1) << "no question";
  odd = good, odd[12 + 16 + 3] = 3;
  EXPECT_EQ(code(odd), 5) << "class CHAOS";
  odd = good, odd[13] = ' ';
  EXPECT_EQ(code(odd), 5) << "a name that no host has";
}

TEST(ServedMessage, AnotherVersionOfOptionsIsToldOurs) {
  octets odd = bytes_of(asked_for("im.example.com"));
  const size_t options_at = 12 + 16 + 4;
  ASSERT_EQ(odd[options_at + 2], type::opt);
  odd[options_at + 6] = 1;
  const octets said = hear_request(odd).refusal;
  message m;
  ASSERT_EQ(message::read(said, m), defect::none);
  EXPECT_EQ(m.code(), 16);
}

TEST(DohRequest, BothMethodsCarryAMessage) {
  EXPECT_EQ(read_doh_request("GET", "/dns-query?dns=AAABAAABAAAAAAAAA3d3dwdleGFtcGxlA2NvbQAAAQAB", {}, "").message.size(), 33u) << "of RFC 8484, 4.1.1";
  EXPECT_EQ(read_doh_request("POST", "/dns-query", {{"content-type", "application/dns-message"}}, "abc").message.size(), 3u);
  for (const auto& [method, target, type, status] : {std::tuple("GET", "/dns-query", "", 400), std::tuple("GET", "/dns-query?dns=A", "", 400), std::tuple("GET", "/dns-query?dns=AA==", "", 400),
                                                     std::tuple("GET", "/", "", 404), std::tuple("PUT", "/dns-query", "", 405), std::tuple("POST", "/dns-query", "text/plain", 415)})
    EXPECT_EQ(read_doh_request(method, target, {{"content-type", type}}, "abc").status, status) << method << target;
}

TEST(ServeSettings, OnlyThisMachineAsksUnlessItIsWanted) {
  EXPECT_EQ(place_to_serve("127.0.0.1:5300", "it", false, "say so")->port, 5300);
  EXPECT_EQ(place_to_serve("udp+tcp://[::1]:0", "it", false, "say so")->family, 6);
  EXPECT_EQ(place_to_serve("https://127.0.0.1:8443/dns-query", "it", false, "say so")->port, 8443);
  EXPECT_EQ(place_to_serve("0.0.0.0:53", "it", false, "say so").status(), THARSIS_E_DENIED);
  EXPECT_NE(place_to_serve("192.0.2.1:53", "it", false, "say so").failure().text.find("say so"), std::string::npos);
  EXPECT_EQ(place_to_serve("0.0.0.0:53", "it", true, "say so")->port, 53);
  for (const char* wrong : {"127.0.0.1", "localhost:53", "", "127.0.0.1:99999", "tls://127.0.0.1:853"})
    EXPECT_EQ(place_to_serve(wrong, "it", true, "").status(), THARSIS_E_INVALID) << wrong;
}
