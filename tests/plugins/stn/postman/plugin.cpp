// An application with a send queue, as sdk/abi/stn_outbox.h tells one to be: it says what it starts, what is safe, and what it hears,
// one line each, and when the outbox is empty, what the server counted.
#include <memory>
#include <string>
#include <vector>

#include "sdk/abi/stn_outbox.h"
#include "sdk/async/door.h"
#include "sdk/pure/mars_frame.h"
#include "sdk/pure/mars_messages.h"

namespace tharsis::test {
namespace {

class postman {
 public:
  static result<std::unique_ptr<postman>> create(const host& h) { return std::make_unique<postman>(h); }
  explicit postman(const host& h) : host_(h), number_(h.whole("first")), end_(number_ + h.whole("count")) {}

  tharsis_status start(tharsis_error* error) {
    tasks_ = static_cast<const tharsis_stn*>(host_.registry->bound(host_.registry->self, THARSIS_STN_ID));
    outbox_ = static_cast<const tharsis_stn_outbox*>(host_.registry->bound(host_.registry->self, THARSIS_STN_OUTBOX_ID));
    tharsis_stn_adopter a{};
    a.size = sizeof a;
    a.context = this;
    a.told = [](void* self, const tharsis_stn_entry* e, const tharsis_stn_result* r) {
      of(self).hear(std::string(as_text(view(e->key))), *r);
    };
    if (const tharsis_status s = outbox_->adopt(outbox_->self, &a, nullptr, error); s != THARSIS_OK) return s;
    turn();
    return THARSIS_OK;
  }
  tharsis_status stop() { return THARSIS_OK; }

 private:
  struct sent {
    postman* of;
    std::string key;
  };
  static postman& of(void* self) { return *static_cast<postman*>(self); }
  void say(const std::string& line) const { host_.console->print(host_.console->self, text_of(line)); }

  // One message after the other, then a look whether all are gone.
  void turn() {
    if (number_ < end_) send("m" + std::to_string(number_++));
    else outbox_->list(outbox_->self, [](void* self, const tharsis_stn_entry* e) { of(self).on_listed(e); }, this, nullptr);
    const auto again = [](void* self, tharsis_handle) { of(self).turn(); };
    const int64_t pause = number_ < end_ ? host_.wait("each").count() : duration(50ms).count();
    host_.loop->timer_set(host_.loop->self, host_.loop->now(host_.loop->self) + pause, again, this, 0, nullptr);
  }
  void send(std::string key) {
    const auto body = mars::encode(mars::send_message_request{"token", "ann", "bob", "text of " + key, "0"});
    messages_.push_back(std::make_unique<sent>(sent{this, std::move(key)}));
    sent& m = *messages_.back();
    tharsis_stn_task t{};
    t.size = sizeof t;
    t.command = mars::command_send_message;
    t.flags = THARSIS_STN_DURABLE;
    t.order = 1 + messages_.size() % 3;
    t.body = bytes_of(body);
    t.key = bytes_of(as_bytes(m.key));
    t.context = &m;
    t.done = [](void* context, tharsis_handle, const tharsis_stn_result* r) {
      const auto& mine = *static_cast<sent*>(context);
      mine.of->hear(mine.key, *r);
    };
    t.on_disk = [](void* context, tharsis_handle, uint64_t entry) {
      const auto& mine = *static_cast<sent*>(context);
      mine.of->say("safe " + mine.key + " " + std::to_string(entry));
    };
    tharsis_error why = no_error();
    if (tasks_->start(tasks_->self, &t, nullptr, &why) != THARSIS_OK) say("refused " + m.key + " " + why.text);
  }
  void hear(const std::string& key, const tharsis_stn_result& r) {
    say("told " + key + " " + std::to_string(r.entry) + " " + std::to_string(r.status) + " " + std::string(view(r.reason)));
    if (r.entry != 0) outbox_->acknowledge(outbox_->self, r.entry);
  }

  void on_listed(const tharsis_stn_entry* e) {
    if (e != nullptr) ++open_;
    else if (std::exchange(open_, 0) == 0 && !std::exchange(asked_, true)) ask();
  }
  void ask() {
    tharsis_stn_task t{};
    t.size = sizeof t;
    t.command = mars::command_statistics;
    t.context = this;
    t.done = [](void* self, tharsis_handle, const tharsis_stn_result* r) {
      const auto counted = mars::decode<mars::statistics_response>(view(r->body));
      of(self).say(counted ? "counted " + std::to_string(counted->executions) + " " + std::to_string(counted->repeats) : "counted nothing");
    };
    tasks_->start(tasks_->self, &t, nullptr, nullptr);
  }

  const host host_;
  const tharsis_stn* tasks_ = nullptr;
  const tharsis_stn_outbox* outbox_ = nullptr;
  int64_t number_;
  const int64_t end_;
  std::vector<std::unique_ptr<sent>> messages_;
  size_t open_ = 0;
  bool asked_ = false;
};

}  // namespace
}  // namespace tharsis::test

const tharsis_plugin* tharsis_plugin_entry(uint32_t abi_major) noexcept {
  static constexpr tharsis_plugin table = tharsis::door<tharsis::test::postman>::table("postman", "1.0.0");
  return abi_major == THARSIS_ABI_MAJOR ? &table : nullptr;
}
