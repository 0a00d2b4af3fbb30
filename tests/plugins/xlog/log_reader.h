// Takes a log file apart that a test has in memory: bytes in, records and damage out.
#pragma once
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "plugins/xlog/core/byte_window.h"
#include "plugins/xlog/core/log_lines.h"
#include "plugins/xlog/core/record.h"

namespace tharsis::xlog {

class log_reader {
 public:
  struct item {
    record value;             // When there is no damage.
    std::string damage = {};  // "byte 1234: ...".
    bool cut = false;         // As in struct damage.
    bool torn = false;
    bool recorded = false;    // It waited for an error to come, and may be older than what was before.
  };

  // `key` opens sealed files; it must outlive this, and may be null.
  explicit log_reader(const private_key* key = nullptr) : lines_(bytes_, key, all_) {}
  log_reader(const log_reader&) = delete;
  log_reader& operator=(const log_reader&) = delete;

  void on_bytes(std::string_view bytes) {
    bytes_.forget_before(lines_.walk().needed_from());
    bytes_.push(bytes);
  }
  void on_end() { bytes_.end(); }

  using segment_id = log_lines::segment_id;
  std::optional<segment_id> writer() const { return lines_.writer(); }
  const std::set<segment_id>& kept() const { return lines_.kept(); }

  // The next record or damage; nothing: more bytes are needed, or that was all.
  std::optional<item> take() {
    for (;;) {
      switch (lines_.next()) {
        case log_lines::step::line: {
          item i{record_of(lines_.line())};
          i.recorded = lines_.line().recorded;
          return i;
        }
        case log_lines::step::damage: return item{{}, lines_.told().text(), lines_.told().cut, lines_.told().torn};
        case log_lines::step::later: break;
        case log_lines::step::more:
        case log_lines::step::end: return {};
      }
    }
  }

 private:
  const query all_;
  pushed_bytes bytes_;
  log_lines lines_;
};

}  // namespace tharsis::xlog
