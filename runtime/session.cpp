#include "runtime/session.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <set>
#include <utility>

#include "runtime/control_server.h"
#include "runtime/live_calls.h"
#include "runtime/log_levels.h"
#include "runtime/metrics_command.h"
#include "runtime/os_clock.h"
#include "runtime/os_main_wait.h"
#include "runtime/os_profile_files.h"
#include "runtime/os_thread.h"
#include "runtime/real_platform.h"
#include "runtime/report_json.h"
#include "runtime/runtime.h"
#include "runtime/setting_text.h"
#include "runtime/terminal.h"
#include "sdk/abi/command.h"
#include "sdk/pure/harmless.h"
#include "sdk/pure/json.h"
#include "sdk/pure/views.h"

namespace tharsis::runtime {
namespace {

constexpr int done = 0, work_failed = 1, input_wrong = 2;
constexpr int unfinished = -1;

// When all is told and stopped, a name question may still sit in the system's resolver.
constexpr duration leave_deadline = 2s;

std::string fate(const runtime::plugin_report& r) {
  const std::string name = "plugin '" + r.id + "' ";
  if (r.state == plugin_state::disabled) return name + "is left out: " + r.reason;
  if (r.state == plugin_state::waiting) return name + "was not started: " + r.reason;
  return name + (r.stuck ? "is stuck: " : "failed: ") + r.reason;
}

class session {
 public:
  explicit session(session_request request)
      : request_(std::move(request)), screen_({request_.json, monotonic_now, [this](int code) { finish(code); }}) {
    keep_off_main(request_.plan);
    if (!request_.work) return;
    for (const std::string& argument : request_.work->arguments) arguments_.push_back(argument.c_str());
  }

  int run() {
    runtime::options o;
    o.platform = platform_.table();
    o.plan = request_.plan;
    o.console = screen_.table();
    o.journal = request_.control;
    o.print = [this](uint32_t level, std::string_view plugin, std::string_view text) { print_log(level, plugin, text); };
    o.on_settled = [this] { note(settled_); };
    o.on_failure = [this] { note(news_); };
    o.on_ended = [this] { note(ended_); };
    runtime_ = std::make_unique<runtime>(std::move(o));
    std::unique_ptr<control_socket> socket;
    std::optional<error> failure = open_control(socket);
    if (!failure) failure = runtime_->start();
    if (failure) {
      screen_.complain(failure->text);
      return input_wrong;
    }
    if (socket) listen(std::move(socket));
    wait_for_work();
    tell_failures();
    stopping_ = true;
    runtime_->stop();
    wait_for_end();
    return leave();
  }

 private:
  void finish(int code) {
    code_ = code < done || code > input_wrong ? work_failed : code;
    bell_.ring();
  }
  void note(std::atomic<bool>& what) {
    what = true;
    bell_.ring();
  }

  // The main thread waits for the person, it is nobody's loop.
  static void keep_off_main(profile& plan) {
    for (plugin_entry& entry : plan.plugins)
      if (entry.loop == THARSIS_STRAND_MAIN) entry.loop = THARSIS_STRAND_DEDICATED;
  }

  // Before the plugins: two runtimes of one name would disturb each other.
  std::optional<error> open_control(std::unique_ptr<control_socket>& socket) const {
    if (request_.control.empty()) return {};
    auto opened = control_socket::open(request_.plan.data_folder, request_.control);
    if (!opened) return opened.failure();
    socket = std::move(*opened);
    return {};
  }

  void listen(std::unique_ptr<control_socket> socket) {
    const auto reload_for_other = [this](std::function<void(std::string)> heard) {
      reload([heard = std::move(heard)](const reload_answer& r) {
        json_object answer;
        if (r.failure) answer.add("error", (r.taken ? r.text() : "") + r.failure->text).add("status", int64_t{r.failure->status});
        heard(answer.add("changed", !r.changes.empty() && (!r.failure || r.taken))
                 .add("text", r.text())
                 .add_raw("difference", json_of(r.changes))
                 .text());
      });
    };
    control_.emplace(std::move(socket), runtime_->events(),
                     control_server::answers{[this] { return status(); }, [this] { return counted(); }, [this] { note(stop_asked_); },
                                             [this](const auto& words) { return runtime_->network().tell(words); },
                                             [this](const auto& words) { return levels(words); }, reload_for_other,
                                             [this](live_calls::wish w, std::function<void(std::string)> heard) { carry_out(std::move(w), std::move(heard)); },
                                             [this] { calls_.look(); }});
  }

