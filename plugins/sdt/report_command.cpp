#include "plugins/sdt/report_command.h"

#include <optional>
#include <vector>

#include "plugins/sdt/core/judge.h"
#include "plugins/sdt/core/observation_json.h"
#include "plugins/sdt/core/redact.h"
#include "plugins/sdt/core/report_compare.h"
#include "plugins/sdt/core/report_html.h"
#include "plugins/sdt/core/report_json.h"
#include "plugins/sdt/core/report_schema.h"
#include "plugins/sdt/core/report_text.h"
#include "plugins/sdt/core/statistics.h"
#include "plugins/sdt/statistics_book.h"
#include "sdk/async/blocking.h"
#include "sdk/async/file_reader.h"
#include "sdk/pure/option_values.h"
#include "sdk/pure/views.h"

namespace tharsis::sdt {
namespace {

constexpr std::string_view replay_help =
    "usage: tharsis sdt replay FILE [--json] [--html OUT] [--show-all]\n"
    "Judges again what a report of `tharsis sdt diagnose --json` has seen; nothing is sent.\n"
    "  --json      one line of JSON, as diagnose prints it\n"
    "  --html OUT  one HTML file\n"
    "  --show-all  with the addresses and the network's name as FILE has them; without it others stand for them\n"
    "exit code: 0 healthy, 1 not, 2 the command or FILE is wrong";
constexpr std::string_view compare_help =
    "usage: tharsis sdt compare BEFORE AFTER [--json]\n"
    "What went, what came, and which numbers moved from one report to another.\n"
    "exit code: 0 no fault has come, 1 one has, 2 the command or a file is wrong";

constexpr std::string_view schema_help =
    "usage: tharsis sdt schema\n"
    "The JSON Schema of what --json prints of sdt diagnose and sdt replay.\n"
    "exit code: 0 it was printed, 2 the command is wrong";

constexpr std::string_view stats_help =
    "usage: tharsis sdt stats [--json]\n"
    "How often tasks and connections succeeded with this state folder, by day, network and server: rate, latencies, reasons of\n"
    "failures, and what sdt concluded. A program that runs writes it down once a minute.\n"
    "exit code: 0 there is something, 1 nothing has been counted, 2 the command is wrong";

// The last line of what diagnose --json printed, should progress stand before it.
std::string_view report_line_of(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  const size_t start = text.rfind('\n');
  const std::string_view last = start == text.npos ? text : text.substr(start + 1);
  return last.starts_with('{') && text.find('{') != 0 ? last : text;
}

// Empty: it is written. [may block]
std::string write_file(const tharsis_files* files, const std::string& path, const std::string& content) {
  tharsis_error why = no_error();
  return files->replace(files->self, text_of(path), bytes_of(as_bytes(content)), &why) == THARSIS_OK ? "" : why.text;
}

}  // namespace

task<void> report_command::work(command_call call) {
  outcome o;
  if (call.name() == "schema") o = schema(call);
  else if (call.name() == "replay") o = co_await replay(call);
  else if (call.name() == "stats") o = co_await stats(call);
  else o = co_await compare_two(call);
  while (o.text.ends_with('\n')) o.text.pop_back();
  if (!o.text.empty()) o.is_result ? call.print(o.text) : call.complain(o.text);
  call.finish(o.code);
}

report_command::outcome report_command::schema(const command_call& call) {
  option_words known("sdt schema");
  if (const error wrong = known.read(call.words()); wrong.status != THARSIS_OK) return complaint(2, wrong.text);
  return {0, known.help() ? std::string(schema_help) : report_schema_text()};
}

task<result<report>> report_command::read(std::string path, std::string name) {
  const auto load = [files = host_.files, path]() { return read_whole(files, path, report_bytes_max, "a report"); };
  const auto text = co_await blocking(place_, load);
  if (!text) co_return error{THARSIS_E_BUSY, "the host has no thread free to read"};
  if (!*text) co_return text->failure();
  auto seen = parse_observations(report_line_of(**text));
  if (!seen) co_return error{seen.status(), name + ": " + seen.failure().text};
  co_return judge(std::move(*seen));
}

task<report_command::outcome> report_command::replay(command_call call) {
  std::vector<std::string> names;
  std::string html;
  bool json = false, show_all = false;
  option_words known("sdt replay");
  known.words("a report's file", names);
  known.flag("--json", json).flag("--show-all", show_all).value("--html", take_file(html));
  if (const error wrong = known.read(call.words()); wrong.status != THARSIS_OK) co_return complaint(2, wrong.text);
  if (known.help()) co_return outcome{0, std::string(replay_help)};
  if (names.size() != 1) co_return complaint(2, "sdt replay: name one report: tharsis sdt replay FILE");
  auto whole = co_await read(call.absolute(names[0]), names[0]);
  if (!whole) co_return complaint(2, "sdt replay: " + whole.failure().text);
  const report shown = show_all ? std::move(*whole) : redacted(std::move(*whole));
  const int code = shown.headline().code == verdict_code::healthy ? 0 : 1;
  if (!html.empty()) {
    const auto write = [files = host_.files, path = call.absolute(html), page = render_html(shown)] { return write_file(files, path, page); };
    const auto failure = co_await blocking(place_, write);
    if (!failure || !failure->empty()) co_return complaint(2, "sdt replay: " + (failure ? *failure : std::string("the host has no thread free to write")));
  }
  co_return outcome{code, json ? render_json(shown) : render_text(shown, call.colours())};
}

task<report_command::outcome> report_command::compare_two(command_call call) {
  std::vector<std::string> names;
  bool json = false;
  option_words known("sdt compare");
  known.words("two reports", names);
  known.flag("--json", json);
  if (const error wrong = known.read(call.words()); wrong.status != THARSIS_OK) co_return complaint(2, wrong.text);
  if (known.help()) co_return outcome{0, std::string(compare_help)};
  if (names.size() != 2) co_return complaint(2, "sdt compare: name two reports: tharsis sdt compare BEFORE AFTER");
  auto before = co_await read(call.absolute(names[0]), names[0]);
  if (!before) co_return complaint(2, "sdt compare: " + before.failure().text);
  auto after = co_await read(call.absolute(names[1]), names[1]);
  if (!after) co_return complaint(2, "sdt compare: " + after.failure().text);
  const report_difference d = compare(*before, *after);
  bool worse = false;
  for (const verdict& v : d.come) worse = worse || (!v.information && v.code != verdict_code::healthy);
  co_return outcome{worse ? 1 : 0, json ? render_json(*before, *after, d) : render_text(*before, *after, d)};
}

task<report_command::outcome> report_command::stats(command_call call) {
  bool json = false;
  option_words known("sdt stats");
  known.flag("--json", json);
  if (const error wrong = known.read(call.words()); wrong.status != THARSIS_OK) co_return complaint(2, wrong.text);
  if (known.help()) co_return outcome{0, std::string(stats_help)};
  const std::string path = std::string(view(host_.paths->data(host_.paths->self))) + std::string(statistics_file);
  const auto load = [files = host_.files, path] { return read_whole(files, path, statistics_bytes_max, "a file of statistics"); };
  const auto text = co_await blocking(place_, load);
  if (!text) co_return complaint(1, "sdt stats: the host has no thread free to read");
  if (!*text && text->status() == THARSIS_E_NOT_FOUND) co_return complaint(1, "sdt stats: no program has counted anything with this state folder yet");
  if (!*text) co_return complaint(1, "sdt stats: " + text->failure().text);
  statistics all;
  if (const error wrong = all.read(**text); wrong.status != THARSIS_OK) co_return complaint(1, "sdt stats: " + path + ": " + wrong.text);
  co_return outcome{all.rows().empty() ? 1 : 0, json ? render_json(all) : render_text(all)};
}

}  // namespace tharsis::sdt
