#include "plugins/dns/resolver_server.h"

#include <algorithm>
#include <array>
#include <utility>

#include "plugins/dns/core/doh_request.h"
#include "plugins/dns/trust_file.h"
#include "sdk/async/blocking.h"
#include "sdk/async/file_reader.h"
#include "sdk/async/next_turn.h"
#include "sdk/pure/dns_framed_message.h"
#include "sdk/pure/views.h"

namespace tharsis::dns {
namespace {

constexpr uint64_t identity_size_max = 1 << 20;
// Others have their turn between so many questions, however fast they come; what the system cannot hold meanwhile is lost.
constexpr int datagrams_each_turn = 32;

// [a thread that may block]
result<tls_context> read_tls(const tharsis_files& files, const serve_settings& s) {
  auto chain = read_whole(&files, s.certificate, identity_size_max, "a certificate");
  if (!chain) return error{chain.status(), s.certificate_called + ": " + chain.failure().text};
  auto secret = read_secret(&files, s.key, identity_size_max, "a private key");
  if (!secret) return error{secret.status(), s.key_called + ": " + secret.failure().text};
  tls_server_settings shown;
  shown.certificate_chain_pem = std::move(*chain);
  shown.private_key_pem = std::move(*secret);
  shown.http1 = shown.http2 = true;
  shown.oldest = tls_version::v1_2;
  return tls_context::server(shown);
}

http1::field_list fields_of(const std::vector<uint8_t>& reply) {
  return {{"content-type", std::string(doh_type)}, {"cache-control", "max-age=" + std::to_string(life_of(reply))}};
}
http1::field_list fields_of_refusal() { return {{"content-type", "text/plain; charset=utf-8"}}; }

}  // namespace

resolver_server::resolver_server(const host& tables, strand& place, settings s, serve_settings own, const tharsis_dns& names, answering::opinion known)
    : host_(tables), log_(tables.log), place_(place), settings_(std::move(s)), own_(std::move(own)), means_{host_, place_, settings_.patience(), {}, {}},
      answers_(means_, settings_, names, std::move(known), own_.questions_max), datagrams_(place), socket_(*host_.net, [this] { datagrams_.raise(); }), plain_(place, *host_.net),
      https_(place, *host_.net), network_(*host_.network), work_(place) {}

task<error> resolver_server::open() {
  means_.kept = &connections_;
  network_.open([this](const tharsis_network_state& now) { on_network(now); });
  if (settings_.needs_trust()) co_await load_trust(means_, settings_.tls);
  if (own_.https) {
    error wrong = co_await read_identity();
    if (wrong.status != THARSIS_OK) co_return wrong;
    tharsis_error reason = no_error();
    if (const tharsis_status s = https_.listen(*own_.https, &reason); s != THARSIS_OK) co_return error{s, "cannot listen on https://" + to_text(*own_.https) + ": " + reason.text};
  }
  if (own_.listen)
    if (const error wrong = listen_plain(); wrong.status != THARSIS_OK) co_return wrong;
  if (own_.listen) work_.spawn(take(plain_, false)), work_.spawn(take_datagrams());
  if (own_.https) work_.spawn(take(https_, true));
  for (const std::string& where : places()) log_.info("answers names on {where}", where);
  co_return fine();
}

task<error> resolver_server::read_identity() {
  const tharsis_files* const files = host_.files;
  const auto read = [files, own = own_] { return read_tls(*files, own); };
  auto made = co_await blocking(place_, read);
  if (!made) co_return error{THARSIS_E_BUSY, "too much blocking work waits, so the certificate could not be read"};
  if (!*made) co_return made->failure();
  tls_ = std::move(**made);
  co_return fine();
}

// The same port for both: where the system chooses, TCP's.
error resolver_server::listen_plain() {
  tharsis_address at = *own_.listen;
  tharsis_error reason = no_error();
  if (const tharsis_status s = plain_.listen(at, &reason); s != THARSIS_OK) return {s, "cannot listen on tcp://" + to_text(at) + ": " + reason.text};
  at.port = plain_.address().port;
  if (const tharsis_status s = socket_.open(at, &reason); s != THARSIS_OK) return {s, "cannot listen on udp://" + to_text(at) + ": " + reason.text};
  return fine();
}

// Connections of the one before may be dead without a word.
void resolver_server::on_network(const tharsis_network_state& now) {
  const uint64_t before = std::exchange(generation_, now.generation);
  if (before != 0 && before != now.generation) connections_.drop();
}

void resolver_server::close() {
  network_.close();
  socket_.close();
  plain_.close();
  https_.close();
  work_.clear();
  connections_.close();
}

std::vector<std::string> resolver_server::places() const {
  std::vector<std::string> all;
  if (plain_.open()) all.push_back("udp+tcp://" + to_text(plain_.address()));
  if (https_.open()) all.push_back("https://" + to_text(https_.address()) + std::string(doh_path));
  return all;
}

task<void> resolver_server::take_datagrams() {
  std::array<uint8_t, 4096> datagram;
  tharsis_address from{};
  for (;;) {
    int left = datagrams_each_turn;
    for (; left > 0; --left) {
      const auto size = socket_.receive(datagram, from);
      if (!size) break;
      work_.spawn(answer_datagram(std::vector<uint8_t>(datagram.begin(), datagram.begin() + static_cast<std::ptrdiff_t>(*size)), from));
    }
    if (left == 0) co_await next_turn(place_);
    else co_await datagrams_.wait();
  }
}

task<void> resolver_server::answer_datagram(std::vector<uint8_t> request, tharsis_address from) {
  const auto reply = co_await answers_.answer(std::move(request), true);
  if (!reply.empty()) socket_.send(from, reply);
}

task<void> resolver_server::take(tcp_listener& from, bool secured) {
  for (;;) {
    while (auto wire = from.accept()) {
      if (talks_ >= own_.connections_max) continue;
      const auto t = std::make_shared<talk>(talks_);
      t->wire = std::move(wire);
      t->quiet_since = place_.now();
      work_.spawn(secured ? talk_https(t) : talk_tcp(t));
    }
    co_await from.events().wait();
  }
}

instant resolver_server::patience(const talk& t, instant begun) const {
  if (begun != instant{}) return later(begun, own_.patience);
  if (t.open > 0) return never;
  return later(t.quiet_since, talks_ > own_.connections_max / 2 ? own_.idle / 6 : own_.idle);
}

// Questions may follow each other without waiting, and answers come as they are ready (RFC 7766, 6.2).
task<void> resolver_server::talk_tcp(shared_talk t) {
  framed_message question;
  instant begun{};
  std::array<uint8_t, 4096> chunk;
  size_t from = 0, to = 0;
  while (t->wire) {
    if (from == to && !is_full(*t)) {
      size_t count = 0;
      const tharsis_status status = t->wire->read(chunk, count);
      if (status != THARSIS_PENDING && (status != THARSIS_OK || count == 0)) break;
      from = 0, to = count;
    }
    if (from == to || is_full(*t)) {
      const uint32_t woken = co_await t->wire->events().wait(patience(*t, begun));
      if (woken == 0 && place_.now() >= patience(*t, begun)) break;
      continue;
    }
    if (begun == instant{}) begun = place_.now();
    from += question.on_bytes(std::span<const uint8_t>(chunk).subspan(from, to - from));
    if (!question.whole()) continue;
    const auto m = question.message();
    work_.spawn(answer_framed(t, std::vector<uint8_t>(m.begin(), m.end())));
    question = {};
    begun = {};
  }
  t->wire.reset();
}

task<void> resolver_server::answer_framed(shared_talk t, std::vector<uint8_t> request) {
  ++t->open;
  const auto reply = co_await answers_.answer(std::move(request), false);
  --t->open;
  t->quiet_since = place_.now();
  if (!t->wire) co_return;
  // What is no question comes from somebody who speaks something else.
  if (reply.empty()) t->wire->end();
  else t->wire->write(framed_message::frame(reply));
  t->wire->events().raise(stream::nudged);
}

task<void> resolver_server::talk_https(shared_talk t) {
  auto secured = co_await tls_accept(place_, std::move(t->wire), *tls_, later(place_.now(), own_.patience));
  if (!secured) co_return;
  t->wire = std::move(*secured);
  if (t->wire->protocol() == "h2") {
    co_await talk_http2(t);
    co_return;
  }
  http1_server_settings s;
  s.limits.body = doh_body_max;
  s.head_timeout = own_.patience;
  s.idle_timeout = own_.idle;
  const http1_handler handle = [this](http1_exchange& x) { return answer_http1(x); };
  (void)co_await serve_http1(place_, std::move(t->wire), handle, s);
}

task<void> resolver_server::talk_http2(shared_talk t) {
  t->web = std::make_unique<http2_requests>(static_cast<uint32_t>(own_.questions_each), doh_body_max);
  std::vector<uint8_t> chunk(16 * 1024);
  while (t->wire) {
    size_t count = 0;
    const bool full = is_full(*t);
    const tharsis_status status = full ? THARSIS_PENDING : t->wire->read(chunk, count);
    if (status != THARSIS_PENDING && (status != THARSIS_OK || count == 0)) break;
    if (count > 0 && !t->web->on_bytes(std::span<const uint8_t>(chunk).first(count))) break;
    for (http2_requests::request& r : t->web->take_requests(own_.questions_each - std::min(t->open, own_.questions_each))) work_.spawn(answer_http2(t, std::move(r)));
    while (t->wire->unsent() <= unsent_max) {
      const auto out = t->web->take_output();
      if (out.empty()) break;
      t->wire->write(out);
    }
    if (t->web->over()) break;
    if (status != THARSIS_PENDING) continue;
    const instant until = patience(*t, {});
    const uint32_t woken = co_await t->wire->events().wait(until);
    if (woken == 0 && t->open == 0) break;
  }
  t->web->say_goodbye();
  if (const auto last = t->web->take_output(); !last.empty()) t->wire->write(last);
  t->wire.reset();
}

task<void> resolver_server::answer_http2(shared_talk t, http2_requests::request r) {
  doh_request asked = read_doh_request(r.method, r.target, r.fields, r.body);
  if (r.too_large) asked = {413, {}, "a DNS message has 65535 bytes at most\n"};
  ++t->open;
  std::vector<uint8_t> reply;
  if (asked.status == 200) reply = co_await answers_.answer(std::move(asked.message), false);
  --t->open;
  t->quiet_since = place_.now();
  if (!t->wire) co_return;
  const bool bare = r.method == "HEAD";
  if (asked.status != 200) t->web->answer(r.id, asked.status, fields_of_refusal(), bare ? "" : std::string(asked.refusal));
  else if (reply.empty()) t->web->answer(r.id, 400, fields_of_refusal(), bare ? "" : "this is no question\n");
  else t->web->answer(r.id, 200, fields_of(reply), bare ? "" : std::string(as_text(reply)));
  t->wire->events().raise(stream::nudged);
}

task<void> resolver_server::answer_http1(http1_exchange& x) {
  auto body = co_await x.read_all(doh_body_max);
  if (!body) co_return;
  doh_request asked = read_doh_request(x.request().method, x.request().target, x.request().fields, *body);
  http1::response_head head;
  std::string text(asked.refusal);
  if (asked.status == 200) {
    const auto reply = co_await answers_.answer(std::move(asked.message), false);
    head.status = reply.empty() ? 400 : 200;
    head.fields = reply.empty() ? fields_of_refusal() : fields_of(reply);
    text = reply.empty() ? "this is no question\n" : std::string(as_text(reply));
  } else {
    head.status = asked.status;
    head.fields = fields_of_refusal();
  }
  (void)co_await x.answer(std::move(head), std::move(text));
}

}  // namespace tharsis::dns
