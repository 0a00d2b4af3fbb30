// What a block costs: nanoseconds of CPU and bytes for a line, written and read, of each corpus. Medians of rounds.
//   xlog_block [ROUNDS]
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>

#include "plugins/xlog/core/block_reader.h"
#include "plugins/xlog/core/block_writer.h"
#include "plugins/xlog/core/frame.h"
#include "tests/bench/xlog/corpus.h"

using namespace tharsis;
using namespace tharsis::xlog;

namespace {

double cpu_ns() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

struct stored {
  std::vector<uint8_t> texts, rows;
  block_facts facts;
};

using on_block = std::function<void(const block&)>;

void encode_all(const bench::log_corpus& corpus, block_writer& writer, const on_block& to) {
  row r;
  for (size_t at = 0; corpus.next(at, r);) {
    if (writer.add(r) == block_writer::added::yes) continue;
    to(writer.finish());
    writer.add(r);
  }
  to(writer.finish());
  writer.begin_epoch();
}

template <class T>
void add_sites(T& to, const bench::log_corpus& corpus) {
  for (uint32_t i = 0; i < corpus.sites.size(); ++i) to.add_site(i + 1, corpus.sites[i]);
}

uint64_t decode_all(const bench::log_corpus& corpus, const std::vector<stored>& blocks) {
  block_reader reader(0);
  add_sites(reader, corpus);
  uint64_t sum = 0;
  row r;
  for (const stored& b : blocks) {
    if (reader.on_texts(b.facts.epoch, b.texts) || reader.on_rows(b.rows, b.facts.rows)) std::abort();
    while (reader.next(r)) sum += r.tick + reader.arguments().value().size();
  }
  return sum;
}

struct figures {
  std::vector<double> samples;
  double median() {
    std::sort(samples.begin(), samples.end());
    return samples[samples.size() / 2];
  }
  double best() { return *std::min_element(samples.begin(), samples.end()); }
};

void measure(const char* name, const bench::log_corpus& corpus, uint32_t rows, int rounds) {
  block_settings settings;
  settings.rows = rows;
  settings.bytes = 4 << 20;
  settings.tick_shift = 11;
  block_writer writer(settings);
  add_sites(writer, corpus);
  std::vector<stored> blocks;
  size_t bytes = 0, texts = 0;
  encode_all(corpus, writer, [&](const block& b) {
    blocks.push_back({{b.texts.begin(), b.texts.end()}, {b.rows.begin(), b.rows.end()}, b.facts});
    bytes += b.texts.size() + b.rows.size() + frame_header::header_size + 24 + 16 + 20 + 2 * 16;
    texts += b.texts.size();
  });
  figures written, read;
  const auto lines = static_cast<double>(corpus.rows);
  uint64_t sink = 0;
  for (int i = 0; i < rounds; ++i) {
    double begin = cpu_ns();
    encode_all(corpus, writer, [&](const block& b) { sink += b.rows.size(); });
    written.samples.push_back((cpu_ns() - begin) / lines);
    begin = cpu_ns();
    sink += decode_all(corpus, blocks);
    read.samples.push_back((cpu_ns() - begin) / lines);
  }
  std::printf("%-18s %5u  %6.1f (%5.1f)  %6.1f (%5.1f)  %6.2f (%5.2f)  %5.1f%s\n", name, rows, written.median(),
              written.best(), read.median(), read.best(), static_cast<double>(bytes) / lines,
              static_cast<double>(texts) / lines, static_cast<double>(corpus.bytes.size()) / lines, sink == 0 ? "!" : "");
}

}  // namespace

int main(int count, char** words) {
  const int rounds = count > 1 ? std::max(1, std::atoi(words[1])) : 11;
  std::puts("lines               rows  write ns (best)  read ns (best)  B/line (texts)  ring B");
  for (const uint32_t rows : {1600u, 6400u}) {
    measure("im, 1 ms apart", bench::im_corpus(1), rows, rounds);
    measure("im, burst", bench::im_corpus(1, 200'000, bench::burst_ns), rows, rounds);
    measure("free text", bench::free_text_corpus(1), rows, rounds);
    measure("predictable", bench::predictable_corpus(1), rows, rounds);
  }
}
