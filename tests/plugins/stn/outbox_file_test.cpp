// The outbox's file, cut, damaged, forged and sealed.
#include "plugins/stn/core/outbox_file.h"
#include "plugins/stn/core/outbox_settings.h"

#include <gtest/gtest.h>
#include <algorithm>
#include <random>
#include <set>

#include "sdk/pure/views.h"

using namespace tharsis;
using namespace tharsis::stn;
using kind = outbox_record::kind;

namespace {

const outbox_salt salt_a{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

std::vector<uint8_t> letters(std::string_view text) {
  const auto b = as_bytes(text);
  return {b.begin(), b.end()};
}

outbox_key key_of(char digit) { return *outbox_key::parse(std::string(64, digit)); }

std::vector<outbox_record> some_records() {
  std::vector<outbox_record> all(6);
  all[0].what = kind::client;
  all[0].entry = 7;
  all[0].client = "0123456789abcdef";
  all[1].what = kind::put;
  all[1].entry = 7;
  all[1].wall = 1'700'000'000'000'000'000;
  all[1].life = 72h;
  all[1].task = {.command = 3, .flags = 16, .priority = -2, .retries = 30, .order = uint64_t{1} << 63, .server_time = 5s, .channels = 3,
                 .link = "main", .user = "ann", .path = "/mars/send", .headers = {{"A", "1"}, {"B", ""}}, .key = letters("k1"),
                 .body = letters(std::string("\xb0\x7e\0\1", 4))};
  all[2].what = kind::sent;
  all[2].entry = 7;
  all[2].sends = 3;
  all[3].what = kind::answered;
  all[3].entry = 7;
  all[3].answer = {THARSIS_E_DENIED, 6, 403, 4, letters("no"), "the server refused"};
  all[4].what = kind::put;
  all[4].entry = 8;
  all[4].task.key = letters("k2");
  all[5].what = kind::acknowledged;
  all[5].entry = 7;
  return all;
}

struct written {
  std::string bytes;
  std::vector<size_t> ends;  // Behind each record.
};
written write(const std::vector<outbox_record>& records, const outbox_key* key = nullptr, const outbox_salt& salt = salt_a) {
  outbox_writer w(salt, key);
  written f{w.head(), {}};
  for (const auto& r : records) {
    f.bytes += *w.record(r);
    f.ends.push_back(f.bytes.size());
  }
  return f;
}

bool is_same(const outbox_record& a, const outbox_record& b) { return write_record(a) == write_record(b); }

size_t whole_before(const written& f, size_t cut) {
  size_t n = 0;
  while (n < f.ends.size() && f.ends[n] <= cut) ++n;
  return n;
}

}  // namespace

TEST(OutboxFile, GivesBackWhatWasWrittenOpenAndSealed) {
  const auto records = some_records();
  const outbox_key key = key_of('a');
  for (const outbox_key* k : {static_cast<const outbox_key*>(nullptr), &key}) {
    const auto f = write(records, k);
    const auto read = read_outbox(f.bytes, k);
    ASSERT_TRUE(read) << read.failure().text;
    EXPECT_EQ(read->sealed, k != nullptr);
    EXPECT_EQ(read->cut + read->damaged, 0u);
    ASSERT_EQ(read->records.size(), records.size());
    for (size_t i = 0; i < records.size(); ++i) EXPECT_TRUE(is_same(read->records[i], records[i])) << i;
    EXPECT_EQ(read->records[1].task.headers, records[1].task.headers);
    EXPECT_EQ(read->records[1].task.priority, -2);
    EXPECT_EQ(read->records[3].answer.status, THARSIS_E_DENIED);
  }
}

TEST(OutboxFile, CutAtEachByteGivesAllBefore) {
  const auto records = some_records();
  const outbox_key key = key_of('b');
  for (const outbox_key* k : {static_cast<const outbox_key*>(nullptr), &key}) {
    const auto f = write(records, k);
    for (size_t cut = 0; cut <= f.bytes.size(); ++cut) {
      const auto read = read_outbox(f.bytes.substr(0, cut), k);
      ASSERT_TRUE(read) << cut << ": " << read.failure().text;
      EXPECT_EQ(read->records.size(), whole_before(f, cut)) << cut;
      EXPECT_EQ(read->damaged, 0u) << "a cut is no damage, at " << cut;
      const size_t head = outbox_writer(salt_a, k).head().size();  // Twice the same.
      const bool is_end = cut == 0 || cut == head / 2 || cut == head || (cut > 0 && std::count(f.ends.begin(), f.ends.end(), cut) > 0);
      EXPECT_EQ(read->cut == 0, is_end) << cut;
    }
  }
}

TEST(OutboxFile, AFlippedBitCostsItsOwnRecordAtMost) {
  const auto records = some_records();
  const outbox_key key = key_of('c');
  for (const outbox_key* k : {static_cast<const outbox_key*>(nullptr), &key}) {
    const auto f = write(records, k);
    const size_t head = outbox_writer(salt_a, k).head().size();
    for (size_t bit = 0; bit < 8 * f.bytes.size(); ++bit) {
      std::string bytes = f.bytes;
      bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
      const auto read = read_outbox(bytes, k);
      ASSERT_TRUE(read) << bit << ": " << read.failure().text;
      EXPECT_GT(read->damaged + read->cut, 0u) << bit;
      EXPECT_EQ(read->records.size(), records.size() - (bit / 8 >= head ? 1 : 0)) << bit;
      size_t at = 0;
      for (const auto& r : read->records) {
        while (at < records.size() && !is_same(r, records[at])) ++at;
        ASSERT_LT(at, records.size()) << "a record that nobody wrote, bit " << bit;
      }
    }
  }
}

TEST(OutboxFile, BytesOfABodyNeverPassForARecord) {
  auto records = some_records();
  // What somebody who sends messages to this person can write: a record, whole but for the salt, which he cannot know.
  outbox_record lie;
  lie.what = kind::acknowledged;
  lie.entry = 8;
  outbox_writer liar(outbox_salt{}, nullptr);
  for (int i = 0; i < 100; ++i) (void)liar.record(lie);
  records[1].task.body = letters(*liar.record(lie));
  auto f = write(records);
  f.bytes[f.ends[0]] = 'x';  // The record around it is damaged.
  const auto read = read_outbox(f.bytes, nullptr);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->records.size(), records.size() - 1);
}

