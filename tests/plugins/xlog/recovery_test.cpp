// Goal: what stood in a segment when its process died is given exactly once and in order; what is no segment is
// refused with a reason; nothing that stands in one makes us crash.
#include "plugins/xlog/core/recovery.h"

#include <random>

#include <gtest/gtest.h>

#include "tests/plugins/xlog/ring_line.h"

using namespace tharsis;
using namespace tharsis::xlog;

namespace {

constexpr segment_geometry small{3, 64 << 10, 64 << 10};
constexpr segment_geometry with_flight{3, 64 << 10, 64 << 10, 64 << 10};
constexpr uint32_t flight = 3;

// A segment file in memory, written by hand.
struct paper_segment {
  explicit paper_segment(bool is_sealed = false, const segment_geometry& geometry = small) : sealed(is_sealed), g(geometry) {
    segment_info info = info_for_test(g, sealed);
    info.pid = 7;
    info.start = 8;
    info.id.fill(9);
    bytes = new_segment(info, key);
    bytes.resize(segment_file::size(g));
  }
  segment_front front() { return segment_front(bytes.data()); }
  void append(uint32_t ring, uint64_t number, uint64_t tick) {
    if (ring == shared_ring) append_words(ring, tick, {100, number});
    else append_words(ring, tick, {number});
  }
  // A copy of what stood in `ring` at `position`.
  void append_flight(uint64_t number, uint64_t tick, uint64_t thread, uint32_t ring, uint64_t position) {
    append_words(flight, tick, {thread, stream_position(ring, position), number});
  }
  void append_words(uint32_t ring, uint64_t tick, const std::vector<uint64_t>& arguments) {
    auto& c = front().control(ring);
    const auto size = static_cast<uint32_t>(16 + 8 * arguments.size());
    const uint32_t site = 1;
    uint8_t record[64];
    std::memcpy(record, &size, 4);
    std::memcpy(record + 4, &site, 4);
    std::memcpy(record + 8, &tick, 8);
    std::memcpy(record + 16, arguments.data(), 8 * arguments.size());
    std::vector<uint8_t> keystream(128);
    if (sealed) paper_keystream(stream_position(ring, c.head / 64 * 64), keystream);
    for (size_t i = 0; i < size; ++i)
      bytes[segment_file::ring_offset(g, ring) + (c.head + i) % g.size_of(ring)] = record[i] ^ keystream[c.head % 64 + i];
    c.head += size;
  }
  result<segment_image> image(std::span<const ring_range> done = {}) const {
    return read_segment(
        [this](uint64_t offset, std::span<uint8_t> into) {
          if (offset > bytes.size() || into.size() > bytes.size() - offset) return false;
          std::copy_n(bytes.begin() + static_cast<ptrdiff_t>(offset), into.size(), into.begin());
          return true;
        },
        done);
  }

  bool sealed;
  segment_geometry g;
  std::vector<uint8_t> key{1, 2, 3};
  std::vector<uint8_t> bytes;
};

std::vector<uint64_t> numbers_of(const segment_image& image, uint64_t* unreadable = nullptr) {
  std::vector<uint64_t> numbers;
  recovered_records records(image, paper_keystream, 2);
  for (recovered_record r; records.next(r);) numbers.push_back(number_of(r.record));
  if (unreadable != nullptr) *unreadable = records.unreadable();
  return numbers;
}

using list = std::vector<uint64_t>;

}  // namespace

TEST(Recovery, GivesTheRecordsOfAllRingsByTick) {
  for (const bool sealed : {false, true}) {
    paper_segment s(sealed);
    for (uint32_t i = 0; i < 3; ++i) {
      s.front().control(i).head = s.front().control(i).tail = (64 << 10) - 8 - 16 * i;  // They wrap.
      s.front().add_owner(i, 100 + i);
    }
    s.append(0, 1, 10), s.append(0, 4, 40);
    s.append(1, 2, 20), s.append(1, 5, 50);
    s.append(2, 3, 30);
    const auto image = s.image();
    ASSERT_TRUE(image.ok()) << image.failure().text;
    EXPECT_EQ(numbers_of(*image), (list{1, 2, 3, 4, 5}));
    EXPECT_EQ(image->info.pid, 7u);
    EXPECT_EQ(image->info.instance, "test");
    EXPECT_EQ(image->wrapped, s.key);
    recovered_records records(*image, paper_keystream, 2);
    recovered_record r;
    records.next(r), records.next(r);
    EXPECT_EQ(r.thread, 101u);
  }
}

