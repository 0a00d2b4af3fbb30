#include "plugins/dns/system_question.h"

#include <vector>

#include "sdk/async/signal.h"
#include "sdk/pure/error.h"
#include "sdk/pure/views.h"

namespace tharsis::dns {
namespace {

// It does not say how long its answers hold; as cache.ttl has it.
constexpr uint32_t system_life = 60;

struct system_lookup {
  system_lookup(const tharsis_net& n, strand& place) : net(n), answered(place) {}
  system_lookup(const system_lookup&) = delete;
  ~system_lookup() {
    if (id != 0) net.close(net.self, id);
  }
  static void on_resolved(void* self, tharsis_handle, tharsis_status s, const tharsis_address* list, size_t count) {
    system_lookup& q = *static_cast<system_lookup*>(self);
    q.id = 0;
    q.status = s;
    q.addresses.assign(list, list + count);
    q.answered.raise();
  }

  const tharsis_net& net;
  signal answered;
  tharsis_handle id = 0;
  tharsis_status status = THARSIS_PENDING;
  std::vector<tharsis_address> addresses;
};

findings findings_of(const system_lookup& q, uint8_t family) {
  findings f;
  if (q.status == THARSIS_PENDING) f.why = "no answer came in time";
  else if (q.status == THARSIS_OK || q.status == THARSIS_E_NOT_FOUND) f.what = findings::kind::no_data;
  else f.why = "the system's resolver failed (" + std::string(status_name(q.status)) + ")";
  for (const tharsis_address& a : q.addresses)
    if (a.family == family && f.addresses.size() < found_max) f.addresses.push_back(a);
  if (!f.addresses.empty()) f.what = findings::kind::found, f.life = system_life;
  return f;
}

}  // namespace

task<findings> ask_system(const host& tables, strand& place, std::string name, uint16_t kind, instant deadline) {
  findings refused;
  if (kind != type::a && kind != type::aaaa) {
    refused.why = "the system's resolver is asked for addresses only";
    co_return refused;
  }
  const uint8_t family = kind == type::a ? 4 : 6;
  system_lookup q(*tables.net, place);
  tharsis_error why = no_error();
  if (tables.net->resolve(tables.net->self, text_of(name), family, &system_lookup::on_resolved, &q, &q.id, &why) != THARSIS_OK) {
    q.id = 0;
    refused.why = why.text;
    co_return refused;
  }
  while (q.status == THARSIS_PENDING && place.now() < deadline) co_await q.answered.wait(deadline);
  co_return findings_of(q, family);
}

}  // namespace tharsis::dns
