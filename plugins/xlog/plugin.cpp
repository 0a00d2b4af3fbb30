// The door between the C ABI and xlog. Nothing here decides anything.
#include "plugins/xlog/cat.h"
#include "plugins/xlog/core/level.h"
#include "plugins/xlog/keygen_command.h"
#include "plugins/xlog/writer.h"
#include "sdk/abi/command.h"
#include "sdk/async/door.h"
#include "sdk/async/task_set.h"

namespace tharsis::xlog {
namespace {

settings read_settings(const host& h) {
  settings s;
  s.level = level_from(h.text("level")).value_or(s.level);
  s.directory = h.text("directory");
  s.file_size = static_cast<uint64_t>(h.whole("file_size", static_cast<int64_t>(s.file_size)));
  s.memory = static_cast<size_t>(h.whole("memory", static_cast<int64_t>(s.memory)));
  s.interval = h.wait("interval", s.interval);
  s.batch = static_cast<size_t>(h.whole("batch", static_cast<int64_t>(s.batch)));
  s.retry_min = h.wait("retry_min", s.retry_min);
  s.retry_max = h.wait("retry_max", s.retry_max);
  return s;
}

class plugin {
 public:
  static result<std::unique_ptr<plugin>> create(const host& h) { return std::make_unique<plugin>(h); }

  explicit plugin(const host& h)
      : host_(h), place_(h.loop), has_(read_settings(h)), writer_(host_, place_, has_), work_(place_), end_(place_) {
    sink_ = {sizeof sink_, &writer_.lines(), write, level, flush};
  }

  tharsis_status start(tharsis_error*) {
    work_.spawn(keep_log());
    return THARSIS_PENDING;
  }
  tharsis_status stop() {
    writer_.stop();
    if (cat_) cat_->stop();
    if (work_.empty()) return THARSIS_OK;
    end_.spawn(tell_stopped());
    return THARSIS_PENDING;
  }
  // The level changes while it runs; what concerns files and buffers is for a new instance.
  tharsis_status prepare(tharsis_error*) {
    prepared_ = read_settings(host_);
    settings same = prepared_;
    same.level = has_.level;
    return same == has_ ? THARSIS_OK : THARSIS_E_UNSUPPORTED;
  }
  void commit() {
    has_ = prepared_;
    writer_.lines().set_level(has_.level);
  }
  void abort() {}

  const void* query(std::string_view id) {
    static constexpr tharsis_command commands = {sizeof(tharsis_command), run_command};
    return id == THARSIS_COMMAND_ID ? &commands : nullptr;
  }

 private:
  task<void> keep_log() {
    const error failure = co_await writer_.open();
    tharsis_error why = no_error();
    fail(&why, failure);
    if (failure.status == THARSIS_OK)
      host_.registry->provide(host_.registry->self, THARSIS_LOG_SINK_ID, &sink_, 0, &why);
    if (why.status != THARSIS_OK) {
      host_.self->failed(host_.self->self, &why);
      co_return;
    }
    host_.self->ready(host_.self->self);
    co_await writer_.run();
  }
  task<void> tell_stopped() {
    co_await work_.join(never);
    host_.self->stopped(host_.self->self);
  }

  // [any thread]
  static void write(void* self, const tharsis_log_record* r) { static_cast<intake*>(self)->write(*r); }
  static uint32_t level(void* self) { return static_cast<intake*>(self)->level(); }
  static void flush(void* self, tharsis_handle strand, tharsis_wake wake, void* context, tharsis_handle handle) {
    static_cast<intake*>(self)->ask({0, strand, wake, context, handle});
  }

  static void run_command(void* instance, const tharsis_command_call* call) {
    auto& self = *static_cast<plugin*>(instance);
    std::vector<std::string> words(call->arguments, call->arguments + call->count);
    std::string folder(view(call->folder));
    if (std::string_view(call->name) == "keygen") {
      self.keygen_ = std::make_unique<keygen_command>(
          self.host_, self.place_, keygen_command::call{std::move(words), std::move(folder), call->console});
      self.work_.spawn(self.keygen_->run());
      return;
    }
    self.cat_ = std::make_unique<cat>(self.host_, self.place_, cat::call{std::move(words), std::move(folder), call->console});
    self.work_.spawn(self.cat_->run());
  }

  const host host_;
  strand place_;
  settings has_, prepared_;
  writer writer_;
  tharsis_log_sink sink_{};
  std::unique_ptr<cat> cat_;
  std::unique_ptr<keygen_command> keygen_;
  task_set work_;
  task_set end_;
};

}  // namespace
}  // namespace tharsis::xlog

const tharsis_plugin* tharsis_plugin_entry(uint32_t abi_major) noexcept {
  static constexpr tharsis_plugin table = tharsis::door<tharsis::xlog::plugin>::table("xlog", "0.1.0");
  return abi_major == THARSIS_ABI_MAJOR ? &table : nullptr;
}
