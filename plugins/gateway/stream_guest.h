// One stream on one connection: what comes up goes to its half, what goes down is read from a file; both at the pace of the
// disk, and no more in memory than the windows say.
#pragma once
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugins/gateway/stream_shelf.h"
#include "sdk/async/task_set.h"

namespace tharsis::gateway {

class stream_guest {
 public:
  // `tell`: there is something to be said.
  stream_guest(stream_shelf& shelf, const streams::message& open, std::function<void()> tell);
  stream_guest(const stream_guest&) = delete;
  ~stream_guest();

  // After its OPEN. What makes no sense breaks it off.
  void on_message(const streams::message& m);

  // The next message that is no data, if there is one; then the next piece.
  std::optional<std::vector<uint8_t>> take_control();
  bool has_data() const { return !over_ && down_ && down_->has_more(); }
  std::optional<std::vector<uint8_t>> take_data();
  // Nothing comes any more; what take_control() has left is to be said.
  bool over() const { return over_; }
  int8_t priority() const { return priority_; }
  uint64_t turn = 0;  // When it had its last one.

 private:
  task<void> life();
  task<std::optional<stream_refusal>> prepare();
  task<std::optional<stream_refusal>> prepare_up();
  task<std::optional<stream_refusal>> prepare_down();
  task<std::optional<stream_refusal>> begin_down(shared_file from, std::optional<uint64_t> size, uint64_t there);
  task<result<sha256_sum>> add_up(shared_file file, uint64_t size);
  task<void> keep();
  task<std::optional<stream_refusal>> write_some();
  task<void> finish();
  task<void> feed();
  task<void> forget();
  task<void> drop();
  void say(streams::message m);
  void say_opened();
  void break_off(const stream_refusal& why);
  void let_go();
  void settle();
  void on_up(const streams::message& m);
  bool is_both() const { return direction_ == streams::direction::both; }

  stream_shelf& shelf_;
  strand& place_;
  const std::function<void()> tell_;
  const uint32_t number_;
  const streams::direction direction_;
  const int8_t priority_;
  const std::string name_, id_;
  const std::optional<uint64_t> announced_;
  const uint64_t client_has_, client_limit_;
  const streams::sum client_sum_;
  std::shared_ptr<stream_shelf::hold> hold_;
  stream_store::half half_;
  std::optional<streams::stream_receiver> up_;
  std::optional<streams::sum> done_before_;  // All of it is here already.
  std::optional<streams::stream_sender> down_;
  shared_file source_;
  uint64_t source_size_ = 0;  // What of it is there by now.
  uint64_t from_ = 0;
  size_t writing_ = 0;  // Bytes that are on their way to the disk, and count already.
  bool opened_ = false;
  bool cancelled_ = false;  // Before it was opened: what is here is found first, and then forgotten.
  bool forgotten_ = false;
  bool finishes_ = false;   // It is whole, and about to get its name: too late to withdraw it.
  bool up_over_ = false;
  bool over_ = false;
  std::deque<std::vector<uint8_t>> said_;
  signal up_changed_, down_changed_;
  task_set work_;  // Gone first.
};

}  // namespace tharsis::gateway
