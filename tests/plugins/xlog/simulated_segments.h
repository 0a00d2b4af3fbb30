// Segments on a disk that is only memory, and threads that are only numbers: the test says which one acts, who is gone,
// when the disk is full, and when the process dies. What was in its segments is then there for the next one.
#pragma once
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "plugins/xlog/segment.h"

namespace tharsis::xlog {

class simulated_disk final : public segment_store {
 public:
  uint32_t pid = 1;
  uint64_t rings_free = 1'000;  // So many more find room.
  bool read_only = false;       // Nothing is removed or renamed.
  bool broken = false;          // No ring can be read.

  void sign(segment_info& info) override { info.pid = pid; }

  result<std::unique_ptr<segment>> create(const std::string& directory, const std::string& name, const segment_info& info,
                                          std::span<const uint8_t> front) override {
    const std::string path = directory + "/" + name + "." + std::to_string(pid) + "-1.ring";
    if (files_.contains(path)) return error{THARSIS_E_IN_USE, path + " exists"};
    auto f = std::make_shared<file>(info.geometry);
    std::copy(front.begin(), front.end(), f->front());
    f->locked = true;
    files_[path] = f;
    return std::unique_ptr<segment>(std::make_unique<written>(*this, path, f, info.sealed));
  }
  bool exists(const std::string& path) const { return files_.contains(path); }
  // The front of a segment, to be damaged.
  segment_front front(const std::string& path) { return segment_front(files_.at(path)->front()); }
  result<std::vector<std::string>> list(const std::string& directory) override {
    std::vector<std::string> paths;
    for (const auto& [path, f] : files_)
      if (path.starts_with(directory + "/") && path.ends_with(".ring")) paths.push_back(path);
    return paths;
  }
  result<std::unique_ptr<dead_segment>> open(const std::string& path) override {
    const auto found = files_.find(path);
    if (found == files_.end()) return error{THARSIS_E_NOT_FOUND, path + " is not there"};
    if (found->second->locked) return error{THARSIS_E_IN_USE, path + " is locked"};
    found->second->locked = true;
    return std::unique_ptr<dead_segment>(std::make_unique<collected>(*this, path, found->second));
  }

 private:
  // Anonymous memory that can be mapped as a file can.
  struct file {
    explicit file(const segment_geometry& geometry) : g(geometry), number(memfd_create("segment", MFD_CLOEXEC)) {
      if (ftruncate(number, static_cast<off_t>(segment_file::size(g))) != 0) throw std::runtime_error("no memory");
      bytes = map(0, segment_file::size(g));
    }
    file(const file&) = delete;
    ~file() {
      for (const auto& [at, size] : maps) munmap(at, size);
      close(number);
    }
    uint8_t* map(uint64_t offset, size_t size) {
      void* at = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, number, static_cast<off_t>(offset));
      maps.emplace_back(at, size);
      return static_cast<uint8_t*>(at);
    }
    uint8_t* twice(uint64_t offset, size_t size) {
      void* at = mmap(nullptr, 2 * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      maps.emplace_back(at, 2 * size);
      auto* first = static_cast<uint8_t*>(at);
      for (uint8_t* half : {first, first + size})
        mmap(half, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, number, static_cast<off_t>(offset));
      return first;
    }
    uint8_t* front() { return bytes; }

    const segment_geometry g;
    const int number;
    uint8_t* bytes = nullptr;
    std::vector<std::pair<void*, size_t>> maps;
    bool locked = false;
  };

  struct written final : segment {
    written(simulated_disk& d, std::string p, std::shared_ptr<file> f, bool is_sealed)
        : disk(d), name(std::move(p)), content(std::move(f)), sealed(is_sealed), keystreams(content->g) {}
    ~written() override { content->locked = false; }
    uint8_t* front() override { return content->front(); }
    result<ring_memory> open_ring(uint32_t ring) override {
      if (disk.rings_free == 0) return error{THARSIS_E_FULL, "the disk is full"};
      --disk.rings_free;
      const uint64_t offset = segment_file::ring_offset(content->g, ring);
      // A page that nobody writes holds the zeros of a plain segment.
      const size_t size = content->g.size_of(ring);
      return ring_memory{content->twice(offset, size), keystreams.twice(sealed ? offset : segment_file::ring_offset(content->g, ring), size)};
    }
    void watch_for_crashes(bool) override {}
    void when_in_child(std::function<void()>) override {}
    const std::string& path() const override { return name; }
    error remove() override {
      disk.files_.erase(name);
      return {THARSIS_OK, {}};
    }
    simulated_disk& disk;
    const std::string name;
    const std::shared_ptr<file> content;
    const bool sealed;
    file keystreams;  // No file on any disk.
  };

  struct collected final : dead_segment {
    collected(simulated_disk& d, std::string p, std::shared_ptr<file> f) : disk(d), name(std::move(p)), content(std::move(f)) {}
    ~collected() override { content->locked = false; }
    uint64_t size() override { return segment_file::size(content->g); }
    bool read(uint64_t offset, std::span<uint8_t> into) override {
      if (offset > size() || into.size() > size() - offset) return false;
      if (disk.broken && offset >= segment_file::ring_offset(content->g, 0)) return false;
      std::copy_n(content->front() + offset, into.size(), into.begin());
      return true;
    }
    error write(uint64_t offset, std::span<const uint8_t> bytes) override {
      if (disk.read_only) return {THARSIS_E_DENIED, "cannot write '" + name + "'"};
      std::copy(bytes.begin(), bytes.end(), content->front() + offset);
      return {THARSIS_OK, {}};
    }
    error remove() override {
      if (disk.read_only) return {THARSIS_E_DENIED, "cannot delete '" + name + "'"};
      disk.files_.erase(name);
      return {THARSIS_OK, {}};
    }
    result<std::string> set_aside() override {
      if (disk.read_only) return error{THARSIS_E_DENIED, "cannot rename '" + name + "'"};
      disk.files_[name + ".bad"] = content;
      disk.files_.erase(name);
      return name + ".bad";
    }
    simulated_disk& disk;
    const std::string name;
    const std::shared_ptr<file> content;
  };

  std::map<std::string, std::shared_ptr<file>> files_;
};

struct simulated_threads final : ring_system {
  uint64_t acting = 1;
  std::set<uint64_t> gone;
  instant time{};

  uint64_t thread() override { return acting; }
  bool is_gone(uint64_t thread) override { return gone.contains(thread); }
  // What is left to threads that live ends with them.
  void* take_memory(size_t size) override {
    auto memory = std::make_unique<std::byte[]>(size);
    std::byte* const at = memory.get();
    taken_.emplace(at, std::move(memory));
    return at;
  }
  void give_memory(void* memory, size_t) override { taken_.erase(static_cast<std::byte*>(memory)); }
  void barrier() override {}
  void wait(std::atomic<uint32_t>&, uint32_t, duration most) override { time = later(time, most); }
  void wake_all(std::atomic<uint32_t>&) override {}
  instant now() override { return time; }

 private:
  std::map<std::byte*, std::unique_ptr<std::byte[]>> taken_;
};

}  // namespace tharsis::xlog
