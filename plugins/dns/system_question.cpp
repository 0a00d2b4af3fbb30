#include "plugins/dns/system_question.h"

#include <vector>

#include "sdk/async/signal.h"
#include "sdk/pure/error.h"
#include "sdk/pure/views.h"

namespace tharsis::dns {
namespace {

struct open_question {
  open_question(const tharsis_net& n, strand& place) : net(n), answered(place) {}
  open_question(const open_question&) = delete;
  ~open_question() {
    if (id != 0) net.close(net.self, id);
  }
  static void on_resolved(void* self, tharsis_handle, tharsis_status s, const tharsis_address* list, size_t count) {
    open_question& q = *static_cast<open_question*>(self);
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

findings findings_of(const open_question& q, uint8_t family) {
  findings f;
  if (q.status == THARSIS_PENDING) f.why = "no answer came in time";
  else if (q.status == THARSIS_OK || q.status == THARSIS_E_NOT_FOUND) f.what = findings::kind::no_data;
  else f.why = "the system's resolver failed (" + std::string(status_name(q.status)) + ")";
  for (const tharsis_address& a : q.addresses)
    if (a.family == family && f.addresses.size() < found_max) f.addresses.push_back(a);
  if (!f.addresses.empty()) f.what = findings::kind::found;
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
  open_question q(*tables.net, place);
  tharsis_error why = no_error();
  if (tables.net->resolve(tables.net->self, text_of(name), family, &open_question::on_resolved, &q, &q.id, &why) != THARSIS_OK) {
    q.id = 0;
    refused.why = why.text;
    co_return refused;
  }
  while (q.status == THARSIS_PENDING && place.now() < deadline) co_await q.answered.wait(deadline);
  co_return findings_of(q, family);
}

}  // namespace tharsis::dns
