#include "plugins/demo/core/tally.h"

#include <algorithm>

#include "sdk/pure/json.h"

namespace tharsis::demo {

void tally::on_answer(size_t line, bool good, const std::string& failure) {
  if (line >= answers_.size() || answers_[line]++ > 0) {
    ++answered_twice;
    return;
  }
  ++answered_;
  ++(good ? ok : failed);
  if (!good && first_failure.empty()) first_failure = "line " + std::to_string(line + 1) + ": " + failure;
}

void tally::on_link_up(uint32_t count, duration gap_before) {
  connects = std::max(connects, count);
  if (count < 2) return;
  outage_over_ = true;
  longest_gap = std::max(longest_gap, gap_before);
}

// The verdict that counts is the last one given while the link was down.
void tally::on_verdict(const std::string& sentence, bool link_down) {
  if (link_down && !sentence.empty()) headline = sentence;
}

std::vector<std::string> tally::shortfalls(int64_t outages_wanted) const {
  std::vector<std::string> out;
  const auto number = [](auto n) { return std::to_string(n); };
  if (answered_ < answers_.size())
    out.push_back(number(answers_.size() - answered_) + " of " + number(answers_.size()) + " tasks have no answer");
  if (failed > 0) out.push_back(number(failed) + " tasks failed, first " + first_failure);
  if (answered_twice > 0) out.push_back(number(answered_twice) + " tasks were answered more than once");
  if (static_cast<int64_t>(connects) < outages_wanted + 1)
    out.push_back("the link came up " + number(connects) + " times, " + number(outages_wanted + 1) + " were expected");
  if (!server.known) out.push_back("the gateway did not tell how many messages it executed");
  else if (duplicates() != 0 || server.keys < ok)
    out.push_back("the gateway executed " + number(server.executions) + " messages for " + number(server.keys) + " keys");
  if (pushes_before_ == 0 && pushes_after_ == 0) out.push_back("no push arrived from the second client");
  else if (outages_wanted > 0 && pushes_after_ == 0) out.push_back("no push arrived after the outage");
  if (outages_wanted > 0 && headline.empty()) out.push_back("sdt gave no verdict while the link was down");
  if (!log.failure.empty()) out.push_back("the log could not be read back: " + log.failure);
  else if (log.tasks_found < answers_.size())
    out.push_back("the log holds " + number(log.tasks_found) + " of " + number(answers_.size()) + " tasks");
  return out;
}

std::string tally::json() const {
  return json_object()
      .add("tasks", json_object().add("sent", sent).add("ok", ok).add("failed", failed).add("duplicates", duplicates()))
      .add("pushes", pushes())
      .add("link", json_object().add("connects", connects).add("longest_gap_ms", milliseconds(longest_gap)))
      .add("dns", json_object()
                      .add("queries", dns.queries)
                      .add("pinned", dns.pinned)
                      .add("cached", dns.cached)
                      .add("system", dns.system)
                      .add("failed", dns.failed))
      .add("sdt", json_object().add("headline", headline))
      .add("log", json_object().add("file", log.file).add("lines", log.lines).add("tasks_found", log.tasks_found))
      .text();
}

}  // namespace tharsis::demo
