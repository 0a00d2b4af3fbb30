#include "plugins/demo/core/tally.h"

#include "sdk/pure/json.h"

namespace tharsis::demo {

void tally::on_answer(size_t line, bool good, const std::string& failure) {
  if (line >= answers_.size() || answers_[line] > 0) {
    ++answered_twice;
    return;
  }
  answers_[line] = 1;
  ++answered_;
  ++(good ? ok : failed);
  if (!good && first_failure.empty()) first_failure = "line " + std::to_string(line + 1) + ": " + failure;
}

void tally::on_link_up(uint32_t count, duration gap_before) {
  link_up_ = true;
  connects = std::max(connects, count);
  if (count < 2) return;
  outage_over_ = true;
  longest_gap = std::max(longest_gap, gap_before);
}

// What ended the link explains the outage better than the dials that failed afterwards.
void tally::on_link_down(const std::string& reason) {
  if (!reason.empty() && (link_up_ || connects == 0)) link_reason = reason;
  link_up_ = false;
}

// The verdict that counts is the last one after the link was up once: a short outage may be over when its diagnosis ends.
void tally::on_verdict(const std::string& sentence) {
  if (connects > 0 && !sentence.empty()) headline = sentence;
}

bool tally::satisfied(int64_t outages_wanted) const {
  if (!answered_all() || static_cast<int64_t>(connects) < outages_wanted + 1) return false;
  return outages_wanted == 0 ? pushes() > 0 : pushes_after_ > 0 && !headline.empty();
}

std::vector<std::string> tally::shortfalls(int64_t outages_wanted) const {
  std::vector<std::string> out;
  if (answered_ < answers_.size())
    out.push_back(std::to_string(answers_.size() - answered_) + " of " + std::to_string(answers_.size()) + " tasks have no answer");
  if (failed > 0) out.push_back(std::to_string(failed) + " tasks failed, the first one at " + first_failure);
  if (answered_twice > 0) out.push_back(std::to_string(answered_twice) + " answers came for tasks that had one");
  if (connects == 0) {
    out.push_back("the link never came up" + (link_reason.empty() ? "" : ": " + link_reason));
  } else if (static_cast<int64_t>(connects) < outages_wanted + 1) {
    out.push_back("the link came up " + std::to_string(connects) + " times where " +
                  std::to_string(static_cast<uint64_t>(outages_wanted) + 1) + " were expected");
  }
  if (!server.known) {
    out.push_back("the gateway did not tell what it executed: " + server.failure);
  } else if (duplicates() > 0 || server.executions < ok) {
    out.push_back("the gateway executed " + std::to_string(server.executions) + " messages under " + std::to_string(server.keys) +
                  " keys, for " + std::to_string(sent) + " that were sent");
  }
  if (pushes() == 0) {
    out.push_back("no push arrived from the second client");
  } else if (outages_wanted > 0 && pushes_after_ == 0) {
    out.push_back("no push arrived after the outage");
  }
  if (outages_wanted > 0 && headline.empty()) out.push_back("sdt gave no verdict about the outage");
  if (!log.failure.empty()) {
    out.push_back("the log could not be read back: " + log.failure);
  } else if (log.tasks_found < answers_.size()) {
    out.push_back("the log holds " + std::to_string(log.tasks_found) + " of " + std::to_string(answers_.size()) + " tasks");
  }
  return out;
}

std::string tally::json() const {
  return json_object()
      .add("tasks", json_object().add("sent", sent).add("ok", ok).add("failed", failed).add("duplicates", duplicates()))
      .add("pushes", pushes())
      .add("link", json_object().add("connects", connects).add("longest_gap_ms", milliseconds(longest_gap)))
      .add("dns", json_object()
                      .add("queries", dns.queries)
                      .add("literal", dns.literal)
                      .add("pinned", dns.pinned)
                      .add("cached", dns.cached)
                      .add("system", dns.system)
                      .add("failed", dns.failed))
      .add("sdt", json_object().add("headline", headline))
      .add("log", json_object().add("file", log.file).add("lines", log.lines).add("tasks_found", log.tasks_found))
      .text();
}

}  // namespace tharsis::demo
