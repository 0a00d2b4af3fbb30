// The door between the C ABI and stn. Nothing here decides anything.
#include "plugins/stn/configuration.h"
#include "plugins/stn/dispatcher.h"
#include "sdk/async/door.h"

namespace tharsis::stn {
namespace {

class plugin {
 public:
  static result<std::unique_ptr<plugin>> create(const host& tables) {
    auto s = read_settings(tables);
    if (!s) return s.failure();
    return std::make_unique<plugin>(tables, std::move(*s));
  }
  plugin(const host& tables, settings s)
      : host_(tables),
        settings_(std::move(s)),
        place_(tables.loop),
        events_(tables),
        tasks_(place_, host_, settings_, events_),
        closing_(place_),
        service_{sizeof(tharsis_stn), this, submit, cancel} {}

  tharsis_status start(tharsis_error* error) {
    events_.declare();
    const tharsis_status provided =
        host_.registry->provide(host_.registry->self, THARSIS_STN_ID, &service_, 0, error);
    if (provided == THARSIS_OK) tasks_.start();
    return provided;
  }
  tharsis_status stop() {
    closing_.spawn(close());
    return THARSIS_PENDING;
  }
  const void* query(std::string_view) { return nullptr; }

 private:
  task<void> close() {
    co_await tasks_.stop();
    host_.self->stopped(host_.self->self);
  }
  static tharsis_status submit(void* self, const tharsis_stn_task* task, tharsis_handle* id,
                               tharsis_error* error) {
    return static_cast<plugin*>(self)->tasks_.submit(*task, id, error);
  }
  static void cancel(void* self, tharsis_handle id) { static_cast<plugin*>(self)->tasks_.cancel(id); }

  const host host_;
  const settings settings_;
  strand place_;
  link_events events_;
  dispatcher tasks_;
  task_set closing_;
  const tharsis_stn service_;
};

}  // namespace
}  // namespace tharsis::stn

const tharsis_plugin* tharsis_plugin_entry(uint32_t abi_major) noexcept {
  static constexpr tharsis_plugin table = tharsis::door<tharsis::stn::plugin>::table("stn", "0.1.0");
  return abi_major == THARSIS_ABI_MAJOR ? &table : nullptr;
}
