// The door between the C ABI and stn. Nothing here decides anything.
#include <optional>

#include "plugins/stn/carry_command.h"
#include "plugins/stn/check_command.h"
#include "plugins/stn/configuration.h"
#include "plugins/stn/dispatcher.h"
#include "plugins/stn/listen_command.h"
#include "plugins/stn/fetch_command.h"
#include "plugins/stn/fleet_command.h"
#include "plugins/stn/heal_service.h"
#include "plugins/stn/http_service.h"
#include "plugins/stn/links_service.h"
#include "plugins/stn/outbox_command.h"
#include "plugins/stn/send_command.h"
#include "plugins/stn/status_command.h"
#include "plugins/stn/stream_service.h"
#include "sdk/abi/stn_outbox.h"
#include "sdk/async/door.h"

namespace tharsis::stn {
namespace {

class plugin {
 public:
  static result<std::unique_ptr<plugin>> create(const host& tables) { return std::make_unique<plugin>(tables); }

  explicit plugin(const host& tables)
      : host_(tables),
        place_(tables.loop),
        events_(tables),
        closing_(place_),
        service_{sizeof(tharsis_stn), this, submit, cancel, has, clear, redo, touch, reset},
        addresses_{sizeof(tharsis_stn_addresses), this, set_addresses, ban_address},
        outbox_{sizeof(tharsis_stn_outbox), this, adopt, release, acknowledge, discard, list},
        sending_(tables, place_, events_),
        telling_(tables, place_),
        listening_(tables, place_, events_),
        checking_(tables, place_),
        fetching_(tables, place_),
        fleet_(tables, place_),
        carrying_(tables, place_, events_),
        leaving_(tables, place_) {}

  tharsis_status start(tharsis_error* error) {
    auto s = read_settings(host_);
    if (!s) return fail(error, s.failure());
    settings_ = std::move(*s);
    events_.declare();
    const std::string folder(view(host_.paths->data(host_.paths->self)));
    tasks_.emplace(place_, host_, settings_, events_, dispatcher::kept{folder + "/intervals", folder + "/links", folder + "/outbox", folder + "/segments", folder + "/lanes"});
    tharsis_status provided = host_.registry->provide(host_.registry->self, THARSIS_STN_ID, &service_, 0, error);
    if (provided == THARSIS_OK)
      provided = host_.registry->provide(host_.registry->self, THARSIS_STN_ADDRESSES_ID, &addresses_, 0, error);
    links_.emplace(host_, *tasks_);
    if (provided == THARSIS_OK)
      provided = host_.registry->provide(host_.registry->self, THARSIS_STN_LINKS_ID, links_->table(), 0, error);
    heal_.emplace(place_, host_, tasks_->ways().heals(), settings_.heals);
    if (provided == THARSIS_OK) provided = host_.registry->provide(host_.registry->self, THARSIS_STN_HEAL_ID, heal_->table(), 0, error);
    if (provided == THARSIS_OK) provided = host_.registry->provide(host_.registry->self, THARSIS_STN_OUTBOX_ID, &outbox_, 0, error);
    streams_.emplace(place_, host_, *tasks_, settings_.streams);
    if (provided == THARSIS_OK) provided = host_.registry->provide(host_.registry->self, THARSIS_STN_STREAMS_ID, streams_->table(), 0, error);
    if (provided != THARSIS_OK) return provided;
    http_.emplace(place_, host_, tasks_->ways().names(), tasks_->ways().paths(), tasks_->ways().servers(), tasks_->http_terms(), settings_.http);
    const tharsis_status http_provided = host_.registry->provide(host_.registry->self, THARSIS_HTTP_ID, http_->table(), 0, error);
    if (http_provided != THARSIS_OK) return http_provided;
    http_->start();
    tasks_->start();
    return THARSIS_OK;
  }
  tharsis_status stop() {
    closing_.spawn(close());
    return THARSIS_PENDING;
  }
  // Links come, go and change while it runs; all else is for a new instance.
  tharsis_status prepare(tharsis_error* error) {
    auto wanted = read_settings(host_);
    if (!wanted) return fail(error, wanted.failure());
    if (!tasks_ || !settings_.minor_links.empty()) return *wanted == settings_ ? THARSIS_OK : THARSIS_E_UNSUPPORTED;
    settings same = *wanted;
    same.links = settings_.links;
    if (same != settings_) return THARSIS_E_UNSUPPORTED;
    prepared_ = std::move(wanted->links);
    return THARSIS_OK;
  }
  void commit() {
    if (!prepared_) return;
    tasks_->change(settings_.links, *prepared_);
    settings_.links = std::move(*std::exchange(prepared_, std::nullopt));
  }
  void abort() { prepared_.reset(); }

