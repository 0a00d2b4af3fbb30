// Makes a source of lines of a reader that takes bytes as they come: on_bytes(), on_end(), take(), sealed() as mars_reader has them.
#pragma once
#include <charconv>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "plugins/xlog/core/byte_window.h"
#include "plugins/xlog/core/line_source.h"
#include "plugins/xlog/core/query.h"
#include "plugins/xlog/core/record.h"

namespace tharsis::xlog {

template <class Reader>
class pushed_source final : public line_source {
 public:
  // `with`: what the reader is made of. All references must outlive this.
  template <class... With>
  explicit pushed_source(byte_window& bytes, const query& wanted, With... with) : bytes_(bytes), wanted_(wanted), reader_(with...) {}
  template <class... With>
  explicit pushed_source(byte_window& bytes, query&& wanted, With... with) = delete;

  step next() override {
    // Where nobody wants a line, who reads looks around now and then all the same.
    bool fed = false;
    for (uint64_t unwanted = 0; unwanted < unwanted_at_once; ++unwanted) {
      if (auto i = reader_.take()) {
        if (!i->damage.empty()) {
          damage_ = parsed(i->damage);
          damage_.cut = i->cut;
          damage_.torn = i->torn;
          if (reader_.sealed()) damage_.status = THARSIS_E_DENIED;
          return step::damage;
        }
        said_ = std::move(i->value);
        if (wants()) return step::line;
        continue;
      }
      if (ended_) return step::end;
      if (std::exchange(fed, true)) return step::later;
      const std::string_view some = bytes_.at(position_, at_once);
      position_ += some.size();
      if (!some.empty()) reader_.on_bytes(some);
      else if (!bytes_.ended()) return step::more;
      else ended_ = true, reader_.on_end();
    }
    return step::later;
  }
  const damage& told() const override { return damage_; }
  int64_t earliest() const override { return std::numeric_limits<int64_t>::min(); }
  uint64_t position() const override { return position_; }

 private:
  static constexpr size_t at_once = 256 << 10;
  static constexpr uint64_t unwanted_at_once = 64 << 10;  // Lines: a small block may expand to many.

  // "byte 1234: why"
  static damage parsed(std::string_view text) {
    damage d;
    constexpr std::string_view before = "byte ";
    const auto [end, failure] = text.starts_with(before) ? std::from_chars(text.data() + before.size(), text.data() + text.size(), d.at)
                                                         : std::from_chars_result{text.data(), std::errc::invalid_argument};
    const std::string_view rest = failure == std::errc() ? text.substr(static_cast<size_t>(end - text.data())) : text;
    d.why = rest.starts_with(": ") ? rest.substr(2) : rest;
    return d;
  }

  bool wants() {
    line_ = {};
    line_.wall = said_.wall;
    line_.level = said_.level;
    line_.thread = said_.thread;
    line_.said = &said_;
    return wanted_.wants(said_);
  }

  byte_window& bytes_;
  const query& wanted_;
  Reader reader_;
  record said_;
  damage damage_;
  uint64_t position_ = 0;
  bool ended_ = false;
};

}  // namespace tharsis::xlog
