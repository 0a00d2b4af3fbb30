#include "plugins/sdt/load_probe.h"

#include <algorithm>
#include <array>

#include "plugins/sdt/tcp_probe.h"
#include "sdk/async/http1_client.h"
#include "sdk/async/task_set.h"
#include "sdk/async/tcp_stream.h"
#include "sdk/pure/address.h"
#include "sdk/pure/views.h"

namespace tharsis::sdt {
namespace {

constexpr size_t flows = 4;
constexpr size_t body_size = 1'000'000;  // Of one request; web servers refuse more by default, and a gateway's page has no more.
constexpr uint64_t request_size = 500;   // With what its connection costs.
constexpr size_t said_most = 200;
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

// What passes on all connections together.
struct flow {
  tharsis_address to{};
  url page;      // Of what comes down; else its host alone.
  instant stop{};
  uint64_t bytes = 0;
  std::string said;  // Why nothing came.
  // Of what goes up: it is the server that ends it, or that takes no more, and not the line.
  bool cut = false;
  int64_t busy_us = 0, held_back_us = 0;
};

// Until the time or the budget is over, or all of it has been confirmed.
task<void> push(bench& b, flow* f) {
  auto wire = co_await dial_tcp(b.place, b.net(), f->to, f->stop);
  if (!wire) co_return;
  (*wire)->reset_on_close();
  const std::string head = "POST / HTTP/1.1\r\nHost: " + f->page.host + "\r\nContent-Length: " + std::to_string(body_size) + "\r\nConnection: close\r\n\r\n";
  (*wire)->write(as_bytes(head));
  const std::vector<uint8_t> piece(piece_size, 'x');
  std::array<uint8_t, 1024> unread;
  size_t written = 0;
  int64_t acked = 0;
  while (b.place.now() < f->stop && !(written >= body_size && acked >= static_cast<int64_t>(body_size))) {
    size_t count = 0;
    if ((*wire)->read(unread, count) < 0) {
      f->cut = true;
      break;
    }
    // As much as the system takes: what it keeps is what fills the line.
    while (written < body_size && (*wire)->unsent() == 0 && b.spend(piece_size)) {
      if ((*wire)->write(piece) != THARSIS_OK) break;
      written += piece_size;
    }
    co_await (*wire)->events().wait(std::min(f->stop, later(b.place.now(), 50ms)));
    acked = fact(b, **wire, "acked_bytes");
  }
  f->busy_us += std::max<int64_t>(0, fact(b, **wire, "busy_us"));
  f->held_back_us += std::max<int64_t>(0, fact(b, **wire, "window_limited_us"));
  if (acked > 0) f->bytes += static_cast<uint64_t>(acked);
}

// So much may one request bring; what is left of the budget is for all connections.
uint64_t share_of_budget(const bench& b) {
  if (b.asked.budget == 0) return body_size;
  const uint64_t used = b.seen.about.sent + b.seen.about.received;
  return used >= b.asked.budget ? 0 : std::min<uint64_t>(body_size, (b.asked.budget - used) / flows);
}

// One page, of at most `most` bytes: a gateway is told how many, and others are told the range. Answers how many came.
task<uint64_t> pull_once(bench& b, flow* f, uint64_t most) {
  auto wire = co_await dial_tcp(b.place, b.net(), f->to, f->stop);
  if (!wire) {
    f->said = wire.failure().text;
    co_return 0;
  }
  (*wire)->reset_on_close();
  http1_client client(b.place, std::move(*wire), f->page);
  http1::request_head asked;
  asked.target = is_of_gateway(f->page) ? f->page.target + "bytes/" + std::to_string(most) : f->page.target;
  asked.fields = {{"Accept-Encoding", "identity"}, {"Range", "bytes=0-" + std::to_string(most - 1)}};
  const error wrong = client.begin(std::move(asked), 0);
  auto head = co_await client.head(f->stop);
  if (!head || (head->status != 200 && head->status != 206)) {
    f->said = wrong.status != THARSIS_OK ? wrong.text : !head ? head.failure().text : "the page answers with " + std::to_string(head->status);
    co_return 0;
  }
  if (head->status == 200 && !is_of_gateway(f->page)) {  // All of it would come, whatever the budget is.
    f->said = "its server gives no parts of the page (Range), so how much comes cannot be bounded";
    co_return 0;
  }
  uint64_t got = 0;
  while (got < most) {
    const auto piece = co_await client.read(f->stop);
    if (!piece || piece->empty()) break;
    got += piece->size();
    f->bytes += piece->size();
  }
  co_return got;
}

task<void> pull(bench& b, flow* f) {
  while (b.place.now() < f->stop) {
    const uint64_t most = share_of_budget(b);
    if (most < piece_size || !b.spend(request_size, most)) co_return;
    const uint64_t got = co_await pull_once(b, f, most);
    b.count_received(got, most);
    if (got == 0) co_return;
  }
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

// A server that has answered already, and takes no more, is as slow as a line that is throttled; where the line is what holds it back, either
// packets are lost, and the window is open, or they wait in a queue, and so does everybody else.
void note_server(const flow& all, load_probe& p) {
  constexpr double queue_ms = 100;
  const bool queued = p.loaded_ms.value_or(0) - p.idle_ms.value_or(0) > queue_ms;
  if (all.cut) {
    p.failed = failure::closed;
    p.said = "the server ended connections before it had taken what was sent";
  } else if (all.busy_us > 0 && all.held_back_us > all.busy_us / 2 && !queued) {
    p.failed = failure::other;
    p.said = "the server took no more for most of the time";
  }
}

}  // namespace

task<void> load_line(bench& b, load_of what, duration most) {
  auto p = b.start<load_probe>("load", what.role, to_text(what.to));
  p.to = to_text(what.to);
  p.direction = what.way;
  std::vector<double> idle, loaded;
  for (size_t i = 0; i < idle_rounds && !b.over(); ++i) {
    const double ms = co_await time_dial(b, what.to, 700ms);
    if (ms >= 0) idle.push_back(ms);
  }
  if (idle.empty()) co_return;
  p.idle_ms = share_of(idle, 0.5);
  const instant begun = b.place.now();
  flow all{what.to, what.page, b.until(most), 0, {}};
  task_set carrying(b.place), watching(b.place);
  for (size_t i = 0; i < flows; ++i) carrying.spawn(what.way == way_direction::up ? push(b, &all) : pull(b, &all));
  watching.spawn(watch_delay(b, what.to, all.stop, &loaded));
  co_await carrying.join(later(all.stop, 100ms));
  const double seconds = static_cast<double>((b.place.now() - begun).count()) / 1e9;
  carrying.clear();
  watching.clear();
  if (seconds > 0) p.bits_per_s = static_cast<double>(all.bytes) * 8 / seconds;
  if (!loaded.empty()) p.loaded_ms = share_of(loaded, 0.9);
  (what.way == way_direction::up ? p.sent : p.received) = all.bytes;
  if (what.way == way_direction::up) note_server(all, p);
  if (all.bytes == 0) p.failed = failure::other, p.said = all.said.substr(0, said_most);
  b.finish(b.seen.loads, std::move(p));
}

}  // namespace tharsis::sdt
