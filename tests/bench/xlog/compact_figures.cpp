// How many bytes a line has once the small blocks of a quiet program were compacted.
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "plugins/xlog/block_form.h"
#include "tests/bench/xlog/corpus.h"
#include "tests/bench/xlog/groups.h"
#include "tests/plugins/xlog/sealing.h"

namespace tharsis::bench {
namespace {

constexpr uint32_t lines_of_a_block = 20;
constexpr double ticks_per_second = 2.5e9;

// Each block with a look at the clock of its own.
void write_small_blocks(const std::string& path, const log_corpus& corpus) {
  xlog::seeded_random random(3);
  const tharsis_random table = random;
  xlog::block_form form(11, {}, table);
  for (const xlog::site& s : corpus.sites) form.add_site(s);
  xlog::clock_anchor clock{0, 1'795'000'000'000'000'000, ticks_per_second};
  std::ofstream out(path, std::ios::binary);
  out << *form.begin(clock, {1});
  const auto finish = [&](uint64_t tick) {
    const double passed = static_cast<double>(tick - clock.tick) * 1e9 / ticks_per_second;
    clock = {tick, clock.wall + static_cast<int64_t>(passed) + static_cast<int64_t>(random.below(200)), ticks_per_second};
    out << *form.lines({clock, {}, {{1, 0, 0, 4711}}});
  };
  xlog::row r;
  for (size_t at = 0; corpus.next(at, r);) {
    r.thread = 1;
    form.add(r);
    if (form.rows() == lines_of_a_block) finish(r.tick);
  }
  if (form.rows() > 0) finish(r.tick);
  out << *form.end();
}

double bytes_of_a_line(bool free_text) {
  const log_corpus corpus = free_text ? free_text_corpus(1) : im_corpus(1);
  const std::string path = std::string(THARSIS_BENCH_STATE) + "/small.tlog";
  write_small_blocks(path, corpus);
  if (std::system((std::string(THARSIS_PROGRAM) + " xlog compact " + path + " > /dev/null").c_str()) != 0) std::abort();
  return static_cast<double>(std::filesystem::file_size(path)) / static_cast<double>(corpus.rows);
}

}  // namespace

std::vector<figure> compact_figures() {
  return {{"compact: blocks of 20 lines, IM", "bytes a line", [] { return bytes_of_a_line(false); }, {}, at_most(11), {}},
          {"compact: blocks of 20 lines, 20 % free text", "bytes a line", [] { return bytes_of_a_line(true); }, {}, at_most(13), {}}};
}

}  // namespace tharsis::bench
