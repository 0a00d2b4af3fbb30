#include "plugins/dns/kept_connections.h"

#include <algorithm>
#include <array>
#include <utility>

#include "plugins/dns/open_stream.h"
#include "sdk/pure/dns_framed_message.h"

namespace tharsis::dns {
namespace {

// Servers close idle connections after some ten seconds, boxes between forget them after a minute or so without a word.
constexpr duration idle_max = 20s;
// One that was quiet for this long may be dead without a word; who asks over it gives it so long before it asks over a fresh one.
constexpr duration quiet = 2s, quiet_patience = 400ms;
// For the handshakes of a connection; whoever waits for it has a time of his own.
constexpr duration open_at_most = 5s;
// Of HTTP/1.1, to one server: as many as browsers open.
constexpr size_t single_max = 6;

}  // namespace

// A question that is under way keeps its site from being idle.
struct kept_connections::asking {
  asking(kept_connections& k, site& s) : of(s), place(k.means_.place) {
    ++of.asking;
    of.used = place.now();
    k.watch_idle();
  }
  asking(const asking&) = delete;
  ~asking() {
    --of.asking;
    of.used = place.now();
  }
  site& of;
  strand& place;
};

task<void> kept_connections::open(server to) {
  site& s = site_of(to);
  const instant deadline = later(means_.place.now(), open_at_most);
  const uint64_t network = network_;
  auto wire = co_await open_stream(means_, to, deadline);
  if (network != network_) co_return;
  s.opening = false;
  s.failure = wire ? fine() : wire.failure();
  if (wire && to.by == way::tls) {
    s.bare = std::make_shared<dot_wire>(means_.place, std::move(*wire));
  } else if (wire && (*wire)->protocol() == "h2") {
    s.web = std::make_shared<http2_client>(means_.place, std::move(*wire), url_of(to));
    s.proved = false;
    s.web->changed = [&s] { s.tell(); };
  } else if (wire) {
    s.is_single = true;
    s.spare.push_back({std::make_unique<http1_client>(means_.place, std::move(*wire), url_of(to)), means_.place.now()});
  }
  s.tell();
}

// Who waits for news of a site.
struct place_in_line {
  std::vector<signal*>& of;
  signal* mine;
  place_in_line(std::vector<signal*>& line, signal& s) : of(line), mine(&s) { of.push_back(mine); }
  place_in_line(const place_in_line&) = delete;
  ~place_in_line() { std::erase(of, mine); }
};

// Until a question may go over it, or it is known why not. Many may wait for one connection.
task<error> kept_connections::ready(site& s, server to, instant deadline) {
  signal news(means_.place);
  const place_in_line line(s.waiting, news);
  for (bool fresh = true;; fresh = false) {
    if (s.ready()) co_return fine();
    if (!fresh && !s.opening && s.failure.status != THARSIS_OK) co_return s.failure;
    if (!s.open() && !std::exchange(s.opening, true)) {
      s.web = nullptr;
      s.bare = nullptr;
      work_.spawn(open(to));
    }
    if (means_.place.now() >= deadline) co_return error{THARSIS_E_TIMEOUT, "no connection to it could be made in time"};
    co_await news.wait(deadline);
  }
}

instant kept_connections::patience(bool proved, instant heard, instant deadline) const {
  const instant now = means_.place.now();
  return proved && now - heard > quiet ? std::min(deadline, later(now, quiet_patience)) : deadline;
}

// A line of HTTP/1.1 while it has a question.
struct kept_connections::borrowed {
  explicit borrowed(site& s) : of(s) { ++of.busy; }
  borrowed(const borrowed&) = delete;
  ~borrowed() {
    --of.busy;
    of.tell();
  }
  site& of;
  std::unique_ptr<http1_client> line{};
  instant since{};  // It waited; of a fresh one: the beginning of time.

