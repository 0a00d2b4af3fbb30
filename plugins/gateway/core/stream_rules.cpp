#include "plugins/gateway/core/stream_rules.h"

#include <algorithm>

#include "sdk/pure/hex_text.h"
#include "sdk/pure/sha256.h"
#include "sdk/pure/shipping.h"
#include "sdk/pure/views.h"
#include "sdk/pure/whole_number.h"

namespace tharsis::gateway {
namespace {

constexpr size_t id_size = 32;
constexpr std::string_view first_line = "tharsis-stream 1\n";

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// The rest of the line behind `word` and a space, taken from the front of `text`.
std::optional<std::string_view> value_of_line(std::string_view& text, std::string_view word) {
  const size_t end = text.find('\n');
  if (end == std::string_view::npos || !text.starts_with(word) || end <= word.size() || text[word.size()] != ' ') return {};
  const std::string_view value = text.substr(word.size() + 1, end - word.size() - 1);
  text.remove_prefix(end + 1);
  return value;
}

// In the one way that a record has for it.
std::optional<uint64_t> number_in(std::string_view text, uint64_t most) {
  const auto number = whole_number<uint64_t>(text);
  if (!number || *number > most || std::to_string(*number) != text) return {};
  return number;
}

error damaged() { return {THARSIS_E_INVALID, "it is no record of a stream"}; }

}  // namespace

std::string record_text(const half_record& r) {
  return std::string(first_line) + "name " + r.name + "\nsize " + (r.size ? std::to_string(*r.size) : "-") + "\nwhole " + (r.whole ? hex_text(*r.whole) + " " + std::to_string(r.written) : "-") + "\n";
}

result<half_record> parse_half_record(std::string_view text) {
  if (!text.starts_with(first_line)) return damaged();
  text.remove_prefix(first_line.size());
  half_record r;
  const auto name = value_of_line(text, "name"), size = value_of_line(text, "size"), whole = value_of_line(text, "whole");
  if (!name || !size || !whole || !text.empty() || !streams::is_file_name(*name)) return damaged();
  r.name = *name;
  if (*size != "-") {
    r.size = number_in(*size, streams::offset_max);
    if (!r.size) return damaged();
  }
  if (*whole == "-") return r;
  r.whole.emplace();
  const size_t space = whole->find(' ');
  const std::string_view sum = whole->substr(0, space);
  const auto written = space == std::string_view::npos ? std::nullopt : number_in(whole->substr(space + 1), INT64_MAX);
  if (!is_hex(sum) || !read_hex(sum, *r.whole) || !written) return damaged();
  r.written = static_cast<int64_t>(*written);
  return r;
}

std::string half_id(std::string_view name, std::span<const uint8_t> key) {
  sha256_sum s;
  s.add(name.data(), name.size());
  s.add("", 1);
  s.add(key.data(), key.size());
  return s.hex().substr(0, id_size);
}

bool is_half_id(std::string_view text) { return text.size() == id_size && is_hex(text); }

std::optional<stream_refusal> refuse_open(const streams::message& m, const stream_settings& s) {
  using enum streams::reset_code;
  if (s.folder.empty()) return stream_refusal{denied, "no streams are taken here; the gateway needs streams.folder"};
  if (m.command != 0) return stream_refusal{denied, "command " + std::to_string(m.command) + " means nothing here; the gateway keeps files, with command 0"};
  if (!streams::is_file_name(m.name)) return stream_refusal{denied, "a file's name here has letters, digits, '.', '_' and '-', no point at the beginning, and at most 128 bytes"};
  const auto most = static_cast<uint64_t>(s.stream_bytes);
  if (streams::goes_up(m.direction) && m.size != streams::size_unknown && m.size > most)
    return stream_refusal{denied, "a stream has at most " + std::to_string(most) + " bytes here (gateway.streams.stream_bytes)"};
  return {};
}

stream_refusal refusal_of(const error& e) {
  using enum streams::reset_code;
  if (e.status == THARSIS_E_FULL) return {full, "the disk is full"};
  if (e.status == THARSIS_E_NOT_FOUND) return {not_found, "there is no such file"};
  if (e.status == THARSIS_E_BUSY) return {later, "too much blocking work is waiting"};
  return {disk, "its disk failed: " + std::string(status_name(e.status))};
}

}  // namespace tharsis::gateway
