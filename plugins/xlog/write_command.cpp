#include "plugins/xlog/write_command.h"

#include <charconv>
#include <optional>
#include <utility>

#include "plugins/xlog/core/key_file.h"
#include "sdk/async/blocking.h"
#include "sdk/async/task_set.h"
#include "sdk/pure/logger.h"

namespace tharsis::xlog {
namespace {

constexpr const char* write_help =
    "tharsis xlog write DIR [--threads T] [--lines N] [--rate R] [--acked FILE] [--set KEY=VALUE]...\n"
    "  Logs lines 'line THREAD NUMBER' into DIR through the real path, and ends when all are in files.\n"
    "  --threads T   threads that log (1)      --lines N   lines of each (1)\n"
    "  --rate R      lines a second and thread; without it as fast as it goes. A full ring blocks: nothing is dropped.\n"
    "  --acked FILE  holds for each thread, as a little-endian u64, how many calls have come back: kill the process at\n"
    "                any moment, and tharsis xlog cat DIR shows no line less after tharsis xlog recover DIR\n"
    "  --set         a setting of xlog: ring_size=64KiB, encrypt.to=[KEY.pub], format=mars, mode=sync\n";
constexpr const char* recover_help =
    "tharsis xlog recover DIR\n"
    "  Keeps, in a log file of DIR, the last lines of processes that died: they are in their rings, the files *.ring. Rings of\n"
    "  processes that live are left alone. A new start of xlog in DIR does the same by itself, so this is for logs that were\n"
    "  copied off a machine, or whose application does not come back.\n"
    "Example\n"
    "  tharsis xlog recover logs/ && tharsis xlog tail logs/\n"
    "Exit codes: 0 all was kept, 1 something could not be, 2 the input is wrong.\n";

// A day: a line that waits for room is not dropped.
constexpr duration for_ever = 24h;

template <class Number>
std::optional<Number> number_of(const std::string& text, Number least, Number most) {
  Number value{};
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size() || !(value >= least && value <= most)) return {};
  return value;
}

// An error's text is the sentence; an empty one with THARSIS_OK: done.
error take(line_load& into, const std::string& option, const std::string& value) {
  const auto wrong = [&](const char* range) { return error{THARSIS_E_INVALID, option + ": '" + value + "' is no number from " + range}; };
  if (option == "--threads") {
    const auto n = number_of<uint32_t>(value, 1, 10'000);
    if (!n) return wrong("1 to 10000");
    into.threads = *n;
  } else if (option == "--lines") {
    const auto n = number_of<uint64_t>(value, 1, 1'000'000'000'000);
    if (!n) return wrong("1 to 1000000000000");
    into.lines = *n;
  } else if (option == "--rate") {
    const auto n = number_of<double>(value, 1e-6, 1e9);
    if (!n) return wrong("0.000001 to 1000000000");
    into.rate = *n;
  } else if (option == "--acked") {
    into.acked = value;
  } else {
    return {THARSIS_E_INVALID, "there is no option '" + option + "'"};
  }
  return {THARSIS_OK, {}};
}

// A logger's table that leads to one intake and nowhere else.
struct direct_table {
  explicit direct_table(intake& to) : lines(to) {
    table.size = sizeof table;
    table.self = this;
    table.level = &level;
    table.generation = &generation;
    table.write = [](void*, uint32_t, tharsis_text) {};
    table.ring = [](void* self) { return of(self).lines.rings().ring(); };
    table.site = [](void* self, const tharsis_log_site* s) { return of(self).lines.site("xlog", *s); };
    table.room = [](void* self, tharsis_log_ring* ring, uint64_t bytes, uint32_t site) -> int32_t {
      return of(self).lines.room(ring, bytes, site) ? 1 : 0;
    };
    table.wake = [](void* self) { of(self).lines.rings().wake(); };
    table.level_of = [](void* self, tharsis_text) -> const volatile uint32_t* { return &of(self).level; };
  }
  static direct_table& of(void* self) { return *static_cast<direct_table*>(self); }

  intake& lines;
  uint32_t level = THARSIS_LOG_VERBOSE;
  uint32_t generation = 1;
  tharsis_log table{};
};

}  // namespace

settings write_command::with_directory(settings s, const command_call& c) {
  for (const std::string& word : c.words()) {
    if (word.starts_with("-")) break;
    s.directory = c.absolute_folder(word);
    break;
  }
  for (std::string& key : s.recipients)
    if (!is_key_text(key)) key = c.absolute(key);
  s.full = {{THARSIS_LOG_VERBOSE, for_ever}, {}};
  return s;
}

write_command::write_command(const host& h, strand& place, settings s, command_call c)
    : host_(h), place_(place), call_(std::move(c)), writer_(host_, place_, with_directory(std::move(s), call_)) {}

int write_command::complain(int code, const std::string& text) {
  call_.complain("xlog " + call_.name() + ": " + text);
  return code;
}

task<void> write_command::run() {
  const int code = co_await work();
  call_.finish(code);
}

task<int> write_command::work() {
  const bool writes = call_.name() == "write";
  line_load wanted;
  std::string folder;
  for (size_t i = 0; i < call_.words().size(); ++i) {
    const std::string& word = call_.words()[i];
    if (word == "--help" || word == "-h") {
      call_.print(writes ? write_help : recover_help);
      co_return 0;
    }
    if (!word.starts_with("-")) {
      if (!folder.empty()) co_return complain(2, "one folder at a time, not '" + folder + "' and '" + word + "'");
      folder = word;
      continue;
    }
    const size_t equals = word.find('=');
    if (equals == std::string::npos && i + 1 == call_.words().size()) co_return complain(2, "option " + word + " needs a value behind it");
    const std::string value = equals == std::string::npos ? call_.words()[++i] : word.substr(equals + 1);
    const error failure = writes ? take(wanted, word.substr(0, equals), value) : error{THARSIS_E_INVALID, "there is no option '" + word + "'"};
    if (failure.status != THARSIS_OK) co_return complain(2, failure.text + "; see tharsis xlog " + call_.name() + " --help");
  }
  if (folder.empty() || call_.words()[0] != folder) co_return complain(2, "name the folder first: tharsis xlog " + call_.name() + " DIR");
  if (!writes) {  // A folder that is made for it has nothing to be recovered.
    const auto look = [files = host_.files, path = call_.absolute(folder)] { return files->list(files->self, text_of(path), [](void*, tharsis_text) {}, nullptr, nullptr) == THARSIS_OK; };
    const auto there = co_await blocking(place_, look);
    if (!there.value_or(false)) co_return complain(2, folder + " is no folder that can be read");
  }
  wanted.acked = call_.absolute(wanted.acked);
  if (host_.self->query(host_.self->self, THARSIS_MACHINE_ID) == nullptr) co_return complain(1, "there is no machine to do this on");

  const error failure = co_await writer_.open();
  if (failure.status != THARSIS_OK) co_return complain(1, failure.text);
  task_set keeps(place_);
  keeps.spawn(writer_.run());
  if (writes) keeps.spawn(writer_.keep_files());
  int code = 0;
  if (writes) code = co_await write_lines(std::move(wanted));
  writer_.close_rings();
  writer_.stop();
  co_await keeps.join(never);
  if (!writes) code = tell_recovered();
  co_return code;
}

// What could not be kept was told as warnings.
int write_command::tell_recovered() const {
  const uint64_t kept = writer_.recovered();
  if (kept == 0) call_.print("no dead process left lines here");
  else call_.print("the last lines of " + std::to_string(kept) + (kept == 1 ? " dead process are in " : " dead processes are in ") + writer_.file());
  return writer_.not_recovered() > 0 ? 1 : 0;
}

task<int> write_command::write_lines(line_load wanted) {
  const auto table = std::make_shared<direct_table>(writer_.lines());
  const auto job = [table, wanted, stopped = stopped_] {
    const logger log(&table->table);
    const auto say = [&log](uint32_t thread, uint64_t number) { log.info("line {thread} {number}", thread, number); };
    return carry_out(wanted, say, *stopped);
  };
  logs_ = true;
  const auto done = co_await blocking(place_, job);
  logs_ = false;
  if (!done) co_return complain(1, "the host has no thread free");
  if (done->status != THARSIS_OK) co_return complain(1, done->text);
  if (*stopped_) co_return complain(1, "stopped before all was said; what was said is in the files");
  co_return 0;
}

// While it logs the rest of work() ends it: what was said is written first.
void write_command::stop() {
  *stopped_ = true;
  if (!logs_) writer_.stop();
}

}  // namespace tharsis::xlog
