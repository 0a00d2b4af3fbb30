#include "plugins/stn/heal_service.h"

#include "sdk/pure/views.h"

namespace tharsis::stn {

heal_service::heal_service(strand& place, const host& tables, healing& to, bool use)
    : place_(place), to_(to), use_(use), inbox_(*tables.loop, &heal_service::on_letter, this), table_{sizeof(tharsis_stn_heal), this, apply, undo} {}

tharsis_status heal_service::apply(void* self, const tharsis_stn_remedy* wanted, tharsis_handle* id, tharsis_error* error) {
  if (wanted == nullptr || wanted->size < sizeof(tharsis_stn_remedy))
    return fail(error, THARSIS_E_INVALID, "a remedy of stn.heal: there is none, or its size is not set");
  if (const auto wrong = mistake_of(*wanted)) return fail(error, *wrong);
  if (!of(self).use_) return fail(error, THARSIS_E_DENIED, "stn takes no remedies: the profile says stn.heal.use: false");
  letter l{false, {}, std::chrono::milliseconds(wanted->ttl_ms)};
  l.what.id = ++of(self).last_;
  l.what.what = wanted->what;
  l.what.number = wanted->number;
  l.what.address = wanted->address;
  l.what.host = view(wanted->host);
  l.what.reason = view(wanted->reason);
  const uint64_t given = l.what.id;
  if (of(self).closing_ || of(self).inbox_.send(std::move(l)) != THARSIS_OK) return fail(error, THARSIS_E_GONE, "stn is stopping");
  if (id != nullptr) *id = given;
  return THARSIS_OK;
}

void heal_service::undo(void* self, tharsis_handle id) {
  letter l{true, {}, {}};
  l.what.id = id;
  if (!of(self).closing_) of(self).inbox_.send(std::move(l));
}

void heal_service::on_letter(void* context, letter l) {
  heal_service& self = of(context);
  if (self.closing_) return;
  if (l.undo) return self.to_.undo(l.what.id);
  l.what.until = later(self.place_.now(), l.lasts);
  self.to_.apply(std::move(l.what));
}

void heal_service::stop() {
  closing_ = true;
  inbox_.drain();
}

}  // namespace tharsis::stn
