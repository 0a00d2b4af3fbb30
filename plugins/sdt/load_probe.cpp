#include "plugins/sdt/load_probe.h"

#include <algorithm>
#include <array>

#include "sdk/async/task_set.h"
#include "sdk/async/tcp_stream.h"
#include "sdk/pure/address.h"
#include "sdk/pure/views.h"

namespace tharsis::sdt {
namespace {

constexpr size_t flows = 4;
constexpr size_t body_size = 1'000'000;  // Of one request; web servers refuse more by default.
constexpr size_t idle_rounds = 5;
constexpr size_t piece_size = 16 * 1024;

// How long a connection takes; negative: there is none.
task<double> time_dial(bench& b, tharsis_address to, duration most) {
  const double before = b.ms();
  if (!b.spend(200)) co_return -1;
  auto wire = co_await dial_tcp(b.place, b.net(), to, b.until(most));
  if (!wire) co_return wire.status() == THARSIS_E_TIMEOUT ? b.ms() - before : -1;
  (*wire)->reset_on_close();
  co_return b.ms() - before;
}

task<void> push(bench& b, tharsis_address to, std::string host, instant stop, uint64_t* acked) {
  auto wire = co_await dial_tcp(b.place, b.net(), to, stop);
  if (!wire) co_return;
  (*wire)->reset_on_close();
  const std::string head = "POST / HTTP/1.1\r\nHost: " + host + "\r\nContent-Length: " + std::to_string(body_size) + "\r\nConnection: close\r\n\r\n";
  (*wire)->write(as_bytes(head));
  const std::vector<uint8_t> piece(piece_size, 'x');
  std::array<uint8_t, 1024> unread;
  size_t written = 0;
  while (b.place.now() < stop) {
    size_t count = 0;
    if ((*wire)->read(unread, count) < 0) break;
    // As much as the system takes: what it keeps is what fills the line.
    while (written < body_size && (*wire)->unsent() == 0 && b.spend(piece_size)) {
      if ((*wire)->write(piece) != THARSIS_OK) break;
      written += piece_size;
    }
    co_await (*wire)->events().wait(std::min(stop, later(b.place.now(), 50ms)));
  }
  int64_t bytes = 0;
  if (b.net().get(b.net().self, (*wire)->handle(), "acked_bytes", &bytes) == THARSIS_OK && bytes > 0) *acked += static_cast<uint64_t>(bytes);
}

task<void> watch_delay(bench& b, tharsis_address to, instant stop, std::vector<double>* into) {
  while (b.place.now() < stop) {
    const double ms = co_await time_dial(b, to, 1400ms);
    if (ms >= 0) into->push_back(ms);
    signal never_raised(b.place);
    co_await never_raised.wait(later(b.place.now(), 50ms));
  }
}

double share_of(std::vector<double> sorted, double share) {
  std::sort(sorted.begin(), sorted.end());
  return sorted[std::min(sorted.size() - 1, static_cast<size_t>(static_cast<double>(sorted.size()) * share))];
}

}  // namespace

task<void> load_line(bench& b, probe_role role, tharsis_address to, std::string host, duration most) {
  auto p = b.start<load_probe>("load", role, to_text(to));
  p.to = to_text(to);
  p.direction = way_direction::up;
  std::vector<double> idle, loaded;
  for (size_t i = 0; i < idle_rounds && !b.over(); ++i) {
    const double ms = co_await time_dial(b, to, 700ms);
    if (ms >= 0) idle.push_back(ms);
  }
  if (idle.empty()) co_return;
  p.idle_ms = share_of(idle, 0.5);
  const instant begun = b.place.now(), stop = b.until(most);
  uint64_t acked = 0;
  task_set all(b.place);
  for (size_t i = 0; i < flows; ++i) all.spawn(push(b, to, host, stop, &acked));
  all.spawn(watch_delay(b, to, stop, &loaded));
  co_await all.join(later(stop, 100ms));
  all.clear();
  const double seconds = static_cast<double>((b.place.now() - begun).count()) / 1e9;
  if (seconds > 0) p.bits_per_s = static_cast<double>(acked) * 8 / seconds;
  if (!loaded.empty()) p.loaded_ms = share_of(loaded, 0.9);
  p.sent = acked;
  b.finish(b.seen.loads, std::move(p));
}

}  // namespace tharsis::sdt
