#include "plugins/gateway/wish_command.h"

#include <limits>
#include <vector>

#include "plugins/gateway/wish_list.h"
#include "sdk/async/blocking.h"
#include "sdk/async/signal.h"
#include "sdk/pure/utc.h"

namespace tharsis::gateway {
namespace {

// The gateway, or another operator, needs milliseconds to change a list.
constexpr int tries_most = 20;
constexpr duration between_tries = 100ms;

// "lines from 2026-11-26T10:00:00Z on, before ..., debug and worse"
std::string words_of(const shipping::wish& w) {
  const auto second = [](int64_t wall) { return moment_text(wall).substr(0, 19) + "Z"; };
  std::string text = "lines";
  if (w.since > std::numeric_limits<int64_t>::min()) text += " from " + second(w.since) + " on";
  if (w.until < std::numeric_limits<int64_t>::max()) text += ", before " + second(w.until);
  const auto& levels = shipping::level_words;
  return text + (w.level > 0 && w.level < levels.size() ? ", " + std::string(levels[w.level]) + " and worse" : ", of all levels");
}

bool is_folder(const tharsis_files* files, const std::string& path) {
  tharsis_file_facts facts{sizeof facts, 0, 0, 0};
  return files->describe(files->self, text_of(path), &facts, nullptr) == THARSIS_OK && facts.kind == THARSIS_FILE_FOLDER;
}

struct told {
  error done{THARSIS_OK, {}};
  std::string text;
};

std::string list_text(const wish_list& wishes, const std::string& source, int64_t wall) {
  std::string text;
  for (const std::string& name : source.empty() ? wishes.sources() : std::vector{source})
    for (const shipping::wish& w : wishes.of(name, wall)) text += name + "  " + w.id + "  " + words_of(w) + "\n";
  return text.empty() ? (source.empty() ? "nobody" : source) + " is asked for nothing\n" : text;
}

// [may block]
told carry_out(const tharsis_files* files, const std::string& folder, const wish_arguments& asked, int64_t wall) {
  const wish_list wishes(files, folder);
  if (asked.list) return {{THARSIS_OK, {}}, list_text(wishes, asked.source, wall)};
  if (!asked.cancel.empty()) return {wishes.take_away(asked.source, asked.cancel, wall), asked.source + " is not asked for " + asked.cancel + " any more\n"};
  told t{wishes.add(asked.source, asked.line(), wall), {}};
  const auto wished = parse_wishes(asked.line(), wall);
  if (t.done.status != THARSIS_OK || wished.empty()) return t;
  t.text = asked.source + " is asked for " + words_of(wished[0]) + " (wish " + wished[0].id + "); it is told when it comes next, for a week\n";
  if (!is_folder(files, folder + "/" + asked.source) && !is_folder(files, folder + "/.state/" + asked.source))
    t.text += "nothing came from " + asked.source + " to " + folder + " so far: is that its name, and the folder of the gateway?\n";
  return t;
}

}  // namespace

task<void> wish_command::run() {
  auto parsed = parse_wish_arguments(call_.words(), place_.wall());
  if (!parsed) {
    call_.refuse(parsed.failure().text);
    co_return;
  }
  if (parsed->help) {
    call_.print(wish_help);
    call_.finish(0);
    co_return;
  }
  const int code = co_await work(*parsed);
  call_.finish(code);
}

task<int> wish_command::work(wish_arguments asked) {
  const std::string folder = asked.folder.empty() ? folder_ : call_.absolute_folder(asked.folder);
  const auto job = [files = host_.files, folder, asked, wall = place_.wall()] { return carry_out(files, folder, asked, wall); };
  signal pause(place_);
  for (int tries = 1;; ++tries) {
    const auto done = co_await blocking(place_, job);
    if (!done) {
      call_.complain("gateway wish: the host has no thread free to write; try again");
      co_return 1;
    }
    if (done->done.status == THARSIS_OK) {
      call_.print(done->text);
      co_return 0;
    }
    if (done->done.status != THARSIS_E_IN_USE || tries == tries_most) {
      call_.complain("gateway wish: " + done->done.text);
      co_return 1;
    }
    co_await pause.wait(later(place_.now(), between_tries));
  }
}

}  // namespace tharsis::gateway
