#include "plugins/gateway/core/log_rules.h"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

#include "sdk/pure/sha256.h"
#include "sdk/pure/units.h"
#include "sdk/pure/utc.h"
#include "sdk/pure/whole_number.h"

namespace tharsis::gateway {
namespace {

constexpr std::string_view bearer = "Bearer ";

log_reply refuse(int status, std::string text) { return {status, std::move(text) + "\n"}; }

std::vector<std::string> parts_of(std::string_view path) {
  std::vector<std::string> parts;
  while (path.starts_with('/')) {
    path.remove_prefix(1);
    parts.emplace_back(path.substr(0, path.find('/')));
    path.remove_prefix(parts.back().size());
  }
  return parts;
}

// The value behind "name " at the beginning, up to the line's end, which goes with it.
std::optional<std::string_view> take_line(std::string_view& text, std::string_view name) {
  const size_t end = text.find('\n');
  if (end == std::string_view::npos || !text.starts_with(name) || name.size() > end) return {};
  const std::string_view value = text.substr(name.size(), end - name.size());
  text.remove_prefix(end + 1);
  return value;
}

bool take_word(shipping::wish& w, std::string_view word, int64_t now) {
  const std::string_view name = word.substr(0, word.find('='));
  const std::string_view value = word.substr(std::min(name.size() + 1, word.size()));
  if (name == "level") {
    const auto level = shipping::level_of(value);
    w.level = level.value_or(w.level);
    return level.has_value();
  }
  if (name == "last") {
    const auto wait = parse_duration(value);
    if (wait) w.since = now - wait->count();
    return wait.ok();
  }
  const auto time = parse_moment(value, now);
  if (!time || (name != "since" && name != "until")) return false;
  (name == "since" ? w.since : w.until) = *time;
  return true;
}

std::optional<shipping::wish> parse_wish(std::string_view line, int64_t now) {
  shipping::wish w{sha256_of(line).substr(0, 12), std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max(), 0};
  bool any = false;
  while (!line.empty()) {
    const std::string_view word = line.substr(0, line.find(' '));
    line.remove_prefix(std::min(word.size() + 1, line.size()));
    if (word.empty()) continue;
    if (!take_word(w, word, now)) return {};
    any = true;
  }
  return any ? std::optional(w) : std::nullopt;
}

}  // namespace

std::variant<log_call, log_reply> understand_log_call(std::string_view method, std::string_view target, std::string_view authorization,
                                                      const std::map<std::string, std::string>& tokens) {
  const std::vector<std::string> parts = parts_of(target);
  const bool has_source = parts.size() >= 3 && shipping::is_name(parts[2]);
  const auto own = has_source ? tokens.find(parts[2]) : tokens.end();
  const auto token = own != tokens.end() ? own : tokens.find("*");
  const bool bears = authorization.starts_with(bearer) && token != tokens.end();
  // Compared in any case, so that the time tells nothing of which of them was wrong.
  const bool right = shipping::same_secret(bears ? authorization.substr(bearer.size()) : "", token != tokens.end() ? std::string_view(token->second) : "-");
  if (!right) return refuse(401, "a token is needed that this receiver knows: Authorization: Bearer TOKEN");
  if (parts.empty() || parts[0] != "v1") return refuse(404, "this receiver speaks version 1: /v1/...");
  if (!has_source) return refuse(404, "the name of a source has letters, digits, '.', '_' and '-'");
  log_call c{log_call::verb::tell, parts[2], parts.size() > 3 ? parts[3] : std::string()};
  if (parts[1] == "logs" && parts.size() == 3 && method == "GET") return c;
  if (parts[1] == "pieces" && parts.size() == 3 && method == "POST") return c.is = log_call::verb::post, c;
  if (parts[1] == "logs" && parts.size() == 4 && method == "PUT") {
    if (!is_log_file_name(c.name)) return refuse(400, "that is no name of a log file: letters, digits, '.', '_', '-', and an ending .tlog, .xlog, .mmap3, .log or .jsonl");
    return c.is = log_call::verb::offer, c;
  }
  if (parts[1] == "wishes" && parts.size() == 4 && method == "DELETE" && shipping::is_name(c.name)) return c.is = log_call::verb::fulfil, c;
  return refuse(404, "there is GET /v1/logs/SOURCE, PUT /v1/logs/SOURCE/FILE, POST /v1/pieces/SOURCE and DELETE /v1/wishes/SOURCE/ID");
}

std::string record_text(const log_record& r) {
  return "tharsis-record 1\nedition " + r.edition + "\nsize " + std::to_string(r.size) + "\ngone " + (r.gone ? "yes" : "no") + "\n" + shipping::text_of(r.what);
}

result<log_record> parse_log_record(std::string_view text, bool head_only) {
  const error wrong{THARSIS_E_IO, "what is stored with the file is damaged"};
  const auto version = take_line(text, "tharsis-record ");
  const auto edition = take_line(text, "edition ");
  const auto size = take_line(text, "size ");
  const auto gone = take_line(text, "gone ");
  if (version != "1" || !edition || !shipping::is_sum(*edition) || !size || !gone) return wrong;
  const auto bytes = whole_number<uint64_t>(*size);
  auto what = head_only ? shipping::parse_manifest_head(text) : shipping::parse_manifest(text);
  if (!bytes || !what) return wrong;
  return log_record{std::move(*what), *bytes, std::string(*edition), gone == "yes"};
}

std::vector<shipping::wish> parse_wishes(std::string_view text, int64_t now) {
  std::vector<shipping::wish> wishes;
  while (!text.empty() && wishes.size() < shipping::wishes_max) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (const auto w = parse_wish(line, now)) wishes.push_back(*w);
  }
  return wishes;
}

// By age; then the oldest, until the rest is within what is kept.
std::vector<size_t> files_to_remove(const std::vector<kept_file>& files, const log_limits& limits, int64_t now) {
  std::vector<size_t> order(files.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return files[a].modified < files[b].modified; });
  uint64_t bytes = 0;
  for (const kept_file& f : files) bytes += f.size;
  std::vector<size_t> go;
  for (const size_t i : order) {
    const bool old = limits.keep_for > duration::zero() && now - files[i].modified > limits.keep_for.count();
    const bool much = limits.keep_bytes > 0 && bytes > limits.keep_bytes;
    if (!old && !much) break;
    bytes -= files[i].size;
    go.push_back(i);
  }
  return go;
}

bool is_log_file_name(std::string_view name) {
  constexpr std::array<std::string_view, 5> endings = {".tlog", ".xlog", ".mmap3", ".log", ".jsonl"};
  return shipping::is_name(name) && std::any_of(endings.begin(), endings.end(), [&](std::string_view e) { return name.size() > e.size() && name.ends_with(e); });
}

}  // namespace tharsis::gateway
