// DNS over one TLS connection, many questions at once (RFC 7858, 3.3): each has its id, and its answer comes when it comes.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sdk/async/stream.h"
#include "sdk/async/task_set.h"
#include "sdk/pure/error.h"

namespace tharsis::dns {

// Made with make_shared: who asks keeps it alive.
class dot_wire {
 public:
  dot_wire(strand& place, std::unique_ptr<stream> wire);
  dot_wire(const dot_wire&) = delete;

  bool lives() const { return lives_; }
  // Has an answer come over it?
  bool proved() const { return proved_; }
  instant heard() const { return heard_; }
  size_t open() const { return waiting_.size(); }
  bool has(uint16_t id) const { return waiting_.contains(id); }

  // The message that answers the question with this id, which has() none yet. Destroying the task withdraws it.
  //   THARSIS_E_TIMEOUT  there was none in time.   THARSIS_E_RESET  the connection ended; the sentence says why.
  task<result<std::vector<uint8_t>>> ask(std::vector<uint8_t> framed, uint16_t id, instant deadline);

 private:
  struct waiter;
  task<void> read();
  void take(std::span<const uint8_t> bytes);
  void end(std::string why);

  strand& place_;
  const std::unique_ptr<stream> wire_;
  std::map<uint16_t, waiter*> waiting_;
  std::vector<uint8_t> begun_;
  std::string why_;
  bool lives_ = true, proved_ = false;
  instant heard_;
  task_set work_;
};

}  // namespace tharsis::dns
