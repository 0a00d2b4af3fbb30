// From frame to frame through one log file, at offsets: headers first, and payloads only of frames that somebody wants.
// Damage never stops it: what cannot be read is told, and the walk goes on at the next frame. In a sealed file nothing
// is believed that its seal does not prove, but for headers of blocks that nobody wants; what is missing, doubled or in
// the wrong place shows.
//
// The texts of blocks that were passed over are read when a later block of their epoch is opened.
#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/xlog/core/block_reader.h"
#include "plugins/xlog/core/byte_window.h"
#include "plugins/xlog/core/doubtful_stretch.h"
#include "plugins/xlog/core/frame.h"
#include "plugins/xlog/core/frame_chain.h"
#include "plugins/xlog/core/key_file.h"
#include "plugins/xlog/core/left_out.h"
#include "plugins/xlog/core/line_source.h"
#include "plugins/xlog/core/seal.h"
#include "plugins/xlog/core/site.h"

namespace tharsis::xlog {

// Who walks.
class frame_choice {
 public:
  virtual ~frame_choice() = default;
  // Whether a line of this block may be wanted; of a note. The header of either is not proven yet.
  virtual bool wants_block(const frame_header&, const block_extra&) { return true; }
  virtual bool wants_note(const frame_header&) { return true; }
  // A site of the file; the latest with a number counts.
  virtual void on_site(uint32_t number, const site& s) = 0;
};

class file_walk {
 public:
  // `key` opens sealed files and may be null. All must outlive this.
  file_walk(byte_window& bytes, const private_key* key, frame_choice& choice) : bytes_(bytes), key_(key), choice_(choice) {}
  ~file_walk();

  enum class step {
    more,       // Bytes are still to come.
    end,        // There is no more; where the file grows, there may be later.
    damage,     // See told().
    block,      // A block that is wanted, of which the texts are read: see header(), extra(), open_rows().
    recovered,  // What a dead process left: see extra(), payload().
    note,       // See header(), payload().
  };
  step next();

  const damage& told() const { return damage_; }
  // Of the frame that is open; extra() also of one that is torn, as far as it is there.
  const frame_header& header() const { return header_; }
  const std::optional<block_extra>& extra() const { return extra_; }
  std::span<const uint8_t> payload() const { return payload_; }
  uint64_t frame_at() const { return frame_at_; }
  // What is before it is not read again, if every block is opened.
  uint64_t needed_from() const { return lost_ > 0 ? at_ : frame_at_; }
  // Also true where the block's texts are not all known, so that nothing can be said by them.
  bool texts_are_lost() const { return texts_lost_; }
  // Opens the rows of the block that next() found. False: they cannot be read; next() tells.
  bool open_rows();
  block_reader& rows() { return *block_; }

  // Something that who reads the frame found wrong in it; next() tells it.
  void tell(std::string why, uint64_t lines = 0);

  // Whether the file is sealed, and nobody gave its key.
  bool sealed() const { return hopeless_ && file_ && file_->sealed; }
  const private_key* key() const { return key_; }
  const std::optional<file_header>& file() const { return file_; }
  // Where the next frame begins; whether the last one was there; the number that the next one should have.
  uint64_t position() const { return at_; }
  bool complete() const { return chain_.ended(); }
  uint64_t frames() const { return chain_.next(); }
  // What a selection left out when the file was shipped, as far as the frames around it bear it out.
  const left_out_facts& missing_by_choice() const { return chosen_; }

 private:
  using outcome = std::optional<step>;
  struct texts_place {  // Of a block that was passed over.
    uint64_t at;
    frame_header header;
  };

  outcome begin();
  outcome next_frame();
  outcome pass_lost_bytes(size_t from);
  outcome at_end(bool whole);
  outcome take_frame();
  outcome take_block();
  outcome take_other();
  outcome take_left_out();
  void take_left_texts(const frame_header& h, std::span<const uint8_t> texts);
  void settle_left_out(bool at_end);
  bool expects(const frame_header& h) const;
  outcome unbelieved(const std::string& why);
  outcome pass_damaged();
  bool may_pass_over() const;
  void pass_over();
  bool on_chain(std::optional<uint32_t> own);
  void on_torn(const std::optional<frame_header>& h);
  void take_sites(std::span<const uint8_t> entries);
  void load_passed_texts();
  bool read_clear_and_first(uint64_t at, const frame_header& h);
  std::optional<std::span<const uint8_t>> open_first(const frame_header& h);
  std::optional<std::span<const uint8_t>> read_second();
  std::optional<std::span<const uint8_t>> open_payload(const frame_header& h, uint8_t number, std::span<uint8_t> payload);
  std::optional<uint32_t> chain_at_end();
  uint64_t find_frame_from(uint64_t from, uint64_t end);
  bool has_second();
  void go_on_within();
  bool is_whole();
  void on_epoch();
  void tell(damage d) { told_.push_back(std::move(d)); }
  outcome cannot_read();

  byte_window& bytes_;
  const private_key* const key_;
  frame_choice& choice_;
  uint64_t at_ = 0;        // Of the next frame.
  uint64_t frame_at_ = 0;  // Of the one that is open.
  std::deque<damage> told_;  // Before what was found:
  outcome found_;
  damage damage_;
  frame_chain chain_;
  uint64_t lost_ = 0;        // Bytes that are no frame, up to at_,
  uint64_t lost_at_ = 0;     // and where they begin.
  bool torn_ = false;        // They look like the beginning of one,
  bool torn_lines_ = false;  // which may have had lines.
  bool end_told_ = false;
  bool hopeless_ = false;
  std::optional<file_header> file_;
  std::optional<file_opener> opener_;
  std::optional<block_reader> block_;
  frame_header header_;
  std::optional<block_extra> extra_;
  std::vector<uint8_t> clear_;   // Header, extra and first payload.
  std::vector<uint8_t> second_;
  std::span<const uint8_t> payload_;
  std::optional<std::span<const uint8_t>> rows_;  // Opened before they were asked for.
  std::string why_;                               // Of a payload that could not be opened.
  std::vector<texts_place> passed_;               // Of one epoch.
  doubtful_stretch doubtful_;                     // Where a frame was not as it was written; that is told once.
  bool gap_ = false;                              // Something was lost since the last block.
  bool texts_lost_ = false;                       // In the epoch that is read.
  struct left_out_run {
    frame_header begins;
    left_out what;
    uint64_t at;
    uint64_t frames;
  };
  std::optional<left_out_run> left_out_;  // The next frame proves it, or not.
  left_out_facts chosen_;
  std::optional<uint16_t> epoch_;
};

// Whether a file that begins with these bytes (all of it, if `whole`) is worth reading; an empty one is.
bool may_be_log(std::string_view bytes, bool whole);

}  // namespace tharsis::xlog
