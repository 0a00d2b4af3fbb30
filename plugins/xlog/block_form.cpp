#include "plugins/xlog/block_form.h"

#include <utility>

#include "plugins/xlog/core/site.h"

namespace tharsis::xlog {
namespace {

block_settings block_settings_of(unsigned tick_shift) {
  block_settings b;
  b.tick_shift = tick_shift;
  return b;
}

}  // namespace

block_form::block_form(unsigned tick_shift, std::vector<public_key> recipients, const tharsis_random& random)
    : block_form(block_settings_of(tick_shift), std::move(recipients), random) {}

block_form::block_form(const block_settings& blocks, std::vector<public_key> recipients, const tharsis_random& random)
    : tick_shift_(blocks.tick_shift), recipients_(std::move(recipients)), random_(random), block_(blocks) {}

void block_form::add_site(const site& s) {
  sites_.push_back(s);
  block_.add_site(static_cast<uint32_t>(sites_.size()), s);
}

// Their texts are in the dictionary of the file that ends.
void block_form::forget() {
  if (block_.rows() > 0) block_.finish();
  block_.begin_epoch();
  epoch_.reset();
}

result<std::string> block_form::begin(const clock_anchor& anchor, const unique_id& id) {
  return begin_with(frame_maker::make(anchor, id, tick_shift_, recipients_, random_));
}

result<std::string> block_form::begin_with(result<frame_maker> made) {
  if (!made) return made.failure();
  frames_.emplace(std::move(*made));
  return frames_->file_header();
}

result<std::string> block_form::lines(const block_extra& extra) {
  const block b = block_.finish();
  // A new epoch is where a reader may begin: it needs all sites there.
  if (epoch_ != b.facts.epoch) sites_written_ = 0;
  epoch_ = b.facts.epoch;
  if (sites_written_ == sites_.size()) return frames_->block(b, extra);
  std::string entries;
  while (sites_written_ < sites_.size()) {
    const site& s = sites_[sites_written_++];
    append_site(entries, static_cast<uint32_t>(sites_written_), s);
  }
  auto bytes = frames_->sites(entries);
  if (!bytes) return bytes;
  const auto rows = frames_->block(b, extra);
  return rows ? result<std::string>(std::move(*bytes) + *rows) : rows;
}

result<std::string> block_form::recovered(const recovered_payload& left, const block_extra& extra) {
  return frames_->recovered(left.bytes, extra);
}

result<std::string> block_form::note(int64_t wall, std::string_view text, uint32_t level) { return frames_->note(wall, text, level); }

}  // namespace tharsis::xlog
