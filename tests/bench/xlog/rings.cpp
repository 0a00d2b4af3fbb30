#include "tests/bench/xlog/rings.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <stdexcept>

#include "plugins/xlog/os_segment_linux.h"

namespace tharsis::bench {
namespace {

constexpr xlog::segment_geometry geometry{2, ring_size, 64 << 10};

// Threads remember by it whose ring they have.
uint32_t next_generation() {
  static uint32_t generation = 0;
  return ++generation;
}

}  // namespace

own_folder::own_folder() {
  std::string name = std::filesystem::temp_directory_path() / "tharsis_bench_XXXXXX";
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a folder");
  path = name;
}
own_folder::~own_folder() { std::filesystem::remove_all(path); }

double ticks_per_nanosecond() {
  using clock = std::chrono::steady_clock;
  static const double found = [] {
    const auto begin = clock::now();
    const uint64_t first = now_ticks();
    while (clock::now() - begin < std::chrono::milliseconds(20)) {}
    return static_cast<double>(now_ticks() - first) / std::chrono::duration<double, std::nano>(clock::now() - begin).count();
  }();
  return found;
}

raw_ring::raw_ring() {
  const int file = open((folder_.path + "/raw").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  void* const at = file >= 0 && posix_fallocate(file, 0, ring_size) == 0
                       ? mmap(nullptr, ring_size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
                       : MAP_FAILED;
  close(file);
  if (at == MAP_FAILED) throw std::runtime_error("cannot map a ring");
  bytes_ = static_cast<uint8_t*>(at);
}
raw_ring::~raw_ring() { munmap(bytes_, ring_size); }

log_rings::log_rings(bool sealed) : generation_(next_generation()) {
  threads_ = std::move(*xlog::system_threads());
  xlog::segment_info info;
  info.geometry = geometry;
  info.sealed = sealed;
  const auto store = xlog::system_segments();
  store->sign(info);
  auto memory = store->create(folder_.path, "bench", info, xlog::new_segment(info, {}));
  if (!memory) throw std::runtime_error(memory.failure().text);
  if (sealed) stream_.emplace(std::move(*xlog::keystream::make(xlog::contents{})));
  const auto fill = [this](uint64_t position, std::span<uint8_t> into) { return stream_->fill(position, into); };
  rings_ = std::make_unique<xlog::ring_set>(std::move(*memory), geometry, sealed, *threads_, xlog::ring_settings{},
                                            xlog::ring_set::callbacks{[](uint32_t) {}, fill});
  table_.size = sizeof table_;
  table_.self = this;
  table_.level = &level_;
  table_.generation = &generation_;
  table_.write = [](void*, uint32_t, tharsis_text) {};
  table_.ring = [](void* self) { return of(self).rings_->ring(); };
  table_.site = [](void* self, const tharsis_log_site*) { return ++of(self).sites_; };
  table_.room = [](void* self, tharsis_log_ring* ring, uint64_t bytes, uint32_t) -> int32_t {
    return of(self).rings_->room(ring, bytes, THARSIS_LOG_INFO) ? 1 : 0;
  };
  table_.wake = [](void*) {};
  table_.level_of = [](void* self, tharsis_text) -> const volatile uint32_t* { return &of(self).level_; };
  log_.emplace(&table_, "bench");
}
log_rings::~log_rings() { rings_->close(1s); }

}  // namespace tharsis::bench
