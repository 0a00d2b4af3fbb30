// An application that goes on while its network breaks: stn, dns and sdt as its profile has them, one task after the other,
// each sent when it is due. At the end it says what became of every task, and what sdt and stn told meanwhile.
//
//     lab_application PROFILE STATE ENDPOINT... --body-file FILE --rate 5 --count 200 --deadline 5s --times
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "sdk/abi/runtime.h"
#include "sdk/abi/sdt.h"
#include "sdk/abi/stn.h"
#include "sdk/pure/json.h"
#include "sdk/pure/views.h"
#include "tests/lab/peers/client_program.h"

namespace tharsis::lab {
namespace {

constexpr uint32_t echo = 100;  // A command of the gateway's.
constexpr duration settle_most = 10s, stop_most = 5s;

int complain(const std::string& what) {
  std::fprintf(stderr, "lab_application: %s\n", what.c_str());
  return 2;
}

class application {
 public:
  application() = default;
  application(const application&) = delete;
  ~application() { tharsis_runtime_destroy(runtime_); }

  // A sentence where it could not begin.
  std::string begin(const std::string& profile, const std::string& state, const std::string& endpoints);
  void work(load_run& run);
  std::string events() const { return "[" + told_ + "]"; }

 private:
  struct asked {
    application* of;
    uint32_t number;
  };
  void ask(uint32_t number);
  void hear();
  void tell(const json_object& event) { told_ += (told_.empty() ? "" : ",") + event.text(); }
  static json_object event_of(std::string_view what) {
    json_object event;
    event.add("at_us", clock_now().time_since_epoch().count() / 1000).add("what", what);  // As began_us.
    return event;
  }

