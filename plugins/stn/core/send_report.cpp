#include "plugins/stn/core/send_report.h"

#include <cstdio>

#include "sdk/pure/json.h"

namespace tharsis::stn {
namespace {

// Tenths where there are any: on loopback they matter.
std::string microseconds(const std::optional<duration>& d) {
  if (!d) return "null";
  const int64_t tenths = d->count() / 100;
  return std::to_string(tenths / 10) + (tenths % 10 == 0 ? "" : "." + std::to_string(tenths % 10));
}

void add_times(json_object& all, const send_report& r) {
  std::string times;
  for (const auto& took : r.times) times += (times.empty() ? "[" : ",") + microseconds(took);
  all.add("began_us", r.began.time_since_epoch().count() / 1000).add_raw("times_us", times + "]");
}

std::string figure_text(const std::optional<duration>& d) {
  if (!d) return "-";
  char text[32];
  std::snprintf(text, sizeof text, "%.3f ms", static_cast<double>(d->count()) / 1e6);
  return text;
}

}  // namespace

std::string report_json(const send_report& r, const link_totals& moved, const std::optional<std::string>& sha256) {
  json_object reasons;
  for (const auto& [reason, times] : r.reasons) reasons.add(reason, times);
  json_object all;
  all.add("sent", r.sent).add("ok", r.ok).add("failed", r.failed).add("reasons", reasons);
  all.add_raw("p50_us", microseconds(r.p50)).add_raw("p95_us", microseconds(r.p95));
  all.add_raw("p99_us", microseconds(r.p99)).add_raw("max_us", microseconds(r.max));
  all.add_raw("first_answer_us", microseconds(r.first_answer)).add_raw("elapsed_us", microseconds(r.elapsed));
  all.add("connects", moved.connects);
  all.add("bytes_sent", moved.bytes_sent).add("bytes_received", moved.bytes_received).add("repeated", moved.repeated);
  if (!r.times.empty()) add_times(all, r);
  if (sha256) all.add("sha256", *sha256);
  return all.text();
}

std::string report_table(const send_report& r, const link_totals& moved) {
  std::string tasks = "tasks    " + std::to_string(r.sent) + " sent, " + std::to_string(r.ok) + " answered";
  for (const auto& [reason, times] : r.reasons) tasks += ", " + std::to_string(times) + " " + reason;
  return tasks + "\nanswers  p50 " + figure_text(r.p50) + "  p95 " + figure_text(r.p95) + "  p99 " + figure_text(r.p99) + "  max " +
         figure_text(r.max) + "; the first after " + figure_text(r.first_answer) + "\nlink     " +
         std::to_string(moved.connects) + (moved.connects == 1 ? " connect, " : " connects, ") +
         std::to_string(moved.bytes_sent) + " bytes sent, " + std::to_string(moved.bytes_received) + " received\n";
}

}  // namespace tharsis::stn
