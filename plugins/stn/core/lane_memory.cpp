#include "plugins/stn/core/lane_memory.h"

#include <algorithm>

#include "sdk/pure/url.h"
#include "sdk/pure/whole_number.h"

namespace tharsis::stn {
namespace {

constexpr std::string_view lanes_head = "tharsis.stn lanes 1\n";
constexpr double lanes_whole = 1000;

}  // namespace

std::shared_ptr<lane_memory::network> lane_memory::of(const std::string& name) {
  const auto found = std::find_if(known_.begin(), known_.end(), [&](const entry& e) { return e.name == name; });
  if (found != known_.end()) {
    known_.splice(known_.begin(), known_, found);
  } else {
    known_.push_front({name, std::make_shared<network>()});
    if (known_.size() > kept_max) known_.pop_back();
  }
  return known_.front().what;
}

std::string lane_memory::text() const {
  std::string all(lanes_head);
  for (const entry& e : known_)
    if (e.what->need > 0) all += percent_encode(e.name) + ' ' + std::to_string(static_cast<int>(e.what->need * lanes_whole)) + '\n';
  return all;
}

error lane_memory::read(std::string_view text) {
  if (!text.starts_with(lanes_head)) return {THARSIS_E_PROTOCOL, "its first line is not that of a file of lanes"};
  text.remove_prefix(lanes_head.size());
  for (size_t number = 2; !text.empty() && known_.size() < kept_max; ++number) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const size_t space = line.find(' ');
    const auto name = percent_decode(line.substr(0, space));
    const int late = space == std::string_view::npos ? -1 : whole_number<int>(line.substr(space + 1)).value_or(-1);
    if (!name || name->empty() || late < 0 || late > lanes_whole || end == std::string_view::npos)
      return {THARSIS_E_PROTOCOL, "line " + std::to_string(number) + " is no network's weakness"};
    const auto same = std::find_if(known_.begin(), known_.end(), [&](const entry& e) { return e.name == *name; });
    if (same == known_.end()) known_.push_back({*name, std::make_shared<network>(network{late / lanes_whole})});
    else if (same->what->need == 0) same->what->need = late / lanes_whole;
  }
  return fine();
}

}  // namespace tharsis::stn