TEST(OutboxFile, OtherFilesAreRefused) {
  for (const char* text : {"tharsis.stn intervals 1\n", "x", "{}", "tharsis outbox 2................................................................"}) {
    const auto read = read_outbox(text, nullptr);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.status(), THARSIS_E_PROTOCOL);
  }
}

TEST(OutboxFile, ASealedOneShowsNothingAndWantsItsKey) {
  const outbox_key key = key_of('d'), other = key_of('e');
  const auto f = write(some_records(), &key);
  for (const char* secret : {"main", "ann", "/mars/send", "k1", "the server refused"})
    EXPECT_EQ(f.bytes.find(secret), std::string::npos) << secret;
  EXPECT_EQ(read_outbox(f.bytes, nullptr).status(), THARSIS_E_UNTRUSTED);
  const auto wrong = read_outbox(f.bytes, &other);
  EXPECT_EQ(wrong.status(), THARSIS_E_UNTRUSTED);
  EXPECT_NE(wrong.failure().text.find("another key"), std::string::npos) << wrong.failure().text;
}

TEST(OutboxFile, SealedRecordsCannotChangePlaces) {
  const outbox_key key = key_of('d');
  const auto f = write(some_records(), &key);
  // The fifth put where the third was, with the third's number: the seal proves the place.
  const std::string third = f.bytes.substr(f.ends[1], f.ends[2] - f.ends[1]);
  std::string moved = f.bytes.substr(f.ends[3], f.ends[4] - f.ends[3]);
  const auto read = read_outbox(f.bytes.substr(0, f.ends[1]) + moved + f.bytes.substr(f.ends[1]), &key);
  ASSERT_TRUE(read);
  // Numbers grow: what was moved to the front hides those before it, and none is read twice.
  EXPECT_GT(read->damaged, 0u);
  size_t puts = 0;
  for (const auto& r : read->records) puts += r.what == kind::put && r.entry == 8 ? 1 : 0;
  EXPECT_EQ(puts, 1u);
}

