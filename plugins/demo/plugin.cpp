// The door between the contract and the demo's two roles. Nothing here decides anything.
#include <memory>
#include <optional>

#include "plugins/demo/sender.h"
#include "plugins/demo/small_talk.h"
#include "sdk/async/door.h"

namespace tharsis::demo {
namespace {

settings read_settings(const host& h) {
  settings s;
  s.role = h.text("role", s.role);
  s.text = h.text("text", std::string(view(h.paths->plugin(h.paths->self))) + "/ascent.txt");
  s.pace = h.wait("pace", s.pace);
  s.friend_pace = h.wait("friend_pace", s.friend_pace);
  s.task_timeout = h.wait("task_timeout", s.task_timeout);
  s.limit = h.wait("limit", s.limit);
  s.outages = h.whole("outages", s.outages);
  s.topic = h.text("topic", s.topic);
  s.program = h.text("program", s.program);
  return s;
}

template <class Role>
class plugin {
 public:
  plugin(const host& tables, settings s)
      : tables_(tables), place_(tables_.loop), role_(tables_, place_, std::move(s)), life_(role_.life()) {}

  void start() { life_.start(place_); }
  void stop() { role_.stop(); }

 private:
  const host tables_;
  strand place_;
  Role role_;
  task<void> life_;
};

class demo {
 public:
  static result<std::unique_ptr<demo>> create(const host& tables) {
    auto made = std::make_unique<demo>();
    settings s = read_settings(tables);
    if (s.role == "friend") made->friend_.emplace(tables, std::move(s));
    else made->sender_.emplace(tables, std::move(s));
    return made;
  }
  tharsis_status start(tharsis_error*) {
    sender_ ? sender_->start() : friend_->start();
    return sender_ ? THARSIS_PENDING : THARSIS_OK;  // The sender reads its text first.
  }
  tharsis_status stop() {
    sender_ ? sender_->stop() : friend_->stop();
    return THARSIS_PENDING;
  }

 private:
  std::optional<plugin<sender>> sender_;
  std::optional<plugin<small_talk>> friend_;
};

}  // namespace
}  // namespace tharsis::demo

const tharsis_plugin* tharsis_plugin_entry(uint32_t abi_major) noexcept {
  static constexpr tharsis_plugin table = tharsis::door<tharsis::demo::demo>::table("demo", "0.1.0");
  return abi_major == THARSIS_ABI_MAJOR ? &table : nullptr;
}
