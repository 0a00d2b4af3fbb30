// Takes a log file apart whose form its first bytes tell: ours or Mars'.
#pragma once
#include <optional>
#include <set>
#include <string_view>

#include "plugins/xlog/core/log_reader.h"
#include "plugins/xlog/core/mars_reader.h"

namespace tharsis::xlog {

class any_reader {
 public:
  using item = log_reader::item;

  // As log_reader's and mars_reader's.
  explicit any_reader(const private_key* key = nullptr) : ours_(key), mars_(key) {}

  void on_bytes(std::string_view bytes) {
    if (!is_mars_) is_mars_ = !may_be_log(bytes, false) && may_be_mars(bytes, false);
    *is_mars_ ? mars_.on_bytes(bytes) : ours_.on_bytes(bytes);
  }
  void on_end() { is_mars() ? mars_.on_end() : ours_.on_end(); }
  std::optional<item> take() { return is_mars() ? mars_.take() : ours_.take(); }
  bool sealed() const { return is_mars() ? mars_.sealed() : ours_.sealed(); }

  // Known of our own files only.
  const std::optional<log_reader::segment_id>& writer() const { return ours_.writer(); }
  const std::set<log_reader::segment_id>& kept() const { return ours_.kept(); }

  bool is_mars() const { return is_mars_.value_or(false); }

 private:
  std::optional<bool> is_mars_;
  log_reader ours_;
  mars_reader mars_;
};

// Whether a file that begins with these bytes (all of it, if `whole`) is worth reading; an empty one is.
inline bool may_be_readable(std::string_view bytes, bool whole) { return may_be_log(bytes, whole) || may_be_mars(bytes, whole); }

}  // namespace tharsis::xlog