  void run_command(const command_call& call) {
    if (call.name() == "listen") return listening_.run(call);
    if (call.name() == "check-codec") return checking_.run(call);
    if (call.name() == "fetch") return fetching_.run(call);
    if (call.name() == "upload" || call.name() == "download") return carrying_.run(call);
    if (call.name() == "simulate-fleet") return fleet_.run(call);
    if (call.name() == "outbox") return leaving_.run(call, read_outbox_settings(host_));
    if (call.name() != "send") return telling_.run(call);
    events_.declare();
    sending_.run(call);
  }

 private:
  task<void> close() {
    if (http_) http_->stop();
    if (links_) links_->stop();
    if (heal_) heal_->stop();
    if (streams_) streams_->stop();
    fetching_.stop();
    if (tasks_) co_await tasks_->stop();
    co_await sending_.stop();
    co_await listening_.stop();
    co_await fleet_.stop();
    co_await carrying_.stop();
    host_.self->stopped(host_.self->self);
  }
  static tharsis_status submit(void* self, const tharsis_stn_task* task, tharsis_handle* id,
                               tharsis_error* error) {
    return static_cast<plugin*>(self)->tasks_->submit(*task, id, error);
  }
  static void cancel(void* self, tharsis_handle id) { static_cast<plugin*>(self)->tasks_->cancel(id); }
  static uint32_t has(void* self, tharsis_handle id) { return static_cast<plugin*>(self)->tasks_->has(id) ? 1 : 0; }
  static void clear(void* self, tharsis_text link, tharsis_text user) { static_cast<plugin*>(self)->tasks_->clear(link, user); }
  static void redo(void* self, tharsis_text link) { static_cast<plugin*>(self)->tasks_->redo(link); }
  static void touch(void* self, tharsis_text link) { static_cast<plugin*>(self)->tasks_->touch(link); }
  static void reset(void* self, tharsis_text link) { static_cast<plugin*>(self)->tasks_->reset(link); }
  static tharsis_status set_addresses(void* self, tharsis_text link, uint32_t kind, const tharsis_address* list,
                                      size_t count, tharsis_error* error) {
    return static_cast<plugin*>(self)->tasks_->ways().set(link, kind, list, count, error);
  }
  static tharsis_status ban_address(void* self, const tharsis_address* address, tharsis_error* error) {
    return static_cast<plugin*>(self)->tasks_->ways().ban(address, error);
  }

  static tharsis_status adopt(void* self, const tharsis_stn_adopter* adopter, tharsis_handle* adoption, tharsis_error* error) {
    return static_cast<plugin*>(self)->tasks_->durable().adopt(*adopter, adoption, error);
  }
  static void release(void* self, tharsis_handle adoption) { static_cast<plugin*>(self)->tasks_->durable().say(task_letter::kind::release, adoption); }
  static void acknowledge(void* self, uint64_t entry) { static_cast<plugin*>(self)->tasks_->durable().say(task_letter::kind::acknowledge, entry); }
  static void discard(void* self, uint64_t entry) { static_cast<plugin*>(self)->tasks_->durable().say(task_letter::kind::discard, entry); }
  static tharsis_status list(void* self, void (*visit)(void*, const tharsis_stn_entry*), void* context, tharsis_error* error) {
    return static_cast<plugin*>(self)->tasks_->durable().list(visit, context, error);
  }

  const host host_;
  settings settings_;  // Once it starts: a command has its own.
  std::optional<std::vector<link_settings>> prepared_;
  strand place_;
  link_events events_;
  std::optional<dispatcher> tasks_;
  std::optional<links_service> links_;
  std::optional<heal_service> heal_;
  std::optional<stream_service> streams_;
  std::optional<http_service> http_;
  task_set closing_;
  const tharsis_stn service_;
  const tharsis_stn_addresses addresses_;
  const tharsis_stn_outbox outbox_;
  send_command sending_;
  status_command telling_;
  listen_command listening_;
  check_command checking_;
  fetch_command fetching_;
  fleet_command fleet_;
  carry_command carrying_;
  outbox_command leaving_;
};

}  // namespace
}  // namespace tharsis::stn

const tharsis_plugin* tharsis_plugin_entry(uint32_t abi_major) noexcept {
  static constexpr tharsis_plugin table = tharsis::door<tharsis::stn::plugin>::table("stn", "0.1.0");
  return abi_major == THARSIS_ABI_MAJOR ? &table : nullptr;
}
