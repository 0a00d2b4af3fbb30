// What the streams of all connections share: the files, who has which half, how much room there is.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "plugins/gateway/core/stream_rules.h"
#include "plugins/gateway/held_lock.h"
#include "plugins/gateway/stream_store.h"
#include "sdk/async/host.h"
#include "sdk/async/signal.h"
#include "sdk/async/task.h"
#include "sdk/pure/metrics.h"
#include "sdk/pure/stream_pool.h"

namespace tharsis::gateway {

class stream_shelf {
 public:
  stream_shelf(const host& tables, strand& place, const stream_settings& s);
  stream_shelf(const stream_shelf&) = delete;

  // Makes sure that nobody else brings streams into the folder, and measures what is there; before the first stream.
  task<error> open();
  // Removes what need not stay, each hour, until stop().
  task<void> keep_house();
  void stop();

  // A half is its holder's while it has this; work that is under way on the disk may have it longer.
  class hold {
   public:
    hold(stream_shelf& of, std::string id) : of_(of), id_(std::move(id)) {}
    hold(const hold&) = delete;
    ~hold() { of_.held_.erase(id_); }

   private:
    stream_shelf& of_;
    const std::string id_;
  };
  // Who has it so far is told to let go. Null: it cannot at once.
  std::shared_ptr<hold> take(const std::string& id, std::function<void()> let_go);

  // Its holder is about to go, and cannot be told any more; the hold may last.
  void leave(const std::string& id) {
    if (const auto found = held_.find(id); found != held_.end()) found->second = {};
  }

  // Room for so many bytes more, or none.
  bool has_room(uint64_t more) const { return bytes_ + more <= static_cast<uint64_t>(settings_.bytes); }
  bool has_place() const { return files_ < static_cast<uint64_t>(settings_.files); }
  void on_bytes(int64_t more);
  void on_file() { ++files_; }
  void on_file_gone() { files_ -= files_ > 0 ? 1 : 0; }

  struct metrics {
    explicit metrics(const host& h);
    counter streams, refused, finished, up, down;
    gauge open, kept;
  };

  const host& tables;
  strand& place;
  const stream_store store;
  const metrics counts;
  streams::stream_pool receiving, sending;
  int64_t open_streams = 0;
  const stream_settings& settings() const { return settings_; }

 private:
  task<error> sweep();

  const stream_settings settings_;
  held_lock lock_;  // Of the folder.
  std::map<std::string, std::function<void()>> held_;
  uint64_t bytes_ = 0, files_ = 0;
  bool stopping_ = false;
  signal wake_;
};

}  // namespace tharsis::gateway
