// A service that a test holds through a guard: test::service<parrot> p(h, PARROT_ID); p.call([](auto& s) {..}).
#pragma once
#include <memory>
#include <string>
#include <thread>

#include "tests/hosts/host.h"

namespace tharsis::test {

// As pump(), for what does not wake the host: it looks again and again.
inline bool until(const host& h, const std::function<bool()>& met) {
  const auto end = std::chrono::steady_clock::now() + host::limit;
  while (!met()) {
    if (std::chrono::steady_clock::now() > end || tharsis_runtime_run_once(h.runtime, host::second / 100) < 0) return false;
    std::this_thread::yield();
  }
  return true;
}

template <class Table>
class service {
 public:
  service(host& h, const char* id) : host_(h) {
    EXPECT_EQ(tharsis_runtime_bind(h.runtime, id, &guard_, &h.why), THARSIS_OK) << h.why.text;
  }
  service(const service&) = delete;

  // f(table), inside the guard.
  template <class F>
  auto call(F f) {
    const auto* table = static_cast<const Table*>(tharsis_guard_enter(guard_));
    EXPECT_TRUE(table != nullptr || until(host_, [&] { return (table = static_cast<const Table*>(tharsis_guard_enter(guard_))) != nullptr; }))
        << "nobody provides it";
    const auto leave = [](tharsis_guard* g) { tharsis_guard_leave(g); };
    const std::unique_ptr<tharsis_guard, decltype(leave)> inside(guard_, leave);
    return f(*table);
  }

 private:
  host& host_;
  tharsis_guard* guard_ = nullptr;
};

// A metric of the runtime; -1: there is none of that name.
inline int64_t counted(const host& h, const std::string& plugin, const std::string& name) {
  struct search {
    const std::string &plugin, &name;
    int64_t value = -1;
  } s{plugin, name};
  tharsis_runtime_metrics(
      h.runtime,
      [](void* context, const tharsis_metric_value* v) {
        auto& wanted = *static_cast<search*>(context);
        if (std::string_view(v->plugin.data, v->plugin.size) == wanted.plugin && std::string_view(v->name.data, v->name.size) == wanted.name)
          wanted.value = v->kind == THARSIS_METRIC_GAUGE ? v->value : static_cast<int64_t>(v->count);
      },
      &s);
  return s.value;
}

}  // namespace tharsis::test
