#include "tests/bench/bench.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "tests/bench/report.h"

namespace tharsis::bench {
namespace {

struct options {
  size_t rounds = 11;
  std::string json;
  std::string only;  // Figures whose names contain this.
};

constexpr size_t rounds_quick = 7;  // Fewer would make no quartiles.
constexpr double sample_time_quick_ns = 8e6;

int usage(FILE* to, int code) {
  std::fputs(
      "[--quick] [--only TEXT] [--json FILE]\n"
      "  --quick   7 rounds of short samples instead of 11\n"
      "  --only    the figures whose names contain TEXT\n"
      "  --json    write the results to FILE\n",
      to);
  return code;
}

bool write_file(const std::string& path, const std::string& text) {
  FILE* const file = std::fopen(path.c_str(), "w");
  if (file == nullptr) return false;
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  return std::fclose(file) == 0 && written;
}

void print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

// For who looks at a terminal and waits; nothing of it is left when the row comes.
void tell_measuring(const std::string& name) {
  if (isatty(STDERR_FILENO) == 0) return;
  std::fprintf(stderr, "\r\033[K%s", name.empty() ? "" : ("measuring: " + name).c_str());
  std::fflush(stderr);
}

std::vector<result> measure_all(const std::vector<group>& groups, const options& o, bool colours) {
  std::vector<result> results;
  for (const group& make : groups)
    for (const figure& f : make()) {
      if (f.name.find(o.only) == std::string::npos) continue;
      if (!f.absent.empty()) {
        print(absent_row(f));
        continue;
      }
      tell_measuring(f.name);
      results.push_back(measure(f, o.rounds));
      tell_measuring({});
      print(table_row(results.back(), colours));
    }
  return results;
}

}  // namespace

int run(int count, char** words, const std::vector<group>& groups) {
  options o;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    if (word == "--help") return usage(stdout, 0);
    if (word == "--quick") {
      o.rounds = rounds_quick;
      sample_time_ns = sample_time_quick_ns;
    } else if (word == "--only" && i + 1 < count) {
      o.only = words[++i];
    } else if (word == "--json" && i + 1 < count) {
      o.json = words[++i];
    } else {
      return usage(stderr, 2);
    }
  }
  const bool colours = isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr;
  print(table_head(colours));
  const std::vector<result> results = measure_all(groups, o, colours);
  if (o.json.empty() || write_file(o.json, to_json(results))) return 0;
  std::fprintf(stderr, "cannot write %s\n", o.json.c_str());
  return 1;
}

}  // namespace tharsis::bench
