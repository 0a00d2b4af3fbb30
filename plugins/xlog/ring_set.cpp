#include "plugins/xlog/ring_set.h"

#include <algorithm>
#include <new>
#include <type_traits>
#include <utility>

#include "sdk/pure/logger.h"

namespace tharsis::xlog {
namespace {

// Of the first lap: a thread that says little never touches the rest.
constexpr uint64_t first_step = 16 << 10;
// A thread for which no ring is left asks with every line; the system is asked about the others' threads so often.
constexpr duration ask_again = 10ms;
// How often close() looks whether somebody is still inside.
constexpr duration look_again = 100us;

void* need(void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

uint32_t busy_of(tharsis_log_ring& r) {
  return std::atomic_ref<uint32_t>(const_cast<uint32_t&>(r.busy)).load(std::memory_order_acquire);
}

}  // namespace

ring_set::ring_set(std::unique_ptr<segment> memory, const segment_geometry& g, bool sealed, ring_system& system,
                   const ring_settings& s, callbacks c)
    : memory_(std::move(memory)), system_(system), settings_(s), callbacks_(std::move(c)), geometry_(g),
      sealed_(sealed), front_(memory_->front()), handles_(take_handles(system)), asleep_(&handles_->asleep), waits_(system) {
  asleep_->store(0);
  for (uint32_t i = 0; i < g.all_rings(); ++i) {
    lease* const l = &handles_->leases[g.is_flight(i) ? rings_max - 1 : i];
    l->begin(i, g.size_of(i), sealed, *asleep_, &front_.control(i).head);
    leases_.push_back(l);
  }
  leases_[0]->owner = shared_owner;
  if (g.flight_size > 0) leases_[g.rings]->owner = shared_owner;
  open_shared();
  memory_->when_in_child([this] { on_child(); });
}

ring_set::left_behind* ring_set::take_handles(ring_system& system) {
  void* const memory = need(system.take_memory(sizeof(left_behind)));
  auto* const left = static_cast<left_behind*>(memory);
  return left->made ? left : new (memory) left_behind();
}

// All but `busy`, which a thread to whom it was left may change at any time, and to whom it was left.
void ring_set::lease::begin(uint32_t number, uint64_t size_of_ring, bool sealed, const std::atomic<uint32_t>& asleep_word, uint64_t* head_at) {
  size = sizeof(tharsis_log_ring);
  position = limit = 0;
  bytes = nullptr;
  keystream = nullptr;
  mask = size_of_ring - 1;
  asleep = reinterpret_cast<const volatile uint32_t*>(&asleep_word);
  head = head_at;
  index = number;
  open = waiting = told_filling = told_full = false;
  owner = kept = released = 0;
  turn = 0;
  prepared = sealed ? 0 : size_of_ring;
}

// A thread that lives may still look whether its ring is busy, and then at the generation.
ring_set::~ring_set() {
  memory_->when_in_child({});
  static_assert(std::is_trivially_destructible_v<left_behind>);
  bool all_gone = true;
  for (lease* l : leases_)
    if (lives(l->owner)) l->left_to = l->owner;
  for (lease& l : handles_->leases) {
    if (!lives(l.left_to)) l.left_to = 0;
    all_gone = all_gone && l.left_to == 0;
  }
  if (all_gone) system_.give_memory(handles_, sizeof(left_behind));
  else system_.leave_memory(handles_);
}

// The child has none of the segment's memory. What its one thread still holds has no room.
void ring_set::on_child() {
  closing_ = in_child_ = true;
  for (lease* l : leases_) l->limit = 0;
}

tharsis_log_ring* ring_set::ring() {
  if (closing_) return nullptr;
  const uint64_t thread = system_.thread();
  for (lease* l : leases_)
    if (l->owner.load(std::memory_order_acquire) == thread) return l;
  if (held::by_this_thread(mutex_) || nanoseconds(system_.now()) < none_before_) return nullptr;
  const held lock(mutex_);
  if (closing_) return nullptr;
  for (lease* l : leases_)
    if (l->owner.load(std::memory_order_acquire) == thread) return l;  // A signal's handler was faster.
  lease* l = lease_unowned(thread);
  if (l != nullptr) l->owner.store(thread, std::memory_order_release);
  else none_before_ = nanoseconds(system_.now() + ask_again);
  return l;
}

std::optional<uint32_t> ring_set::ring_of_caller() const {
  const uint64_t thread = system_.thread();
  for (const lease* l : leases_)
    if (l->owner.load(std::memory_order_acquire) == thread) return l->index;
  return {};
}

std::vector<uint64_t> ring_set::heads() {
  std::vector<uint64_t> now(count());
  for (uint32_t ring = 0; ring < count(); ++ring)
    if (is_open(ring)) now[ring] = head(ring);
  return now;
}

// The one that was left to it; else one that was used before rather than a new one: a program that starts thread after
// thread needs few.
ring_set::lease* ring_set::lease_unowned(uint64_t thread) {
  for (lease* l : leases_)
    if (l->left_to == thread && l->owner == 0) return give(*l, thread);
  for (const bool used : {true, false})
    for (lease* l : leases_) {
      const uint64_t owner = l->owner.load(std::memory_order_acquire);
      if (l->open != used || owner == shared_owner || lives(owner) || lives(l->left_to)) continue;
      if (!used && open(*l).status != THARSIS_OK) return nullptr;
      if (lease* const given = give(*l, thread); given != nullptr) return given;
    }
  tell(filling);  // Rings of threads that are gone may wait for the drain.
  return nullptr;
}

// Null: its disk is full, or it has had too many owners.
ring_set::lease* ring_set::give(lease& l, uint64_t thread) {
  if ((!l.open && open(l).status != THARSIS_OK) || !front_.add_owner(l.index, thread)) return nullptr;
  busy_of(l);  // The last thing its last thread wrote; all that it did came before.
  log_detail::leave(l);
  l.position = head(l.index);
  l.limit = 0;
  return &l;
}

error ring_set::open(lease& l) {
  const auto memory = memory_->open_ring(l.index);
  if (!memory) return memory.failure();
  l.bytes = memory->bytes;
  l.keystream = memory->keystream;
  l.open.store(true, std::memory_order_release);
  return {THARSIS_OK, {}};
}

error ring_set::open_flight() {
  const held lock(mutex_);
  return open(*leases_[count()]);
}

bool ring_set::room(tharsis_log_ring* ring, uint64_t bytes, uint32_t site) {
  auto& l = static_cast<lease&>(*ring);
  if (in_child_) return false;
  const bool reserved = is_reserved(l, bytes) && settings_.may_use_all && !settings_.may_use_all(site);
  if (bytes <= record_max() && !reserved) {
    if (grant(l, bytes)) return true;  // While we close too: what is under way ends here.
    if (wait_for_room(l, bytes, !closing_ && settings_.wait && may_wait() ? settings_.wait(site) : duration::zero())) return true;
  }
  if (!closing_ && callbacks_.dropped) callbacks_.dropped(site);
  return false;
}

// Whoever waits says so each time. Lines that do not may be many; of them the first one does, until there is room.
bool ring_set::wait_for_room(lease& l, uint64_t bytes, duration most) {
  const instant end = later(system_.now(), most);
  if (most > duration::zero() || !std::exchange(l.told_full, true)) tell(full);
  for (;;) {
    const uint32_t turn = l.turn;
    l.waiting = true;
    if (closing_) return false;  // After the look at the turn, which the end of all changes.
    if (grant(l, bytes)) return true;
    const duration left = end - system_.now();
    if (left <= duration::zero()) return false;
    system_.wait(l.turn, turn, left);
  }
}

// Room comes in quarters of a ring, so that somebody looks how full it is before it is full.
bool ring_set::grant(lease& l, uint64_t bytes) {
  if (!extend(l, bytes)) return false;
  if (l.position + bytes - l.released > (l.mask + 1) / 2 && !l.told_filling.exchange(true)) tell(filling);
  l.told_full = false;
  if (is_reserved(l, bytes)) l.limit = l.position + bytes;  // The next line has to ask, too.
  return true;
}

bool ring_set::extend(lease& l, uint64_t bytes) {
  const uint64_t end = l.position + bytes, size = l.mask + 1;
  if (l.prepared < size && end > l.prepared) {
    const uint64_t to = std::min(size, (end + first_step - 1) / first_step * first_step);
    if (!prepare(l, l.prepared, to - l.prepared)) return false;
    l.prepared = to;
  }
  const uint64_t released = l.released;
  const uint64_t top = l.prepared < size ? l.prepared : released + size;
  if (end > top) return false;
  l.limit = std::min(top, l.position + std::max(bytes, size / 4));
  return true;
}

// False where the cipher fails.
bool ring_set::prepare(lease& l, uint64_t position, uint64_t count, bool draining) {
  if (!sealed_ || count == 0) return true;
  auto* keystream = const_cast<uint8_t*>(l.keystream) + (position & l.mask);
  return (draining && callbacks_.fill_draining ? callbacks_.fill_draining : callbacks_.fill)(stream_position(l.index, position), {keystream, count});
}

void ring_set::commit(uint32_t ring, uint64_t to) {
  lease& l = *leases_[ring];
  const uint64_t before = l.released, after = to / keystream_unit * keystream_unit;
  store(front_.control(ring).tail, to);
  if (after == before || !prepare(l, before + l.mask + 1, after - before, true)) return;
  l.released = after;
  l.told_filling = false;
  // While there is more to come: who is woken for a few lines soon sleeps again.
  if (head(ring) - to <= (l.mask + 1) / 2) wake_waiting(l);
}

void ring_set::wake_waiting(lease& l) {
  if (!l.waiting.exchange(false)) return;
  ++l.turn;
  system_.wake_all(l.turn);
}

void ring_set::end_draining() {
  draining_ = 0;
  for (lease* l : leases_) wake_waiting(*l);
  tell_the_rest();
}

bool ring_set::rouse() { return (asleep_->fetch_and(~drain_sleeps) & drain_sleeps) != 0; }

void ring_set::tell(uint32_t what) {
  if (closing_) return;  // The last turn comes anyway, and who is told may be gone.
  if (rouse()) what |= woken;
  if (draining_ == 0) return callbacks_.on_news(what);
  untold_ |= what;
  if (draining_ == 0) tell_the_rest();  // It has ended meanwhile, and may not have seen it.
}

void ring_set::tell_the_rest() {
  if (const uint32_t what = untold_.exchange(0); what != 0) callbacks_.on_news(what);
}

void ring_set::wake() {
  if (sync_most_ == 0) return rouse_drain();
  const uint64_t thread = system_.thread();
  for (const lease* l : leases_)
    if (l->owner == thread) return wake(*l, l->position);
}

void ring_set::wake(const tharsis_log_ring& ring, uint64_t position) {
  const duration most(sync_most_.load());
  if (in_child_) return;
  if (most == duration::zero()) return wake();
  if (!awaited_.exchange(true)) tell(awaited);
  if (closing_ || !may_wait()) return;
  const auto& l = static_cast<const lease&>(ring);
  if (!stuck_) waits_.wait(most, [&] { return l.kept >= position || stuck_; });
  if (l.kept >= position || closing_) return;
  stuck_ = true;
  ++late_lines_;
}

void ring_set::set_sync(duration most) {
  sync_most_ = most.count();
  if (most != duration::zero()) *asleep_ |= in_sync;
  else *asleep_ &= ~in_sync;
}

void ring_set::on_kept() {
  for (lease* l : leases_) l->kept = tail(l->index);
  stuck_ = false;
  waits_.look_again();
}

void ring_set::on_stuck() {
  stuck_ = true;
  waits_.look_again();
}

bool ring_set::may_wait() {
  const uint64_t thread = system_.thread();
  return thread != draining_ && thread != caller_;
}

bool ring_set::wait_kept(const std::vector<uint64_t>& heads, duration most) {
  return waits_.wait(most, [&] {
    return std::equal(heads.begin(), heads.end(), leases_.begin(), [](uint64_t head, const lease* l) { return l->kept >= head; });
  });
}

// Whoever stored a head before the barrier is seen here; whoever stores one after it sees that we sleep.
bool ring_set::may_sleep(std::span<const uint64_t> seen) {
  *asleep_ |= drain_sleeps;
  system_.barrier();
  for (uint32_t i = 0; i < count(); ++i) {
    if (head(i) == seen[i]) continue;
    rouse();
    return false;
  }
  return true;
}

// From the start, if there is room: a line of a signal handler may not wait for it. [mutex held, but by the constructor]
bool ring_set::open_shared() {
  lease& l = *leases_[0];
  if (l.open) return true;
  if (open(l).status != THARSIS_OK) return false;
  front_.add_owner(0, 0);
  // All of it: a signal's handler that interrupts a line writes here, and must not call the cipher's library.
  if (prepare(l, l.prepared, geometry_.ring_size - l.prepared)) l.prepared = geometry_.ring_size;
  return true;
}

ring_set::shared_line::shared_line(ring_set& rings) : thread_(rings.system_.thread()) {
  if (rings.closing_ || held::by_this_thread(rings.shared_)) return;
  mine_.emplace(rings.shared_);
  if (!rings.is_open(0) && !rings.closing_ && !held::by_this_thread(rings.mutex_)) {
    const held lock(rings.mutex_);
    rings.open_shared();
  }
  if (rings.is_open(0) && !rings.closing_) ring_ = rings.leases_[0];
  else mine_.reset();
}

bool ring_set::append_to_dictionary(std::span<const uint8_t> entry) {
  if (closing_ || held::by_this_thread(mutex_)) return false;
  const held lock(mutex_);
  if (closing_) return false;
  if (!sealed_) return front_.append_to_dictionary(entry);
  const uint64_t at = front_.dictionary_used(), skip = at % keystream_unit;
  std::vector<uint8_t> sealed((skip + entry.size() + keystream_unit - 1) / keystream_unit * keystream_unit);
  if (!callbacks_.fill(stream_position(dictionary_stream, at - skip), sealed)) return false;
  for (size_t i = 0; i < entry.size(); ++i) sealed[skip + i] ^= entry[i];
  return front_.append_to_dictionary(std::span(sealed).subspan(skip, entry.size()));
}

ring_bytes ring_set::bytes(uint32_t ring) const {
  const lease& l = *leases_[ring];
  if (!is_open(ring)) return {};
  return {l.bytes, sealed_ ? l.keystream : nullptr, l.mask, 0};
}

bool ring_set::close(duration most) {
  const instant end = later(system_.now(), most);
  closing_ = true;
  waits_.end();
  system_.barrier();
  std::atomic<uint32_t> never_changed{0};
  const auto until = [&](auto&& is_so) {
    while (!is_so())
      if (system_.now() >= end) return false;
      else system_.wait(never_changed, 0, look_again);
    return true;
  };
  for (lease* l : leases_) {
    ++l->turn;
    system_.wake_all(l->turn);
    if (!until([&] { return busy_of(*l) == 0 || (l->owner != shared_owner && system_.is_gone(l->owner)); })) return false;
  }
  if (!until([&] { return shared_.try_lock(); })) return false;
  shared_.unlock();
  if (!until([&] { return mutex_.try_lock(); })) return false;
  mutex_.unlock();
  return true;
}

}  // namespace tharsis::xlog
