#include "plugins/xlog/core/json_line.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <set>

#include "plugins/xlog/core/level.h"
#include "sdk/pure/json.h"
#include "sdk/pure/log_format.h"
#include "sdk/pure/utc.h"

namespace tharsis::xlog {
namespace {

// As people read it.
std::string text_value(const log_argument& a) {
  std::string text;
  append_argument(text, a, {});
  return json_text(text);
}

std::string json_value(const log_argument& a) {
  switch (a.code) {
    case THARSIS_LOG_BOOL: return a.bits != 0 ? "true" : "false";
    case THARSIS_LOG_I32:
    case THARSIS_LOG_I64:
    case THARSIS_LOG_DURATION:
    case THARSIS_LOG_WALL: return std::to_string(static_cast<int64_t>(a.bits));
    case THARSIS_LOG_U32:
    case THARSIS_LOG_U64: return std::to_string(a.bits);
    case THARSIS_LOG_F64: {
      const auto value = std::bit_cast<double>(a.bits);
      if (!std::isfinite(value)) return text_value(a);
      char digits[32];  // The shortest that reads back as the same number.
      return {digits, std::to_chars(digits, digits + sizeof digits, value).ptr};
    }
    case THARSIS_LOG_SECRET: return "null";
    default: return text_value(a);
  }
}

}  // namespace

std::string json_fields(const site& of, std::span<const uint8_t> arguments) {
  json_object fields;
  std::set<std::string> names;
  for_each_field(of.text, of.codes, arguments, [&](std::string_view name, const log_argument& a) {
    std::string own(name);
    for (size_t again = 2; !names.insert(own).second; ++again) own = std::string(name) + "_" + std::to_string(again);
    fields.add_raw(own, json_value(a));
  });
  return fields.text();
}

namespace {

std::string line_with(const record& r, const std::string& fields) {
  return json_object()
      .add("time", moment_text(r.wall))
      .add("level", level_names[r.level])
      .add("thread", r.thread)
      .add("plugin", r.plugin)
      .add("tag", r.tag)
      .add("file", r.file)
      .add("line", r.line)
      .add("text", r.text)
      .add_raw("fields", fields)
      .text();
}

}  // namespace

std::string json_line(const record& r, const site& of, std::span<const uint8_t> arguments) { return line_with(r, json_fields(of, arguments)); }

std::string json_line(const record& r) { return line_with(r, "{}"); }

}  // namespace tharsis::xlog
