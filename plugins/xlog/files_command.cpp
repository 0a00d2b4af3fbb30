#include "plugins/xlog/files_command.h"

#include <algorithm>
#include <array>

#include "plugins/xlog/core/files_arguments.h"
#include "plugins/xlog/core/level.h"
#include "plugins/xlog/file_report.h"
#include "sdk/async/blocking.h"
#include "sdk/pure/json.h"

namespace tharsis::xlog {
namespace {

constexpr size_t columns = 7;
using file_row = std::array<std::string, columns>;

std::string levels_text(uint8_t levels) {
  std::string letters;
  for (uint32_t level = 0; level < levels_count; ++level)
    if ((levels >> level & 1) != 0) letters += level_letters[level];
  return letters;
}

bool has_times(const file_report& r) { return r.first != 0 || r.last != 0; }

// "2026-11-25T10:11:12Z": a table is not for microseconds.
std::string second_text(int64_t wall) { return moment_text(wall).substr(0, 19) + "Z"; }

std::string state_text(const file_report& r) {
  std::string state;
  const auto has = [&](uint32_t flag) { return (r.flags & flag) != 0; };
  if (has(THARSIS_LOG_FILE_OPEN)) state = "open";
  else if (has(THARSIS_LOG_FILE_UNKNOWN)) state = "not looked into";
  else if (has(THARSIS_LOG_FILE_TORN)) state = "torn";
  else if (has(THARSIS_LOG_FILE_COMPLETE)) state = "complete";
  else if (has(THARSIS_LOG_FILE_SHIPPED_OPEN)) state = "shipped while open";
  else state = r.file.bytes == 0 ? "empty" : "not closed";
  if (has(THARSIS_LOG_FILE_PART)) state += ", in part";
  if (has(THARSIS_LOG_FILE_SEALED)) state += ", sealed";
  if (has(THARSIS_LOG_FILE_OLDER)) state += ", older";
  return state;
}

file_row row_of(const file_report& r) {
  const bool known = (r.flags & THARSIS_LOG_FILE_UNKNOWN) == 0, times = has_times(r);
  return {r.file.path, known ? std::to_string(r.lines) : "", std::to_string(r.file.bytes), times ? second_text(r.first) : "",
          times ? second_text(r.last) : "", levels_text(r.levels), state_text(r)};
}

// Numbers stand to the right.
std::string table_text(const std::vector<file_row>& rows) {
  std::array<size_t, columns> widths{};
  for (const file_row& row : rows)
    for (size_t i = 0; i < columns; ++i) widths[i] = std::max(widths[i], row[i].size());
  std::string text;
  for (const file_row& row : rows) {
    std::string line;
    for (size_t i = 0; i < columns; ++i) {
      const std::string pad(widths[i] - row[i].size(), ' ');
      line += (i > 0 ? "  " : "") + (i == 1 || i == 2 ? pad + row[i] : row[i] + pad);
    }
    line.resize(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string json_of(const file_report& r) {
  const auto has = [&](uint32_t flag) { return (r.flags & flag) != 0; };
  json_object o;
  o.add("path", r.file.path).add("name", r.file.name.of).add("day", utc_day_text(r.file.name.day)).add("number", r.file.name.number);
  o.add("bytes", r.file.bytes);
  if (!has(THARSIS_LOG_FILE_UNKNOWN)) o.add("lines", r.lines).add("levels", levels_text(r.levels));
  if (has_times(r)) o.add("first", moment_text(r.first)).add("last", moment_text(r.last));
  o.add("open", has(THARSIS_LOG_FILE_OPEN)).add("complete", has(THARSIS_LOG_FILE_COMPLETE)).add("torn", has(THARSIS_LOG_FILE_TORN));
  o.add("shipped_open", has(THARSIS_LOG_FILE_SHIPPED_OPEN)).add("part", has(THARSIS_LOG_FILE_PART));
  o.add("sealed", has(THARSIS_LOG_FILE_SEALED)).add("older", has(THARSIS_LOG_FILE_OLDER));
  return o.text() + "\n";
}

}  // namespace

task<void> files_command::run() {
  auto parsed = parse_files_arguments(call_.words(), place_.wall());
  if (!parsed) {
    call_.refuse(parsed.failure().text);
    co_return;
  }
  if (parsed->help) {
    call_.print(files_help);
    call_.finish(0);
    co_return;
  }
  std::vector<std::string> folders;
  for (const std::string& folder : parsed->folders) folders.push_back(call_.absolute_folder(folder));
  const auto work = [files = host_.files, folders, wanted = parsed->wanted] { return reports_in(files, folders, wanted); };
  const auto found = co_await blocking(place_, work);
  if (!found) {
    call_.complain("xlog files: the host has no thread free to look; try again");
    call_.finish(1);
    co_return;
  }
  std::vector<file_row> rows = {{"FILE", "LINES", "BYTES", "FIRST", "LAST", "LEVELS", "STATE"}};
  std::string json;
  for (const file_report& r : found->files) {
    if (parsed->json) json += json_of(r);
    else rows.push_back(row_of(r));
  }
  if (parsed->json) call_.print(json);
  else if (rows.size() > 1) call_.print(table_text(rows));
  else call_.print("no log files there\n");
  for (const std::string& complaint : found->complaints) call_.complain("xlog files: " + complaint);
  call_.finish(found->complaints.empty() ? 0 : 1);
}

}  // namespace tharsis::xlog
