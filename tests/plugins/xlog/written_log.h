// A log file made of lines that a test chooses, through the writer's own parts.
#pragma once
#include <string>
#include <vector>

#include "plugins/xlog/core/block_writer.h"
#include "plugins/xlog/frame_maker.h"
#include "tests/plugins/xlog/headed_rows.h"
#include "tests/plugins/xlog/sealing.h"

namespace tharsis::xlog {

class written_log {
 public:
  static constexpr int64_t second = 1'000'000'000;
  static constexpr int64_t begins = 1'795'000'000 * second;

  explicit written_log(std::span<const public_key> recipients = {}, block_settings settings = {})
      : frames_(frame_maker::make(anchor, {1}, settings.tick_shift, recipients, random_)), writer_(settings), bytes(frames_->file_header()) {
    ends.push_back(bytes.size());
  }

  written_log(const written_log&) = delete;
  written_log& operator=(const written_log&) = delete;

  // Numbers are from 1, in the order of the calls; before the first line.
  void add_sites(const std::vector<site>& sites) {
    std::string entries;
    for (const site& s : sites) {
      append_site(entries, ++sites_, s);
      writer_.add_site(sites_, s);
    }
    add(*frames_->sites(entries));
  }
  // `wall`: after the beginning.
  void add_line(uint32_t of, int64_t wall, std::string_view arguments, uint32_t ring = 1) {
    writer_.add(kept_.add(of, ring, static_cast<uint64_t>(wall), arguments));
  }
  void end_block() {
    add(*frames_->block(writer_.finish(), {anchor, {}, {{1, 0, 0, 4711}, {2, 0, 0, 4712}}}));
    kept_ = {};
  }
  void begin_epoch() { writer_.begin_epoch(); }
  void add_note(int64_t wall, std::string_view text) { add(*frames_->note(begins + wall, text)); }
  void end() { add(*frames_->end()); }

 private:
  static constexpr clock_anchor anchor{0, begins, 1e9};
  void add(const std::string& piece) {
    bytes += piece;
    ends.push_back(bytes.size());
  }

  seeded_random random_{1};
  result<frame_maker> frames_;
  block_writer writer_;
  headed_rows kept_;
  uint32_t sites_ = 0;

 public:
  std::string bytes;
  std::vector<size_t> ends;  // Of the header, and of each frame.
};

template <class T>
std::string number_argument(T value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}
inline std::string text_argument_of(std::string_view text) { return number_argument(static_cast<uint32_t>(text.size())) + std::string(text); }

}  // namespace tharsis::xlog
