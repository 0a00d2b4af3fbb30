#include "plugins/dns/dot_wire.h"

#include <array>
#include <utility>

namespace tharsis::dns {

// Stands in the map as long as its question waits.
struct dot_wire::waiter {
  waiter(dot_wire& w, uint16_t i) : wire(w), id(i), came(w.place_) { wire.waiting_[id] = this; }
  waiter(const waiter&) = delete;
  ~waiter() { wire.waiting_.erase(id); }

  dot_wire& wire;
  const uint16_t id;
  std::vector<uint8_t> answer;
  bool there = false;
  signal came;
};

dot_wire::dot_wire(strand& place, std::unique_ptr<stream> wire) : place_(place), wire_(std::move(wire)), heard_(place.now()), work_(place) {
  work_.spawn(read());
}

task<result<std::vector<uint8_t>>> dot_wire::ask(std::vector<uint8_t> framed, uint16_t id, instant deadline) {
  waiter mine(*this, id);
  if (lives_) wire_->write(framed);
  while (lives_ && !mine.there && place_.now() < deadline) co_await mine.came.wait(deadline);
  if (mine.there) co_return std::move(mine.answer);
  if (!lives_) co_return error{THARSIS_E_RESET, why_};
  co_return error{THARSIS_E_TIMEOUT, "no answer came in time"};
}

task<void> dot_wire::read() {
  std::array<uint8_t, 16 * 1024> chunk;
  for (;;) {
    size_t count = 0;
    const tharsis_status status = wire_->read(chunk, count);
    if (status == THARSIS_PENDING) {
      co_await wire_->events().wait();
      continue;
    }
    if (status != THARSIS_OK || count == 0) {
      const std::string more = wire_->failure();
      end("it closed the connection before its answer was whole" + (more.empty() ? more : " (" + more + ")"));
      co_return;
    }
    take(std::span(chunk).first(count));
  }
}

// Two octets say how long each message is.
void dot_wire::take(std::span<const uint8_t> bytes) {
  heard_ = place_.now();
  begun_.insert(begun_.end(), bytes.begin(), bytes.end());
  size_t at = 0;
  while (begun_.size() - at >= 2) {
    const size_t size = static_cast<size_t>(begun_[at] << 8 | begun_[at + 1]);
    if (begun_.size() - at - 2 < size) break;
    const auto message = std::span(begun_).subspan(at + 2, size);
    at += 2 + size;
    if (size < 2) continue;
    const auto to = waiting_.find(static_cast<uint16_t>(message[0] << 8 | message[1]));
    if (to == waiting_.end() || std::exchange(to->second->there, true)) continue;
    proved_ = true;
    to->second->answer.assign(message.begin(), message.end());
    to->second->came.raise();
  }
  begun_.erase(begun_.begin(), begun_.begin() + static_cast<std::ptrdiff_t>(at));
}

void dot_wire::end(std::string why) {
  lives_ = false;
  why_ = std::move(why);
  for (const auto& [id, w] : waiting_) w->came.raise();
}

}  // namespace tharsis::dns