TEST(Recovery, WhatABlockHoldsIsNotGivenAgain) {
  paper_segment s;
  for (uint64_t i = 0; i < 6; ++i) s.append(1, i, i);
  s.front().control(1).tail = 24;
  const ring_range done[] = {{1, 72, 96}, {1, 24, 72}, {0, 0, 24}, {1, 96, 1 << 20}, {1, 0, 24}};
  const auto image = s.image(done);
  ASSERT_TRUE(image.ok());
  EXPECT_EQ(numbers_of(*image), (list{4, 5}));
}

TEST(Recovery, WhatTravelsSealedComesOutTheSame) {
  paper_segment s(true);
  const std::string plain = "dictionary";
  std::vector<uint8_t> entry(64);
  paper_keystream(stream_position(dictionary_stream, 0), entry);
  for (size_t i = 0; i < plain.size(); ++i) entry[i] ^= static_cast<uint8_t>(plain[i]);
  s.front().append_to_dictionary(std::span(entry).first(plain.size()));
  s.front().add_owner(2, 77);
  for (uint64_t i = 0; i < 100; ++i) s.append(2, i, i);
  const auto image = s.image();
  ASSERT_TRUE(image.ok());
  const std::vector<uint8_t> payload = recovered_payloads(*image).at(0).bytes;
  const auto again = read_recovered(payload);
  ASSERT_TRUE(again.ok()) << again.failure().text;
  EXPECT_EQ(again->info, image->info);
  EXPECT_EQ(again->rings, image->rings);
  EXPECT_EQ(numbers_of(*again), numbers_of(*image));
  EXPECT_EQ(numbers_of(*again).size(), 100u);
  const std::vector<uint8_t> opened = open_dictionary(*again, paper_keystream);
  EXPECT_EQ(std::string(opened.begin(), opened.end()), plain);
  for (size_t size = 0; size < payload.size(); ++size)
    EXPECT_FALSE(read_recovered(std::span(payload).first(size)).ok()) << size;
}

TEST(Recovery, TravelsInSeveralPiecesWhereOneWouldBeTooLong) {
  paper_segment s;
  s.front().add_owner(0, 5);
  for (uint64_t i = 0; i < 30; ++i) s.append(static_cast<uint32_t>(i % 3), i, i);
  const auto image = s.image();
  size_t lines = 0;
  const auto payloads = recovered_payloads(*image, 800);
  EXPECT_EQ(payloads.size(), 2u);
  std::vector<ring_range> told;
  for (const auto& payload : payloads) told.insert(told.end(), payload.ranges.begin(), payload.ranges.end());
  EXPECT_EQ(told, (std::vector<ring_range>{{0, 0, 320, 5}, {1, 0, 240, 0}, {2, 0, 240, 0}}));
  EXPECT_TRUE(s.image(told)->empty()) << "what is told to be in a file is not given again";
  for (const auto& payload : payloads) lines += numbers_of(*read_recovered(payload.bytes)).size();
  EXPECT_EQ(lines, 30u);
}

TEST(Recovery, ALineOfTheFlightRingCountsOnceItIsGoneFromTheRingItCameFrom) {
  for (const bool sealed : {false, true}) {
    paper_segment s(sealed, with_flight);
    s.front().control(flight).head = s.front().control(flight).tail = (64 << 10) - 16;  // It wraps.
    for (uint64_t i = 0; i < 5; ++i) s.append(1, i, 10 * i);
    s.append(2, 7, 25);
    s.front().control(1).tail = 24;
    s.append_flight(100, 5, 70, 0, 0);   // Of a ring with nothing left.
    s.append_flight(0, 1, 71, 1, 0);     // Consumed.
    s.append_flight(1, 10, 71, 1, 24);   // In a block, which freed it.
    s.append_flight(2, 20, 71, 1, 48);   // Still there.
    s.append_flight(7, 25, 72, 2, 0);
    const ring_range done[] = {{1, 24, 48, 71}};
    const auto image = s.image(done);
    ASSERT_TRUE(image.ok()) << image.failure().text;
    std::vector<uint64_t> found;
    // Each ring travels alone.
    for (const auto& payload : recovered_payloads(*image, 1)) {
      uint64_t unreadable = 0;
      for (const uint64_t number : numbers_of(*read_recovered(payload.bytes), &unreadable)) found.push_back(number);
      EXPECT_EQ(unreadable, 0u);
    }
    std::sort(found.begin(), found.end());
    EXPECT_EQ(found, (list{0, 1, 2, 3, 4, 7, 100}));
    recovered_records records(*image, paper_keystream, 2);
    recovered_record r;
    ASSERT_TRUE(records.next(r));
    EXPECT_EQ(r.thread, 70u);
    EXPECT_EQ(number_of(r.record), 100u);
    ASSERT_TRUE(records.next(r));
    EXPECT_EQ(r.thread, 71u);
  }
}

