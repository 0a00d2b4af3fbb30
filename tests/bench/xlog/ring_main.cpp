// What a line costs its caller, and what sealing adds: the record of two numbers by hand, as sdk/abi/log.h says,
// against a raw ring in a mapped file: a timestamp, a copy and a store. Bursts that fit into the ring; the drain
// reads between them, outside the time.
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <memory>
#include <optional>

#include "plugins/xlog/core/keystream.h"
#include "plugins/xlog/os_segment_linux.h"
#include "plugins/xlog/ring_set.h"
#include "tests/bench/bench.h"

using namespace tharsis;
using namespace tharsis::xlog;

namespace {

constexpr size_t burst = 4'000;
constexpr size_t bursts = 50;
constexpr uint64_t record_size = 40;
constexpr segment_geometry geometry{2, 1 << 20, 64 << 10};

uint64_t tick() {
#if defined(__x86_64__)
  return __builtin_ia32_rdtsc();
#else
  return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
#endif
}

struct own_folder {
  own_folder() {
    std::string name = std::filesystem::temp_directory_path() / "tharsis_bench_XXXXXX";
    path = mkdtemp(name.data());
  }
  ~own_folder() { std::filesystem::remove_all(path); }
  std::string path;
};

// Nanoseconds for one of `count` things: the median of bursts, since another program may have had the processor.
class stopwatch {
 public:
  template <class Work>
  void time(size_t count, Work work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double, std::nano> spent = std::chrono::steady_clock::now() - start;
    each_.push_back(spent.count() / static_cast<double>(count));
  }
  double median() { return bench::quartiles_of(each_).median; }

 private:
  std::vector<double> each_;
};

struct raw_ring {
  raw_ring() {
    const int file = open((folder.path + "/raw").c_str(), O_RDWR | O_CREAT, 0600);
    if (posix_fallocate(file, 0, size) != 0) std::abort();
    bytes = static_cast<uint8_t*>(mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0));
    close(file);
  }
  ~raw_ring() { munmap(bytes, size); }
  double sample() {
    stopwatch watch;
    for (size_t b = 0; b < bursts; ++b)
      watch.time(burst, [this] {
        for (uint64_t i = 0; i < burst; ++i) line(i);
      });
    return watch.median();
  }
  void line(uint64_t i) {
    const uint64_t record[] = {record_size | uint64_t{1} << 32, tick(), i, ~i, 0};
    static_assert(sizeof record == record_size);
    if (position + record_size > size) position = 64;
    std::memcpy(bytes + position, record, record_size);
    position += record_size;
    __atomic_store_n(reinterpret_cast<uint64_t*>(bytes), position, __ATOMIC_RELEASE);
  }
  static constexpr uint64_t size = 1 << 20;
  own_folder folder;
  uint8_t* bytes = nullptr;
  uint64_t position = 64;
};

struct real_ring {
  explicit real_ring(bool is_sealed) : sealed(is_sealed) {
    threads = std::move(*system_threads());
    segment_info info;
    info.geometry = geometry;
    info.sealed = sealed;
    const auto store = system_segments();
    store->sign(info);
    auto memory = store->create(folder.path, "bench", info, new_segment(info, {}));
    if (!memory) std::abort();
    if (sealed) stream.emplace(std::move(*keystream::make(contents{})));
    rings = std::make_unique<ring_set>(std::move(*memory), geometry, sealed, *threads, ring_settings{},
                                       ring_set::callbacks{[](uint32_t) {}, [this](uint64_t position, std::span<uint8_t> into) {
                                         return stream->fill(position, into);
                                       }});
    ring = rings->ring();
  }
  ~real_ring() { rings->close(1s); }
  double sample() {
    stopwatch watch;
    for (size_t b = 0; b < bursts; ++b) {
      watch.time(burst, [this] {
        for (uint64_t i = 0; i < burst; ++i) line(i);
      });
      rings->commit(1, rings->head(1));
    }
    return watch.median();
  }
  void line(uint64_t i) {
    tharsis_log_ring& r = *ring;
    if (r.busy != 0) return;
    r.busy = 1;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (r.position + record_size > r.limit && !rings->room(&r, record_size, THARSIS_LOG_INFO)) std::abort();
    const uint64_t words[] = {record_size | uint64_t{1} << 32, tick(), i, ~i, 0};
    const uint64_t at = r.position & r.mask;
    for (size_t w = 0; w < std::size(words); ++w) {
      uint64_t key = 0;
      std::memcpy(&key, r.keystream + at + 8 * w, 8);
      key ^= words[w];
      std::memcpy(r.bytes + at + 8 * w, &key, 8);
    }
    r.position += record_size;
    __atomic_store_n(r.head, r.position, __ATOMIC_RELEASE);
    __atomic_store_n(&r.busy, 0u, __ATOMIC_RELEASE);
    if (*r.asleep != 0) rings->wake();
  }
  const bool sealed;
  own_folder folder;
  std::unique_ptr<ring_system> threads;
  std::optional<keystream> stream;
  std::unique_ptr<ring_set> rings;
  tharsis_log_ring* ring = nullptr;
};

// Records opened and walked by the drain.
double read_sample(real_ring& r) {
  ring_cursor cursor(r.rings->bytes(1), r.rings->head(1), r.rings->record_max());
  stopwatch watch;
  uint64_t sum = 0, count = 0;
  for (size_t b = 0; b < bursts; ++b) {
    for (uint64_t i = 0; i < burst; ++i) r.line(i);
    cursor.look_up_to(r.rings->head(1));
    watch.time(burst, [&] {
      for (ring_record record; cursor.next(record, 2) == ring_cursor::found::record; cursor.pass(record))
        sum += record.tick + record.arguments[0], ++count;
    });
    r.rings->commit(1, cursor.position());
  }
  if (sum == 0 || count != burst * bursts) std::abort();
  return watch.median();
}

std::vector<bench::figure> ring_figures() {
  const auto raw = std::make_shared<raw_ring>();
  const auto plain = std::make_shared<real_ring>(false), sealed = std::make_shared<real_ring>(true);
  const bench::sample raw_sample = [raw] { return raw->sample(); };
  const bench::sample plain_sample = [plain] { return plain->sample(); };
  return {
      {"a record of two numbers, plain; reference: a raw ring", "ns", plain_sample, raw_sample, bench::at_most(1.3), {}},
      {"the same, sealed; reference: plain", "ns", [sealed] { return sealed->sample(); }, plain_sample, {}, {}},
      {"read by the drain, plain", "ns", [plain] { return read_sample(*plain); }, {}, {}, {}},
      {"read by the drain, sealed", "ns", [sealed] { return read_sample(*sealed); }, {}, {}, {}},
  };
}

}  // namespace

int main(int count, char** words) { return bench::run(count, words, {ring_figures}); }
