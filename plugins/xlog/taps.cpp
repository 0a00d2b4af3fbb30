#include "plugins/xlog/taps.h"

#include <algorithm>

#include "plugins/xlog/core/tick_clock.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {

tharsis_handle taps::open(const tharsis_log_filter* filter, bool decides, tharsis_on_line on_line, void* context,
                          std::vector<uint64_t> from) {
  static constexpr tharsis_log_filter everything = {sizeof everything, THARSIS_LOG_VERBOSE, {}, {}, {}};
  const tharsis_log_filter& f = filter != nullptr ? *filter : everything;
  const std::lock_guard lock(mutex_);
  auto changed = std::make_shared<list>(*all_);
  changed->push_back(std::make_shared<tap>(tap{++last_, f.level, std::string(view(f.plugin)), std::string(view(f.tag)),
                                               std::string(view(f.text)), decides, on_line, context, std::move(from)}));
  change(std::move(changed));
  return last_;
}

void taps::close(tharsis_handle handle) {
  std::unique_lock lock(mutex_);
  const auto found = std::find_if(all_->begin(), all_->end(), [&](const auto& t) { return t->handle == handle; });
  if (found == all_->end()) return;
  const std::shared_ptr<tap> closing = *found;
  auto changed = std::make_shared<list>(*all_);
  std::erase(*changed, closing);
  change(std::move(changed));
  closing->closed = true;
  ended_.wait(lock, [&] { return called_ != closing.get() || is_telling(); });
}

// [mutex held]
void taps::change(std::shared_ptr<const list> to) {
  all_ = std::move(to);
  count_.store(all_->size(), std::memory_order_relaxed);
  turn_.fetch_add(1, std::memory_order_release);
}

std::shared_ptr<const taps::list> taps::all() const {
  const std::lock_guard lock(mutex_);
  return all_;
}

bool taps::may_want(const site& s) const {
  const auto now = all();
  return std::any_of(now->begin(), now->end(), [&](const auto& t) { return t->may_want(s); });
}

bool taps::tell(uint32_t ring, uint64_t position, const record& r) {
  const tharsis_log_record line = shown(r);
  bool keeps = true;
  const auto now = all();
  for (const auto& t : *now) {
    if (!t->wants(ring, position, r) || !begin_call(*t)) continue;
    const int32_t answer = t->on_line(t->context, &line);
    end_call();
    if (t->decides && answer == 0) keeps = false;
  }
  return keeps;
}

bool taps::begin_call(const tap& t) {
  const std::lock_guard lock(mutex_);
  if (t.closed) return false;
  called_ = &t;
  telling_ = std::this_thread::get_id();
  return true;
}

void taps::end_call() {
  {
    const std::lock_guard lock(mutex_);
    called_ = nullptr;
    telling_ = std::thread::id();
  }
  ended_.notify_all();
}

tap_feed::tap_feed(taps& to, ring_set& rings, const site_registry& sites) : to_(to), rings_(rings), sites_(sites), of_(rings.count()) {}

bool tap_feed::is_needed() const {
  return to_.any() || std::any_of(of_.begin(), of_.end(), [](const of_ring& o) { return !o.left_out.empty(); });
}

bool tap_feed::takes(const row& r, uint64_t position, uint64_t thread, const clock_anchor& anchor) {
  of_ring& ring = of_[r.thread];
  if (position < ring.told) return !std::binary_search(ring.left_out.begin(), ring.left_out.end(), position);
  ring.told = position + 1;
  const site* const s = wanted(r.site);
  if (s == nullptr || is_own(ring, position) || tell(r, position, thread, *s, anchor)) return true;
  ring.left_out.push_back(position);
  return false;
}

bool tap_feed::is_own(const of_ring& ring, uint64_t position) {
  return std::any_of(ring.own.begin(), ring.own.end(), [&](const said_inside& s) { return position >= s.begin && position < s.end; });
}

// Null: nobody does.
const site* tap_feed::wanted(uint32_t number) {
  if (!to_.any()) return nullptr;
  if (const uint32_t turn = to_.turn(); turn != turn_) {
    wanted_.assign(1, {});
    turn_ = turn;
  }
  if (number >= wanted_.size())
    for (site& s : sites_.from(static_cast<uint32_t>(wanted_.size()))) {
      if (to_.may_want(s)) wanted_.emplace_back(std::move(s));
      else wanted_.emplace_back();
    }
  return number < wanted_.size() && wanted_[number] ? &*wanted_[number] : nullptr;
}

// What the taps say meanwhile is in this thread's ring, which it may have got only now, or in the shared one.
bool tap_feed::tell(const row& r, uint64_t position, uint64_t thread, const site& s, const clock_anchor& anchor) {
  const std::vector<uint64_t> before = rings_.heads();
  const bool keeps = to_.tell(r.thread, position, record_of(s, thread, wall_of(r.tick, anchor), r.arguments));
  if (const auto mine = rings_.ring_of_caller(); mine && rings_.head(*mine) != before[*mine])
    of_[*mine].own.push_back({before[*mine], rings_.head(*mine)});
  for (const said_inside& shared : to_.take_said_inside()) of_[shared_ring].own.push_back(shared);
  return keeps;
}

void tap_feed::forget(uint32_t ring, uint64_t to) {
  if (ring >= of_.size()) return;
  std::erase_if(of_[ring].left_out, [to](uint64_t position) { return position < to; });
  std::erase_if(of_[ring].own, [to](const said_inside& s) { return s.end <= to; });
}

}  // namespace tharsis::xlog
