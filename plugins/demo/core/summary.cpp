#include "plugins/demo/core/summary.h"

#include <cstdio>

namespace tharsis::demo {
namespace {

std::string number(uint64_t n) { return std::to_string(n); }

std::string seconds(duration d) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f s", static_cast<double>(milliseconds(d)) / 1000);
  return text;
}

std::string plural(uint64_t n, const std::string& noun) { return number(n) + " " + noun + (n == 1 ? "" : "s"); }

std::string row(const std::string& name, const std::string& content) {
  return "  " + name + std::string(name.size() < 8 ? 8 - name.size() : 1, ' ') + content + "\n";
}

std::string tasks_row(const tally& t) {
  std::string out = plural(t.sent, "line") + " sent, " + number(t.ok) + " answered with their echo";
  if (t.failed > 0) out += ", " + number(t.failed) + " failed";
  if (t.answered() < t.lines()) out += ", " + number(t.lines() - t.answered()) + " without an answer";
  return out;
}

std::string server_row(const tally& t) {
  if (!t.server.known) return "did not tell what it executed";
  std::string out = "executed " + plural(t.server.executions, "message") + ", " + (t.duplicates() == 0 ? "none" : number(t.duplicates())) + " twice";
  if (t.server.repeats > 0) out += "; " + number(t.server.repeats) + (t.server.repeats == 1 ? " was" : " were") + " sent again and answered from memory";
  return out;
}

std::string link_row(const tally& t) {
  if (t.connects == 0) return "never came up" + (t.link_reason.empty() ? "" : ": " + t.link_reason);
  std::string out = "came up " + plural(t.connects, "time");
  if (t.longest_gap > duration{}) out += "; was away for " + seconds(t.longest_gap) + ": " + t.link_reason;
  return out;
}

std::string pushes_row(const tally& t) {
  std::string out = number(t.pushes()) + " from the second client";
  if (t.connects > 1) out += ", " + number(t.pushes_after_outage()) + " of them after the outage";
  return out;
}

std::string dns_row(const tally& t) {
  std::string out = plural(t.dns.queries, "question") + ":";
  const auto part = [&](uint64_t n, const char* what) {
    if (n > 0) out += (out.back() == ':' ? " " : ", ") + number(n) + " " + what;
  };
  part(t.dns.literal, "with an address already");
  part(t.dns.pinned, "pinned by the profile");
  part(t.dns.cached, "from memory");
  part(t.dns.system, "from the system");
  part(t.dns.failed, "failed");
  return out.back() == ':' ? "no questions" : out;
}

std::string log_row(const tally& t) {
  if (!t.log.failure.empty()) return "could not be read back: " + t.log.failure;
  return plural(t.log.lines, "line") + " read back, " + number(t.log.tasks_found) + " of " + number(t.lines()) +
         " tasks found in it";
}

std::string painted(const std::string& text, const char* colour, bool colours) {
  return colours ? std::string("\x1b[") + colour + "m" + text + "\x1b[0m" : text;
}

std::string verdict(const tally& t, const surroundings_of_run& run) {
  const auto missing = t.shortfalls(run.outages);
  if (missing.empty())
    return painted("All is well: every line was answered exactly once", "1;32", run.colours) + " (" +
           seconds(run.took) + ").\n";
  std::string out = painted("Not all is well", "1;31", run.colours) + " (" + seconds(run.took) + "):\n";
  for (const std::string& sentence : missing) out += "  - " + sentence + "\n";
  return out;
}

}  // namespace

std::string progress_line(const tally& t, instant now, instant down_since) {
  std::string out = "sending: " + number(t.answered()) + " of " + number(t.lines()) + " lines answered, " +
                    number(t.pushes()) + (t.pushes() == 1 ? " push" : " pushes") + ", link ";
  if (t.link_up()) return out + "up";
  return out + (t.connects == 0 ? "not up yet" : "down for " + seconds(now - down_since));
}

std::string event_line(duration since, const std::string& text) { return "  after " + seconds(since) + ": " + text; }

std::string summary(const tally& t, const surroundings_of_run& run) {
  std::string out = "\n" + verdict(t, run) + "\n";
  out += row("tasks", tasks_row(t)) + row("gateway", server_row(t)) + row("pushes", pushes_row(t)) +
         row("link", link_row(t));
  if (!t.headline.empty()) out += row("sdt", t.headline);
  out += row("dns", dns_row(t)) + row("log", log_row(t));
  out += "\nLeft behind\n";
  if (!t.log.file.empty()) out += "  " + t.log.file + "\n";
  out += "  " + run.state_folder + "  (all state; remove it when you like)\n";
  out += "\nTry next\n";
  if (!t.log.file.empty()) out += "  " + run.program + " xlog cat " + t.log.file + "\n";
  out += "  " + run.program + " plugins configs/demo.yaml\n";
  out += "  script/run --json";
  return out;
}

}  // namespace tharsis::demo
