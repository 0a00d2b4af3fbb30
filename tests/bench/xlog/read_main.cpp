// What reading a large log costs: taken apart and put into words; one window of it; a word that is rare; and memory.
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zstd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>

#include "plugins/xlog/core/line_output.h"
#include "plugins/xlog/core/log_lines.h"
#include "sdk/pure/utc.h"
#include "tests/bench/bench.h"
#include "tests/bench/child.h"
#include "tests/bench/xlog/big_log.h"
#include "tests/bench/xlog/groups.h"

extern char** environ;

namespace tharsis::bench {
namespace {

const std::string folder = THARSIS_BENCH_STATE;
constexpr uint64_t rows_in_all = 9'600'000;  // Some 1 GB of text.

double now_ms() { return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

struct ran {
  double wall_ms;
  double megabytes;  // At most resident, of it or of this process: a process begins with the peak of whoever started it.
};
// Its output goes nowhere.
ran run_program(const std::vector<std::string>& words) {
  std::vector<char*> arguments;
  for (const std::string& w : words) arguments.push_back(const_cast<char*>(w.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  const double begin = now_ms();
  pid_t pid = 0;
  if (posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ) != 0) std::abort();
  int status = 0;
  rusage used{};
  if (wait4(pid, &status, 0, &used) != pid || !WIFEXITED(status)) std::abort();
  posix_spawn_file_actions_destroy(&actions);
  return {now_ms() - begin, static_cast<double>(used.ru_maxrss) / 1024};
}

// This program again, small as it is when it begins, starts what is measured: `xlog-read peak-of WORDS...`.
constexpr const char* peak_of = "peak-of";
double peak_megabytes(std::vector<std::string> words) {
  words.insert(words.begin(), {"/proc/self/exe", peak_of});
  child small(words);
  return std::stod(small.line());
}
int print_peak(std::vector<std::string> words) {
  std::printf("%.1f\n", run_program(words).megabytes);
  return 0;
}

std::vector<std::string> command(const std::string& name, std::vector<std::string> words) {
  std::vector<std::string> all = {THARSIS_PROGRAM, "xlog", name};
  all.insert(all.end(), words.begin(), words.end());
  return all;
}

// The file on the disk, made once.
const std::string& big_file(bool free_text) {
  static std::string paths[2];
  std::string& path = paths[free_text];
  if (!path.empty()) return path;
  path = folder + (free_text ? "/read_free.tlog" : "/read_im.tlog");
  std::ofstream out(path, std::ios::binary);
  make_big_log(rows_in_all, free_text, nullptr, [&](const std::string& piece) { out << piece; });
  return path;
}
// Its text, compressed as people keep logs.
const std::string& big_text(bool free_text) {
  static std::string paths[2];
  std::string& path = paths[free_text];
  if (!path.empty()) return path;
  path = folder + (free_text ? "/read_free.txt.zst" : "/read_im.txt.zst");
  const std::string shell = std::string(THARSIS_PROGRAM) + " xlog cat " + big_file(free_text) + " | zstd -q -f -1 -o " + path;
  if (std::system(shell.c_str()) != 0) std::abort();
  return path;
}

// Of this thread.
double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// MB of text in a second of one core, from the bytes in memory.
double decoded(bool free_text, bool sealed) {
  static const auto key = xlog::test_key(5);
  static std::string files[2][2];
  std::string& bytes = files[free_text][sealed];
  if (bytes.empty()) make_big_log(1'000'000, free_text, sealed ? &key.open : nullptr, [&](const std::string& piece) { bytes += piece; });
  xlog::pushed_bytes window;
  window.push(bytes);
  window.end();
  const xlog::query all;
  const double begin = cpu_seconds();
  xlog::log_lines lines(window, &key, all);
  const auto form = xlog::text_output();
  xlog::byte_sink out;
  double text = 0;
  for (auto step = lines.next(); step != xlog::line_source::step::end; step = lines.next()) {
    if (step == xlog::line_source::step::damage) std::abort();
    if (step == xlog::line_source::step::line) form->add(out, lines.line());
    if (out.size() < 64 << 10) continue;
    text += static_cast<double>(out.size());
    out.clear();
  }
  return text / 1e6 / (cpu_seconds() - begin);
}

// As fast as zstd gives the same text on one core, for whoever wants to compare: how busy the machine is, both feel.
double unpacked(bool free_text) {
  static std::string texts[2];
  std::string& packed = texts[free_text];
  static std::string plains[2];
  std::string& plain = plains[free_text];
  if (packed.empty()) {
    std::string bytes;
    make_big_log(1'000'000, free_text, nullptr, [&](const std::string& piece) { bytes += piece; });
    xlog::pushed_bytes window;
    window.push(bytes);
    window.end();
    const xlog::query all;
    xlog::log_lines lines(window, nullptr, all);
    const auto form = xlog::text_output();
    xlog::byte_sink out;
    for (auto step = lines.next(); step != xlog::line_source::step::end; step = lines.next())
      if (step == xlog::line_source::step::line) form->add(out, lines.line());
    plain.assign(as_text(out.bytes()));
    packed.resize(ZSTD_compressBound(plain.size()));
    packed.resize(ZSTD_compress(packed.data(), packed.size(), plain.data(), plain.size(), 1));
  }
  const double begin = cpu_seconds();
  if (ZSTD_isError(ZSTD_decompress(plain.data(), plain.size(), packed.data(), packed.size())) != 0) std::abort();
  return static_cast<double>(plain.size()) / 1e6 / (cpu_seconds() - begin);
}

// Five minutes, at level warning, of some sixteen.
std::vector<std::string> window_of(const std::string& path) {
  const int64_t minute = 60'000'000'000, since = big_log_begins + 5 * minute;
  const auto moment = [](int64_t wall) { return moment_text(wall); };
  return command("cat", {"--level", "warning", "--since", moment(since), "--until", moment(since + 5 * minute), path});
}

double memory_of(const std::string& name) {
  const std::string made = folder + "/read_made";  // By the commands that write.
  std::filesystem::remove_all(made);
  std::vector<std::string> words = {big_file(true)};
  if (name == "grep") words.insert(words.begin(), std::string(rare_word));
  if (name == "export" || name == "import") words.insert(words.end(), {"-o", made});
  const double megabytes = peak_megabytes(command(name, words));
  std::filesystem::remove_all(made);
  return megabytes;
}

double shell_ms(const std::string& words) { return run_program({"/bin/sh", "-c", words}).wall_ms; }

}  // namespace

std::vector<figure> read_figures() {
  std::vector<figure> all;
  for (const bool free_text : {false, true}) {
    const std::string name = free_text ? "20 % free text" : "IM";
    for (const bool sealed : {true, false})
      all.push_back({"decode: " + name + (sealed ? ", sealed" : ", plain"), "MB/s of text", [=] { return decoded(free_text, sealed); }, {},
                     at_least(800), {}});
    all.push_back({"for comparison: zstd -1 of the same text, " + name, "MB/s of text", [=] { return unpacked(free_text); }, {}, {}, {}});
    all.push_back({"window: 5 min at warning of 1 GB, " + name, "ms", [=] { return run_program(window_of(big_file(free_text))).wall_ms; }, {}, at_most(60), {}});
    all.push_back({"grep: a rare word in 1 GB, " + name, "ms",
                   [=] { return run_program(command("grep", {std::string(rare_word), big_file(free_text)})).wall_ms; },
                   [=] { return shell_ms("zstdcat " + big_text(free_text) + " | grep -F " + std::string(rare_word)); }, at_most(1.0 / 3), {}});
    all.push_back({"cat: 1 GB, " + name, "ms", [=] { return run_program(command("cat", {big_file(free_text)})).wall_ms; },
                   [=] { return shell_ms("zstdcat " + big_text(free_text)); }, {}, {}});
  }
  for (const std::string name : {"cat", "tail", "grep", "stat", "verify", "export", "import"})
    all.push_back({"memory: " + name + " of 1 GB", "MB", [=] { return memory_of(name); }, {}, at_most(64), {}});
  return all;
}

}  // namespace tharsis::bench

int main(int count, char** words) {
  using namespace tharsis::bench;
  if (count > 2 && words[1] == std::string_view(peak_of)) return print_peak({words + 2, words + count});
  return run(count, words, {read_figures, compact_figures});
}
