// Goal: making blocks takes no memory once they have been as large as they get.
// Method: this program's operator new counts for each thread; a corpus is written again and again.
#include <cstdlib>
#include <new>

#include <gtest/gtest.h>

#include "plugins/xlog/core/block_writer.h"
#include "tests/bench/xlog/corpus.h"

namespace {

thread_local size_t taken_here = 0;

size_t write_all(tharsis::xlog::block_writer& writer, const tharsis::bench::log_corpus& corpus) {
  size_t blocks = 0;
  tharsis::xlog::row r;
  writer.begin_epoch();
  for (size_t at = 0; corpus.next(at, r);) {
    if (writer.add(r) == tharsis::xlog::block_writer::added::yes) continue;
    writer.finish(), ++blocks;
    writer.add(r);
  }
  writer.finish();
  return blocks + 1;
}

size_t taken_by_a_later_pass(const tharsis::bench::log_corpus& corpus) {
  tharsis::xlog::block_writer writer({});
  for (uint32_t i = 0; i < corpus.sites.size(); ++i) writer.add_site(i + 1, corpus.sites[i]);
  const size_t before = taken_here;
  EXPECT_GT(write_all(writer, corpus), 10u);
  EXPECT_GT(taken_here, before) << "nothing is counted here";
  write_all(writer, corpus);  // From its first line on it knows which columns have texts that come once.
  const size_t after = taken_here;
  write_all(writer, corpus);
  return taken_here - after;
}

}  // namespace

// Not inlined, or the compiler sees malloc() and delete as a pair that does not match.
[[gnu::noinline]] void* operator new(size_t size) {
  ++taken_here;
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(size_t size, const std::nothrow_t&) noexcept {
  ++taken_here;
  return std::malloc(size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, size_t) noexcept { std::free(memory); }

TEST(XlogBlockMemory, LinesOfAMessengerTakeNoneOnceBlocksHaveBeenAsLarge) {
  EXPECT_EQ(taken_by_a_later_pass(tharsis::bench::im_corpus(1, 60'000)), 0u);
}

TEST(XlogBlockMemory, NorDoesFreeText) { EXPECT_EQ(taken_by_a_later_pass(tharsis::bench::free_text_corpus(2, 60'000)), 0u); }
