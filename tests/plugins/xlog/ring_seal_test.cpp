// Goal: what a dead process left sealed can be read by whoever has the key, by nobody else, and stands nowhere in plain.
// Method: rings with the real keystream, of both suites, over several laps; then the way through a recovered payload.
#include <fcntl.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>

#include <gtest/gtest.h>

#include "plugins/xlog/core/keystream.h"
#include "tests/plugins/xlog/ring_line.h"
#include "tests/plugins/xlog/sealing.h"

using namespace tharsis;
using namespace tharsis::xlog;

namespace {

constexpr segment_geometry geometry{3, 64 << 10, 64 << 10};
const std::string words = "nobody may read these words on the disk";

std::string whole_file(const std::string& path) {
  std::string bytes(segment_file::size(geometry), '\0');
  const int file = open(path.c_str(), O_RDONLY);
  EXPECT_EQ(read(file, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  close(file);
  return bytes;
}

// For a writer and a drain at the same time.
fill_keystream filling(keystream& stream) {
  return [&stream, one = std::make_shared<std::mutex>()](uint64_t position, std::span<uint8_t> into) {
    const std::lock_guard lock(*one);
    return stream.fill(position, into);
  };
}

}  // namespace

TEST(RingSeal, TheKeyOpensWhatWasLeftAndNothingStandsInPlain) {
  for (const cipher_suite suite : {cipher_suite::aes, cipher_suite::chacha}) {
    const own_folder folder;
    seeded_random random(7);
    const private_key key = test_key(1);
    auto made = xlog::make_keystream(std::span(&key.open, 1), random, unique_id{5}, suite);
    ASSERT_TRUE(made.ok());
    std::string path;
    constexpr uint64_t lines = 5'000;  // Three laps of a ring.
    {
      living_rings l(folder.path, geometry, true, 10s, filling(made->stream), made->wrapped);
      path = l.rings->memory().path();
      ASSERT_TRUE(l.rings->append_to_dictionary(as_bytes(words)));
      ASSERT_TRUE(l.rings->append_to_dictionary(as_bytes(words)));
      test_drain drain(*l.rings);
      std::atomic<uint64_t> wanted = lines - 1'000;
      std::thread writer([&] {
        tharsis_log_ring* r = l.rings->ring();
        for (uint64_t i = 0; i < lines; ++i) {
          while (i == wanted) std::this_thread::yield();
          ASSERT_TRUE(write_line(*l.rings, *r, 1, i, as_bytes(words)));
        }
      });
      uint64_t read = 0;
      while (read < lines - 1'000) read += drain.read(true);
      wanted = lines;
      while (read < lines) read += drain.read(false);  // The last are read and not committed.
      writer.join();
      EXPECT_EQ(drain.damaged, 0u);
    }
    EXPECT_EQ(whole_file(path).find(words.substr(3, 8)), std::string::npos);
    auto dead = system_segments()->open(path);
    ASSERT_TRUE(dead.ok());
    const auto payloads = recovered_payloads(*image_of(**dead));
    ASSERT_EQ(payloads.size(), 1u);
    const auto image = read_recovered(payloads[0].bytes);
    ASSERT_TRUE(image.ok());
    EXPECT_FALSE(unwrap_keystream(image->wrapped, test_key(2)).ok()) << "another key opens it";
    auto stream = unwrap_keystream(image->wrapped, key);
    ASSERT_TRUE(stream.ok()) << stream.failure().text;
    const std::vector<uint8_t> dictionary = open_dictionary(*image, filling(*stream));
    EXPECT_EQ(as_text(dictionary), words + words);
    recovered_records records(*image, filling(*stream), 2);
    uint64_t last = 0, count = 0;
    for (recovered_record r; records.next(r); ++count) {
      EXPECT_EQ(as_text(r.record.arguments).substr(0, words.size()), words);
      EXPECT_TRUE(count == 0 || r.record.tick == last + 1);
      last = r.record.tick;
    }
    EXPECT_EQ(last, lines - 1);
    EXPECT_GE(count, 1u);
    EXPECT_EQ(records.unreadable(), 0u);
  }
}

TEST(RingSeal, ACipherThatFailsWritesNothing) {
  const own_folder folder;
  bool works = true;
  living_rings l(folder.path, geometry, true, 1ms, [&works](uint64_t position, std::span<uint8_t> into) {
    return works && paper_keystream(position, into);
  });
  tharsis_log_ring* r = l.rings->ring();
  uint64_t written = 0;
  for (; written < 10; ++written) ASSERT_TRUE(write_number(*l.rings, *r, written));
  works = false;
  EXPECT_FALSE(l.rings->append_to_dictionary(as_bytes(words)));
  while (write_number(*l.rings, *r, written, living_rings::hurried)) ++written;
  EXPECT_EQ(l.dropped[living_rings::hurried], 1u);
  test_drain drain(*l.rings);
  EXPECT_EQ(drain.read(), written);
  EXPECT_FALSE(write_number(*l.rings, *r, written, living_rings::hurried)) << "room without keystream";
}
