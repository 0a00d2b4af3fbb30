// The smallest application in C++: one request, one answer. first_cpp DESKTOP.YAML ENDPOINT STATE
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "sdk/abi/runtime.h"
#include "sdk/abi/stn.h"

struct ended { void operator()(tharsis_runtime* r) const { tharsis_runtime_destroy(r); } };  // Stops first.

void check(tharsis_status status, const tharsis_error& why) {
  if (status < 0) throw std::runtime_error(why.text);
}

int main(int count, char** words) try {
  if (count < 4) throw std::runtime_error("say DESKTOP.YAML ENDPOINT STATE");
  const std::string endpoint = "stn.links.main.endpoints=[\"" + std::string(words[2]) + "\"]";
  const char* const sets[] = {endpoint.c_str()};
  tharsis_runtime_options options{};
  options.size = sizeof options, options.profile = words[1], options.sets = sets, options.sets_count = 1, options.state = words[3];
  tharsis_error why{sizeof why, 0, ""};
  tharsis_runtime* made = nullptr;
  check(tharsis_runtime_create(&options, &made, &why), why);
  const std::unique_ptr<tharsis_runtime, ended> runtime(made);
  check(tharsis_runtime_start(made, &why), why);
  tharsis_guard* stn = nullptr;
  check(tharsis_runtime_bind(made, THARSIS_STN_ID, &stn, &why), why);

  std::string answer;
  tharsis_stn_task task{};
  task.size = sizeof task, task.command = 100, task.timeout_ms = 5000, task.context = &answer;
  task.body = {reinterpret_cast<const uint8_t*>("hello"), 5};
  task.done = [](void* context, tharsis_handle, const tharsis_stn_result* r) {  // Inside run_once(), on this thread.
    const auto text = [](auto v) { return std::string_view(reinterpret_cast<const char*>(v.data), v.size); };
    *static_cast<std::string*>(context) = r->status == THARSIS_OK ? "answer: " + std::string(text(r->body)) : "no answer: " + std::string(text(r->reason));
  };
  for (bool asked = false; answer.empty(); tharsis_runtime_wait(made, 10'000'000), tharsis_runtime_run_once(made, 5'000'000)) {
    const auto* const table = asked ? nullptr : static_cast<const tharsis_stn*>(tharsis_guard_enter(stn));  // Null: stn does not run yet.
    if (table == nullptr) continue;
    tharsis_handle id{};
    const tharsis_status begun = table->start(table->self, &task, &id, &why);
    tharsis_guard_leave(stn);
    check(begun, why);
    asked = true;
  }
  std::cout << answer << "\n";
} catch (const std::exception& failure) {
  std::cerr << "first_cpp: " << failure.what() << "\n";
  return 1;
}
