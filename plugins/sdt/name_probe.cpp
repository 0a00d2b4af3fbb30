#include "plugins/sdt/name_probe.h"

#include <algorithm>
#include <array>

#include "plugins/sdt/messenger.h"
#include "sdk/async/http1_client.h"
#include "sdk/async/http2_client.h"
#include "sdk/async/tcp_stream.h"
#include "sdk/async/tls_stream.h"
#include "sdk/pure/address.h"
#include "sdk/pure/dns_framed_message.h"
#include "sdk/pure/views.h"

namespace tharsis::sdt {
namespace {

constexpr uint64_t question_bytes = 120;
constexpr size_t message_most = 65'535;
constexpr std::string_view message_type = "application/dns-message";
constexpr duration again_after = 400ms;

std::vector<std::string> texts_of(const std::vector<tharsis_address>& addresses) {
  std::vector<std::string> texts;
  for (const tharsis_address& a : addresses) texts.push_back(ip_text(a));
  std::sort(texts.begin(), texts.end());
  return texts;
}

// The question's bytes.
std::vector<uint8_t> written(const dns::question& ask) {
  std::array<uint8_t, dns::question_max> room;
  const auto bytes = dns::write(ask, room);
  return {bytes.begin(), bytes.end()};
}

void take(const name_reply& r, name_probe& p, name_answer& a) {
  p.rcode = a.rcode = r.rcode;
  p.addresses = texts_of(r.addresses);
  if (r.addresses.empty()) p.addresses.insert(p.addresses.end(), r.texts.begin(), r.texts.end());
  p.ttl_s = r.ttl;
  p.edns_kept = r.edns;
  p.case_kept = r.case_kept;
  p.failed = failure::none;
  a.came = true;
  a.addresses = r.addresses;
}

// One and the same question is sent again after a while; a resolver that is slow answers each of them, and may well say something else
// the second time. Only an answer that nobody has asked for is somebody else's.
struct tally {
  uint32_t questions = 0, answers = 0;
};

// What came in answer, the first time and later.
void hear(bench& b, const name_question& q, const dns::question& ask, const messenger::word& w, tally& count, name_probe& p, name_answer& a) {
  p.received += w.count + 28;
  b.count_received(w.count + 28);
  const auto reply = read_reply(std::span<const uint8_t>(w.bytes).first(w.count), ask);
  if (!reply) return;
  if (!(w.from == q.server.at)) {
    p.from_other_address = true;
    return;
  }
  ++count.answers;
  if (!a.came) {
    p.ms = b.ms() - p.t0_ms;
    take(*reply, p, a);
    return;
  }
  auto late = texts_of(reply->addresses);
  if (count.answers <= count.questions || (late == p.addresses && reply->rcode == p.rcode)) return;
  p.late_answer = true;
  p.late_addresses = std::move(late);
}

task<void> ask_udp(bench& b, const name_question* q, dns::question ask, name_probe* p, name_answer* a, first_answer* first) {
  messenger m(b, q->server.at.family);
  p->failed = m.is_open() ? failure::timeout : failure::exhausted;
  const std::vector<uint8_t> text = written(ask);
  const instant stop = b.until(q->most);
  instant again = b.place.now(), until = m.is_open() ? stop : b.place.now();
  duration pause = again_after;
  tally count;
  while (b.place.now() < until && !p->late_answer) {
    if (!a->came && b.place.now() >= again) {
      const tharsis_status sent = m.send(q->server.at, text);
      p->sent += text.size() + 28;
      ++count.questions;
      again = later(again, pause);
      pause *= 2;
      if (sent != THARSIS_OK) {
        p->failed = failure_of(sent);
        co_return;
      }
    }
    if (const auto w = m.take()) {
      if (w->answer) hear(b, *q, ask, *w, count, *p, *a);
      if (!w->answer && !a->came && same_ip(w->said.to, q->server.at)) {
        p->failed = failure_of(w->said.status);
        co_return;
      }
      if (w->answer && a->came && first != nullptr && !first->what.came) first->what = *a, first->told.raise();
      if (a->came) until = std::min(until, later(b.place.now(), q->late));
      continue;
    }
    co_await m.events().wait(a->came ? until : std::min(until, again));
  }
}

// Length and message, as TCP and TLS have it.
task<void> ask_stream(bench& b, stream* wire, dns::question ask, instant stop, name_probe* p, name_answer* a) {
  const std::vector<uint8_t> framed = dns::framed_message::frame(written(ask));
  wire->write(framed);
  p->sent += framed.size() + 40;
  dns::framed_message came;
  std::array<uint8_t, 4096> piece;
  p->failed = failure::timeout;
  while (b.place.now() < stop) {
    size_t count = 0;
    const tharsis_status status = wire->read(piece, count);
    if (status == THARSIS_PENDING) {
      co_await wire->events().wait(stop);
      continue;
    }
    if (status < 0 || count == 0) {
      p->failed = status < 0 ? failure_of(status) : failure::closed;
      co_return;
    }
    came.on_bytes(std::span<const uint8_t>(piece).first(count));
    p->received += count;
    b.count_received(count);
    if (!came.whole()) continue;
    if (const auto reply = read_reply(came.message(), ask)) take(*reply, *p, *a);
    else p->failed = failure::protocol;
    co_return;
  }
}

url url_of(const trusted_resolver& server) {
  url u;
  u.secure = true;
  u.host = server.name;
  u.port = server.at.port;
  u.target = server.path;
  return u;
}

task<void> ask_http(bench& b, std::unique_ptr<stream> wire, const trusted_resolver* server, dns::question ask, instant stop, name_probe* p,
                    name_answer* a) {
  const url where = url_of(*server);
  std::shared_ptr<http2_client> many;
  std::unique_ptr<http_line> line;
  if (wire->protocol() == "h2") {
    many = std::make_shared<http2_client>(b.place, std::move(wire), where);
    line = many->line();
  } else {
    line = std::make_unique<http1_client>(b.place, std::move(wire), where);
  }
  ask.secret.id = 0;  // Nobody can guess it here, and caches like it.
  const std::vector<uint8_t> text = written(ask);
  http1::request_head head;
  head.method = "POST";
  head.target = server->path;
  head.fields = {{"content-type", std::string(message_type)}, {"accept", std::string(message_type)}};
  p->failed = failure::protocol;
  p->sent += 400;
  if (line->begin(head, text.size(), as_text(text)).status != THARSIS_OK) co_return;
  auto answer = co_await line->head(stop);
  if (!answer || answer->status != 200) {
    p->failed = answer ? failure::protocol : failure_of(answer.status());
    p->said = answer ? "HTTP status " + std::to_string(answer->status) : answer.failure().text.substr(0, 200);
    co_return;
  }
  std::vector<uint8_t> came;
  for (;;) {
    auto piece = co_await line->read(stop);
    if (!piece) {
      p->failed = failure_of(piece.status());
      co_return;
    }
    if (piece->empty()) break;
    if (came.size() + piece->size() > message_most) co_return;
    came.insert(came.end(), piece->begin(), piece->end());
  }
  p->received += came.size() + 400;
  b.count_received(came.size() + 400);
  if (const auto reply = read_reply(came, ask)) take(*reply, *p, *a);
}

task<void> ask_connected(bench& b, const name_question* q, dns::question ask, name_probe* p, name_answer* a) {
  const instant stop = b.until(q->most);
  auto wire = co_await dial_tcp(b.place, b.net(), q->server.at, stop);
  if (!wire) {
    p->failed = failure_of(wire.status());
    co_return;
  }
  (*wire)->reset_on_close();
  if (q->server.over == name_transport::tcp) {
    co_await ask_stream(b, wire->get(), ask, stop, p, a);
    co_return;
  }
  const bool web = q->server.over == name_transport::https;
  const auto& context = web ? b.trusted.web : b.trusted.bare;
  p->failed = failure::untrusted;
  p->said = b.trusted.why_not;
  if (!context) co_return;
  p->said.clear();
  p->sent += 700;
  b.spend(700, 2500);
  auto secured = co_await tls_connect(b.place, std::move(*wire), *context, q->server.name, stop);
  if (!secured) {
    p->failed = failure_of(secured.status());
    p->said = secured.failure().text.substr(0, 200);
    co_return;
  }
  if (web) co_await ask_http(b, std::move(*secured), &q->server, ask, stop, p, a);
  else co_await ask_stream(b, secured->get(), ask, stop, p, a);
}

}  // namespace

task<name_answer> ask_name(bench& b, name_question q, first_answer* first) {
  auto p = b.start<name_probe>("dns", q.role, q.name + " " + std::string(name_of(q.type)) + " of " + to_text(q.server.at));
  p.server = to_text(q.server.at);
  p.over = q.server.over;
  p.name = q.name;
  p.type = name_of(q.type);
  p.from_older_network = q.from_older_network;
  name_answer a;
  const uint64_t chance = random_number(b.tables);
  // Letters' cases drawn by chance are one more thing that a forger has to guess.
  auto asked = question_of(q.name, q.type, q.server.over == name_transport::udp ? chance : 0);
  if (b.over() || !asked || !b.spend(question_bytes)) {
    a.failed = failure::budget;
    co_return a;
  }
  dns::question ask = std::move(*asked);
  ask.secret.id = static_cast<uint16_t>(chance >> 48);
  if (q.server.over == name_transport::udp) co_await ask_udp(b, &q, ask, &p, &a, first);
  else co_await ask_connected(b, &q, ask, &p, &a);
  a.failed = p.failed;
  if (!a.came && first != nullptr) first->what = a, first->told.raise();
  if (a.came && a.rcode == 0 && p.failed == failure::none) p.state = probe_state::pass;
  else p.state = p.role == probe_role::missing && a.came ? probe_state::pass : probe_state::fail;
  const double answered_ms = p.ms;
  b.finish(b.seen.names, std::move(p));
  if (answered_ms > 0) b.seen.names.back().ms = answered_ms;  // Without the wait for a second answer.
  co_return a;
}

}  // namespace tharsis::sdt
