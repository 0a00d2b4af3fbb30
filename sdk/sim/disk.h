// A disk in memory, with the faults of real ones. Several machines may share it.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/pure/error.h"
#include "sdk/sim/dice.h"

namespace tharsis::sim {

class disk {
 public:
  // A file outlives its name while somebody has it open.
  struct node {
    bool folder = false;
    bool locked = false;
    std::string bytes;
    size_t synced = 0;     // So many bytes survive a loss of power for sure.
    const void* writer{};  // The machine that wrote what is not synced.
    bool named = false;    // Its name survives too.
    int64_t modified = 0;  // When it was last written, by whoever's clock.
    bool link = false;     // For tests: the name is a link to somewhere else, and what is read there is these bytes.
  };
  using node_pointer = std::shared_ptr<node>;

  // Faults; turn them on and off at any time.
  bool read_only = false;
  bool broken = false;               // Every operation fails with THARSIS_E_IO.
  bool torn = false;                 // An append fails with THARSIS_E_IO, and half of its bytes stay.
  std::optional<uint64_t> capacity;  // Of all files together; beyond it the disk is full.
  std::string mount;                 // What is in this folder is on another file system: nothing is renamed into it, or out.

  disk() { names_["/"] = std::make_shared<node>(node{true, false, {}, 0, nullptr, true, 0, false}); }
  disk(const disk&) = delete;

  result<node_pointer> find(std::string_view path) const;
  // A folder, too.
  result<node_pointer> at(std::string_view path) const;
  result<node_pointer> find_or_make(std::string_view path, int64_t wall = 0);
  tharsis_status append(node& file, std::string_view path, std::string_view data, const void* writer, int64_t wall,
                        tharsis_error* error);
  tharsis_status replace(std::string_view path, std::string_view data, tharsis_error* error, int64_t wall = 0);
  tharsis_status rename(std::string_view from, std::string_view to, tharsis_error* error);
  tharsis_status make_folder(std::string_view path, tharsis_error* error);
  tharsis_status remove(std::string_view path, tharsis_error* error);
  result<std::vector<std::string>> list(std::string_view folder) const;
  uint64_t used() const;

  // What the machine has not synced is cut somewhere; a new file of which nothing is left is not there.
  void lose_power(const void* writer, dice& chance);

  // For tests: a file's bytes, every path. Faults do not apply.
  std::optional<std::string> content(std::string_view path) const;
  std::vector<std::string> paths() const;

 private:
  tharsis_status usable(std::string_view path, tharsis_error* error) const;
  tharsis_status writable(std::string_view path, tharsis_error* error) const;
  tharsis_status parent_of(std::string_view path, tharsis_error* error) const;
  tharsis_status room_for(size_t bytes, std::string_view path, tharsis_error* error) const;
  bool holds_something(std::string_view folder) const;

  std::map<std::string, node_pointer, std::less<>> names_;
};

}  // namespace tharsis::sim
