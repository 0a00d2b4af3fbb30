// A listening port and the connections that wait to be accepted.
#pragma once
#include <deque>
#include <functional>
#include <memory>

#include "sdk/sim/connection.h"

namespace tharsis::sim {

class listener {
 public:
  listener(host& place, const tharsis_address& on, std::function<void()> tell_readable)
      : place_(place), address_(on), tell_readable_(std::move(tell_readable)) {
    place_.listeners.push_back(this);
  }
  listener(const listener&) = delete;

  const tharsis_address& address() const { return address_; }
  void set_mss(size_t bytes) { mss_ = bytes; }

  bool full() const { return waiting_.size() >= backlog; }
  void on_connection(std::shared_ptr<connection> c) {
    if (mss_ != 0) c->set_mss(connection::server, mss_);
    waiting_.push_back(std::move(c));
    if (std::exchange(wanted_, false)) tell_readable_();
  }

  // Null: none is waiting; tell_readable comes once one is.
  std::shared_ptr<connection> accept() {
    wanted_ = waiting_.empty();
    if (wanted_) return nullptr;
    const auto first = waiting_.front();
    waiting_.pop_front();
    return first;
  }

  // Nobody answers there any more; whoever still waits is cut off.
  void close() {
    std::erase(place_.listeners, this);
    for (const auto& c : waiting_) {
      c->reset_on_close(connection::server, true);
      c->close(connection::server);
    }
    waiting_.clear();
  }

 private:
  static constexpr size_t backlog = 128;

  host& place_;
  tharsis_address address_;
  std::function<void()> tell_readable_;
  std::deque<std::shared_ptr<connection>> waiting_;
  bool wanted_ = false;
  size_t mss_ = 0;  // 0: the usual.
};

}  // namespace tharsis::sim
