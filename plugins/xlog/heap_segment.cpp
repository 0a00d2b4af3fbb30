#include "plugins/xlog/heap_segment.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "plugins/xlog/spare_blocks.h"

namespace tharsis::xlog {
namespace {

class heap_segment final : public segment {
 public:
  heap_segment(const segment_geometry& g, std::span<const uint8_t> front)
      : geometry_(g), front_((segment_file::ring_offset(g, 0) + sizeof(block) - 1) / sizeof(block)), rings_(g.all_rings()) {
    std::copy(front.begin(), front.end(), this->front());
  }

  uint8_t* front() override { return reinterpret_cast<uint8_t*>(front_.data()); }
  result<ring_memory> open_ring(uint32_t ring) override {
    if (rings_[ring] == nullptr) rings_[ring] = zeroed(geometry_.size_of(ring));
    if (zeros_ == nullptr) zeros_ = zeroed(std::max(geometry_.ring_size, geometry_.flight_size));
    if (rings_[ring] == nullptr || zeros_ == nullptr) return error{THARSIS_E_FULL, "there is no memory for a ring"};
    return ring_memory{rings_[ring].get(), zeros_.get()};
  }
  void watch_for_crashes(bool) override {}
  void when_in_child(std::function<void()>) override {}
  const std::string& path() const override { return path_; }
  error remove() override { return fine(); }

 private:
  // Takes no memory before it is touched: a simulated world has many machines, most of which say little.
  struct freed {
    void operator()(uint8_t* bytes) const { std::free(bytes); }
  };
  using lazy = std::unique_ptr<uint8_t, freed>;
  static lazy zeroed(size_t size) { return lazy(static_cast<uint8_t*>(std::calloc(2, size))); }

  struct alignas(128) block {  // The controls want whole lines of cache.
    std::array<uint8_t, 128> bytes{};
  };

  const std::string path_ = "memory";
  const segment_geometry geometry_;
  std::vector<block> front_;
  std::vector<lazy> rings_;
  lazy zeros_;
};

class heap_store final : public segment_store {
 public:
  void sign(segment_info& info) override { info.pid = 1; }
  result<std::unique_ptr<segment>> create(const std::string&, const std::string&, const segment_info& info,
                                          std::span<const uint8_t> front) override {
    return std::unique_ptr<segment>(std::make_unique<heap_segment>(info.geometry, front));
  }
  result<std::vector<std::string>> list(const std::string&) override { return std::vector<std::string>(); }
  result<std::unique_ptr<dead_segment>> open(const std::string& path) override {
    return error{THARSIS_E_NOT_FOUND, "memory keeps no '" + path + "'"};
  }
};

// Nothing here ever waits: nobody else could end the wait. The thread is never inside a line when it asks for its own end.
class one_thread final : public ring_system {
 public:
  uint64_t thread() override { return 1; }
  bool is_gone(uint64_t) override { return true; }
  void* take_memory(size_t size) override {
    void* const spare = spares_.take();
    return spare == nullptr ? std::calloc(1, size) : std::memset(spare, 0, size);
  }
  // Loggers of the thread may look at it as long as that lives, so it is never freed.
  void give_memory(void* memory, size_t) override { spares_.keep(memory); }
  void barrier() override {}
  void wait(std::atomic<uint32_t>&, uint32_t, duration most) override { now_ += most.count() > 0 ? most : duration(1); }
  void wake_all(std::atomic<uint32_t>&) override {}
  instant now() override { return now_; }

 private:
  static inline constinit spare_blocks spares_;
  instant now_{};
};

}  // namespace

std::unique_ptr<segment_store> heap_segments() { return std::make_unique<heap_store>(); }
std::unique_ptr<ring_system> heap_threads() { return std::make_unique<one_thread>(); }

}  // namespace tharsis::xlog
