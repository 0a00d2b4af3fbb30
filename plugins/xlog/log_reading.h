// Somebody's reading through tharsis.log_reader/1: a query over files, and its lines one after the other. [may block]
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugins/xlog/merged_lines.h"
#include "sdk/abi/xlog.h"

namespace tharsis::xlog {

class log_reading {
 public:
  // What was asked, in values of our own.
  struct question {
    std::vector<std::string> paths;  // Absolute.
    std::string key;                 // As paths; empty: none.
    query wanted;
    bool follow = false;
  };
  static result<question> question_of(const tharsis_log_query& q);

  // `now` is the wall time.
  static result<std::unique_ptr<log_reading>> open(const tharsis_files* files, question asked, int64_t now);

  // See tharsis_log_reader.next.
  tharsis_status next(const tharsis_log_item** item);

 private:
  log_reading(const tharsis_files* files, question asked, int64_t now, std::optional<private_key> key)
      : asked_(std::move(asked)), now_(now), key_(std::move(key)), finder_(files, {}, asked_.wanted, key_ ? &*key_ : nullptr, asked_.follow), lines_(sources_.all) {}

  error find();
  void look_again();
  const tharsis_log_item* line_item(const read_source& from, const log_line& l);
  const tharsis_log_item* damage_item(const read_source& from, const damage& d);
  const tharsis_log_item* unreadable_file();
  void take_fields(const log_line& l);

  const question asked_;
  const int64_t now_;
  const std::optional<private_key> key_;
  source_finder finder_;
  found_sources sources_;
  merged_lines lines_;
  bool at_end_ = false;       // Of all that was there when it was looked for.
  bool waits_ = false;        // Who asked knows of it, and wants what comes.
  size_t failures_told_ = 0;  // Of the sources before this one it was told if they could not be read.

  // What was answered last.
  tharsis_log_item item_{};
  tharsis_log_record record_{};
  tharsis_log_damage damage_{};
  byte_sink text_;
  std::vector<tharsis_log_field> fields_;
};

}  // namespace tharsis::xlog