  load_run* run_ = nullptr;
  uint32_t connects_ = 0;
  tharsis_runtime* runtime_ = nullptr;
  tharsis_guard* stn_ = nullptr;
  tharsis_inbox *reports_ = nullptr, *remedies_ = nullptr, *links_ = nullptr;
  std::vector<std::unique_ptr<asked>> asked_;
  std::string told_;
};

std::string application::begin(const std::string& profile, const std::string& state, const std::string& endpoints) {
  const std::string where = "stn.links.main.endpoints=[" + endpoints + "]";
  const char* const sets[] = {where.c_str()};
  // Beside this program, as a build has them.
  const std::string plugins = std::filesystem::canonical("/proc/self/exe").parent_path().parent_path() / "plugins";
  const char* const folders[] = {plugins.c_str()};
  tharsis_runtime_options options{};
  options.size = sizeof options;
  options.profile = profile.c_str();
  options.sets = sets;
  options.sets_count = 1;
  options.plugin_folders = folders;
  options.plugin_folders_count = 1;
  options.state = state.c_str();
  tharsis_error why{};
  why.size = sizeof why;
  if (tharsis_runtime_create(&options, &runtime_, &why) < 0) return why.text;
  const auto follow = [&](const char* topic, tharsis_inbox** into) { return tharsis_runtime_subscribe(runtime_, topic, THARSIS_DROP_OLDEST, 0, into, &why) == THARSIS_OK; };
  if (!follow(THARSIS_SDT_REPORT_TOPIC, &reports_) || !follow(THARSIS_SDT_HEAL_TOPIC, &remedies_) || !follow(THARSIS_STN_LINK_TOPIC, &links_)) return why.text;
  if (tharsis_runtime_start(runtime_, &why) < 0) return why.text;
  const instant until = clock_now() + settle_most;
  while (tharsis_runtime_settled(runtime_) == 0 && clock_now() < until) hear();
  const tharsis_owned_text report = tharsis_runtime_report(runtime_);
  const std::string said = report.data;
  tharsis_text_free(report);
  if (said.find("\"failed\"") != std::string::npos) return "a plugin does not run: " + said;
  return tharsis_runtime_bind(runtime_, THARSIS_STN_ID, &stn_, &why) == THARSIS_OK ? std::string() : why.text;
}

void application::work(load_run& run) {
  run_ = &run;
  load_loop& loop = run.loop();
  while (!loop.done()) {
    while (const auto number = loop.take_due(clock_now())) ask(*number);
    while (loop.take_expired(clock_now())) {
    }
    tharsis_runtime_wait(runtime_, std::max<int64_t>(0, std::min(loop.deadline() - clock_now(), duration(50ms)).count()));
    hear();
  }
  run.moved.connects = connects_;
  tharsis_runtime_stop(runtime_, stop_most.count());
}

// With a key: it is sent again where its connection dies, as an application does that wants its message delivered.
void application::ask(uint32_t number) {
  asked_.push_back(std::make_unique<asked>(asked{this, number}));
  const std::string key = "lab-" + std::to_string(run_->loop().began().time_since_epoch().count()) + "-" + std::to_string(number);
  tharsis_stn_task task{};
  task.size = sizeof task;
  task.command = echo;
  task.timeout_ms = static_cast<uint32_t>(std::max<int64_t>(1, milliseconds(run_->loop().deadline_of(number) - clock_now())));
  task.body = {reinterpret_cast<const uint8_t*>(run_->body().data()), run_->body().size()};
  task.key = {reinterpret_cast<const uint8_t*>(key.data()), key.size()};
  task.context = asked_.back().get();
  task.done = [](void* context, tharsis_handle, const tharsis_stn_result* r) {
    const asked& a = *static_cast<asked*>(context);
    if (r->status == THARSIS_OK) a.of->run_->on_answer(a.number, as_text(view(r->body)));
    else a.of->run_->loop().on_failure(a.number, view(r->reason));
  };
  tharsis_error why{};
  why.size = sizeof why;
  tharsis_handle id = 0;
  const auto* const stn = static_cast<const tharsis_stn*>(tharsis_guard_enter(stn_));
  if (stn == nullptr) return run_->loop().on_failure(number, "stn does not run");
  const tharsis_status status = stn->start(stn->self, &task, &id, &why);
  tharsis_guard_leave(stn_);
  if (status < 0) run_->loop().on_failure(number, why.text);
}

void application::hear() {
  tharsis_runtime_run_once(runtime_, duration(5ms).count());
  while (const tharsis_event* const e = tharsis_inbox_next(reports_)) {
    const auto& r = *static_cast<const tharsis_sdt_report*>(e->payload);
    tell(event_of("report").add("code", view(r.code)).add("confidence", r.confidence).add("took_us", r.took / 1000).add("bytes", r.bytes).add("action", view(r.action)).add("sentence", view(r.sentence)));
  }
  while (const tharsis_event* const e = tharsis_inbox_next(remedies_)) {
    constexpr std::string_view states[] = {"advised", "begun", "refused", "ended"};
    const auto& h = *static_cast<const tharsis_sdt_healing*>(e->payload);
    tell(event_of("remedy").add("state", h.state < std::size(states) ? states[h.state] : "other").add("action", view(h.action)).add("cause", view(h.cause)).add("sentence", view(h.sentence)));
  }
  while (const tharsis_event* const e = tharsis_inbox_next(links_)) {
    constexpr std::string_view states[] = {"down", "connecting", "up"};
    const auto& l = *static_cast<const tharsis_stn_link*>(e->payload);
    connects_ = l.connects;
    tell(event_of("link").add("state", l.state < std::size(states) ? states[l.state] : "other").add("address", view(l.address)).add("reason", view(l.reason)));
  }
}

int run(const std::vector<std::string>& words) {
  if (words.size() < 3) return complain("PROFILE STATE ENDPOINT... and the words of a client are needed");
  auto arguments = parse_client_arguments({words.begin() + 2, words.end()}, {});
  if (!arguments) return complain(arguments.failure().text);
  std::ifstream in(arguments->body_file, std::ios::binary);
  std::string body{std::istreambuf_iterator<char>(in), {}};
  if (!in || body.empty()) return complain("--body-file " + arguments->body_file + ": cannot be read, or is empty");
  std::string endpoints;
  for (const endpoint& e : arguments->endpoints) endpoints += (endpoints.empty() ? "" : ",") + json_text(e.text());
  application app;
  if (const std::string why = app.begin(words[0], words[1], endpoints); !why.empty()) return complain(why);
  load_run load(std::move(*arguments), std::move(body));  // The first task is due now.
  app.work(load);
  std::string line = outcome_json(load.loop(), load.moved);
  line.insert(line.size() - 1, ",\"events\":" + app.events());
  std::printf("%s\n", line.c_str());
  return load.loop().failed() == 0 ? 0 : 1;
}

}  // namespace
}  // namespace tharsis::lab

int main(int argc, char** argv) { return tharsis::lab::run({argv + 1, argv + argc}); }
