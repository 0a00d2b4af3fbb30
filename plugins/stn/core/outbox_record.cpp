#include "plugins/stn/core/outbox_record.h"

#include "sdk/pure/protobuf.h"
#include "sdk/pure/views.h"

namespace tharsis::stn {
namespace {

// Numbers of fields. They keep their meaning for ever.
enum : uint32_t {
  f_what = 1, f_entry = 2, f_wall = 3, f_life = 4, f_sends = 5, f_client = 6,
  f_command = 10, f_flags = 11, f_priority = 12, f_retries = 13, f_order = 14, f_server_time = 15, f_channels = 16,
  f_link = 17, f_user = 18, f_path = 19, f_header = 20, f_key = 21, f_body = 22, f_host = 23,
  f_status = 30, f_why = 31, f_http_status = 32, f_answer = 33, f_reason = 34,
};
enum : uint32_t { f_header_name = 1, f_header_value = 2 };

uint64_t as_number(int64_t n) { return static_cast<uint64_t>(n); }
std::vector<uint8_t> copied(std::span<const uint8_t> b) { return {b.begin(), b.end()}; }

void write_task(protobuf::writer& w, const kept_task& t) {
  w.number(f_command, uint64_t{t.command});
  w.number(f_flags, uint64_t{t.flags});
  w.number(f_priority, t.priority);
  w.number(f_retries, as_number(t.retries));
  w.number(f_order, t.order);
  w.number(f_server_time, as_number(t.server_time.count()));
  w.number(f_channels, uint64_t{t.channels});
  w.text(f_link, t.link);
  w.text(f_user, t.user);
  w.text(f_path, t.path);
  if (!t.host.empty()) w.text(f_host, t.host);
  for (const auto& h : t.headers) {
    protobuf::writer one;
    one.text(f_header_name, h.name);
    one.text(f_header_value, h.value);
    w.bytes(f_header, one.take());
  }
  w.bytes(f_key, t.key);
  w.bytes(f_body, t.body);
}

void write_answer(protobuf::writer& w, const kept_answer& a) {
  w.number(f_status, a.status);
  w.number(f_why, uint64_t{a.why});
  w.number(f_http_status, uint64_t{a.http_status});
  w.number(f_sends, uint64_t{a.sends});
  w.bytes(f_answer, a.body);
  w.text(f_reason, a.reason);
}

bool read_header(std::span<const uint8_t> bytes, http1::field_list& into) {
  protobuf::reader in(bytes);
  std::string name, value;
  for (protobuf::field f; in.next(f);) {
    if (f.number == f_header_name) name = as_text(f.content);
    if (f.number == f_header_value) value = as_text(f.content);
  }
  into.push_back({name, value});
  return !in.failed();
}

bool is_text(uint32_t number) {
  return number == f_client || (number >= f_link && number <= f_host) || number == f_answer || number == f_reason;
}

void take_number(const protobuf::field& f, outbox_record& r) {
  const auto small = static_cast<uint32_t>(f.value);
  const auto whole = static_cast<int64_t>(f.value);
  switch (f.number) {
    case f_what: r.what = static_cast<outbox_record::kind>(f.value); break;
    case f_entry: r.entry = f.value; break;
    case f_wall: r.wall = whole; break;
    case f_life: r.life = duration(whole); break;
    case f_sends: r.sends = r.answer.sends = small; break;
    case f_command: r.task.command = small; break;
    case f_flags: r.task.flags = small; break;
    case f_priority: r.task.priority = static_cast<int32_t>(f.value); break;
    case f_retries: r.task.retries = whole; break;
    case f_order: r.task.order = f.value; break;
    case f_server_time: r.task.server_time = duration(whole); break;
    case f_channels: r.task.channels = small; break;
    case f_status: r.answer.status = static_cast<tharsis_status>(f.value); break;
    case f_why: r.answer.why = small; break;
    case f_http_status: r.answer.http_status = small; break;
    default: break;
  }
}

bool take_words(const protobuf::field& f, outbox_record& r) {
  switch (f.number) {
    case f_client: r.client = as_text(f.content); break;
    case f_link: r.task.link = as_text(f.content); break;
    case f_user: r.task.user = as_text(f.content); break;
    case f_path: r.task.path = as_text(f.content); break;
    case f_host: r.task.host = as_text(f.content); break;
    case f_header: return read_header(f.content, r.task.headers);
    case f_key: r.task.key = copied(f.content); break;
    case f_body: r.task.body = copied(f.content); break;
    case f_answer: r.answer.body = copied(f.content); break;
    case f_reason: r.answer.reason = as_text(f.content); break;
    default: break;
  }
  return true;
}

// What another kind of record has, and this one not, is no part of it.
bool settle(outbox_record& r, uint64_t what) {
  if (what < 1 || what > 5) return false;
  const auto kind = r.what;
  if (kind != outbox_record::kind::client) r.client.clear();
  if (kind != outbox_record::kind::put) r.task = {}, r.life = {};
  if (kind != outbox_record::kind::answered) r.answer = {};
  if (kind != outbox_record::kind::sent) r.sends = 0;
  return r.life >= duration::zero() && r.entry != 0;
}

}  // namespace

std::vector<uint8_t> write_record(const outbox_record& r) {
  protobuf::writer w;
  w.number(f_what, static_cast<uint64_t>(r.what));
  w.number(f_entry, r.entry);
  w.number(f_wall, as_number(r.wall));
  switch (r.what) {
    case outbox_record::kind::client: w.text(f_client, r.client); break;
    case outbox_record::kind::put:
      w.number(f_life, as_number(r.life.count()));
      write_task(w, r.task);
      break;
    case outbox_record::kind::sent: w.number(f_sends, uint64_t{r.sends}); break;
    case outbox_record::kind::answered: write_answer(w, r.answer); break;
    case outbox_record::kind::acknowledged: break;
  }
  return w.take();
}

result<outbox_record> read_record(std::span<const uint8_t> bytes) {
  outbox_record r;
  protobuf::reader in(bytes);
  bool good = true;
  uint64_t what = 0;
  for (protobuf::field f; in.next(f);) {
    if (f.number == f_what) what = f.value;
    if (f.type == protobuf::wire_type::bytes) good = good && is_text(f.number) ? take_words(f, r) : good;
    else take_number(f, r);
  }
  if (in.failed() || !good || !settle(r, what)) return error{THARSIS_E_PROTOCOL, "no record of an outbox"};
  return r;
}

}  // namespace tharsis::stn
