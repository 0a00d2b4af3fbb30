// What a block costs by itself, without rings, seal and file: CPU and bytes for a line, written and read.
#include <time.h>

#include <cstdlib>
#include <memory>

#include "plugins/xlog/core/block_reader.h"
#include "plugins/xlog/core/block_writer.h"
#include "tests/bench/xlog/groups.h"
#include "tests/bench/xlog/spoken.h"

namespace tharsis::bench {
namespace {

double cpu_ns() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

xlog::block_settings as_xlog_does() {
  xlog::block_settings s;
  s.tick_shift = 11;
  return s;
}

class block_stage {
 public:
  explicit block_stage(kind k) : corpus_(make_corpus(k)), writer_(as_xlog_does()) {
    add_sites(writer_);
    encode([this](const xlog::block& b) {
      blocks_.push_back({{b.texts.begin(), b.texts.end()}, {b.rows.begin(), b.rows.end()}, b.facts});
    });
  }
  double write_ns() {
    const double begin = cpu_ns();
    encode([](const xlog::block&) {});
    return (cpu_ns() - begin) / static_cast<double>(corpus_.rows);
  }
  double read_ns() {
    const double begin = cpu_ns();
    xlog::block_reader reader(0);
    add_sites(reader);
    xlog::row r;
    size_t rows = 0;
    for (const stored& b : blocks_) {
      if (reader.on_texts(b.facts.epoch, b.texts) || reader.on_rows(b.rows, b.facts.rows)) std::abort();
      for (; reader.next(r); ++rows)
        if (!reader.arguments()) std::abort();
    }
    if (rows != corpus_.rows) std::abort();
    return (cpu_ns() - begin) / static_cast<double>(corpus_.rows);
  }

 private:
  struct stored {
    std::vector<uint8_t> texts, rows;
    xlog::block_facts facts;
  };

  template <class On>
  void encode(const On& on_block) {
    xlog::row r;
    for (size_t at = 0; corpus_.next(at, r);) {
      if (writer_.add(r) == xlog::block_writer::added::yes) continue;
      on_block(writer_.finish());
      writer_.add(r);
    }
    on_block(writer_.finish());
    writer_.begin_epoch();
  }
  template <class T>
  void add_sites(T& to) {
    for (uint32_t i = 0; i < corpus_.sites.size(); ++i) to.add_site(i + 1, corpus_.sites[i]);
  }

  const log_corpus corpus_;
  xlog::block_writer writer_;
  std::vector<stored> blocks_;
};

block_stage& stage_of(kind k) {
  static std::unique_ptr<block_stage> stages[3];
  auto& s = stages[static_cast<size_t>(k)];
  if (!s) s = std::make_unique<block_stage>(k);
  return *s;
}

}  // namespace

std::vector<figure> block_figures() {
  std::vector<figure> all;
  for (const auto& [k, name] : kinds) {
    all.push_back({"block: " + std::string(name) + ", written", "ns", [k = k] { return stage_of(k).write_ns(); }, {}, {}, {}});
    all.push_back({"block: " + std::string(name) + ", read", "ns", [k = k] { return stage_of(k).read_ns(); }, {}, {}, {}});
  }
  return all;
}

}  // namespace tharsis::bench
