// What the commands that read have in common: finding the files, reading them merged, naming damage, the exit code.
#pragma once
#include <atomic>
#include <string>
#include <vector>

#include "plugins/xlog/core/line_output.h"
#include "plugins/xlog/core/read_arguments.h"
#include "plugins/xlog/merged_lines.h"
#include "plugins/xlog/read_sources.h"
#include "sdk/async/command.h"
#include "sdk/pure/harmless.h"

namespace tharsis::xlog {

// So many damaged places of a file are remembered where they cannot be told at once; the others are counted. It is more than a person
// reads, and a file that somebody has made up may have one every 64 bytes.
inline constexpr size_t damage_kept_most = 1000;

// For a person: names of files, and what stands in them, may be anybody's.
inline std::string damage_text(const read_source& from, const damage& d) { return harmless(from.shown + ": " + d.text()); }

struct reading {
  const tharsis_files* files;
  const tharsis_loop* loop;
  command_call call;
  read_arguments asked;
  const private_key* key;  // Null: none.
  int64_t now;             // Wall time.
  const std::atomic<bool>* stop;
  const tharsis_random* random;
};

// [may block]
class read_run {
 public:
  // `wanted` outlives it.
  read_run(const reading& r, const query& wanted, bool grows = false);
  read_run(const reading& r, query&& wanted, bool grows = false) = delete;

  // Before find().
  void take_all() { finder_.take_all(); }
  // False: the paths are wrong, which has been told.
  bool find();
  // All that is there now, to the sink. False: it was stopped.
  bool run(line_sink& sink);
  // Looks for new files, and for what came to those that are known.
  void look_again();
  // 0 all was read, 1 not.
  int code() const;

  const std::vector<std::unique_ptr<read_source>>& sources() const { return sources_.all; }
  // Whether the writer of a file that has no end died there, and its rings were taken over: nothing is missing then.
  bool is_kept_elsewhere(const read_source& unfinished) const;

 private:
  class complaining;
  void tell_left_out();

  const reading& reading_;
  source_finder finder_;
  found_sources sources_;
  merged_lines lines_;
  bool damaged_ = false;
  bool left_out_told_ = false;
  std::vector<const read_source*> torn_;  // Files that end in the midst of a frame.
};

// Lines as text on the way to the person or program, and damage where it is.
class printed_lines final : public line_sink {
 public:
  printed_lines(const command_call& call, std::unique_ptr<line_output> form) : call_(call), form_(std::move(form)) {}
  void on_line(const log_line& l) override {
    form_->add(out_, l);
    ++lines_;
    if (out_.size() >= shown_at_once) show();
  }
  void on_damage(const read_source& from, const damage& d) override {
    show();
    call_.complain(damage_text(from, d));
  }
  void show();
  uint64_t lines() const { return lines_; }

 private:
  static constexpr size_t shown_at_once = 64 << 10;  // A terminal's or pipe's worth.

  const command_call& call_;
  const std::unique_ptr<line_output> form_;
  byte_sink out_;
  uint64_t lines_ = 0;
};

// As the arguments ask for.
std::unique_ptr<line_output> output_of(const reading& r);

// The commands; the answer is the exit code. [may block]
int print_lines(const reading& r);   // cat
int find_lines(const reading& r);    // grep
int show_statistics(const reading& r);
int verify_files(const reading& r);
int export_lines(const reading& r);
int import_lines(const reading& r);

}  // namespace tharsis::xlog
