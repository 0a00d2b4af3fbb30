#include "plugins/stn/core/learned_intervals.h"

#include <algorithm>

#include "sdk/pure/url.h"
#include "sdk/pure/whole_number.h"

namespace tharsis::stn {
namespace {

constexpr std::string_view intervals_head = "tharsis.stn intervals 1\n";

// A network's id comes from others; "-" stands for none.
std::string word_of(std::string_view name) { return name.empty() ? "-" : percent_encode(name); }

std::string_view take_word(std::string_view& line) {
  const std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(std::min(line.size(), word.size() + 1));
  return word;
}

// The last three or four words of a line.
std::optional<learned_interval> read_learned(std::string_view line, bool& dozing) {
  learned_interval l;
  const auto seconds = whole_number<int64_t>(take_word(line));
  if (!seconds || *seconds < 0 || *seconds > int64_t{1} << 20) return std::nullopt;
  l.interval = std::chrono::seconds(*seconds);
  const std::string_view state = take_word(line);
  l.settled = state == "settled";
  if (!l.settled && state != "searching") return std::nullopt;
  const auto changed = whole_number<int64_t>(take_word(line));
  dozing = line == "dozing";
  if (!line.empty() && !dozing) return std::nullopt;
  if (!changed || *changed < 0) return std::nullopt;
  l.changed = *changed;
  return l;
}

}  // namespace

std::list<learned_intervals::entry>::iterator learned_intervals::at(const std::string& link, const std::string& network, bool dozing) {
  return std::find_if(known_.begin(), known_.end(),
                      [&](const entry& e) { return e.link == link && e.network == network && e.dozing == dozing; });
}

std::optional<learned_interval> learned_intervals::find(std::string_view link, std::string_view network, bool dozing) {
  const auto found = at(word_of(link), word_of(network), dozing);
  if (found == known_.end()) return std::nullopt;
  known_.splice(known_.begin(), known_, found);
  return known_.front().what;
}

void learned_intervals::put(std::string_view link, std::string_view network, const learned_interval& l, bool dozing) {
  put({word_of(link), word_of(network), dozing, l});
}

void learned_intervals::put(entry e) {
  const auto found = at(e.link, e.network, e.dozing);
  if (found != known_.end()) known_.erase(found);
  known_.push_front(std::move(e));
  if (known_.size() > kept_max) known_.pop_back();
}

void learned_intervals::add_newer(const learned_intervals& newer) {
  for (auto e = newer.known_.rbegin(); e != newer.known_.rend(); ++e) put(*e);
}

std::string learned_intervals::text() const {
  std::string all(intervals_head);
  for (const entry& e : known_) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(e.what.interval).count();
    all += e.link + ' ' + e.network + ' ' + std::to_string(seconds) + (e.what.settled ? " settled " : " searching ") +
           std::to_string(e.what.changed) + (e.dozing ? " dozing\n" : "\n");
  }
  return all;
}

result<learned_intervals> learned_intervals::parse(std::string_view text) {
  if (!text.starts_with(intervals_head)) return error{THARSIS_E_PROTOCOL, "its first line is not that of a file of intervals"};
  text.remove_prefix(intervals_head.size());
  learned_intervals all;
  for (size_t number = 2; !text.empty() && all.size() < kept_max; ++number) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const std::string link(take_word(line)), network(take_word(line));
    bool dozing = false;
    const auto l = read_learned(line, dozing);
    if (link.empty() || network.empty() || !l || end == std::string_view::npos || all.at(link, network, dozing) != all.known_.end())
      return error{THARSIS_E_PROTOCOL, "line " + std::to_string(number) + " is no interval"};
    all.known_.push_back({link, network, dozing, *l});
  }
  return all;
}

}  // namespace tharsis::stn