  void carry_out(live_calls::wish w, std::function<void(std::string)> heard) {
    calls_.begin(std::move(w), [heard = std::move(heard)](const live_calls::outcome& o) {
      heard(json_object().add("taken", o.taken).add("printed", o.printed).add("complained", o.complained).add("code", o.code).text());
    });
  }

  // Reads the profile again, with the same --set; `heard` is told, once, what has become of it. [any thread]
  void reload(const runtime::on_reloaded& heard) {
    if (!request_.reload) return heard({{}, error{THARSIS_E_UNSUPPORTED, "nothing here can be read again"}});
    diagnostics problems;
    profile next = load_profile(*request_.reload, problems);
    check_libraries(next, problems);
    if (!problems.empty()) return heard({{}, error{THARSIS_E_INVALID, render(problems) + "nothing was changed"}});
    keep_off_main(next);
    runtime_->reload(std::move(next), heard);
  }

  void reload_for_signal() {
    reload([this](const reload_answer& r) {
      if (r.failure && !r.taken) return screen_.complain("the profile was not changed: " + r.failure->text);
      if (!r.failure || !r.text().empty()) screen_.print("the profile was read again: " + r.text());
      if (r.failure) screen_.complain(r.failure->text);
    });
  }

  std::string status() const {
    return json_object()
        .add("profile", request_.plan.file)
        .add("process", process_number())
        .add("state", stopping_ ? "stopping" : settled_ ? "running" : "starting")
        .add_raw("plugins", report_json(runtime_->report()))
        .text();
  }

  result<std::string> levels(const std::map<std::string, std::string>& words) {
    if (const auto failure = change_levels(runtime_->lines(), words)) return *failure;
    return json_object()
        .add("profile", request_.plan.file)
        .add("process", process_number())
        .add_raw("levels", levels_json(runtime_->lines()))
        .text();
  }

  std::string counted() const {
    return json_object()
        .add("profile", request_.plan.file)
        .add("process", process_number())
        .add_raw("metrics", metrics_json(read_metrics(runtime_->counted())))
        .text();
  }

  void print_log(uint32_t level, std::string_view plugin, std::string_view text) {
    screen_.complain((level >= THARSIS_LOG_ERROR ? "error: " : "warning: ") + std::string(plugin) + ": " + harmless_lines(text));
  }

  void wait_for_work() {
    std::optional<int64_t> end;
    bool begun = false;
    while (code_ == unfinished && !stop_asked_) {
      if (news_.exchange(false)) tell_failures();
      if (hopeless()) return;
      if (settled_ && !std::exchange(begun, true)) {
        begin();
        if (request_.run_for) end = monotonic_now() + request_.run_for->count();
      }
      std::optional<duration> left;
      if (end) left = duration(*end - monotonic_now());
      const auto woken = bell_.wait(left);
      if (woken == main_wait::woken::reload) reload_for_signal();
      if (woken == main_wait::woken::interrupted || woken == main_wait::woken::deadline) return;
    }
  }

  // A plugin has failed for good, or never comes up because of another.
  bool hopeless() const {
    const auto report = runtime_->report();
    return std::any_of(report.begin(), report.end(), [](const auto& r) { return r.given_up; });
  }

  // All plugins run.
  void begin() {
    if (request_.work) return send_command();
    std::vector<std::string> ids;
    for (const plugin_entry& entry : request_.plan.plugins) ids.push_back(entry.id);
    screen_.progress(listed(ids) + (ids.size() > 1 ? " run" : " runs") + "; Ctrl-C stops");
  }

