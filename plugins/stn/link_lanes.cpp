#include "plugins/stn/link_lanes.h"

#include <cmath>
#include <utility>

namespace tharsis::stn {
namespace {

// Less is not worth a write.
constexpr double need_step = 0.03;
const error lane_not_needed{THARSIS_E_CANCELLED, "nobody needs the lane any more"};

}  // namespace

link_lanes::link_lanes(const live_connection::surroundings& s, const host& tables, switchboard& ways, task_queue& tasks, const counts& count, weak_memory& memory, errands e)
    : around_(s), host_(tables), ways_(ways), tasks_(tasks), counts_(count), errands_(std::move(e)), policy_(s.settings.lanes, s.settings.hedge), memory_(memory), wait_(s.place), starting_(s.place) {
  tasks_.spread_by(&policy_);
}

void link_lanes::on_own_coming(const std::string& network) {
  policy_.on_own_coming(memory_.of(name_of(network)), around_.place.now());
  open_wanted();
  starting_.clear();
  starting_.spawn(watch_start());
}

// While the link connects its turns do not come.
task<void> link_lanes::watch_start() {
  start_patience patience({}, around_.place.now());
  while (policy_.races()) {
    co_await wait_.wait(patience.deadline());
    const start_sight seen = errands_.progress();
    if (!policy_.races() || !patience.on_look(seen, around_.place.now())) continue;
    policy_.on_own_late(around_.place.now());
    open_wanted();
  }
}

void link_lanes::on_own_up(const std::string& network, bool weak, uint64_t server) {
  starting_.clear();
  share_budget(network);
  policy_.on_own_up(memory_.of(name_of(network)), around_.place.now(), server);
  if (weak) policy_.on_hint(around_.place.now());
}

void link_lanes::on_own_lost(bool stay, bool by_server) {
  starting_.clear();
  policy_.on_own_lost(by_server, around_.place.now());
  if (!stay) end(lane_not_needed);
  follow();
}

std::unique_ptr<live_connection> link_lanes::take_successor(dialer& arrives) {
  lane& l = *find(*policy_.best_successor());
  for (const uint32_t sequence : policy_.adopt(l.number())) tasks_.write_too(sequence, policy_.is_copy_on_own(sequence));
  arrives.arrived(l.dialled());
  return l.take();
}

void link_lanes::on_network(const std::string& network) {
  end(error{THARSIS_E_NETWORK, "the network changed"});
  share_budget(network);
  policy_.forgive(memory_.of(name_of(network)), around_.place.now());
}

void link_lanes::share_budget(const std::string& network) { policy_.share_budget(memory_.debt("lanes", network, errands_.target().host)); }

void link_lanes::recall(const std::string& network) {
  share_budget(network);
  policy_.recall(memory_.of(name_of(network)), around_.place.now());
  if (policy_.races()) open_wanted();
}

void link_lanes::on_codec_gone(const std::string& sentence) {
  for (const auto& l : lanes_) l->on_codec_gone(sentence);
}

void link_lanes::end(const error& why) {
  for (const auto& l : lanes_) {
    if (l->ended()) continue;
    lose(*l, why, true);
    l->finish();
  }
}

void link_lanes::step() {
  const instant now = around_.place.now();
  std::erase_if(lanes_, [](const auto& l) { return l->ended(); });
  policy_.on_deadline(now);
  while (const auto number = policy_.take_closing(now)) find(*number)->finish();
  open_wanted();
  for (const uint32_t sequence : policy_.take_for_own()) tasks_.write_too(sequence, policy_.is_copy_on_own(sequence));
}

// What a lane has to carry leaves in its own turn.
void link_lanes::flush() {
  for (const auto& l : lanes_)
    if (policy_.has_to_write(l->number())) l->nudge();
  follow();
}

void link_lanes::open_wanted() {
  const instant now = around_.place.now();
  while (policy_.wants_lane(now)) {
    if (is_held_back()) return;
    open(*policy_.take_opening(now));
  }
  held_back_.clear();
}

// All links together may have so many beside their own; it is asked for again when this looks again.
bool link_lanes::is_held_back() {
  std::string why = ways_.extras().refusal(errands_.target().host);
  const bool is_new = held_back_.empty() && !why.empty();
  held_back_ = std::move(why);
  if (held_back_.empty()) return false;
  if (!is_new) return true;
  counts_.lanes_held_back.add();
  told_held_back_ = false;
  return true;
}

lane_report link_lanes::report() const {
  lane_report r = policy_.report(around_.place.now());
  if (!held_back_.empty()) r.reason += (r.reason.empty() ? "no more lanes: " : "; no more lanes: ") + held_back_;
  return r;
}

// To another address than the others, where there is one.
void link_lanes::open(uint32_t number) {
  lane::owner& heard = *this;
  lanes_.push_back(std::make_unique<lane>(number, around_, host_, ways_, tasks_, policy_, heard));
  std::vector<tharsis_address> taken = {errands_.at()};
  for (const auto& l : lanes_) taken.push_back(l->dialled().address());
  lanes_.back()->dialled().avoid(std::move(taken));
  lanes_.back()->start(errands_.target());
}

void link_lanes::lose(lane& l, const error& why, bool ours) {
  tasks_.on_lane_loss(policy_.on_lane_lost(l.number(), ours, around_.place.now()), why, around_.place.now());
}

void link_lanes::on_lane_up(lane& l) {
  policy_.on_lane_up(l.number(), around_.place.now(), l.server());
  errands_.on_first();
  errands_.nudge();
}

void link_lanes::on_lane_read(size_t bytes) {
  if (bytes > 0) heard_at_ = around_.place.now();
  errands_.hand_over();
  errands_.on_bytes(bytes, 0);
  errands_.nudge();  // The end of a task may be the beginning of another one.
}

void link_lanes::on_lane_written(size_t bytes) {
  errands_.hand_over();  // What no codec carries has ended.
  errands_.on_bytes(0, bytes);
}

void link_lanes::on_lane_ended(lane& l, const loss& why) {
  l.dialled().blame(why.status);
  lose(l, why, false);
  errands_.hand_over();
  errands_.nudge();
}

lane* link_lanes::find(uint32_t number) {
  for (const auto& l : lanes_)
    if (l->number() == number) return l.get();
  return nullptr;
}

// Tells counts and the link what is new. In each turn, and in most of them nothing is.
void link_lanes::follow() {
  if (policy_.totals() != told_) count(policy_.totals());
  if (std::exchange(told_late_, policy_.late_tasks()) != policy_.late_tasks() && policy_.weak()) errands_.on_late();
  if (std::abs(policy_.remembered() - kept_) > need_step) {
    kept_ = policy_.remembered();
    memory_.change();
  }
  const lane_use use = policy_.use(around_.place.now());
  const bool other = std::exchange(told_lanes_, policy_.lanes()) != policy_.lanes();
  const bool held = !std::exchange(told_held_back_, true);
  if (std::exchange(told_use_, use) != use || held || (other && use == lane_use::several)) errands_.on_change();
}

void link_lanes::count(const lane_totals& t) {
  counts_.lanes_opened.add(t.opened - told_.opened);
  counts_.lanes_failed.add(t.failed - told_.failed);
  counts_.hedge_copies.add(t.copies - told_.copies);
  counts_.hedge_copy_bytes.add(t.copy_bytes - told_.copy_bytes);
  counts_.hedge_won.add(t.won - told_.won);
  counts_.hedge_late.add(t.late - told_.late);
  counts_.hedge_refused.add(t.refused - told_.refused);
  told_ = t;
}

}  // namespace tharsis::stn
