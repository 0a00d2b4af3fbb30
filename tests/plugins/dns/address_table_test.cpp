#include "plugins/dns/core/address_table.h"

#include <gtest/gtest.h>

#include "plugins/dns/core/table_shelf.h"
#include "tests/plugins/dns/signed_table.h"

using namespace tharsis;
using namespace tharsis::dns;
using namespace tharsis::dns::test;

namespace {

const table_signer owner = signer_of(1), stranger = signer_of(2);
const std::vector<table_key> keys = {owner.open()};

std::string why(std::string_view text) {
  const auto t = read_table(text, keys, "t");
  return t ? "good" : t.failure().text;
}
std::string why_body(const std::string& lines) { return why(signed_text("tharsis dns table 1\n" + lines, owner)); }
const std::string head = "serial 7\nvalid 1000 2000\n";
bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST(AddressTable, ComesBackAsItWasWritten) {
  const auto t = read_table(some_text(7, owner), keys, "t");
  ASSERT_TRUE(t.ok()) << t.failure().text;
  EXPECT_EQ(t->serial, 7u);
  EXPECT_EQ(t->signer, owner.open().id());
  ASSERT_EQ(t->names.size(), 2u);
  const auto& im = t->names.at("im.example.com");
  EXPECT_EQ(im.life, 600u);
  ASSERT_EQ(im.places.size(), 3u);
  EXPECT_EQ(to_text(im.places[0].at), "192.0.2.1:443");
  EXPECT_EQ(im.places[0].weight, 3u);
  EXPECT_EQ(im.places[0].region, "eu");
  EXPECT_EQ(im.places[2].at.port, 0);
  EXPECT_EQ(im.places[2].region, "");
}

TEST(AddressTable, CutAtAnyByteItIsRefused) {
  const std::string whole = some_text(7, owner);
  for (size_t n = 0; n < whole.size(); ++n) {
    const auto t = read_table(std::string_view(whole).substr(0, n), keys, "t");
    ASSERT_FALSE(t.ok()) << n;
    EXPECT_TRUE(has(t.failure().text, n == 0 ? "is empty" : "cut")) << n << ": " << t.failure().text;
  }
}

TEST(AddressTable, ChangedInAnyByteItIsRefused) {
  const std::string whole = some_text(7, owner);
  for (size_t n = 0; n < whole.size(); ++n)
    for (const char flip : {'\x01', '\x20', '\x80'}) {
      std::string other = whole;
      other[n] = static_cast<char>(other[n] ^ flip);
      const auto t = read_table(other, keys, "t");
      ASSERT_FALSE(t.ok()) << n;
      EXPECT_FALSE(t.failure().text.empty());
    }
}

TEST(AddressTable, OnlyTrustedKeysSignIt) {
  EXPECT_TRUE(has(why(some_text(7, stranger)), "is signed with another key than those that are trusted here"));
  // Somebody else's signature under the owner's id.
  std::string text = some_text(7, stranger);
  text.replace(text.find(stranger.open().id()), 16, owner.open().id());
  EXPECT_TRUE(has(why(text), "its signature does not fit"));
  EXPECT_EQ(read_table(text, keys, "t").status(), THARSIS_E_UNTRUSTED);
  const std::vector<table_key> both = {stranger.open(), owner.open()};
  EXPECT_TRUE(read_table(some_text(7, stranger), both, "t").ok());
  EXPECT_FALSE(read_table(some_text(7, owner), {}, "t").ok());
}

TEST(AddressTable, WhatIsNoTableIsTold) {
  EXPECT_TRUE(has(why("<html>"), "does not begin with \"tharsis dns table 1\""));
  EXPECT_TRUE(has(why("tharsis dns table 2\n"), "of another version"));
  EXPECT_TRUE(has(why("tharsis dns table 1\r\nserial 7\r\n"), "CR LF"));
  EXPECT_TRUE(has(why(std::string(address_table::text_max + 1, 'x')), "at most 1 MiB"));
}

TEST(AddressTable, WhatItsOwnerWroteWronglyHasItsLine) {
  const struct {
    const char* lines;
    const char* wrong;
  } cases[] = {
      {"", "its serial or its times are missing"},
      {"serial 7\n", "its serial or its times are missing"},
      {"serial 0\n", "line 2: expected 'serial' and a number above 0"},
      {"serial -1\n", "line 2: expected 'serial'"},
      {"serial 18446744073709551616\n", "line 2: expected 'serial'"},
      {"serial 7\nvalid 2000 1000\n", "line 3: expected 'valid' and two times"},
      {"serial 7\nvalid 1000 999999999999999\n", "line 3: expected 'valid'"},
  };
  for (const auto& c : cases) EXPECT_TRUE(has(why_body(c.lines), c.wrong)) << c.lines << ": " << why_body(c.lines);
  const struct {
    const char* lines;
    const char* wrong;
  } more[] = {
      {"address 192.0.2.1:1 1 -\n", "line 4: an address stands before any name"},
      {"name a..b 60\n", "line 4: the name 'a..b' has nothing between two dots"},
      {"name IM.example.com 60\n", "line 4: a name stands in small letters"},
      {"name im.example.com. 60\n", "line 4: a name stands in small letters"},
      {"name 192.0.2.1 60\n", "is an address, no name"},
      {"name im.example.com 0\n", "line 4: expected a name and a number of seconds"},
      {"name im.example.com 99999999999\n", "line 4: expected a name and a number of seconds"},
      {"name im.example.com 60\n", "its last name has no address"},
      {"name a.example 60\nname b.example 60\n", "line 5: the name before it has no address"},
      {"name a.example 60\naddress 192.0.2.1:1 1 -\nname a.example 60\n", "line 6: the name 'a.example' stands in it twice"},
      {"name a.example 60\naddress 1.2.3 1 -\n", "line 5: '1.2.3' is no address"},
      {"name a.example 60\naddress 192.0.2.1:99999 1 -\n", "is no address"},
      {"name a.example 60\naddress 192.0.2.1:1 0 -\n", "line 5: a weight is"},
      {"name a.example 60\naddress 192.0.2.1:1 1001 -\n", "line 5: a weight is"},
      {"name a.example 60\naddress 192.0.2.1:1 1 EU\n", "line 5: a region has"},
      {"name a.example 60\naddress 192.0.2.1:1 1\n", "line 5: expected an address, a weight and a region"},
      {"name a.example 60\naddress 192.0.2.1:1  1 -\n", "line 5: expected an address"},
      {"surprise\n", "line 4: expected 'name' or 'address'"},
      {"\n", "line 4: expected 'name' or 'address'"},
  };
  for (const auto& c : more) EXPECT_TRUE(has(why_body(head + c.lines), c.wrong)) << c.lines << ": " << why_body(head + c.lines);
  std::string many = head + "name a.example 60\n";
  for (int i = 0; i < 65; ++i) many += "address 192.0.2.1:" + std::to_string(i + 1) + " 1 -\n";
  EXPECT_TRUE(has(why_body(many), "a name has at most 64 addresses"));
}

TEST(AddressTable, WhatNoReaderTakesIsNotSigned) {
  address_table t = some_table(7);
  t.names["im.example.com"].places[0].region = "no region";
  EXPECT_FALSE(write_table(t, owner).ok());
  t = some_table(7);
  for (int i = 0; i < 40'000; ++i) t.names["n" + std::to_string(i) + ".example.com"] = t.names["push.example.com"];
  EXPECT_TRUE(has(write_table(t, owner).failure().text, "at most 1 MiB"));
}

TEST(AddressTable, HoldsForItsTimeAndSomeMinutes) {
  const address_table t = some_table(7);
  EXPECT_EQ(out_of_time(t, t.from - 299, "t").status, THARSIS_OK);
  EXPECT_EQ(out_of_time(t, t.from - 301, "t").text, "t is not valid before 2025-11-27T00:00:00Z, and it is 2025-11-26T23:54:59Z; is the clock right?");
  EXPECT_EQ(out_of_time(t, t.until + 299, "t").status, THARSIS_OK);
  EXPECT_TRUE(has(out_of_time(t, t.until + 301, "t").text, "is too old: it was valid until 2025-11-28T00:00:00Z"));
}

TEST(TableKey, ComesBackAndIsNotTakenForTheOther) {
  const auto again = parse_table_signer(owner.text(), "k");
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->open(), owner.open());
  EXPECT_EQ(*parse_table_key(table_key_text(owner.open()), "k"), owner.open());
  std::string one_line = table_key_text(owner.open());
  for (char& c : one_line) c = c == '\n' ? ' ' : c;
  EXPECT_EQ(*parse_table_key(one_line, "k"), owner.open());
  EXPECT_TRUE(is_table_key_text(one_line));
  EXPECT_FALSE(is_table_key_text("/etc/key.pub"));
  EXPECT_TRUE(has(parse_table_key(owner.text(), "k").failure().text, "is a private key where a public one belongs"));
  EXPECT_TRUE(has(parse_table_signer(table_key_text(owner.open()), "k").failure().text, "is a public key; signing needs the private one"));
}

TEST(TableKey, ADigitThatIsLostOrChangedShows) {
  const std::string whole = owner.text();
  const std::string body = whole.substr(0, whole.size() - 1);
  for (size_t n = 0; n < body.size(); ++n) {
    EXPECT_FALSE(parse_table_signer(body.substr(0, n), "k").ok()) << n;
    std::string other = body;
    other[n] = other[n] == '1' ? '2' : '1';
    const auto k = parse_table_signer(other, "k");
    ASSERT_FALSE(k.ok()) << n;
    EXPECT_EQ(k.failure().text.find(whole.substr(44, 16)), std::string::npos) << "no error quotes a key";
  }
}

// Whose signatures others make: the first vector of RFC 8032, 7.1.
TEST(TableKey, SignsAsOthersDo) {
  const auto signer = parse_table_signer("tharsis dns private key 1 21fe31dfa154a261 9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "k");
  ASSERT_TRUE(signer.ok()) << signer.failure().text;
  const auto by = signer->sign({});
  ASSERT_TRUE(by);
  EXPECT_EQ((*by)[0], 0xe5);
  EXPECT_EQ((*by)[63], 0x0b);
  EXPECT_TRUE(signer->open().verifies({}, *by));
}

TEST(TableShelf, TakesWhatIsNewerAndNothingElse) {
  table_shelf shelf(keys);
  EXPECT_EQ(shelf.current(table_day), nullptr);
  EXPECT_EQ(shelf.offer(some_text(7, owner), table_day, "t").status, THARSIS_OK);
  const std::string good = shelf.text();
  EXPECT_EQ(shelf.offer(some_text(7, owner), table_day, "t").status, THARSIS_OK) << "the same again";
  EXPECT_EQ(shelf.generation(), 1u);
  EXPECT_EQ(shelf.offer(some_text(6, owner), table_day, "t").text, "t is an older one, serial 6: 7 was seen before; a new table needs a higher serial");
  address_table other = some_table(7);
  other.names.erase("push.example.com");
  EXPECT_TRUE(has(shelf.offer(*write_table(other, owner), table_day, "t").text, "has serial 7 as the one before, and other content"));
  EXPECT_EQ(shelf.offer(some_text(9, stranger), table_day, "t").status, THARSIS_E_UNTRUSTED);
  EXPECT_EQ(shelf.offer(*write_table(some_table(9, 0, 1000), owner), table_day, "t").status, THARSIS_E_DENIED);
  EXPECT_EQ(shelf.offer(some_text(9, owner).substr(0, 99), table_day, "t").status, THARSIS_E_INVALID);
  EXPECT_EQ(shelf.text(), good) << "a bad one never takes the place of a good one";
  EXPECT_EQ(shelf.offer(some_text(8, owner), table_day, "t").status, THARSIS_OK);
  EXPECT_EQ(shelf.current(table_day)->serial, 8u);
  EXPECT_EQ(shelf.current(table_day + 90'000), nullptr) << "its time is over";
}

TEST(TableShelf, TheSerialDoesNotGoBackOverARestart) {
  table_shelf shelf(keys);
  EXPECT_EQ(shelf.remember(*write_table(some_table(9, 0, 1000), owner)).status, THARSIS_OK) << "it is too old to be used, and has its serial";
  EXPECT_EQ(shelf.current(table_day), nullptr);
  EXPECT_EQ(shelf.offer(some_text(8, owner), table_day, "t").status, THARSIS_E_DENIED);
  EXPECT_EQ(shelf.offer(some_text(10, owner), table_day, "t").status, THARSIS_OK);
  EXPECT_EQ(shelf.remember("nonsense").status, THARSIS_E_INVALID);
}

// Whoever has stolen a key can sign the highest serial there is; when its owner trusts another key, that is over.
TEST(TableShelf, AKeyThatIsTrustedNoLongerHoldsNoSerial) {
  table_shelf shelf(keys);
  EXPECT_EQ(shelf.remember(some_text(18'000'000'000'000'000'000u, stranger)).status, THARSIS_OK);
  EXPECT_EQ(shelf.offer(some_text(8, owner), table_day, "t").status, THARSIS_OK);
}
