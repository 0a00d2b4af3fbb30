#include "plugins/xlog/log_reading.h"

#include <array>
#include <bit>
#include <utility>

#include "plugins/xlog/key_reader.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {
namespace {

std::vector<std::string> strings(const tharsis_log_texts& texts) {
  std::vector<std::string> all;
  for (size_t i = 0; i < texts.count; ++i) all.emplace_back(view(texts.data[i]));
  return all;
}

// Names of fields that have none of their own.
std::string_view number_name(size_t number) {
  static const auto names = [] {
    std::array<std::string, arguments_max> all;
    for (size_t i = 0; i < all.size(); ++i) all[i] = std::to_string(i);
    return all;
  }();
  return number < names.size() ? std::string_view(names[number]) : std::string_view();
}

tharsis_log_field field_of(std::string_view name, const log_argument& a) {
  tharsis_log_field f{};
  f.name = text_of(name);
  f.code = static_cast<unsigned char>(a.code);
  f.text = text_of(a.text);
  switch (a.code) {
    case THARSIS_LOG_F64: f.real = std::bit_cast<double>(a.bits); break;
    case THARSIS_LOG_I32:
    case THARSIS_LOG_I64:
    case THARSIS_LOG_DURATION:
    case THARSIS_LOG_WALL: f.whole = static_cast<int64_t>(a.bits); break;
    case THARSIS_LOG_TEXT:
    case THARSIS_LOG_BYTES: break;  // Their bits were the length.
    default: f.bits = a.bits;
  }
  return f;
}

}  // namespace

result<log_reading::question> log_reading::question_of(const tharsis_log_query& q) {
  question asked;
  asked.paths = strings(q.paths);
  asked.key = view(q.key);
  asked.follow = (q.flags & THARSIS_LOG_FOLLOW) != 0;
  for (const std::string& path : asked.paths)
    if (!path.starts_with('/')) return error{THARSIS_E_INVALID, "'" + path + "': paths of logs that are read are absolute"};
  if (!asked.key.empty() && !asked.key.starts_with('/')) return error{THARSIS_E_INVALID, "'" + asked.key + "': the path of a key is absolute"};
  query& w = asked.wanted;
  w.levels = q.levels == 0 ? all_levels : q.levels & all_levels;
  w.plugins = strings(q.plugins);
  w.tags = strings(q.tags);
  if (q.threads_count > 0) w.threads.assign(q.threads, q.threads + q.threads_count);
  w.texts = strings(q.texts);
  w.any_case = (q.flags & THARSIS_LOG_ANY_CASE) != 0;
  if (q.since != 0) w.since = q.since;
  if (q.until != 0) w.until = q.until;
  for (const std::string& text : strings(q.where)) {
    auto parsed = parse_condition(text);
    if (!parsed) return parsed.failure();
    w.conditions.push_back(std::move(*parsed));
  }
  return asked;
}

result<std::unique_ptr<log_reading>> log_reading::open(const tharsis_files* files, question asked, int64_t now) {
  std::optional<private_key> key;
  if (!asked.key.empty()) {
    auto read = read_private_key(files, {}, asked.key);
    if (!read) return read.failure();
    key.emplace(std::move(*read));
  }
  std::unique_ptr<log_reading> reading(new log_reading(files, std::move(asked), now, std::move(key)));
  if (error failure = reading->find(); failure.status != THARSIS_OK) return failure;
  return reading;
}

error log_reading::find() {
  finder_.add(asked_.paths, now_, sources_);
  if (sources_.complaints.empty()) return {THARSIS_OK, {}};
  return {THARSIS_E_NOT_FOUND, sources_.complaints.front()};
}

tharsis_status log_reading::next(const tharsis_log_item** item) {
  *item = nullptr;
  if (std::exchange(waits_, false)) look_again();
  while (!at_end_) {
    switch (lines_.next()) {
      case merged_lines::step::line: *item = line_item(lines_.source(), lines_.line()); return THARSIS_OK;
      case merged_lines::step::damage: *item = damage_item(lines_.source(), lines_.told()); return THARSIS_OK;
      case merged_lines::step::progress: break;
      case merged_lines::step::end: at_end_ = true; break;
    }
  }
  *item = unreadable_file();
  waits_ = *item == nullptr && asked_.follow;
  return waits_ ? THARSIS_PENDING : THARSIS_OK;
}

// For what came to the files, and for new ones.
void log_reading::look_again() {
  at_end_ = false;
  for (const auto& s : sources_.all) s->bytes->look();
  finder_.add(asked_.paths, now_, sources_);
}

const tharsis_log_item* log_reading::line_item(const read_source& from, const log_line& l) {
  text_.clear();
  l.append_text(text_);
  fields_.clear();
  if (l.of != nullptr && !is_finished_text(*l.of)) take_fields(l);
  record_ = {};
  record_.size = sizeof record_;
  record_.level = l.level;
  record_.wall = l.wall;
  record_.thread = l.thread;
  record_.plugin = text_of(l.plugin());
  record_.text = text_of(as_text(text_.bytes()));
  record_.tag = text_of(l.tag());
  record_.file = text_of(l.file());
  record_.line = l.line();
  item_ = {};
  item_.size = sizeof item_;
  item_.path = text_of(from.path);
  item_.line = &record_;
  item_.fields = fields_.data();
  item_.fields_count = static_cast<uint32_t>(fields_.size());
  return &item_;
}

void log_reading::take_fields(const log_line& l) {
  format_pieces pieces(l.of->text);
  size_t fixed = 0, text = 0;
  for (const char code : l.of->codes) {
    auto piece = pieces.next();
    while (piece == format_pieces::piece::literal) piece = pieces.next();
    std::string_view name = piece == format_pieces::piece::argument ? pieces.name() : std::string_view();
    if (name.empty()) name = number_name(fields_.size());
    fields_.push_back(field_of(name, argument_in(l.values, code, fixed, text)));
    fixed += static_cast<size_t>(fixed_bytes_of(code));
    text += is_text(code) ? 1 : 0;
  }
}

const tharsis_log_item* log_reading::damage_item(const read_source& from, const damage& d) {
  text_.clear();
  append(text_, d.why);
  damage_ = {};
  damage_.size = sizeof damage_;
  damage_.status = d.status;
  damage_.byte = d.at;
  damage_.frame = d.frame.value_or(UINT64_MAX);
  damage_.missing_frames = d.missing_frames;
  damage_.missing_lines = d.missing_lines;
  damage_.why = text_of(as_text(text_.bytes()));
  damage_.at_end = d.cut ? 1 : 0;
  item_ = {};
  item_.size = sizeof item_;
  item_.path = text_of(from.path);
  item_.damage = &damage_;
  return &item_;
}

// The next file whose bytes the system did not give, at the end; null: there is none.
const tharsis_log_item* log_reading::unreadable_file() {
  while (failures_told_ < sources_.all.size()) {
    const read_source& s = *sources_.all[failures_told_++];
    if (const error& failure = s.bytes->failure(); failure.status != THARSIS_OK) {
      damage d{s.lines->position(), failure.text};
      d.status = failure.status;
      return damage_item(s, d);
    }
  }
  return nullptr;
}

}  // namespace tharsis::xlog
