// Puts the lines of one closed file into fewer, larger blocks, and the new file into the old one's place: the same lines at the
// same times in the same order, notes and what dead processes left where they stood, and what the blocks say of rings.
//
//   new file `<path>.compact`, locked; written; synced; renamed. Its header says how old the other one was.
//
// Whoever is killed on the way leaves the old file or the new one, and perhaps an unfinished one for clear_unfinished(). Everything
// here may block; one call at a time.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugins/xlog/block_form.h"
#include "plugins/xlog/core/compaction.h"
#include "plugins/xlog/core/file_walk.h"
#include "plugins/xlog/core/line_thread.h"
#include "plugins/xlog/file_window.h"
#include "plugins/xlog/log_folder.h"

namespace tharsis::xlog {

struct compaction_outcome {
  enum class kind {
    done,
    left,      // There is nothing to gain, or it is none that can be compacted; `why` says it.
    busy,      // Somebody writes it, or compacts it.
    failed,    // The disk did not do what it should; the old file is there.
  };
  kind is = kind::left;
  error why{THARSIS_OK, {}};
  file_survey before;
  uint64_t bytes = 0, blocks = 0;  // Of the new file.
};

class file_compaction final : private frame_choice {
 public:
  struct limits {
    uint64_t keep_free = 0;    // Of the disk, beside the new file.
    bool only_survey = false;  // Say what would be done.
    const private_key* key = nullptr;  // Opens sealed files, which are sealed for the same again; must outlive the work.
  };
  file_compaction(const tharsis_files* files, const tharsis_random& random, std::string path, const limits& l);
  file_compaction(const file_compaction&) = delete;
  ~file_compaction() override;

  // A little more of the work; true: it is over.
  bool step();
  // Of the old file's bytes, how many have been read.
  uint64_t position() const;
  const compaction_outcome& outcome() const { return outcome_; }

 private:
  enum class phase { beginning, surveying, writing, over };
  struct target {  // What the block that grows says in the clear.
    clock_anchor anchor;  // Of the old file's last block, as it stands.
    bool is_as_it_was = false;
    std::array<uint8_t, 16> segment{};
    std::vector<ring_range> ranges;
    std::map<uint32_t, uint64_t> owners;  // Threads by rings.
    thread_numbers recorded{recorded_threads_from}, named{named_threads_from};
    uint64_t tick_min = ~uint64_t{0}, tick_max = 0;
  };

  void on_site(uint32_t number, const site& s) override;

  void begin();
  bool may_open();
  void survey();
  bool survey_frame(const frame_header& h);
  void end_survey();
  void open_target();
  file_header new_head() const;
  void write();
  void take_block();
  bool take_rows(bool as_it_was);
  bool add_row(const row& r, uint64_t thread, std::span<const uint8_t> arguments);
  uint32_t number_of(uint32_t ring, uint64_t thread);
  void add_ranges(const block_extra& from);
  bool end_block();
  block_extra extra_of_target() const;
  void take_note();
  void take_recovered();
  bool append(const result<std::string>& piece);
  void end_file();
  bool is_still_there() const;
  void leave(const std::string& why);
  void fail_with(error why);
  void end(compaction_outcome::kind is, error why);
  void discard();

  const tharsis_files* const files_;
  const tharsis_random& random_;
  const std::string path_, unfinished_;
  const limits limits_;
  phase phase_ = phase::beginning;
  compaction_outcome outcome_;
  std::optional<file_claim> claim_, mine_;  // Of the old file, and of the new one.
  tharsis_handle file_ = 0;                 // The new one.
  int64_t modified_ = 0;                    // Of the old one.
  file_window bytes_;
  file_opening opening_;
  uint64_t at_ = 0;  // Of the frame that is looked at next.
  std::optional<file_walk> walk_;
  std::optional<block_form> form_;
  target target_;
  std::map<uint32_t, uint64_t> threads_;  // By their numbers in the block that is read.
  uint64_t blocks_read_ = 0, rows_written_ = 0;
  struct known_site {
    site of;
    uint32_t number = 0;  // In the new file; 0: none has come.
  };
  std::vector<known_site> sites_;    // By their numbers in the old file.
  uint32_t sites_known_ = 0;         // To form_.
  std::vector<uint8_t> arguments_;   // Of the rows of the block that grows, which must not move.
};

// Removes what compactions left here that were killed; of one log, or with an empty `of` of all.
void clear_unfinished(const tharsis_files* files, const std::string& folder, const std::string& of);

}  // namespace tharsis::xlog