// Equal records of one writer, of another file, and after a record whose bytes were lost: no two are sealed alike.
TEST(OutboxFile, NoNonceIsUsedTwice) {
  const outbox_key key = key_of('f');
  outbox_record r;
  r.what = kind::acknowledged;
  r.entry = 5;
  std::set<std::string> seen;
  for (uint8_t file = 0; file < 20; ++file) {
    outbox_salt salt = salt_a;
    salt[0] = file;
    outbox_writer w(salt, &key);
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(seen.insert(w.record(r)->substr(18)).second);
  }
}

TEST(OutboxFile, AFileFullOfBeginningsKeepsNobodyForLong) {
  std::string bytes = outbox_writer(salt_a, nullptr).head();
  while (bytes.size() < 400'000) bytes += std::string("\xb0\x7e\xf0\xff\x00\x00", 6);
  const auto read = read_outbox(bytes, nullptr);
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->records.empty());
}

TEST(OutboxKey, IsSixtyFourDigits) {
  std::string line(64, 'A');
  line += '\n';
  EXPECT_TRUE(outbox_key::parse(line));
  for (const std::string& text : {std::string(), std::string(63, 'a'), std::string(65, 'a'), std::string(64, 'g')}) {
    const auto key = outbox_key::parse(text);
    ASSERT_FALSE(key);
    EXPECT_NE(key.failure().text.find("openssl rand -hex 32"), std::string::npos);
  }
}

// Whatever is done to a file: what is read was written, in its order, and nothing crashes.
TEST(OutboxFile, AnyDamageInventsNothing) {
  for (uint64_t seed = 1; seed <= 400; ++seed) {
    std::mt19937_64 random(seed);
    const outbox_key key = key_of('9');
    const outbox_key* const k = random() % 2 ? &key : nullptr;
    const auto records = some_records();
    const auto f = write(records, k);
    std::string bytes = f.bytes;
    for (uint64_t n = 1 + random() % 4; n > 0; --n) {
      const size_t at = random() % (bytes.size() + 1), size = random() % 40;
      if (random() % 3 == 0) bytes.insert(at, std::string(size, static_cast<char>(random())));
      else if (random() % 2) bytes.erase(std::min(at, bytes.size()), size);
      else bytes.insert(at, bytes.substr(random() % (bytes.size() + 1), 100));
    }
    const auto read = read_outbox(bytes, k);
    if (!read) continue;
    size_t at = 0;
    for (const auto& r : read->records) {
      while (at < records.size() && !is_same(r, records[at])) ++at;
      ASSERT_LT(at, records.size()) << "seed " << seed;
      ++at;
    }
  }
}

TEST(OutboxFile, ARecordThatIsTooLargeIsRefusedAndOneOfTheLargestAnswersIsRead) {
  outbox_writer w(salt_a, nullptr);
  outbox_record r;
  r.what = kind::answered;
  r.entry = 5;
  r.answer.body.resize(16 << 20);
  const auto fits = w.record(r);
  ASSERT_TRUE(fits) << fits.failure().text;
  const auto read = read_outbox(w.head() + *fits, nullptr);
  ASSERT_TRUE(read);
  ASSERT_EQ(read->records.size(), 1u) << "it was written and cannot be read";
  EXPECT_EQ(read->records[0].answer.body.size(), size_t{16} << 20);
  r.answer.body.resize(outbox_record_max);
  const auto larger = w.record(r);
  EXPECT_EQ(larger.status(), THARSIS_E_INVALID);
  EXPECT_NE(larger.failure().text.find("entry 5"), std::string::npos) << larger.failure().text;
}
