// From the rings to the file: lines in the order of their clocks, in blocks, each of which is in the file before the
// room that its lines had is free. Everything here may block: it runs inside run_blocking, one call at a time.
//
// What cannot be written stays in the rings, and is read from them again when writing works.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugins/xlog/core/file_form.h"
#include "plugins/xlog/core/line_rules.h"
#include "plugins/xlog/core/line_thread.h"
#include "plugins/xlog/core/recovery.h"
#include "plugins/xlog/core/row_merge.h"
#include "plugins/xlog/core/settings.h"
#include "plugins/xlog/flight_ring.h"
#include "plugins/xlog/log_files.h"
#include "plugins/xlog/losses.h"
#include "plugins/xlog/ring_set.h"
#include "plugins/xlog/site_registry.h"
#include "plugins/xlog/taps.h"
#include "sdk/abi/files.h"
#include "sdk/abi/host_facts.h"
#include "sdk/abi/loop.h"

namespace tharsis::xlog {

class drain {
 public:
  struct host_tables {
    const tharsis_files* files;
    const tharsis_random* random;
    const tharsis_loop* loop;
    uint32_t process = 0;  // Whose lines these are.
  };
  drain(const host_tables& host, const settings& s, std::vector<public_key> recipients, const unique_id& segment, ring_set& rings,
        site_registry& sites, const clock_anchor& anchor, taps* listeners = nullptr);

  struct outcome {
    uint64_t lines = 0;    // That are in files now and were not before.
    uint64_t bytes = 0;
    uint64_t recorded = 0; // Lines that are written when an error comes.
    uint64_t dropped = 0;  // Lines that no file will have.
    loss_counts full;      // Those of them that found their rings full.
    bool kept = false;     // All lines that were there when run() began are where they are promised to be.
    bool open = false;     // Lines are left in a block that is not full.
    bool file_over = false;  // The file is full, and lines are left for the next one: with a limit of bytes, others may have to go first.
    error failure{THARSIS_OK, {}};
    std::string file;      // That is open, or was last.
  };

  // From the next run() on.
  void set_keep(const retention& keep) { keep_bytes_ = keep.keep_bytes; }

  // Makes the first file. The failure's text is fit for a person.
  outcome open(int64_t wall);

  // Hands on what a dead process left, by the `segment` and the `anchor` of its lines. Before the first run(): such
  // frames stand before the blocks of their file. `will` is called where the file does not say what it holds.
  outcome keep_recovered(const recovered_payload& left, const unique_id& segment, const clock_anchor& anchor, int64_t wall,
                         const will_write& will = {});

  // Writes a fatal line of ours, of that time.
  outcome keep_crash(const std::string& sentence, int64_t when, int64_t wall);

  // Writes what is in the rings now; of a last block that is not full only if `all`. Ends early enough for the caller
  // to see to other things, and says `open` then too.
  // With `all`, and a promise about power, it is on the disk too.
  outcome run(int64_t wall, const clock_anchor& anchor, bool all);

  // Tells the taps what is in the rings now, and writes nothing. True: a block is full, and what comes after it waits.
  bool tell_taps(const clock_anchor& anchor);

  // Writes the end of the file and closes it.
  outcome finish();

  struct unwritten {
    uint64_t in_rings = 0;  // Lines.
    uint64_t dropped = 0;   // That no outcome told of.
    loss_counts full;       // Those of them that found their rings full.
  };
  // After the last run().
  unwritten count_unwritten();

 private:
  void look();
  void look_at_owner(uint32_t ring);
  bool look_for_more();
  bool has_lines();
  bool gather();
  // A line, where it stands, and whose it is.
  struct seen {
    row line;
    uint32_t ring = 0;
    uint64_t position = 0;
    uint64_t thread = 0;
  };
  bool next(seen& s);
  bool take_thread(seen& s);
  bool is_owners(const seen& s) const;
  uint32_t number_of(const seen& s);
  enum class turn { add, next, full };
  turn decide(seen& s);
  turn record(const seen& s, bool again);
  void adopt_rules();
  void show_released();
  error write_block();
  void commit();
  error keep();
  error finish_file();
  error write_losses();
  error write_untold();
  error note(const std::string& sentence);
  void take_drops();
  error begin_file();
  error change_file_if_over();
  error append(const result<std::string>& piece);
  void tell_intent(const std::string& piece);
  error keep_sealed(const recovered_payload& left, const block_extra& extra);
  void rewind();
  outcome outcome_of(error failure);
  block_extra extra();

  const host_tables host_;
  const settings settings_;
  uint64_t keep_bytes_;  // As retention has it.
  const std::vector<public_key> recipients_;
  const unique_id segment_;
  ring_set& rings_;
  site_registry& sites_;
  clock_anchor anchor_;
  std::optional<clock_anchor> last_anchor_;  // Of the last block, in whichever file.
  std::vector<std::string> untold_;          // What somebody or the disk has done to files, in sentences; no note has them yet.
  bool unkept_ = false;                      // The disk is to be told to keep what was committed.
  bool fresh_ = true;                        // The file has no block yet.
  int64_t wall_ = 0;
  log_files files_;
  std::unique_ptr<file_form> form_;  // From open() on.
  std::optional<tap_feed> feed_;
  row_merge rows_;
  std::vector<uint64_t> begun_;  // For each ring: where the block that grows begins.
  uint32_t sites_known_ = 0;     // To form_.
  flight_ring flight_;
  line_rules rules_;
  uint32_t rules_turn_ = 0;
  std::vector<line_fate> fates_;            // Of each site, by its number.
  // For each ring: lines before this position that are to be recorded have been, and alarms have been heard. When writing
  // failed they come again.
  std::vector<uint64_t> done_to_;
  struct owner {
    uint64_t thread = 0;
    uint64_t until = 0;
  };
  std::vector<owner> owners_;               // Of each ring, of its lines from begun_ on.
  // Of threads in the block that grows.
  thread_numbers recorded_by_{recorded_threads_from}, named_{named_threads_from};
  uint64_t lines_ = 0, bytes_ = 0, recorded_ = 0, dropped_ = 0;  // Since the last outcome.
  loss_counts full_;   // Since the last outcome.
  loss_counts drops_;  // That no note tells of yet.
  int64_t drops_since_ = 0, drops_until_ = 0;  // Between these times, by the wall clock.
  int64_t counted_ = 0;     // When drops were looked for last.
  bool disk_full_ = false;  // Since then it was.
  struct spoiled {
    uint64_t lines = 0;
    uint64_t bytes = 0;
  };
  spoiled passed_;   // In the rings, since begun_.
  spoiled spoiled_;  // That no note tells of yet.
};

}  // namespace tharsis::xlog
