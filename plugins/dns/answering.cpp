#include "plugins/dns/answering.h"

#include <algorithm>
#include <array>
#include <span>

#include "sdk/pure/dns_question.h"
#include "sdk/pure/error.h"
#include "sdk/pure/views.h"

namespace tharsis::dns {
namespace {

// Of what holds for ever, or does not say: long enough not to be asked for each connection.
constexpr duration life_otherwise = 30s;
constexpr size_t stream_room = 65'535;

// No records, but wishes: transfers of whole zones, "all that you have", what belongs to messages (RFC 6895, 3.1).
bool is_wish(uint16_t kind) {
  constexpr uint16_t of_edns = 41, first = 128, last = 255;
  return kind == 0 || kind == of_edns || (kind >= first && kind <= last);
}

// For how long others may keep it: of files of this machine, which a person may change, less than they are known here for.
duration life_for_others(uint32_t source, duration left) {
  if (left <= duration::zero()) return life_otherwise;
  return source == THARSIS_DNS_HOSTS ? std::min(left, life_otherwise) : left;
}

uint32_t seconds_of(duration life) {
  return static_cast<uint32_t>(std::clamp<int64_t>(std::chrono::duration_cast<std::chrono::seconds>(life).count(), 1, 0x7FFFFFFF));
}

}  // namespace

answering::withdrawal::~withdrawal() {
  if (owner.waiting_.erase(id) != 0) owner.names_.cancel(owner.names_.self, id);
}

task<std::vector<uint8_t>> answering::answer(std::vector<uint8_t> request, bool datagram) {
  heard_request heard = hear_request(request);
  if (!heard.question) co_return std::move(heard.refusal);
  served_question& q = *heard.question;
  if (open_ >= questions_max_) co_return reply_without(q, rcode::server_failed, "too many questions are open");
  const counted one(open_);
  const size_t room = datagram ? std::min<size_t>(q.room, datagram_max) : stream_room;
  if (q.kind != type::a && q.kind != type::aaaa) co_return co_await answer_records(std::move(q), room);
  co_return co_await answer_addresses(std::move(q), room);
}

// What holds needs no turn of the service. Empty: it has to be asked.
std::vector<uint8_t> answering::remembered(const served_question& q, size_t room) const {
  std::array<tharsis_dns_candidate, found_max> list;
  tharsis_dns_found f{};
  f.size = sizeof f;
  f.candidate_size = sizeof list[0];
  f.room = static_cast<uint32_t>(list.size());
  f.candidates = list.data();
  if (names_.lookup(names_.self, text_of(q.name), q.kind == type::a ? 4 : 6, &f) != THARSIS_OK || f.left == INT64_MAX) return {};
  std::array<tharsis_address, found_max> addresses;
  const size_t count = std::min<size_t>(f.count, list.size());
  for (size_t i = 0; i < count; ++i) addresses[i] = list[i].address;
  return reply_with(q, std::span(addresses).first(count), seconds_of(life_for_others(f.source, duration(f.left))), room);
}

task<std::vector<uint8_t>> answering::answer_addresses(served_question q, size_t room) {
  if (auto known = remembered(q, room); !known.empty()) co_return known;
  waiting w(means_.place);
  tharsis_handle id = 0;
  tharsis_error why = no_error();
  const tharsis_status taken = names_.resolve(names_.self, text_of(q.name), q.kind == type::a ? 4 : 6, &answering::on_answer, this, &id, &why);
  if (taken != THARSIS_OK) co_return reply_without(q, rcode::server_failed, why.text);
  waiting_[id] = &w;
  const withdrawal guard{*this, id};
  while (!w.done) co_await w.came.wait();
  if (w.status == THARSIS_OK) co_return reply_with(q, w.addresses, seconds_of(w.life), room);
  if (w.status == THARSIS_E_NOT_FOUND && !w.unbelieved) co_return reply_without(q, w.no_name ? rcode::no_name : rcode::ok, w.reason);
  co_return reply_without(q, rcode::server_failed, w.reason);
}

// [own strand]
void answering::on_answer(void* self, tharsis_handle id, const tharsis_dns_answer* a) {
  answering& s = *static_cast<answering*>(self);
  const auto found = s.waiting_.find(id);
  if (found == s.waiting_.end()) return;
  waiting& w = *found->second;
  s.waiting_.erase(found);
  w.done = true;
  w.status = a->status;
  w.addresses.assign(a->addresses, a->addresses + a->count);
  w.reason = view(a->reason);
  w.life = life_for_others(a->source, duration(a->life));
  w.no_name = a->no_name != 0;
  w.unbelieved = a->unbelieved != 0;
  w.came.raise();
}

// Who asks for addresses' companions (HTTPS, SVCB) does well without them.
task<std::vector<uint8_t>> answering::answer_records(served_question q, size_t room) {
  // "All that you have" has addresses among it, which nobody weighs here (RFC 8482 lets a server say so).
  if (is_wish(q.kind)) co_return reply_without(q, rcode::not_implemented, "ask for one type of records");
  const bool spared = q.kind == type::https || q.kind == type::svcb;
  if (settings_.servers.empty() || settings_.is_local(q.name)) co_return reply_without(q, rcode::ok, "the system's resolver is asked for addresses only");
  const settings own = settings_.for_name(q.name);
  signal over(means_.place);
  inquiry::wish w{q.name, {q.kind}, later(means_.place.now(), std::min(settings_.budget, settings_.timeout))};
  w.known = known_(q.name);
  inquiry asked(means_, own, std::move(w), [&over] { over.raise(); });
  while (!asked.over()) co_await over.wait();
  const record_ruling said = judge_records(asked.about(0), own.mode, asked.heard(0), asked.asked().known);
  // The record goes out as it came, with all its hints; and where nobody is trusted these are a stranger's addresses.
  const bool doubtful = !said.refused.empty() || (!said.source.empty() && !said.proven && own.mode != trust::open);
  if (spared && doubtful) co_return reply_without(q, rcode::ok, "nobody who is trusted has such a record");
  for (const testimony& t : asked.heard(0))
    if (t.source == said.source && !t.what.bytes.empty()) co_return reply_like(q, t.what.bytes, room);
  co_return reply_without(q, spared ? rcode::ok : rcode::server_failed, said.reason);
}

}  // namespace tharsis::dns
