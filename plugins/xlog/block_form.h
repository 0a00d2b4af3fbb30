// Format xlog: rows in blocks, blocks in frames, plain or sealed.
#pragma once
#include <optional>
#include <vector>

#include "plugins/xlog/core/file_form.h"
#include "plugins/xlog/frame_maker.h"

namespace tharsis::xlog {

class block_form final : public file_form {
 public:
  block_form(unsigned tick_shift, std::vector<public_key> recipients, const tharsis_random& random);
  block_form(const block_settings& blocks, std::vector<public_key> recipients, const tharsis_random& random);

  bool proves_itself() const override { return true; }
  void add_site(const site& s) override;
  block_writer::added add(const row& r) override { return block_.add(r); }
  uint32_t rows() const override { return block_.rows(); }
  void forget() override;
  result<std::string> begin(const clock_anchor& anchor, const unique_id& id) override;
  // A file that takes another one's place: see frame_maker.
  result<std::string> begin_again(const file_header& head, const private_key* key) { return begin_with(frame_maker::again(head, key)); }
  result<std::string> lines(const block_extra& extra) override;
  result<std::string> recovered(const recovered_payload& left, const block_extra& extra) override;
  result<std::string> note(int64_t wall, std::string_view text, uint32_t level) override;
  result<std::string> end() override { return frames_->end(); }

 private:
  result<std::string> begin_with(result<frame_maker> made);

  const unsigned tick_shift_;
  const std::vector<public_key> recipients_;
  const tharsis_random& random_;
  block_writer block_;
  std::optional<frame_maker> frames_;
  std::vector<site> sites_;      // Known to block_.
  size_t sites_written_ = 0;     // To the file.
  std::optional<uint16_t> epoch_;
};

}  // namespace tharsis::xlog