  // The last used one that lives, or none.
  void take_spare() {
    while (!line && !of.spare.empty()) {
      spare_line last = std::move(of.spare.back());
      of.spare.pop_back();
      if (!last.line->reusable()) continue;
      line = std::move(last.line);
      since = last.since;
    }
  }
};

task<result<std::string>> kept_connections::exchange_single(site& s, server to, web_question q, instant deadline) {
  for (bool again = false;; again = true) {
    while (s.busy >= single_max && means_.place.now() < deadline) {
      signal news(means_.place);
      const place_in_line line(s.waiting, news);
      co_await news.wait(deadline);
    }
    if (s.busy >= single_max) co_return error{THARSIS_E_TIMEOUT, "its connections were all in use until the time was up"};
    borrowed b(s);
    if (!again) b.take_spare();
    const bool kept = b.line != nullptr;
    const uint64_t network = network_;
    if (!kept) {
      auto wire = co_await open_stream(means_, to, deadline);
      if (!wire) co_return wire.failure();
      if ((*wire)->protocol() == "h2") co_return co_await web_exchange(means_.place, std::move(*wire), std::move(to), std::move(q), deadline);
      b.line = std::make_unique<http1_client>(means_.place, std::move(*wire), url_of(to));
    }
    auto answer = co_await web_exchange(*b.line, q, patience(kept, b.since, deadline));
    const bool unheard = !b.line->heard();
    if (answer && network == network_ && b.line->reusable()) s.spare.push_back({std::move(b.line), means_.place.now()});
    if (answer || again || !kept || !unheard || network != network_ || means_.place.now() >= deadline) co_return std::move(answer);
  }
}

task<result<std::string>> kept_connections::exchange(server to, web_question q, instant deadline) {
  site& s = site_of(to);
  const asking here(*this, s);
  for (bool again = false;; again = true) {
    while (!s.ready()) {  // Others may take the room that there was.
      const error why = co_await ready(s, to, deadline);
      if (why.status != THARSIS_OK) co_return why;
    }
    if (s.is_single) co_return co_await exchange_single(s, std::move(to), std::move(q), deadline);
    const auto web = s.web;
    const bool proved = s.proved;
    const auto line = web->line();
    auto answer = co_await web_exchange(*line, q, patience(proved, s.heard, deadline));
    if (answer) {
      s.proved = true;
      s.heard = means_.place.now();
      co_return std::move(answer);
    }
    const bool unheard = line->unprocessed() || (proved && !line->heard());
    if (again || !unheard || means_.place.now() >= deadline) co_return answer.failure();
    if (s.web == web) s.web = nullptr;
  }
}

task<result<std::vector<uint8_t>>> kept_connections::exchange(server to, question& q, instant deadline) {
  site& s = site_of(to);
  const asking here(*this, s);
  for (bool again = false;; again = true) {
    while (!s.ready()) {  // Others may take the room that there was.
      const error why = co_await ready(s, to, deadline);
      if (why.status != THARSIS_OK) co_return why;
    }
    const auto bare = s.bare;
    while (bare->has(q.secret.id)) q.secret = means_.draw();
    const bool proved = bare->proved();
    std::array<uint8_t, question_max> room;
    std::vector<uint8_t> framed = framed_message::frame(write(q, room));
    auto answer = co_await bare->ask(std::move(framed), q.secret.id, patience(proved, bare->heard(), deadline));
    if (answer || again || !proved || means_.place.now() >= deadline) co_return answer;
    if (s.bare == bare) s.bare = nullptr;
  }
}

void kept_connections::drop() {
  ++network_;
  for (auto& [text, s] : sites_) {
    s.opening = false;
    s.web = nullptr;
    s.bare = nullptr;
    s.spare.clear();
    s.is_single = false;
  }
}

void kept_connections::watch_idle() {
  if (!std::exchange(watching_, true)) work_.spawn(close_idle());
}

// Ends when there is nothing left to close: who keeps nothing wakes nobody.
task<void> kept_connections::close_idle() {
  signal nobody(means_.place);
  for (;;) {
    const instant now = means_.place.now();
    instant next = never;
    for (auto& [text, s] : sites_) {
      if (s.asking == 0 && now - s.used >= idle_max) {
        s.web = nullptr;
        s.bare = nullptr;
      }
      std::erase_if(s.spare, [&](const spare_line& l) { return now - l.since >= idle_max; });
      if (s.asking > 0) next = std::min(next, later(now, idle_max));
      else if (s.web || s.bare || s.opening) next = std::min(next, later(s.used, idle_max));
      for (const spare_line& l : s.spare) next = std::min(next, later(l.since, idle_max));
    }
    if (next == never) break;
    co_await nobody.wait(std::max(next, later(now, 1s)));
  }
  watching_ = false;
}

}  // namespace tharsis::dns
