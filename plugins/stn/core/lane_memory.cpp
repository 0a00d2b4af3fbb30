#include "plugins/stn/core/lane_memory.h"

#include <algorithm>

#include "sdk/pure/url.h"
#include "sdk/pure/whole_number.h"

namespace tharsis::stn {
namespace {

constexpr std::string_view lanes_head = "tharsis.stn lanes 1\n";
constexpr double lanes_whole = 1000;

// Less than 0: it is none.
double share_of(std::string_view digits) {
  const auto number = whole_number<int>(digits);
  return number && *number >= 0 && *number <= lanes_whole ? *number / lanes_whole : -1;
}

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
  for (const entry& e : known_) {
    const udp_memory::network& datagrams = e.what->datagrams;
    if (e.what->need == 0 && !datagrams.worked) continue;
    all += percent_encode(e.name) + ' ' + std::to_string(static_cast<int>(e.what->need * lanes_whole));
    if (datagrams.worked) all += ' ' + std::to_string(static_cast<int>(datagrams.loss * lanes_whole));
    all += '\n';
  }
  return all;
}

error lane_memory::read(std::string_view text) {
  if (!text.starts_with(lanes_head)) return {THARSIS_E_PROTOCOL, "its first line is not that of a file of lanes"};
  text.remove_prefix(lanes_head.size());
  for (size_t number = 2; !text.empty() && known_.size() < kept_max; ++number) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const size_t space = line.find(' '), second = space == std::string_view::npos ? space : line.find(' ', space + 1);
    const auto name = percent_decode(line.substr(0, space));
    const double late = space == std::string_view::npos ? -1 : share_of(line.substr(space + 1, second - space - 1));
    const double lost = second == std::string_view::npos ? 0 : share_of(line.substr(second + 1));
    if (!name || name->empty() || late < 0 || lost < 0 || end == std::string_view::npos)
      return {THARSIS_E_PROTOCOL, "line " + std::to_string(number) + " is no network's weakness"};
    const auto same = std::find_if(known_.begin(), known_.end(), [&](const entry& e) { return e.name == *name; });
    network& into = same != known_.end() ? *same->what : *known_.emplace_back(entry{*name, std::make_shared<network>()}).what;
    if (into.need == 0) into.need = late;
    if (into.datagrams.worked || second == std::string_view::npos) continue;
    into.datagrams.worked = true;
    into.datagrams.loss = lost;
  }
  return fine();
}

}  // namespace tharsis::stn
