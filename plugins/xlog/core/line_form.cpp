#include "plugins/xlog/core/line_form.h"

#include <map>

#include "plugins/xlog/core/json_line.h"
#include "plugins/xlog/core/line.h"
#include "plugins/xlog/core/recovered_lines.h"
#include "plugins/xlog/core/tick_clock.h"

namespace tharsis::xlog {
namespace {

// What is written at once, and for Mars compressed together: as rows in rings, and lines.
constexpr size_t bytes_at_once = 256 << 10;
constexpr size_t rows_at_once = 4096;

const site* named(const site& s) { return is_finished_text(s) ? nullptr : &s; }

}  // namespace

block_writer::added line_form::add(const row& r) {
  if (rows_.size() > 0 && (rows_.size() >= rows_at_once || rows_.bytes() >= bytes_at_once)) return block_writer::added::full;
  return rows_.add(r) ? block_writer::added::yes : block_writer::added::refused;
}

result<std::string> line_form::lines(const block_extra& extra) {
  std::map<uint32_t, uint64_t> threads;
  for (const ring_range& r : extra.consumed) threads.emplace(r.ring, r.thread);
  std::string text;
  error failure = fine();
  for (size_t i = 0; i < rows_.size() && failure.status == THARSIS_OK; ++i) {
    const row r = rows_.at(i);
    const site& s = rows_.site_of(r);
    failure = put(text, record_of(s, threads[r.thread], wall_of(r.tick, extra.anchor), r.arguments), named(s), r.arguments, process_);
  }
  rows_.clear();
  const error closed = close(text);
  if (failure.status == THARSIS_OK) failure = closed;
  return failure.status == THARSIS_OK ? result<std::string>(std::move(text)) : failure;
}

result<std::string> line_form::recovered(const recovered_payload& left, const block_extra& extra) {
  auto image = read_recovered(left.bytes);
  if (!image) return image.failure();
  if (image->info.sealed) return error{THARSIS_E_UNSUPPORTED, "what a dead process left is sealed, and files of text have no place for it"};
  auto from = recovered_lines::open(std::move(*image), extra.anchor, nullptr);
  if (!from) return from.failure();
  std::string text;
  for (recovered_record l; (*from)->next(l);) {
    const site& s = (*from)->sites()[l.record.site];
    const record r = record_of(s, l.thread, wall_of(l.record.tick, extra.anchor), l.record.arguments);
    if (error failure = put(text, r, named(s), l.record.arguments, (*from)->process()); failure.status != THARSIS_OK) return failure;
  }
  if (error failure = close(text); failure.status != THARSIS_OK) return failure;
  return text;
}

result<std::string> line_form::note(int64_t wall, std::string_view text, uint32_t level) {
  record r;
  r.wall = wall;
  r.level = level;
  r.plugin = "xlog";
  r.text = text;
  std::string bytes;
  error failure = put(bytes, r, nullptr, {}, process_);
  if (failure.status == THARSIS_OK) failure = close(bytes);
  return failure.status == THARSIS_OK ? result<std::string>(std::move(bytes)) : failure;
}

error text_form::put(std::string& to, const record& r, const site*, std::span<const uint8_t>, uint32_t) {
  append_line(to, r);
  return fine();
}

error json_form::put(std::string& to, const record& r, const site* of, std::span<const uint8_t> arguments, uint32_t) {
  to += of != nullptr ? json_line(r, *of, arguments) : json_line(r);
  to += '\n';
  return fine();
}

}  // namespace tharsis::xlog