TEST(Recovery, AFlightLineThatCameFromNowhereEndsItsRing) {
  const auto found = [](auto&& last) {
    paper_segment s(false, with_flight);
    s.append_flight(1, 10, 70, 0, 48);
    last(s);
    s.append_flight(9, 90, 70, 2, 96);
    uint64_t unreadable = 0;
    const auto numbers = numbers_of(*s.image(), &unreadable);
    EXPECT_EQ(unreadable > 0, numbers.size() < 3);
    return numbers;
  };
  EXPECT_EQ(found([](auto& s) { s.append_flight(2, 5, 70, 1, 24); }), (list{1, 2, 9})) << "a clock may turn back";
  EXPECT_EQ(found([](auto& s) { s.append_flight(2, 20, 70, 0, 48); }), list{1}) << "what is of another lap stood there before";
  EXPECT_EQ(found([](auto& s) { s.append_flight(2, 20, 70, 3, 48); }), list{1}) << "no such ring";
  EXPECT_EQ(found([](auto& s) { s.append_words(flight, 20, {70}); }), list{1}) << "too short";
}

// Its lines that stood in another ring are given from there; so they are when that ring is in a file already.
TEST(Recovery, WhatWasRecordedIsNotGivenAgainWhereOnlyAPieceWasKept) {
  paper_segment s(false, with_flight);
  s.front().control(1).head = s.front().control(1).tail = 24;  // One line was consumed: the copy is all that is left of it.
  s.append(1, 8, 30);
  s.append_flight(7, 20, 100, 1, 0);
  s.append_flight(8, 30, 100, 1, 24);
  const auto whole = s.image();
  ASSERT_TRUE(whole.ok());
  EXPECT_EQ(numbers_of(*whole), (list{7, 8}));
  list given;
  std::vector<ring_range> kept;
  for (size_t pieces = 0; pieces < 2; ++pieces) {  // Whoever keeps them dies after each.
    const auto image = s.image(kept);
    const auto all = recovered_payloads(*image, 1);
    ASSERT_EQ(all.size(), 2 - pieces);
    const auto part = read_recovered(all[0].bytes);
    for (const uint64_t number : numbers_of(*part)) given.push_back(number);
    kept.insert(kept.end(), all[0].ranges.begin(), all[0].ranges.end());
  }
  EXPECT_EQ(given, (list{7, 8}));
  EXPECT_TRUE(s.image(kept)->empty());
}