  void send_command() {
    call_ = {sizeof call_, static_cast<uint32_t>(arguments_.size()), request_.work->name.c_str(), arguments_.data(),
             screen_.table(), text_of(folder_)};
    runtime_->with_extension(request_.work->plugin, THARSIS_COMMAND_ID, [this](const void* table, void* instance) {
      if (table != nullptr) return static_cast<const tharsis_command*>(table)->run(instance, &call_);
      screen_.complain("plugin '" + request_.work->plugin + "' lists commands in its manifest, but has no " +
                       THARSIS_COMMAND_ID + "; this is a defect of the plugin");
      finish(work_failed);
    });
  }

  // Every step of every plugin has a deadline, so this ends by itself.
  void wait_for_end() {
    std::optional<duration> patience = 1s;
    while (!ended_) {
      const auto woken = bell_.wait(patience);
      if (woken == main_wait::woken::interrupted) exit_at_once(work_failed, "ended at once, while " + late() + "\n");
      if (woken != main_wait::woken::deadline) continue;
      screen_.complain("still stopping, because " + late() + "; Ctrl-C ends at once");
      patience.reset();
    }
  }

  // "stn is stopping and xlog is running"
  std::string late() const {
    std::vector<std::string> all;
    for (const auto& r : runtime_->report())
      if (r.state == plugin_state::running || is_in_step(r.state)) all.push_back(r.id + " is " + std::string(name(r.state)));
    return listed(all);
  }

  // Each once: what failed, why, who waits for it, and whether it comes back.
  void tell_failures() {
    for (const auto& r : runtime_->report()) {
      const bool told = r.state == plugin_state::failed || r.state == plugin_state::waiting || r.state == plugin_state::disabled;
      if (!told || !told_.insert({r.id, r.since}).second) continue;
      const std::string again = r.retry != 0 ? "; it is started again in " + duration_text(wait_until(r.retry)) : "";
      screen_.complain(fate(r) + again);
    }
  }

  // In whole tenths of a second.
  static int64_t wait_until(int64_t wall) {
    constexpr int64_t tenth = 100'000'000;
    return std::max<int64_t>((wall - wall_now() + tenth / 2) / tenth, 1) * tenth;
  }

  int leave() {
    tell_failures();
    control_.reset();
    if (request_.metrics)
      screen_.print(metrics_table(read_metrics(runtime_->counted()), table_style_of(request_.json ? stderr : stdout)));
    screen_.close();
    const auto report = runtime_->report();
    const auto is = [&](auto what) { return std::any_of(report.begin(), report.end(), what); };
    const bool failed = is([](const auto& r) { return r.state == plugin_state::failed || r.given_up; });
    const int open = failed || request_.work ? work_failed : done;  // A command that was cut off has failed.
    const int code = code_ == unfinished || (code_ == done && failed) ? open : code_.load();
    // Code that never came back may still use everything that is alive here.
    if (is([](const auto& r) { return r.stuck; })) exit_at_once(code, "");
    exit_no_later_than(leave_deadline, code);
    return code;
  }

  session_request request_;
  main_wait bell_;
  terminal screen_;
  real_platform platform_;
  live_calls calls_{[this](const std::string& plugin, const std::string& extension, live_calls::borrower f) { runtime_->borrow_extension(plugin, extension, std::move(f)); },
                    monotonic_now};
  std::unique_ptr<runtime> runtime_;
  std::vector<const char*> arguments_;
  const std::string folder_ = working_folder();
  tharsis_command_call call_{};
  std::set<std::pair<std::string, int64_t>> told_;  // By plugin, and since when it is so.
  std::atomic<int> code_ = unfinished;
  std::atomic<bool> settled_ = false, news_ = false, stop_asked_ = false, stopping_ = false, ended_ = false;
  std::optional<control_server> control_;  // Last: its thread asks all that is above.
};

}  // namespace

int run_session(session_request request) { return session(std::move(request)).run(); }

}  // namespace tharsis::runtime
