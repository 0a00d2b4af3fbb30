// A plugin that speaks when it is told to: see speaker.h.
#include "tests/plugins/xlog/speaker/speaker.h"

#include "sdk/async/door.h"
#include "sdk/pure/logger.h"

namespace tharsis::test {
namespace {

class speaker {
 public:
  static result<std::unique_ptr<speaker>> create(const host& h) { return std::make_unique<speaker>(h); }
  explicit speaker(const host& h) : host_(h), log_(h.log, "door") {}

  tharsis_status start(tharsis_error* error) {
    if (const int64_t burst = host_.whole("burst", 0); burst > 0) {
      const logger log(host_.log);
      const int64_t noise = host_.whole("noise", 0), each = host_.whole("flush_each", 0);
      for (int64_t i = 0; i < burst; ++i) {
        if (noise == 0) log.info("burst {number}", i);
        else say_noise(log, i, static_cast<size_t>(noise));
        if (each > 0 && i % each == 0) host_.log->flush_now(host_.log->self, duration(20ms).count());
      }
      const duration most = host_.wait("flush", duration());
      const bool kept = most == duration() || host_.log->flush_now(host_.log->self, most.count()) == THARSIS_OK;
      host_.console->print(host_.console->self, text_of(kept ? "said" : "not kept"));
    }
    const auto on_service = [](void* s, const void* table) { of(s).taps_ = static_cast<const tharsis_log_tap*>(table); };
    return host_.registry->watch(host_.registry->self, THARSIS_LOG_TAP_ID, on_service, this, error);
  }
  tharsis_status stop() {
    if (taps_ != nullptr) taps_->close(taps_->self, tap_);
    if (subscription_ != 0) host_.bus->unsubscribe(host_.bus->self, subscription_);
    return THARSIS_OK;
  }
  const void* query(std::string_view id) {
    static constexpr speaker_table table = {say, say_password, listen, flush, watch};
    return id == SPEAKER_ID ? &table : nullptr;
  }

 private:
  // What no dictionary makes shorter.
  void say_noise(const logger& log, int64_t number, size_t size) {
    std::string noise;
    for (size_t i = 0; i < size; ++i) {
      chance_ = chance_ * 6364136223846793005u + 1442695040888963407u;
      noise += static_cast<char>('0' + (chance_ >> 58));
    }
    const std::string says = host_.text("says", "info");
    if (says == "error") log.error("noise {number} {noise}", number, noise);
    else if (says == "both" && number % 2 != 0) log.warning("noise {number} {noise}", number, noise);
    else log.info("noise {number} {noise}", number, noise);
  }

  struct question {
    void (*done)(void* context);
    void* context;
  };
  static speaker& of(void* instance) { return *static_cast<speaker*>(instance); }

  static void say(void* instance, uint32_t level, tharsis_text text) { of(instance).host_.write(level, view(text)); }
  static void say_password(void* instance, tharsis_text user, tharsis_text password) {
    of(instance).log_.warning("{user} came with {password}", view(user), view(password));
  }
  static tharsis_status listen(void* instance, int32_t decides, tharsis_on_line on_line, void* context) {
    speaker& self = of(instance);
    if (self.taps_ == nullptr) return THARSIS_E_NOT_FOUND;
    tharsis_error why = no_error();
    return self.taps_->open(self.taps_->self, nullptr, decides, on_line, context, &self.tap_, &why);
  }
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
  const logger log_;
  const tharsis_log_tap* taps_ = nullptr;
  uint64_t chance_ = 1;
  tharsis_handle tap_ = 0;
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