TEST(Recovery, StopsAtTheFirstThatIsNoRecord) {
  paper_segment s;
  for (uint64_t i = 0; i < 4; ++i) s.append(1, i, 1'000'000'000 * (i + 1));
  const uint64_t third = segment_file::ring_offset(small, 1) + 48;
  const auto with = [&](uint64_t offset, uint32_t value) {
    paper_segment changed = s;
    std::memcpy(changed.bytes.data() + third + offset, &value, 4);
    uint64_t unreadable = 0;
    EXPECT_EQ(numbers_of(*changed.image(), &unreadable), (list{0, 1})) << offset << " " << value;
    EXPECT_EQ(unreadable, 48u);
  };
  with(0, 0), with(0, 8), with(0, 20), with(0, 1 << 20), with(0, 56);
  with(4, 0), with(4, 2);
}

TEST(Recovery, AClockThatTurnsBackEndsNothing) {
  paper_segment s;
  constexpr uint64_t second = 1'000'000'000;
  s.append(0, 1, 9 * second), s.append(0, 2, 1 * second), s.append(0, 3, 8 * second);
  s.append(1, 4, 2 * second);
  uint64_t unreadable = 0;
  EXPECT_EQ(numbers_of(*s.image(), &unreadable), (list{4, 1, 2, 3}));
  EXPECT_EQ(unreadable, 0u);
}

TEST(Recovery, RefusesWhatIsNoSegmentAndSaysWhy) {
  const auto refusal = [](auto&& change) {
    paper_segment s;
    s.append(0, 1, 1);
    change(s.bytes);
    const auto image = s.image();
    return image.ok() ? std::string() : image.failure().text;
  };
  EXPECT_NE(refusal([](auto& b) { b.clear(); }).find("ends within its first bytes"), std::string::npos);
  EXPECT_NE(refusal([](auto& b) { std::fill(b.begin(), b.end(), 0); }).find("not finished"), std::string::npos);
  EXPECT_NE(refusal([](auto& b) { b[8] = 3; }).find("version 3"), std::string::npos);
  EXPECT_NE(refusal([](auto& b) { b[20] ^= 1; }).find("sizes"), std::string::npos);
  EXPECT_NE(refusal([](auto& b) { b[40] ^= 1; }).find("have changed"), std::string::npos);
  EXPECT_NE(refusal([](auto& b) { b[segment_file::key_offset] ^= 1; }).find("have changed"), std::string::npos);
  EXPECT_NE(refusal([](auto& b) { b.resize(20'000); }).find("ends within"), std::string::npos);
}

TEST(Recovery, OneRingThatContradictsItselfDoesNotTakeTheOthersAlong) {
  paper_segment s;
  s.append(0, 1, 1), s.append(1, 2, 2);
  s.front().control(0).tail = 1 << 20;
  const auto image = s.image();
  ASSERT_TRUE(image.ok());
  EXPECT_EQ(image->damaged, (std::vector<uint32_t>{0}));
  EXPECT_EQ(numbers_of(*image), (list{2}));
}

TEST(Recovery, SurvivesAnyFlippedBits) {
  std::mt19937_64 random(4711);
  for (int round = 0; round < 300; ++round) {
    paper_segment s(round % 2 == 1, with_flight);
    s.front().add_owner(0, 5);
    for (uint64_t i = 0; i < 50; ++i) s.append(static_cast<uint32_t>(i % 3), i, i);
    for (uint64_t i = 0; i < 20; ++i) s.append_flight(i, i, i, static_cast<uint32_t>(i % 3), 24 * i);
    for (int flips = 0; flips < 8; ++flips) {
      const uint64_t places[] = {random() % 256, segment_file::control_offset + random() % 4096,
                                 segment_file::ring_offset(s.g, static_cast<uint32_t>(random() % 4)) + random() % 512};
      s.bytes[places[random() % 3]] ^= static_cast<uint8_t>(1 << random() % 8);
    }
    const auto image = s.image();
    if (!image) continue;
    EXPECT_LE(numbers_of(*image).size(), 4 * small.ring_size / 16);
    for (const auto& payload : recovered_payloads(*image)) EXPECT_TRUE(read_recovered(payload.bytes).ok());
  }
}

TEST(Segment, RemembersWhoseBytesTheyAreAsLongAsTheyWait) {
  paper_segment s;
  segment_front f = s.front();
  auto& c = f.control(0);
  uint64_t taken = 0;
  for (; f.add_owner(0, 100 + taken); ++taken) c.head += 24;
  EXPECT_EQ(taken, segment_file::owners_max);
  for (uint64_t i = 0; i < taken; ++i) EXPECT_EQ(f.owner_of(0, 24 * i + 8), 100 + i);
  EXPECT_FALSE(f.add_owner(0, 1));
  c.tail = 24;
  EXPECT_TRUE(f.add_owner(0, 200));
  EXPECT_EQ(f.owner_of(0, 24), 101u);
  EXPECT_TRUE(f.add_owner(0, 300)) << "the last owner wrote nothing: its place is free";
  EXPECT_EQ(f.owner_of(0, c.head), 300u);
}

TEST(Segment, ADictionaryThatIsFullSaysSo) {
  paper_segment s;
  const std::vector<uint8_t> entry(40'000);
  EXPECT_TRUE(s.front().append_to_dictionary(entry));
  EXPECT_FALSE(s.front().append_to_dictionary(entry));
  EXPECT_EQ(s.image()->dictionary.size(), entry.size());
}

TEST(Segment, TheLastAnchorHolds) {
  paper_segment s;
  s.front().set_anchor({5, 6, 7});
  EXPECT_EQ(s.image()->info.anchor, (clock_anchor{5, 6, 7}));
}
