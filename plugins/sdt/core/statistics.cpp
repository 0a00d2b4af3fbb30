#include "plugins/sdt/core/statistics.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "plugins/sdt/core/scene.h"
#include "sdk/pure/harmless.h"
#include "sdk/pure/json.h"
#include "sdk/pure/json_value.h"
#include "sdk/pure/utc.h"
#include "sdk/pure/utf8.h"

namespace tharsis::sdt {
namespace {

constexpr std::string_view statistics_schema = "tharsis.sdt.statistics/1";
constexpr int64_t ns_of_day = 86'400'000'000'000;
constexpr size_t word_max = 80;  // Bytes of a server's, network's or reason's name.
constexpr double step = 1.5;

size_t step_of(duration took) {
  const double ms = static_cast<double>(took.count()) / 1e6;
  return ms <= 1 ? 0 : std::min(statistics::steps - 1, static_cast<size_t>(std::ceil(std::log(ms) / std::log(step))));
}

std::string day_text(int64_t day) { return moment_text(day * ns_of_day).substr(0, 10); }

std::string counts_json(const std::map<std::string, uint64_t>& all) {
  json_object o;
  for (const auto& [word, times] : all) o.add(word, times);
  return o.text();
}

bool whole(const json_value* v, double most, double& into) {
  if (v == nullptr || !v->is(json_value::kind::number) || v->number < 0 || v->number > most || v->number != std::floor(v->number)) return false;
  return into = v->number, true;
}

bool read_counts(const json_value* v, std::map<std::string, uint64_t>& into) {
  if (v == nullptr || !v->is(json_value::kind::group) || v->fields.size() > statistics::reasons_max + 1) return false;
  for (const auto& [word, times] : v->fields) {
    double number = 0;
    if (word.size() > word_max || !whole(&times, 9e15, number)) return false;
    into[word] = static_cast<uint64_t>(number);
  }
  return true;
}

// Only what was met, as pairs: [[12,3],[13,1]].
std::string took_json(const statistics::row& r) {
  std::string text;
  for (size_t i = 0; i < r.took.size(); ++i)
    if (r.took[i] > 0) text += (text.empty() ? "[" : ",[") + std::to_string(i) + "," + std::to_string(r.took[i]) + "]";
  return "[" + text + "]";
}

bool read_took(const json_value* v, statistics::row& into) {
  if (v == nullptr || !v->is(json_value::kind::list) || v->items.size() > statistics::steps) return false;
  for (const json_value& pair : v->items) {
    double index = 0, times = 0;
    if (pair.items.size() != 2 || !whole(&pair.items[0], statistics::steps - 1, index) || !whole(&pair.items[1], 4294967295.0, times)) return false;
    into.took[static_cast<size_t>(index)] = static_cast<uint32_t>(times);
  }
  return true;
}

bool read_row(const json_value& v, statistics::row& into) {
  const json_value *network = v.find("network"), *server = v.find("server");
  double day = 0, tries = 0, good = 0;
  if (network == nullptr || server == nullptr || !network->is(json_value::kind::text) || !server->is(json_value::kind::text)) return false;
  if (network->text.size() > word_max || server->text.size() > word_max) return false;
  if (!whole(v.find("day"), 1e6, day) || !whole(v.find("tries"), 9e15, tries) || !whole(v.find("good"), tries, good)) return false;
  into.day = static_cast<int64_t>(day), into.network = network->text, into.server = server->text;
  into.tries = static_cast<uint64_t>(tries), into.good = static_cast<uint64_t>(good);
  return read_counts(v.find("reasons"), into.reasons) && read_counts(v.find("verdicts"), into.verdicts) && read_took(v.find("took"), into);
}

std::string most_of(const std::map<std::string, uint64_t>& all) {
  std::vector<std::pair<uint64_t, std::string>> order;
  for (const auto& [word, times] : all) order.emplace_back(times, word);
  std::sort(order.rbegin(), order.rend());
  std::string text;
  for (size_t i = 0; i < order.size() && i < 3; ++i) text += (text.empty() ? "" : ", ") + std::to_string(order[i].first) + " " + order[i].second;
  return harmless(text);
}

void merge(statistics::row& into, const statistics::row& more) {
  into.tries += more.tries, into.good += more.good;
  for (const auto& [word, times] : more.reasons) into.reasons[word] += times;
  for (const auto& [word, times] : more.verdicts) into.verdicts[word] += times;
  for (size_t i = 0; i < into.took.size(); ++i) into.took[i] += more.took[i];
}

// Names of networks are long and differ at their end: "wired-cbc642b6b6caa6ce".
std::string short_name(const std::string& network) { return network.substr(network.size() > 6 ? network.size() - 6 : 0); }

std::string row_text(const statistics::row& r, const std::string& name) {
  char text[256];
  const auto time = [&](double share) { return r.good == 0 ? std::string("-") : ms_text(r.ms_at(share)); };
  std::snprintf(text, sizeof text, "%-10s  %-34s %7llu  %6s  %8s  %8s  ", day_text(r.day).c_str(), std::string(utf8_cut(name, 34)).c_str(),
                static_cast<unsigned long long>(r.tries), r.tries == 0 ? "-" : percent_text(r.rate()).c_str(), time(0.5).c_str(), time(0.95).c_str());
  const std::string why = most_of(r.reasons), said = most_of(r.verdicts);
  return text + why + (said.empty() ? "" : (why.empty() ? "" : "; ") + ("diagnosed: " + said)) + "\n";
}

std::string row_json(const statistics::row& r, bool of_day) {
  json_object o;
  o.add("day", day_text(r.day));
  if (!of_day) o.add("network", r.network).add("server", r.server);
  o.add("tries", r.tries).add("good", r.good).add("rate", r.rate()).add("p50_ms", r.ms_at(0.5)).add("p95_ms", r.ms_at(0.95));
  return o.add_raw("reasons", counts_json(r.reasons)).add_raw("verdicts", counts_json(r.verdicts)).text();
}

}  // namespace

int64_t statistics::day_of(int64_t wall_ns) { return std::max<int64_t>(0, wall_ns / ns_of_day); }

double statistics::row::ms_at(double share) const {
  uint64_t all = 0, sum = 0;
  for (const uint32_t n : took) all += n;
  for (size_t i = 0; i < took.size(); ++i) {
    sum += took[i];
    if (all > 0 && static_cast<double>(sum) >= share * static_cast<double>(all)) return std::pow(step, static_cast<double>(i));
  }
  return 0;
}

void statistics::count(std::map<std::string, uint64_t>& in, std::string_view word, uint64_t times) {
  const std::string name(utf8_cut(word.empty() ? "other" : word, word_max));
  const bool fits = in.size() < reasons_max || in.count(name) > 0;
  in[fits ? name : "other"] += times;
}

statistics::row& statistics::at(int64_t wall_ns, std::string_view network, std::string_view server) {
  const int64_t day = day_of(wall_ns);
  network = utf8_cut(network, word_max), server = utf8_cut(server, word_max);
  // What happens now belongs to one of the last rows.
  const auto found = std::find_if(rows_.rbegin(), rows_.rend(), [&](const row& r) { return r.day == day && r.network == network && r.server == server; });
  if (found != rows_.rend()) return *found;
  row fresh;
  fresh.day = day, fresh.network = network, fresh.server = server;
  rows_.push_back(std::move(fresh));
  trim();
  return rows_.back();
}

// The oldest day goes; the row that was made last stays, whatever a clock says that went back.
void statistics::trim() {
  while (rows_.size() > rows_max)
    rows_.erase(std::min_element(rows_.begin(), rows_.end() - 1, [](const row& a, const row& b) { return a.day < b.day; }));
}

void statistics::on_try(int64_t wall_ns, std::string_view network, std::string_view server, bool good, std::string_view reason, duration took) {
  row& r = at(wall_ns, network, server);
  ++r.tries;
  if (good) ++r.good, ++r.took[step_of(took)];
  else count(r.reasons, reason);
}

void statistics::on_verdict(int64_t wall_ns, std::string_view network, std::string_view server, std::string_view code) {
  count(at(wall_ns, network, server).verdicts, code);
}

std::vector<statistics::row> statistics::rows() const {
  auto all = rows_;
  std::stable_sort(all.begin(), all.end(), [](const row& a, const row& b) { return a.day != b.day ? a.day > b.day : a.tries - a.good > b.tries - b.good; });
  return all;
}

std::vector<statistics::row> statistics::days() const {
  std::vector<row> all;
  for (const row& r : rows()) {
    if (all.empty() || all.back().day != r.day) all.emplace_back().day = r.day;
    merge(all.back(), r);
  }
  return all;
}

std::string statistics::text() const {
  std::string list;
  for (const row& r : rows_) {
    json_object o;
    o.add("day", r.day).add("network", r.network).add("server", r.server).add("tries", r.tries).add("good", r.good);
    o.add_raw("reasons", counts_json(r.reasons)).add_raw("verdicts", counts_json(r.verdicts)).add_raw("took", took_json(r));
    list += (list.empty() ? "\n" : ",\n") + o.text();
  }
  return json_object().add("schema", statistics_schema).add_raw("rows", "[" + list + "]").text() + "\n";
}

error statistics::read(std::string_view text) {
  const auto all = parse_json(text);
  if (!all) return all.failure();
  const json_value *schema = all->find("schema"), *rows = all->find("rows");
  if (schema == nullptr || schema->text != statistics_schema) return {THARSIS_E_INVALID, "it is none of sdt's statistics"};
  if (rows == nullptr || !rows->is(json_value::kind::list) || rows->items.size() > rows_max) return {THARSIS_E_INVALID, "'rows' is missing, no list, or too long"};
  std::vector<row> read;
  for (size_t i = 0; i < rows->items.size(); ++i)
    if (!read_row(rows->items[i], read.emplace_back())) return {THARSIS_E_INVALID, "rows[" + std::to_string(i) + "] is no row of statistics"};
  // What was counted since the start goes on top.
  const auto since = std::move(rows_);
  rows_ = std::move(read);
  for (const row& r : since) merge(at(r.day * ns_of_day, r.network, r.server), r);
  return fine();
}

std::string render_text(const statistics& all) {
  const auto rows = all.rows();
  if (rows.empty()) return "nothing has been counted yet";
  std::string text = "day         server                               tries    good       p50       p95  why not\n";
  for (const auto& r : all.days()) text += row_text(r, "all");
  text += "\n";
  for (const auto& r : rows) text += row_text(r, harmless(r.server) + (r.network.empty() ? "" : " on " + harmless(short_name(r.network))));
  text.pop_back();
  return text;
}

std::string render_json(const statistics& all) {
  std::string days, rows;
  for (const auto& r : all.days()) days += (days.empty() ? "" : ",") + row_json(r, true);
  for (const auto& r : all.rows()) rows += (rows.empty() ? "" : ",") + row_json(r, false);
  return json_object().add_raw("days", "[" + days + "]").add_raw("servers", "[" + rows + "]").text();
}

}  // namespace tharsis::sdt
