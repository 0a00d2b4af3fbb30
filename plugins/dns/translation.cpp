#include "plugins/dns/translation.h"

#include <algorithm>
#include <span>
#include <utility>

#include "sdk/pure/address.h"
#include "sdk/pure/views.h"

namespace tharsis::dns {

void translate(const nat64_prefix& prefix, uint32_t family, answer& a) {
  if (family == 4 || a.status != THARSIS_OK) return;
  const bool native = std::any_of(a.addresses.begin(), a.addresses.end(), [](const auto& one) { return one.family == 6; });
  if (family == 6 && native) {
    std::erase_if(a.addresses, [](const auto& one) { return one.family == 4; });
    std::erase_if(a.candidates, [](const candidate& c) { return c.address.family == 4; });
    return;
  }
  // What needs no translation comes first.
  std::stable_partition(a.addresses.begin(), a.addresses.end(), [](const auto& one) { return one.family == 6; });
  for (auto& one : a.addresses)
    if (one.family == 4 && !is_loopback(one)) one = through_nat64(prefix, one), a.trusted = false;
  for (candidate& c : a.candidates)
    if (c.address.family == 4 && !is_loopback(c.address)) c.address = through_nat64(prefix, c.address), c.why += ", through this network's NAT64";
}

void translation::on_network(const tharsis_network_state& now) {
  if (now.generation == generation_) return;
  generation_ = now.generation;
  close();
  prefix_.reset();
  if (now.families != THARSIS_NETWORK_V6) return;
  tharsis_error why = no_error();
  (void)host_.net->resolve(host_.net->self, text_of(nat64_name), 6, &translation::on_resolved, this, &query_, &why);
}

void translation::close() {
  if (query_ != 0) host_.net->close(host_.net->self, std::exchange(query_, 0));
}

void translation::on_resolved(void* self, tharsis_handle, tharsis_status status, const tharsis_address* list, size_t count) {
  translation& t = *static_cast<translation*>(self);
  t.query_ = 0;
  if (status == THARSIS_OK) t.prefix_ = find_nat64_prefix(std::span(list, count));
}

void translation::apply(uint32_t family, answer& a) const {
  if (prefix_) translate(*prefix_, family, a);
}

}  // namespace tharsis::dns
