// Runs every harness without a fuzzer: over its corpus as it is, then over mutations of it that are
// the same on every machine. fuzz_tests HARNESS FILE... runs one harness over files, for what the
// real fuzzer found; THARSIS_FUZZ_CASE=N runs one mutation alone.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "tests/fuzz/harness.h"

#define HARNESS(name) extern "C" int fuzz_##name(const uint8_t* data, size_t size);
#include "harnesses.inc"
#undef HARNESS

namespace tharsis::fuzz {
namespace {

using bytes = std::vector<uint8_t>;

struct harness {
  const char* name;
  int (*run)(const uint8_t*, size_t);
};
const harness harnesses[] = {
#define HARNESS(name) {#name, &fuzz_##name},
#include "harnesses.inc"
#undef HARNESS
};

// Mutations stop after so many, or so much time, whichever is first: every harness gets its turn in
// an ordinary test run, and no slow machine fails for it.
constexpr uint64_t mutations_max = 100'000;
constexpr std::chrono::milliseconds time_max(1500);
constexpr size_t input_max = 64 * 1024;

// What to type to see a crash again; the handler may only write.
char how_to_repeat[160] = "";
void on_abort(int) {
  if (write(STDERR_FILENO, how_to_repeat, std::strlen(how_to_repeat)) < 0) _exit(1);
  std::signal(SIGABRT, SIG_DFL);
  std::raise(SIGABRT);
}

// Its own allocation of exactly that size, so that a sanitizer sees the first byte past the end.
void run(const harness& h, const bytes& input) {
  const std::unique_ptr<uint8_t[]> exact(new uint8_t[input.size()]);
  std::copy(input.begin(), input.end(), exact.get());
  require(h.run(exact.get(), input.size()) == 0, "a harness answers 0");
}

bytes read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << path;
  return bytes(std::istreambuf_iterator<char>(in), {});
}

std::vector<bytes> corpus_of(const harness& h) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path("tests/fuzz/corpus") / h.name))
    paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());  // The file system's order is no order.
  std::vector<bytes> all;
  for (const auto& path : paths) all.push_back(read_file(path));
  return all;
}

// Each case depends on its number and the corpus alone, so that one can be run again alone.
class mutator {
 public:
  mutator(const std::vector<bytes>& corpus, uint64_t number) : corpus_(corpus), random_(number) {}

  bytes make() {
    bytes input = below(16) == 0 ? bytes() : corpus_[below(corpus_.size())];
    for (size_t n = 1 + below(4); n > 0; --n) change(input);
    if (input.size() > input_max) input.resize(input_max);
    return input;
  }

 private:
  size_t below(size_t limit) { return limit == 0 ? 0 : static_cast<size_t>(random_() % limit); }

  void change(bytes& input) {
    const auto at = input.begin() + static_cast<std::ptrdiff_t>(below(input.size() + 1));
    const size_t left = static_cast<size_t>(input.end() - at);
    switch (below(7)) {
      case 0: if (left > 0) *at = static_cast<uint8_t>(*at ^ (1u << below(8))); break;
      case 1: if (left > 0) *at = telling(); break;
      case 2: input.insert(at, 1 + below(8), telling()); break;
      case 3: input.erase(at, at + static_cast<std::ptrdiff_t>(below(std::min<size_t>(left, 16) + 1))); break;
      case 4: input.erase(at, input.end()); break;
      case 5: {  // Something of itself again.
        const bytes part(at, at + static_cast<std::ptrdiff_t>(below(std::min<size_t>(left, 256) + 1)));
        input.insert(input.begin() + static_cast<std::ptrdiff_t>(below(input.size() + 1)), part.begin(), part.end());
        break;
      }
      default: {  // The head of one, the tail of another.
        const bytes& other = corpus_[below(corpus_.size())];
        const auto from = other.begin() + static_cast<std::ptrdiff_t>(below(other.size() + 1));
        input.erase(at, input.end());
        input.insert(input.end(), from, other.end());
      }
    }
  }

  // Bytes at the borders of numbers and of text, or any.
  uint8_t telling() {
    static constexpr uint8_t known[] = {0, 1, 0x7f, 0x80, 0xff, '\n', ' ', '"', '\\', ':', '{', '}', '[', ']', '-', '.', '$'};
    const size_t n = below(2 * std::size(known));
    return n < std::size(known) ? known[n] : static_cast<uint8_t>(below(256));
  }

  const std::vector<bytes>& corpus_;
  std::mt19937_64 random_;
};

void PrintTo(const harness& h, std::ostream* out) { *out << h.name; }

class Fuzz : public testing::TestWithParam<harness> {};

}  // namespace

TEST_P(Fuzz, TheCorpusRuns) {
  const std::vector<bytes> corpus = corpus_of(GetParam());
  ASSERT_FALSE(corpus.empty()) << "tests/fuzz/corpus/" << GetParam().name << " is empty";
  run(GetParam(), {});
  for (const bytes& input : corpus) run(GetParam(), input);
}

TEST_P(Fuzz, MutationsRun) {
  const harness& h = GetParam();
  const std::vector<bytes> corpus = corpus_of(h);
  ASSERT_FALSE(corpus.empty());
  if (const char* one = std::getenv("THARSIS_FUZZ_CASE"); one != nullptr)
    return run(h, mutator(corpus, std::strtoull(one, nullptr, 10)).make());
  std::signal(SIGABRT, on_abort);
  const auto end = std::chrono::steady_clock::now() + time_max;
  uint64_t number = 0;
  for (; number < mutations_max && std::chrono::steady_clock::now() < end; ++number) {
    std::snprintf(how_to_repeat, sizeof how_to_repeat,
                  "again: THARSIS_FUZZ_CASE=%llu fuzz_tests --gtest_filter='*MutationsRun/%s'\n",
                  static_cast<unsigned long long>(number), h.name);
    run(h, mutator(corpus, number).make());
  }
  std::signal(SIGABRT, SIG_DFL);
  std::printf("%llu mutations\n", static_cast<unsigned long long>(number));
}

INSTANTIATE_TEST_SUITE_P(Each, Fuzz, testing::ValuesIn(harnesses),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace tharsis::fuzz

int main(int argc, char** argv) {
  using namespace tharsis::fuzz;
  testing::InitGoogleTest(&argc, argv);
  if (argc < 3) return RUN_ALL_TESTS();
  for (const harness& h : harnesses)
    for (int i = 2; std::strcmp(h.name, argv[1]) == 0 && i < argc; ++i) run(h, read_file(argv[i]));
  return 0;
}
