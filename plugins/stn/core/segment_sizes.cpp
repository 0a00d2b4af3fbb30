#include "plugins/stn/core/segment_sizes.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "sdk/pure/url.h"
#include "sdk/pure/whole_number.h"

namespace tharsis::stn {
namespace {

constexpr std::string_view segments_head = "tharsis.stn segments 1\n";
constexpr int64_t mss_lowest = 88, mss_highest = 32767;

// Between the least and Ethernet: IPv6's least MTU, tunnels (1300, 1360, 1380, 1400), WireGuard (1420), VXLAN (1450),
// 6in4 (1480) and PPPoE (1492), less 40 bytes.
constexpr int64_t plateaus[] = {1240, 1260, 1320, 1340, 1360, 1380, 1410, 1440, 1452};

int64_t whole_size(int64_t mss) { return mss == 0 ? segment_sizes::full : mss; }

std::string_view next_word(std::string_view& line) {
  const std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(std::min(line.size(), word.size() + 1));
  return word;
}

std::optional<int64_t> number_between(std::string_view word, int64_t least, int64_t most) {
  const auto n = whole_number<int64_t>(word);
  return n && *n >= least && *n <= most ? n : std::nullopt;
}

}  // namespace

void segment_sizes::on_network(std::string_view id) { network_ = id.empty() ? "-" : percent_encode(id); }

const segment_sizes::entry* segment_sizes::find() const {
  const auto found = std::find_if(known_.begin(), known_.end(), [&](const entry& e) { return e.network == network_; });
  return found == known_.end() ? nullptr : &*found;
}

segment_sizes::entry* segment_sizes::find() {
  const auto found = std::find_if(known_.begin(), known_.end(), [&](const entry& e) { return e.network == network_; });
  if (found == known_.end()) return nullptr;
  known_.splice(known_.begin(), known_, found);
  return &known_.front();
}

// Of the sizes between; 0: none is left.
int64_t segment_sizes::middle(const entry& e) const {
  const auto* const first = std::upper_bound(std::begin(plateaus), std::end(plateaus), e.passes);
  const auto* const last = std::lower_bound(first, std::end(plateaus), e.fails);
  return first == last ? 0 : first[(last - first) / 2];
}

segment_sizes::choice segment_sizes::next(int64_t wall) {
  entry* const e = find();
  if (e == nullptr) return {};
  const int64_t pause = std::chrono::floor<std::chrono::seconds>(e->sure ? settings_.full_again : settings_.once_again).count();
  if (wall < e->looked) e->looked = wall;  // The clock was set.
  if (wall - e->looked < pause) return {e->passes, false};
  const int64_t between = e->sure && e->carried >= settings_.worth ? middle(*e) : 0;
  e->looked = wall;
  e->carried = 0;
  // The full size one time, what lies between the next: a hole that has gone is found within two hours at the latest.
  e->tried_between = between != 0 && !e->tried_between;
  return {e->tried_between ? between : 0, true};
}

int64_t segment_sizes::beside(int64_t mss) const {
  const entry* const e = find();
  if (e != nullptr && e->passes < whole_size(mss)) return e->passes;
  return settings_.least < whole_size(mss) ? settings_.least : 0;
}

bool segment_sizes::on_hole(int64_t stuck, int64_t passed, int64_t wall) {
  entry* e = find();
  const bool news = e == nullptr || e->passes != passed || whole_size(stuck) < e->fails;
  if (e != nullptr) {
    e->sure = true;
  } else {
    known_.push_front({network_});
    e = &known_.front();
    if (known_.size() > known_max) known_.pop_back();
  }
  e->fails = std::min(e->passes == 0 ? full : e->fails, whole_size(stuck));
  e->passes = e->passes == 0 || e->passes >= e->fails ? passed : e->passes;
  e->looked = wall;
  e->carried = 0;
  return news;
}

bool segment_sizes::on_passed(int64_t mss, int64_t wall) {
  entry* const e = find();
  if (e == nullptr || whole_size(mss) <= e->passes) return false;
  if (whole_size(mss) >= full) {
    known_.pop_front();
    return true;
  }
  e->passes = whole_size(mss);
  e->fails = std::max(e->fails, e->passes + 1);
  e->looked = wall;
  return true;
}

void segment_sizes::on_carried(uint64_t bytes) {
  if (entry* const e = find()) e->carried += bytes;
}

bool segment_sizes::clamp(int64_t mss, int64_t wall) {
  entry* e = find();
  if (mss == 0) {
    if (e != nullptr) known_.pop_front();
    return e != nullptr;
  }
  if (e != nullptr && e->passes == mss) return false;
  if (e == nullptr) known_.push_front({network_});
  if (known_.size() > known_max) known_.pop_back();
  e = &known_.front();
  e->passes = mss;
  e->fails = std::max(full, mss + 1);
  e->sure = true;
  e->looked = wall;
  return true;
}

int64_t segment_sizes::here() const {
  const entry* const e = find();
  return e == nullptr ? 0 : e->passes;
}

std::string segment_sizes::text() const {
  std::string all(segments_head);
  for (const entry& e : known_)
    all += e.network + ' ' + std::to_string(e.passes) + ' ' + std::to_string(e.fails) + (e.sure ? " sure " : " once ") + std::to_string(e.looked) + '\n';
  return all;
}

error segment_sizes::read(std::string_view text, int64_t wall) {
  if (!text.starts_with(segments_head)) return {THARSIS_E_PROTOCOL, "its first line is not that of a file of segment sizes"};
  text.remove_prefix(segments_head.size());
  const int64_t oldest = wall - std::chrono::floor<std::chrono::seconds>(settings_.kept_for).count();
  std::list<entry> taken;
  for (size_t number = 2; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    entry e;
    e.network = next_word(line);
    const auto passes = number_between(next_word(line), mss_lowest, mss_highest);
    const auto fails = number_between(next_word(line), mss_lowest + 1, mss_highest + 1);
    const std::string_view how = next_word(line);
    const auto looked = number_between(line, 0, int64_t{1} << 40);
    if (end == std::string_view::npos || e.network.empty() || !passes || !fails || *passes >= *fails || !looked || (how != "sure" && how != "once"))
      return {THARSIS_E_PROTOCOL, "line " + std::to_string(number) + " is no network's size"};
    text.remove_prefix(end + 1);
    e.passes = *passes;
    e.fails = *fails;
    e.sure = how == "sure";
    e.looked = *looked;
    if (*looked >= oldest && *looked <= wall && taken.size() < known_max) taken.push_back(std::move(e));
  }
  for (entry& e : taken) {
    const bool known = std::any_of(known_.begin(), known_.end(), [&](const entry& k) { return k.network == e.network; });
    if (!known && known_.size() < known_max) known_.push_back(std::move(e));
  }
  return fine();
}

}  // namespace tharsis::stn
