#include "plugins/xlog/made_log.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "plugins/xlog/core/line.h"
#include "plugins/xlog/core/row.h"
#include "plugins/xlog/core/settings.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {
namespace {

constexpr uint64_t file_bytes = 64 << 20;    // As settings::file_size is by itself.
constexpr size_t kept_most = 8 << 20;        // What rows of a block need, each of which may be row_bytes_max long.
constexpr size_t sites_of_file = 16 << 10;   // More places in programs are seldom; then another file is begun, with none.
constexpr size_t threads_of_block = 4 << 10;
constexpr uint32_t first_ring = 1 << 16;     // No rings, but threads: see FORMAT.md.
// Ticks are nanoseconds of wall time and one more, since readers that count in doubles and cut off may lose one.
constexpr int64_t tick_ahead = 1;


// As sdk/abi/log.h has a text.
void append_text_argument(std::vector<uint8_t>& to, std::string_view text) {
  const auto size = static_cast<uint32_t>(text.size());
  const auto* const bytes = reinterpret_cast<const uint8_t*>(&size);
  to.insert(to.end(), bytes, bytes + sizeof size);
  to.insert(to.end(), text.begin(), text.end());
}

}  // namespace

made_log::made_log(const tharsis_files* files, const std::string& folder, const std::string& name, const tharsis_random& random)
    : files_(files), random_(random), to_(files, {folder}, name, file_bytes, calendar()) {
  kept_.reserve(kept_most);
}

error made_log::begin(int64_t wall) {
  if (error failure = to_.begin(wall); failure.status != THARSIS_OK) return failure;
  paths_.push_back(to_.path());
  day_ = utc_day(wall);
  form_.emplace(0, std::vector<public_key>(), random_);
  unique_id id{};
  random_.fill(random_.self, id.data(), id.size());
  const auto head = form_->begin({static_cast<uint64_t>(wall), wall, 1e9}, id);
  return head ? to_.append(*head) : head.failure();
}

error made_log::add(const log_line& l) {
  const int64_t wall = std::max<int64_t>(l.wall, 0);
  take_arguments(l);
  const bool next_file = form_ && (utc_day(wall) > day_ || to_.length() >= file_bytes || sites_.size() >= sites_of_file);
  const bool next_block = form_ && (kept_.size() + row_head + arguments_.size() > kept_most || threads_.size() >= threads_of_block);
  error failure = next_file ? end_file() : next_block ? end_block() : fine();
  if (failure.status == THARSIS_OK && !form_) failure = begin(wall);
  if (failure.status != THARSIS_OK) return failure;
  for (bool again = false;; again = true) {
    if (form_->rows() == 0) extra_.anchor = {static_cast<uint64_t>(wall), wall, 1e9};
    row r;
    r.site = number_of(l.of != nullptr ? *l.of : site{l.level, l.line(), std::string(l.plugin()), std::string(l.tag()), std::string(l.file()), "{}", "s"});
    r.thread = ring_of(l.thread);
    r.tick = static_cast<uint64_t>(wall + tick_ahead);
    const size_t at = kept_.size() + row_head;
    kept_.resize(at);
    kept_.insert(kept_.end(), arguments_.begin(), arguments_.end());
    r.arguments = std::span(kept_).subspan(at);
    const auto added = form_->add(r);
    if (added == block_writer::added::yes) break;
    if (added == block_writer::added::refused || again) return {THARSIS_E_INTERNAL, "a line cannot be kept as it is"};
    if (failure = end_block(); failure.status != THARSIS_OK) return failure;
  }
  ++lines_;
  return fine();
}

// A line that is finished text has no more of it than a log keeps.
void made_log::take_arguments(const log_line& l) {
  arguments_.clear();
  if (l.of != nullptr) return append_cells(arguments_, l.values);
  const std::string_view text = l.said->text;
  if (text.size() <= text_max) return append_text_argument(arguments_, text);
  said_ = text.substr(0, text_max);
  said_ += cut_note(text.size() - text_max).text();
  append_text_argument(arguments_, said_);
}

uint32_t made_log::number_of(const site& s) {
  key_.clear();
  append_site(key_, 0, s);
  const auto [at, is_new] = sites_.try_emplace(key_, static_cast<uint32_t>(sites_.size() + 1));
  if (is_new) form_->add_site(s);
  return at->second;
}

uint32_t made_log::ring_of(uint64_t thread) {
  const auto [at, is_new] = threads_.try_emplace(thread, first_ring + static_cast<uint32_t>(threads_.size()));
  if (is_new) extra_.consumed.push_back({at->second, 0, 0, thread});
  return at->second;
}

error made_log::end_block() {
  error failure = fine();
  if (form_->rows() > 0) {
    const auto bytes = form_->lines(extra_);
    failure = bytes ? to_.append(*bytes) : bytes.failure();
  }
  kept_.clear();
  threads_.clear();
  extra_.consumed.clear();
  return failure;
}

error made_log::end_file() {
  error failure = end_block();
  if (failure.status == THARSIS_OK) {
    const auto bytes = form_->end();
    failure = bytes ? to_.append(*bytes) : bytes.failure();
  }
  if (failure.status == THARSIS_OK) failure = to_.finish();
  form_.reset();
  sites_.clear();
  return failure;
}

error made_log::end() { return form_ ? end_file() : fine(); }

void made_log::remove() {
  to_.close();
  for (const std::string& path : paths_) files_->remove(files_->self, text_of(path), nullptr);
}

}  // namespace tharsis::xlog
