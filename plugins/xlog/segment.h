// What the rings need of the system: a file that is mapped and outlives the process, and a few words about
// threads. os_segment_linux.h has the real ones.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "plugins/xlog/core/ring_layout.h"
#include "sdk/pure/error.h"
#include "sdk/pure/time.h"

namespace tharsis::xlog {

// The segment this process writes: its file is locked for as long as this lives, and stays behind.
class segment {
 public:
  virtual ~segment() = default;

  // The superblock, the controls and the dictionary.
  virtual uint8_t* front() = 0;

  struct ring_memory {
    uint8_t* bytes = nullptr;
    uint8_t* keystream = nullptr;  // All zero, and not to be written, where the segment is plain.
  };
  // Takes the room on disk for this ring; THARSIS_E_FULL when there is none. Each is mapped twice in a row.
  virtual result<ring_memory> open_ring(uint32_t ring) = 0;

  // From now on, or no more: what the process dies of is noted at segment_file::crash_offset. Where that cannot be, it is not.
  virtual void watch_for_crashes(bool wanted) = 0;

  // Called in a child that this process forked, where no byte of the segment can be reached any more.
  virtual void when_in_child(std::function<void()> in_child) = 0;

  virtual const std::string& path() const = 0;
  // Deletes the file: all that was in it is elsewhere.
  virtual error remove() = 0;
};

// A segment whose process is gone: locked, so that nobody else collects it.
class dead_segment {
 public:
  virtual ~dead_segment() = default;
  virtual uint64_t size() = 0;
  // False where the file has no such bytes.
  virtual bool read(uint64_t offset, std::span<uint8_t> into) = 0;
  // For whoever collects it when we die of it.
  virtual error write(uint64_t offset, std::span<const uint8_t> bytes) = 0;
  virtual error remove() = 0;
  // Renames it to <name>.bad, or <name>.bad.2 and so on where that is taken: nobody tries again, and a person can look at
  // it. Its path from then on.
  virtual result<std::string> set_aside() = 0;
};

class segment_store {
 public:
  virtual ~segment_store() = default;
  // Fills in what tells this process from all others: pid, start, boot.
  virtual void sign(segment_info& info) = 0;
  // <directory>/<name>.<pid>-<start>.ring; the directory must be there. `front` is what new_segment() gave.
  virtual result<std::unique_ptr<segment>> create(const std::string& directory, const std::string& name,
                                                  const segment_info& info, std::span<const uint8_t> front) = 0;
  // The paths of all files in there that are called as segments are, those of the living too. Deletes what died before it
  // was one.
  virtual result<std::vector<std::string>> list(const std::string& directory) = 0;
  // THARSIS_E_IN_USE: its process lives, or somebody else collects it. THARSIS_E_NOT_FOUND: somebody else has.
  virtual result<std::unique_ptr<dead_segment>> open(const std::string& path) = 0;
};

// Threads, as the rings see them.
class ring_system {
 public:
  virtual ~ring_system() = default;
  virtual uint64_t thread() = 0;               // The caller's number, never 0.
  virtual bool is_gone(uint64_t thread) = 0;   // It will not run any more.
  // Memory, zeroed or as it was left; all that is taken is of one size. Null: there is none.
  virtual void* take_memory(size_t size) = 0;
  virtual void give_memory(void* memory, size_t size) = 0;
  // Instead of giving it: threads that live may still look at it, and its first word is the system's from now on. Whoever
  // takes memory next gets it.
  virtual void leave_memory(void*) {}
  // Between the stores and loads before it and after it on every thread of the process.
  virtual void barrier() = 0;
  // Sleeps while word == seen, at most so long; may come back early.
  virtual void wait(std::atomic<uint32_t>& word, uint32_t seen, duration most) = 0;
  virtual void wake_all(std::atomic<uint32_t>& word) = 0;
  virtual instant now() = 0;
};

}  // namespace tharsis::xlog
