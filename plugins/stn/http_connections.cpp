#include "plugins/stn/http_connections.h"

#include <algorithm>
#include <set>

namespace tharsis::stn {

// A number of the pool's that no connection has yet.
struct http_connections::place_taken {
  http_connections& owner;
  uint64_t id;
  ~place_taken() {
    if (id != 0) owner.on_over(id);
  }
};

http_connections::waiter::waiter(http_connections& c, std::string o) : owner(c), origin(std::move(o)), turn(c.place_) {
  here = owner.waiting_.insert(owner.waiting_.end(), this);
}

http_connections::waiter::~waiter() {
  owner.waiting_.erase(here);
  owner.wake();  // It may have been woken and gone for another reason.
}

http_connections::lent::lent(http_connections& owner, uint64_t id, std::unique_ptr<http1_client> c, bool reused)
    : owner_(&owner), id_(id), client_(std::move(c)), reused_(reused) {}

http_connections::lent::lent(lent&& other) noexcept
    : owner_(other.owner_), id_(std::exchange(other.id_, 0)), client_(std::move(other.client_)), reused_(other.reused_) {}

http_connections::lent& http_connections::lent::operator=(lent&& other) noexcept {
  if (this == &other) return *this;
  drop();
  owner_ = other.owner_;
  id_ = std::exchange(other.id_, 0);
  client_ = std::move(other.client_);
  reused_ = other.reused_;
  return *this;
}

void http_connections::lent::drop() {
  client_.reset();
  if (id_ != 0) owner_->on_over(std::exchange(id_, 0));
}

void http_connections::lent::keep(duration at_most) {
  http_connections& owner = *owner_;
  if (id_ == 0 || owner.closed_ || !client_->reusable() || !owner.pool_.put(id_, owner.place_.now(), at_most)) return drop();
  owner.idle_.emplace(std::exchange(id_, 0), std::move(client_));
  owner.news_.raise();
  owner.wake();
}

http_connections::http_connections(strand& place, http_wire_dialler dial, const http_pool_settings& s, http1::limits l)
    : place_(place), dial_(std::move(dial)), limits_(l), pool_(s), news_(place), work_(place) {
  work_.spawn(sweep());
}

// What a peer has closed meanwhile is thrown away.
std::unique_ptr<http1_client> http_connections::take_idle(const std::string& origin, uint64_t& id) {
  while (const auto kept = pool_.take(origin, place_.now())) {
    auto node = idle_.extract(*kept);
    if (node.mapped()->reusable()) return id = *kept, std::move(node.mapped());
    pool_.closed(*kept);
  }
  return nullptr;
}

uint64_t http_connections::open(const std::string& origin) {
  drop(pool_.expire(place_.now()));
  std::optional<uint64_t> instead;
  const uint64_t id = pool_.open(origin, instead);
  if (instead) idle_.erase(*instead);
  return id;
}

bool http_connections::first_in_line(const waiter& w) const {
  const auto first = std::find_if(waiting_.begin(), waiting_.end(), [&](const waiter* o) { return o->origin == w.origin; });
  return *first == &w;
}

task<result<http_connections::lent>> http_connections::take(url to, bool fresh, duration connect, instant deadline, instant* dialled) {
  place_taken taken{*this, 0};
  {
    waiter mine(*this, to.origin());
    for (;;) {
      if (closed_) co_return error{THARSIS_E_CANCELLED, "the HTTP client is closed"};
      if (first_in_line(mine)) {
        uint64_t id = 0;
        std::unique_ptr<http1_client> kept = fresh ? nullptr : take_idle(mine.origin, id);
        if (kept) co_return lent(*this, id, std::move(kept), true);
        if ((taken.id = open(mine.origin)) != 0) break;
        // A place is all that is asked for: the idle one of this origin gives way.
        if (fresh && take_idle(mine.origin, id)) {
          pool_.closed(id);
          continue;
        }
      }
      if (place_.now() >= deadline)
        co_return error{THARSIS_E_TIMEOUT, "all connections that " + mine.origin + " may have were busy until the deadline"};
      co_await mine.turn.wait(deadline);
    }
  }
  *dialled = place_.now();
  const instant until = std::min(deadline, later(place_.now(), connect));
  auto wire = co_await dial_(to, until);
  if (!wire) co_return wire.failure();
  auto client = std::make_unique<http1_client>(place_, std::move(wire->bytes), to, limits_, std::move(wire->hands_on));
  co_return lent(*this, std::exchange(taken.id, 0), std::move(client), false);
}

void http_connections::on_over(uint64_t id) {
  pool_.closed(id);
  wake();
}

// The first of each origin may find a place now.
void http_connections::wake() {
  std::set<std::string_view> seen;
  for (waiter* w : waiting_)
    if (seen.insert(w->origin).second) w->turn.raise();
}

void http_connections::drop(std::vector<uint64_t> ids) {
  for (const uint64_t id : ids) idle_.erase(id);
}

void http_connections::on_network() {
  drop(pool_.on_network());
  wake();
}

void http_connections::close() {
  closed_ = true;
  idle_.clear();
  wake();
  work_.clear();
}

task<void> http_connections::sweep() {
  for (;;) {
    co_await news_.wait(pool_.deadline());
    const std::vector<uint64_t> over = pool_.expire(place_.now());
    drop(over);
    if (!over.empty()) wake();
  }
}

}  // namespace tharsis::stn
