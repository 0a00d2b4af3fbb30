// Goal: wherever between two steps the process dies (a line, a block read, written, or published, a thread that ends),
// the next one finds each acknowledged line once and in order. Method: the same life, drawn from a seed, is
// lived again and again on a simulated disk and cut off one step later each time.
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "tests/plugins/xlog/ring_line.h"
#include "tests/plugins/xlog/simulated_segments.h"

using namespace tharsis;
using namespace tharsis::xlog;

namespace {

constexpr segment_geometry geometry{4, 64 << 10, 64 << 10};
#ifdef THARSIS_SANITIZED
constexpr uint64_t lives = 2;
#else
constexpr uint64_t lives = 6;
#endif

struct block {
  ring_range range;
  std::vector<uint64_t> numbers;  // {thread, line}
};

// What survives the death: the disk, the log file, and what the test knows was acknowledged.
struct world {
  simulated_disk disk;
  std::vector<block> file;
  std::map<uint64_t, uint64_t> acknowledged;
};

class life {
 public:
  life(world& w, uint64_t seed, bool sealed) : world_(w), random_(seed) {
    segment_info info = info_for_test(geometry, sealed);
    w.disk.sign(info);
    rings_ = std::make_unique<ring_set>(std::move(*w.disk.create("/log", "test", info, new_segment(info, {}))), geometry,
                                        sealed, threads_, ring_settings{},
                                        ring_set::callbacks{[](uint32_t) {}, paper_keystream});
    for (uint32_t i = 0; i < geometry.rings; ++i) cursors_.emplace_back(ring_bytes{}, 0, 0);
  }
  // The handles that threads hold do not outlive the process.
  ~life() {
    for (uint64_t t = 1; t <= last_thread_; ++t) threads_.gone.insert(t);
  }

  void step() {
    const uint64_t dice = random_() % 12;
    if (dice < 6) return write(1 + random_() % 200);
    if (dice < 9) return read(static_cast<uint32_t>(random_() % geometry.rings));
    if (dice == 9) return void(threads_.gone.insert(thread()));
    if (dice == 10 && !pending_.numbers.empty()) return append();
    publish();
  }

 private:
  uint64_t thread() {  // One of three that live; a new one in place of each that is gone.
    uint64_t& t = living_[random_() % 3];
    if (t == 0 || threads_.gone.contains(t)) t = ++last_thread_;
    return t;
  }
  void write(uint64_t lines) {
    threads_.acting = thread();
    tharsis_log_ring* r = rings_->ring();
    if (r == nullptr) return;  // Too many owners wait for the drain.
    uint64_t& count = world_.acknowledged[threads_.acting];
    while (lines-- > 0 && write_number(*rings_, *r, threads_.acting << 32 | count)) ++count;
  }
  void read(uint32_t ring) {
    if (!pending_.numbers.empty() || !rings_->is_open(ring)) return;
    if (cursors_[ring].head() == 0) cursors_[ring] = ring_cursor(rings_->bytes(ring), 0, rings_->record_max());
    ring_cursor& c = cursors_[ring];
    c.look_up_to(rings_->head(ring));
    pending_.range = {ring, c.position(), 0};
    ring_record record;
    while (pending_.numbers.size() < 300 && c.next(record, 2) == ring_cursor::found::record) {
      EXPECT_EQ(rings_->thread_of(ring, record.position), number_of(record) >> 32);
      pending_.numbers.push_back(number_of(record));
      c.pass(record);
    }
    pending_.range.to = c.position();
  }
  void append() {
    unpublished_ = pending_.range;
    world_.file.push_back(std::exchange(pending_, {}));
  }
  void publish() {
    if (unpublished_.to != 0) rings_->commit(unpublished_.ring, unpublished_.to);
    unpublished_ = {};
  }

  world& world_;
  std::mt19937_64 random_;
  simulated_threads threads_;
  std::unique_ptr<ring_set> rings_;
  std::vector<ring_cursor> cursors_;
  block pending_;             // Read, in no file yet.
  ring_range unpublished_;    // In the file, its room not free yet.
  uint64_t living_[3] = {};
  uint64_t last_thread_ = 0;
};

void collect(world& w, uint64_t seed, int steps) {
  std::map<uint64_t, std::vector<uint64_t>> found;
  std::vector<ring_range> done;
  for (const block& b : w.file) {
    for (const uint64_t n : b.numbers) found[n >> 32].push_back(n & 0xffffffff);
    done.push_back(b.range);
  }
  auto dead = w.disk.open(w.disk.list("/log")->at(0));
  ASSERT_TRUE(dead.ok());
  const auto image = image_of(**dead, done);
  ASSERT_TRUE(image.ok()) << image.failure().text;
  recovered_records records(*image, paper_keystream, 2);
  for (recovered_record r; records.next(r);) {
    const uint64_t n = number_of(r.record);
    EXPECT_EQ(r.thread, n >> 32) << "seed " << seed << " steps " << steps;
    found[n >> 32].push_back(n & 0xffffffff);
  }
  EXPECT_EQ(records.unreadable(), 0u) << "seed " << seed << " steps " << steps;
  for (const auto& [thread, count] : w.acknowledged) {
    ASSERT_EQ(found[thread].size(), count) << "seed " << seed << " steps " << steps << " thread " << thread;
    for (uint64_t i = 0; i < count; ++i) ASSERT_EQ(found[thread][i], i) << "seed " << seed << " steps " << steps;
  }
}

}  // namespace

TEST(RingKill, NoStepIsTheWrongOneToDieAt) {
  for (uint64_t seed = 1; seed <= lives; ++seed)
    for (int steps = 1; steps < 120; ++steps) {
      world w;
      {
        life l(w, seed, seed % 2 == 0);
        for (int i = 0; i < steps; ++i) l.step();
      }
      ASSERT_NO_FATAL_FAILURE(collect(w, seed, steps));
    }
}

TEST(RingKill, AFullDiskLeavesTheRingsThatThereAre) {
  world w;
  w.disk.rings_free = 2;  // The shared one, and another.
  simulated_threads threads;
  const segment_info info = info_for_test(geometry, false);
  ring_set rings(std::move(*w.disk.create("/log", "test", info, new_segment(info, {}))), geometry, false, threads, {},
                 {[](uint32_t) {}, {}});
  tharsis_log_ring* r = rings.ring();
  ASSERT_NE(r, nullptr);
  threads.acting = 2;
  EXPECT_EQ(rings.ring(), nullptr);
  EXPECT_NE(ring_set::shared_line(rings).ring(), nullptr);
  threads.gone.insert(1);
  EXPECT_EQ(rings.ring(), nullptr) << "not so soon again";
  threads.time += 1s;
  EXPECT_EQ(rings.ring(), r) << "the one there is goes to the next thread";
  threads.gone.insert(2);
}
