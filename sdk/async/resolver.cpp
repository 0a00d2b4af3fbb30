#include "sdk/async/resolver.h"

#include "sdk/pure/address.h"
#include "sdk/pure/views.h"

namespace tharsis {

resolver::asking::~asking() {
  if (owner.open_.erase({service != nullptr, id}) == 0) return;  // It was answered.
  if (service == nullptr) owner.net_.close(owner.net_.self, id);
  // A provider that has been withdrawn since knows nothing of it, and must not be called.
  else if (service == owner.dns()) service->cancel(service->self, id);
}

task<result<std::vector<tharsis_address>>> resolver::resolve(std::string name, instant deadline) {
  if (const auto literal = parse_ip(name)) co_return std::vector{*literal};
  question q(place_);
  tharsis_handle id = 0;
  tharsis_error reason = no_error();
  if (const tharsis_status s = ask(name, q, id, &reason); s != THARSIS_OK) co_return error_from(s, reason);
  open_[{q.service != nullptr, id}] = &q;
  const asking guard{*this, q.service, id};
  while (q.status == THARSIS_PENDING)
    if (co_await q.answered.wait(deadline) == 0)
      co_return error{THARSIS_E_TIMEOUT, "the name '" + name + "' was not resolved in time"};
  if (q.status == THARSIS_OK && !q.addresses.empty()) co_return std::move(q.addresses);
  if (q.reason.empty()) q.reason = "the name '" + name + "' has no address (" + std::string(status_name(q.status)) + ")";
  co_return error{q.status == THARSIS_OK ? THARSIS_E_NOT_FOUND : q.status, q.reason};
}

tharsis_status resolver::ask(const std::string& name, question& q, tharsis_handle& id, tharsis_error* error) {
  if (const tharsis_dns* const service = dns(); service != nullptr) {
    q.service = service;
    const tharsis_status s = service->resolve(service->self, text_of(name), 0, &resolver::on_dns, this, &id, error);
    if (s != THARSIS_E_GONE) return s;
    q.service = nullptr;  // dns is stopping.
  }
  return net_.resolve(net_.self, text_of(name), 0, &resolver::on_system, this, &id, error);
}

void resolver::tell(const tharsis_dns_feedback& what) const {
  const tharsis_dns* const service = dns();
  if (service != nullptr && THARSIS_HAS(service, feedback)) service->feedback(service->self, &what);
}

const tharsis_dns* resolver::dns() const {
  if (registry_ == nullptr) return nullptr;
  return static_cast<const tharsis_dns*>(registry_->bound(registry_->self, THARSIS_DNS_ID));
}

void resolver::on_dns(void* context, tharsis_handle id, const tharsis_dns_answer* answer) {
  auto& self = *static_cast<resolver*>(context);
  const auto found = self.open_.find({true, id});
  if (found == self.open_.end()) return;
  question& q = *found->second;
  self.open_.erase(found);
  q.status = answer->status;
  q.reason = view(answer->reason);
  if (answer->status == THARSIS_OK) q.addresses.assign(answer->addresses, answer->addresses + answer->count);
  q.answered.raise();
}

void resolver::on_system(void* context, tharsis_handle id, tharsis_status status, const tharsis_address* list,
                         size_t count) {
  auto& self = *static_cast<resolver*>(context);
  const auto found = self.open_.find({false, id});
  if (found == self.open_.end()) return;
  question& q = *found->second;
  self.open_.erase(found);
  q.status = status;
  if (status == THARSIS_OK) q.addresses.assign(list, list + count);
  q.answered.raise();
}

}  // namespace tharsis
