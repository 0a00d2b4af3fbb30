// A log file as a busy messenger writes it, as large as is wanted, for who measures reading.
#pragma once
#include <cstdint>
#include <string>

#include "plugins/xlog/core/block_writer.h"
#include "plugins/xlog/frame_maker.h"
#include "tests/bench/xlog/corpus.h"
#include "tests/plugins/xlog/sealing.h"

namespace tharsis::bench {

// The word of one line in a million or so.
inline constexpr std::string_view rare_word = "zyxwvut-needle";
inline constexpr int64_t big_log_begins = 1'795'000'000'000'000'000;

// `piece` gets the bytes of the file one after the other; `rows` lines, a quarter of them with text that never comes again
// if `free_text`. Sealed for `to`, if it is not null.
template <class Piece>
void make_big_log(uint64_t rows, bool free_text, const xlog::public_key* to, Piece piece) {
  constexpr size_t rows_each = 200'000;
  constexpr double ticks_per_second = 2.5e9;
  xlog::seeded_random random(3);
  const xlog::clock_anchor anchor{0, big_log_begins, ticks_per_second};
  auto made_frames = xlog::frame_maker::make(anchor, {1}, 11, {to, to != nullptr ? size_t{1} : 0}, random);
  xlog::frame_maker& frames = *made_frames;
  piece(frames.file_header());
  xlog::block_settings settings;
  settings.tick_shift = 11;
  xlog::block_writer writer(settings);
  const auto finish = [&] { piece(*frames.block(writer.finish(), {anchor, {}, {{1, 0, 0, 4711}}})); };
  uint64_t last = 0, base = 0;
  for (uint64_t made = 0, seed = 1; made < rows; made += rows_each, ++seed) {
    auto corpus = free_text ? free_text_corpus(seed, rows_each, 100'000) : im_corpus(seed, rows_each, 100'000);
    if (made == 0) {
      corpus.sites.push_back({4, 7, "im", "rare", "rare.cc", "found {}", "s"});
      std::string entries;
      for (uint32_t i = 0; i < corpus.sites.size(); ++i) {
        append_site(entries, i + 1, corpus.sites[i]);
        writer.add_site(i + 1, corpus.sites[i]);
      }
      piece(*frames.sites(entries));
    }
    xlog::row r;
    uint64_t at_row = 0;
    for (size_t at = 0; corpus.next(at, r); ++at_row) {
      if (base == 0 && at_row == 0) base = r.tick;
      r.thread = 1;
      r.tick = r.tick - base + last;
      if (writer.add(r) == xlog::block_writer::added::yes) continue;
      finish();
      writer.add(r);
    }
    finish();
    last = r.tick;
    base = 0;
    if (made / rows_each % 10 != 5) continue;
    std::string rare(4, '\0');
    rare[0] = static_cast<char>(rare_word.size());
    rare += rare_word;
    writer.add({static_cast<uint32_t>(free_text ? 25 : 24), 1, last, as_bytes(rare)});
    finish();
  }
  piece(*frames.end());
}

}  // namespace tharsis::bench
