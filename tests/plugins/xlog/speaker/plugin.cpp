// A plugin that speaks when it is told to: see speaker.h.
#include "tests/plugins/xlog/speaker/speaker.h"

#include "sdk/async/door.h"
#include "sdk/pure/logger.h"

namespace tharsis::test {
namespace {

class speaker {
 public:
  static result<std::unique_ptr<speaker>> create(const host& h) { return std::make_unique<speaker>(h); }
  explicit speaker(const host& h) : host_(h) {}

  tharsis_status start(tharsis_error*) {
    const int64_t burst = host_.whole("burst", 0);
    if (burst == 0) return THARSIS_OK;
    const logger log(host_.log);
    for (int64_t i = 0; i < burst; ++i) log.info("burst {number}", i);
    host_.console->print(host_.console->self, text_of("said"));
    return THARSIS_OK;
  }
  tharsis_status stop() {
    if (subscription_ != 0) host_.bus->unsubscribe(host_.bus->self, subscription_);
    return THARSIS_OK;
  }
  const void* query(std::string_view id) {
    static constexpr speaker_table table = {say, flush, watch};
    return id == SPEAKER_ID ? &table : nullptr;
  }

 private:
  struct question {
    void (*done)(void* context);
    void* context;
  };
  static speaker& of(void* instance) { return *static_cast<speaker*>(instance); }

  static void say(void* instance, uint32_t level, tharsis_text text) { of(instance).host_.write(level, view(text)); }
  static void flush(void* instance, void (*done)(void* context), void* context) {
    const auto wake = [](void* q, tharsis_handle) {
      const std::unique_ptr<question> mine(static_cast<question*>(q));
      mine->done(mine->context);
    };
    const tharsis_log* log = of(instance).host_.log;
    log->flush(log->self, wake, new question{done, context}, 0);
  }
  static void watch(void* instance, void (*on_state)(void* context, const tharsis_xlog_state* state), void* context) {
    speaker& self = of(instance);
    self.watcher_ = on_state;
    self.watcher_context_ = context;
    tharsis_subscription wanted{};
    wanted.size = sizeof wanted;
    wanted.context = &self;
    wanted.on_event = [](void* s, const tharsis_event* event) {
      of(s).watcher_(of(s).watcher_context_, static_cast<const tharsis_xlog_state*>(event->payload));
    };
    tharsis_error why = no_error();
    if (self.host_.bus->subscribe(self.host_.bus->self, THARSIS_XLOG_STATE_TOPIC, &wanted, &self.subscription_, &why) != 0)
      self.host_.error(why.text);
  }

  const host host_;
  tharsis_handle subscription_ = 0;
  void (*watcher_)(void*, const tharsis_xlog_state*) = nullptr;
  void* watcher_context_ = nullptr;
};

}  // namespace
}  // namespace tharsis::test

const tharsis_plugin* tharsis_plugin_entry(uint32_t abi_major) noexcept {
  static constexpr tharsis_plugin table = tharsis::door<tharsis::test::speaker>::table("speaker", "1.0.0");
  return abi_major == THARSIS_ABI_MAJOR ? &table : nullptr;
}
