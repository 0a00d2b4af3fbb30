#include "plugins/xlog/read_command.h"

#include "plugins/xlog/core/settings.h"
#include "plugins/xlog/key_reader.h"
#include "plugins/xlog/tail_command.h"
#include "sdk/async/blocking.h"

namespace tharsis::xlog {
namespace {

int work_of(const reading& r) {
  const std::string& name = r.call.name();
  if (name == "grep") return find_lines(r);
  if (name == "stat") return show_statistics(r);
  if (name == "verify") return verify_files(r);
  if (name == "export") return export_lines(r);
  if (name == "import") return import_lines(r);
  return print_lines(r);
}

}  // namespace

task<void> read_command::run() {
  const int code = co_await work();
  call_.finish(code);
}

task<int> read_command::work() {
  auto parsed = parse_read_arguments(call_.name(), call_.words(), place_.wall());
  if (!parsed) {
    call_.complain(parsed.failure().text);
    co_return 2;
  }
  if (parsed->help) {
    call_.print(read_help(call_.name()));
    co_return 0;
  }
  if (!parsed->key.empty()) {
    const bool has_key = co_await read_key(parsed->key);
    if (!has_key) co_return 2;
  }
  const auto r = std::make_shared<const reading>(reading{host_.files, host_.loop, call_, std::move(*parsed), key_ ? &*key_ : nullptr, place_.wall(), &stop_, host_.random});
  if (call_.name() == "tail") {
    const int code = co_await tail(r);
    co_return code;
  }
  const auto job = [r] { return work_of(*r); };
  const auto code = co_await blocking(place_, job);
  if (!code) call_.complain("xlog " + call_.name() + ": the host has no thread free to read");
  co_return code.value_or(1);
}

task<int> read_command::tail(std::shared_ptr<const reading> r) {
  const auto t = std::make_shared<tail_command>(*r);
  const auto begin = [r, t] { return t->begin(); };
  auto more = co_await blocking(place_, begin);
  while (more.value_or(false) && !stop_) {
    const instant next = place_.now() + follow_interval;
    co_await stopped_.wait(next);
    if (stop_) break;
    const auto go_on = [r, t] { return t->go_on(); };
    more = co_await blocking(place_, go_on);
  }
  if (!more) call_.complain("xlog tail: the host has no thread free to read");
  co_return more ? t->code() : 1;
}

task<bool> read_command::read_key(std::string path) {
  const auto job = [files = host_.files, folder = call_.folder(), path] { return read_private_key(files, folder, path); };
  auto done = co_await blocking(place_, job);
  auto key = done ? std::move(*done) : result<private_key>(error{THARSIS_E_BUSY, "the host has no thread free to read the key"});
  if (!key) {
    call_.complain("xlog " + call_.name() + ": " + key.failure().text);
    co_return false;
  }
  key_.emplace(std::move(*key));
  co_return true;
}

}  // namespace tharsis::xlog
