#include "plugins/stn/http_connections.h"

#include <algorithm>

namespace tharsis::stn {
namespace {

// That a connection is kept where nobody says how long.
constexpr duration kept_as_usual = 24h;
// Of servers that a client ever talks to these many are remembered to be old.
constexpr size_t older_max = 1000;

}  // namespace

// A number of the pool's that no connection has yet.
struct http_connections::place_taken {
  http_connections& owner;
  uint64_t id;
  ~place_taken() {
    if (id != 0) owner.on_over(id, {});
  }
};

// A connection that is being made for all who wait for its origin.
struct http_connections::attempt {
  attempt(http_connections& owner, uint64_t id, instant until) : place{owner, id}, deadline(until), work(owner.place_) {}
  place_taken place;
  const instant deadline;
  bool over = false;
  task_set work;  // Its one task; gone first.
};

http_connections::waiter::waiter(http_connections& c, const wish& w) : owner(c), asks(w), origin(w.to.origin()), turn(c.place_) {
  here = owner.waiting_.insert(owner.waiting_.end(), this);
  if (owner.attempt_for(*this) != nullptr) dialled = owner.place_.now();
}

http_connections::waiter::~waiter() {
  owner.waiting_.erase(here);
  owner.on_left(*this);
  owner.wake();  // It may have been woken and gone for another reason.
}

http_connections::lent::lent(http_connections& owner, uint64_t id, std::unique_ptr<http_line> l, bool reused)
    : owner_(&owner), id_(id), line_(std::move(l)), reused_(reused) {}

http_connections::lent::lent(lent&& other) noexcept
    : owner_(other.owner_), id_(std::exchange(other.id_, 0)), line_(std::move(other.line_)), reused_(other.reused_) {}

http_connections::lent& http_connections::lent::operator=(lent&& other) noexcept {
  if (this == &other) return *this;
  drop();
  owner_ = other.owner_;
  id_ = std::exchange(other.id_, 0);
  line_ = std::move(other.line_);
  reused_ = other.reused_;
  return *this;
}

void http_connections::lent::drop() {
  line_.reset();
  if (id_ != 0) owner_->on_over(std::exchange(id_, 0), kept_as_usual);
}

void http_connections::lent::keep(duration at_most) {
  http_connections& owner = *owner_;
  if (id_ == 0) return drop();
  const bool again = line_->reusable();
  if (owner.shared_.contains(id_)) {
    line_.reset();
    return owner.on_over(std::exchange(id_, 0), again ? at_most : duration::zero());
  }
  if (owner.closed_ || !again || !owner.pool_.put(id_, owner.place_.now(), at_most)) return drop();
  owner.idle_.emplace(std::exchange(id_, 0), static_cast<http1_client*>(line_.release()));
  owner.news_.raise();
  owner.wake();
}

http_connections::http_connections(strand& place, http_wire_dialler dial, const http_pool_settings& s, http_versions spoken, http1::limits l)
    : place_(place), dial_(std::move(dial)), spoken_(spoken), limits_(l), pool_(s), news_(place), work_(place) {
  work_.spawn(sweep());
}

http_connections::~http_connections() = default;

bool http_connections::shared::serves(const waiter& w) const {
  return !stale && origin == w.origin && client->takes_more() && (!w.asks.newer_than || opened >= *w.asks.newer_than);
}

std::optional<http_connections::lent> http_connections::take_kept(const waiter& w) {
  if (auto line = take_shared(w)) return line;
  const auto unused = unused_.find(w.origin);
  if (unused != unused_.end()) {
    auto node = idle_.extract(unused->second);
    unused_.erase(unused);
    return lent(*this, node.key(), std::move(node.mapped()), false);
  }
  return w.asks.newer_than ? std::nullopt : take_idle(w);
}

std::optional<http_connections::lent> http_connections::take_shared(const waiter& w) {
  for (const auto& [id, c] : shared_)
    if (c.serves(w) && c.client->room() > 0) return lend_shared(id);
  return std::nullopt;
}

// What a peer has closed meanwhile is thrown away.
std::optional<http_connections::lent> http_connections::take_idle(const waiter& w) {
  while (const auto kept = pool_.take(w.origin, place_.now())) {
    auto node = idle_.extract(*kept);
    if (!node.empty() && node.mapped()->reusable()) return lent(*this, *kept, std::move(node.mapped()), true);
    forget(*kept);
  }
  return std::nullopt;
}

uint64_t http_connections::open(const std::string& origin) {
  for (const uint64_t id : pool_.expire(place_.now())) forget(id);
  std::optional<uint64_t> instead;
  const uint64_t id = pool_.open(origin, instead);
  if (instead) forget(*instead);
  return id;
}

bool http_connections::first_in_line(const waiter& w) const {
  const auto first = std::find_if(waiting_.begin(), waiting_.end(), [&](const waiter* o) { return o->origin == w.origin; });
  return *first == &w;
}

const http_connections::attempt* http_connections::attempt_for(const waiter& w) const {
  const auto at = attempts_.find(w.origin);
  return at == attempts_.end() || at->second->over ? nullptr : at->second.get();
}

// Might what is made now serve all that wait?
bool http_connections::dials_for_all(const waiter& w) const {
  if (!spoken_.http2 || older_.contains(w.origin)) return false;
  return w.asks.to.secure || !spoken_.http1;
}

task<result<http_connections::lent>> http_connections::take(wish asked, instant* dialled) {
  place_taken own{*this, 0};
  std::optional<waiter> mine(std::in_place, *this, asked);
  for (;;) {
    *dialled = mine->dialled;
    if (closed_) co_return error{THARSIS_E_CANCELLED, "the HTTP client is closed"};
    if (mine->failure) co_return std::move(*mine->failure);
    if (attempt_for(*mine) == nullptr && first_in_line(*mine)) {
      if (auto line = take_turn(*mine, own.id)) co_return std::move(*line);
      if (own.id != 0) break;
    }
    const instant until = patience_of(*mine);
    if (place_.now() >= until) co_return too_late(*mine);
    co_await mine->turn.wait(until);
  }
  mine.reset();
  *dialled = place_.now();
  auto wire = co_await dial_(asked.to, std::min(asked.deadline, later(*dialled, asked.connect)));
  if (!wire) co_return wire.failure();
  if (auto wrong = refusal_of(*wire, asked.to)) co_return std::move(*wrong);
  const uint64_t id = std::exchange(own.id, 0);
  note(id, *wire);
  if (!speaks_http2(*wire, asked.to)) co_return lent(*this, id, older_client(std::move(*wire), asked.to), false);
  share(id, std::move(*wire), asked.to);
  co_return lend_shared(id);
}

// The first in line gets a line, or a place for a connection of its own, or has to wait.
std::optional<http_connections::lent> http_connections::take_turn(const waiter& w, uint64_t& own) {
  for (;;) {
    if (auto kept = take_kept(w)) return kept;
    const bool full = std::any_of(shared_.begin(), shared_.end(), [&](const auto& c) { return c.second.serves(w); });
    if (full) return std::nullopt;
    if (const uint64_t id = open(w.origin)) {
      if (dials_for_all(w)) begin_attempt(w, id);
      else own = id;
      return std::nullopt;
    }
    // A place is all that is asked for: the idle one of this origin gives way.
    const auto idle = w.asks.newer_than ? pool_.take(w.origin, place_.now()) : std::nullopt;
    if (!idle) return std::nullopt;
    forget(*idle);
  }
}

// An attempt that ends in time tells itself why it came to nothing.
instant http_connections::patience_of(const waiter& w) const {
  const attempt* const a = attempt_for(w);
  if (a == nullptr) return w.asks.deadline;
  return w.until() >= a->deadline ? never : w.until();
}

error http_connections::too_late(const waiter& w) const {
  if (attempt_for(w) != nullptr) return {THARSIS_E_TIMEOUT, "cannot reach " + w.asks.to.place() + ": no connection in time"};
  return {THARSIS_E_TIMEOUT, "all connections that " + w.origin + " may have were busy until the deadline"};
}

void http_connections::begin_attempt(const waiter& w, uint64_t id) {
  for (waiter* o : waiting_) {
    if (o->origin != w.origin) continue;
    o->dialled = std::min(o->dialled, place_.now());
    o->turn.raise();
  }
  auto& a = attempts_[w.origin];
  a = std::make_unique<attempt>(*this, id, w.until());
  a->work.spawn(carry_out(a.get(), w.asks.to));
}

task<void> http_connections::carry_out(attempt* a, url to) {
  auto wire = co_await dial_(to, a->deadline);
  a->over = true;
  std::optional<error> failure;
  if (!wire) failure = wire.failure();
  else failure = refusal_of(*wire, to);
  if (failure) {
    for (waiter* w : waiting_)
      if (w->origin == to.origin() && (failure->status != THARSIS_E_TIMEOUT || place_.now() >= w->until())) w->failure = failure;
    on_over(std::exchange(a->place.id, 0), {});
  } else if (const uint64_t id = std::exchange(a->place.id, 0); note(id, *wire), speaks_http2(*wire, to)) {
    share(id, std::move(*wire), to);
  } else {
    idle_.emplace(id, older_client(std::move(*wire), to));
    unused_[to.origin()] = id;
  }
  for (waiter* w : waiting_)
    if (w->origin == to.origin()) w->turn.raise();
  news_.raise();
}

bool http_connections::speaks_http2(const http_wire& wire, const url& to) const {
  return to.secure ? wire.bytes->protocol() == "h2" : !spoken_.http1 && !wire.hands_on;
}

std::optional<error> http_connections::refusal_of(const http_wire& wire, const url& to) const {
  if (spoken_.http1 || speaks_http2(wire, to)) return std::nullopt;
  return error{THARSIS_E_PROTOCOL, to.place() + " does not speak HTTP/2, and HTTP/1.1 is not wanted; add http/1.1 to `versions`"};
}

std::unique_ptr<http1_client> http_connections::older_client(http_wire wire, const url& to) {
  if (older_.size() >= older_max) older_.clear();
  older_.insert(to.origin());
  return std::make_unique<http1_client>(place_, std::move(wire.bytes), to, limits_, std::move(wire.hands_on));
}

void http_connections::share(uint64_t id, http_wire wire, const url& to) {
  older_.erase(to.origin());
  http2_limits l;
  l.head = limits_;
  auto client = std::make_shared<http2_client>(place_, std::move(wire.bytes), to, l);
  client->changed = [this] { news_.raise(); };
  shared_.emplace(id, shared{to.origin(), std::move(client), place_.now()});
}

http_connections::lent http_connections::lend_shared(uint64_t id) {
  shared& c = shared_.at(id);
  if (c.used && c.lent_out == 0) pool_.reuse(id);
  ++c.lent_out;
  return lent(*this, id, c.client->line(), std::exchange(c.used, true));
}

// The last of an origin has gone: what was being made for it is of no use, or is kept.
void http_connections::on_left(const waiter& w) {
  if (std::any_of(waiting_.begin(), waiting_.end(), [&](const waiter* o) { return o->origin == w.origin; })) return;
  if (attempt_for(w) != nullptr) attempts_.erase(w.origin);
  const auto unused = unused_.find(w.origin);
  if (unused != unused_.end()) {
    const uint64_t id = unused->second;
    unused_.erase(unused);
    if (closed_ || !pool_.put(id, place_.now(), kept_as_usual)) forget(id);
  }
  for (const auto& [id, c] : shared_)
    if (!c.used && c.origin == w.origin) return return_shared(id, kept_as_usual);
}

void http_connections::on_over(uint64_t id, duration keep) {
  const auto at = shared_.find(id);
  if (at == shared_.end()) pool_.closed(id);
  else if (--at->second.lent_out == 0) return_shared(id, keep);
  wake();
}

// Nobody has a line of it.
void http_connections::return_shared(uint64_t id, duration keep) {
  shared& c = shared_.at(id);
  c.used = true;
  if (closed_ || c.stale || !c.client->takes_more() || !pool_.put(id, place_.now(), keep)) forget(id);
  news_.raise();
}

// The first of each origin may find a place now.
void http_connections::wake() {
  std::set<std::string_view> seen;
  for (waiter* w : waiting_)
    if (seen.insert(w->origin).second) w->turn.raise();
}

void http_connections::forget(uint64_t id) {
  pool_.closed(id);
  idle_.erase(id);
  shared_.erase(id);
}

void http_connections::on_network() {
  for (const uint64_t id : pool_.on_network()) forget(id);
  for (auto& [id, c] : shared_) c.stale = true;
  older_.clear();
  wake();
}

void http_connections::leave(const tharsis_address& server) {
  for (auto& [id, c] : shared_)
    if (pool_.server(id) == server && pool_.has_others(id)) c.stale = true;
  for (const uint64_t id : pool_.leave(server)) forget(id);
  wake();
}

void http_connections::close() {
  closed_ = true;
  attempts_.clear();
  unused_.clear();
  idle_.clear();
  std::erase_if(shared_, [](const auto& c) { return c.second.lent_out == 0; });
  wake();
  work_.clear();
}

// Throws away what its time is over for, or what a server has closed.
task<void> http_connections::sweep() {
  for (;;) {
    co_await news_.wait(pool_.deadline());
    std::vector<uint64_t> over = pool_.expire(place_.now());
    for (const auto& [id, c] : shared_)
      if (c.used && c.lent_out == 0 && !c.client->takes_more()) over.push_back(id);
    for (const uint64_t id : over) forget(id);
    std::erase_if(attempts_, [](const auto& a) { return a.second->over; });
    wake();
  }
}

}  // namespace tharsis::stn
