// The signed table that counts: the one with the highest serial of all that were offered here, over restarts too. A bad one never
// takes the place of a good one. Pure.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugins/dns/core/address_table.h"

namespace tharsis::dns {

class table_shelf {
 public:
  explicit table_shelf(std::vector<table_key> keys) : keys_(std::move(keys)) {}

  // A table from whatever channel. OK: it counts from now on, or is the one that does. `what` names it in sentences.
  //   see read_table(), out_of_time(), and
  //   THARSIS_E_DENIED  it is older than one that was seen before, or of the same serial and different.
  error offer(std::string_view text, int64_t wall_seconds, const std::string& what) {
    auto t = read_table(text, keys_, what);
    if (!t) return t.failure();
    if (const error wrong = out_of_time(*t, wall_seconds, what); wrong.status != THARSIS_OK) return wrong;
    const std::string serial = "serial " + std::to_string(t->serial);
    if (table_ && t->serial < table_->serial)
      return {THARSIS_E_DENIED, what + " is an older one, " + serial + ": " + std::to_string(table_->serial) + " was seen before; a new table needs a higher serial"};
    if (table_ && t->serial == table_->serial && text != text_)
      return {THARSIS_E_DENIED, what + " has " + serial + " as the one before, and other content; a new table needs a higher serial"};
    take(std::move(*t), text);
    return fine();
  }

  // What text() was in an earlier life. It keeps its serial from going back, though it may be too old to be used. Of a key that is
  // trusted no longer it says nothing: then serials begin anew.
  error remember(std::string_view text) {
    auto t = read_table(text, keys_, "the table that was kept");
    if (!t && t.status() == THARSIS_E_UNTRUSTED) return fine();
    if (!t) return t.failure();
    if (!table_ || t->serial > table_->serial) take(std::move(*t), text);
    return fine();
  }

  // Null: there is none, or none that is valid now.
  const address_table* current(int64_t wall_seconds) const {
    return table_ && out_of_time(*table_, wall_seconds, "").status == THARSIS_OK ? &*table_ : nullptr;
  }
  // Of the one that counts, valid or not; empty: none.
  const std::string& text() const { return text_; }
  // Of the same; 0: none.
  uint64_t serial() const { return table_ ? table_->serial : 0; }
  // Grows with each that is taken.
  uint64_t generation() const { return generation_; }

 private:
  void take(address_table t, std::string_view text) {
    if (text == text_) return;
    table_ = std::move(t);
    text_ = text;
    ++generation_;
  }

  const std::vector<table_key> keys_;
  std::optional<address_table> table_;
  std::string text_;
  uint64_t generation_ = 0;
};

}  // namespace tharsis::dns
