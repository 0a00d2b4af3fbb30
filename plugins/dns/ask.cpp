#include "plugins/dns/ask.h"

#include <array>
#include <cstring>
#include <utility>

#include "plugins/dns/core/httpdns.h"
#include "plugins/dns/doh_exchange.h"
#include "plugins/dns/host_source.h"
#include "plugins/dns/kept_connections.h"
#include "plugins/dns/open_stream.h"
#include "plugins/dns/system_question.h"
#include "sdk/async/udp_socket.h"
#include "sdk/pure/address.h"
#include "sdk/pure/dns_framed_message.h"
#include "sdk/pure/retry_after.h"

namespace tharsis::dns {
namespace {

// Blocks of RFC 8467: who sees the encrypted bytes cannot tell names by their length.
constexpr size_t padding = 128;

findings failed(std::string why) {
  findings f;
  f.why = std::move(why);
  return f;
}
findings silent() { return failed("no answer came in time"); }

// What a whole message from the server says.
findings read_whole_message(const question& q, std::span<const uint8_t> bytes) {
  message m;
  defect d = defect::none;
  const fit f = match(q, bytes, m, &d);
  if (f == fit::damaged) return failed("its message " + std::string(sentence(d)));
  // Over a stream nobody guesses, and some servers write names in letters of their own.
  if (f != fit::fits && f != fit::other_case) return failed("its message " + std::string(sentence(f)));
  if (m.truncated()) return failed("its answer is cut, though there was room for all");
  return read_findings(q, m);
}
findings judged(const question& q, std::span<const uint8_t> bytes) {
  findings f = read_whole_message(q, bytes);
  f.reached = true;
  return f;
}

// An exchange of HTTP that came to nothing; `head` is its answer's, as far as there was one.
findings failed_on_web(const means& m, const error& why, const http1::response_head& head) {
  findings f = failed(why.text);
  f.reached = why.status == THARSIS_E_BUSY || why.status == THARSIS_E_PROTOCOL;
  f.rest = busy_for(head, m.place.wall() / 1'000'000'000).value_or(duration::zero());
  return f;
}

struct heard_on_udp {
  std::vector<findings> answers;
  bool wants_tcp = false, wants_bare = false, disputed = false;
  size_t strangers = 0;
};

task<heard_on_udp> ask_udp(const means& m, server to, question q, instant deadline, first_word first) {
  signal came(m.place);
  udp_socket socket(*m.tables.net, [&came] { came.raise(); });
  tharsis_address any{};
  any.family = to.at.family;
  tharsis_error why = no_error();
  heard_on_udp heard;
  if (socket.open(any, &why) != THARSIS_OK) {
    heard.answers.push_back(failed(why.text));
    co_return heard;
  }
  udp_inquiry inquiry(std::move(q), m.udp, m.place.now(), deadline);
  std::array<uint8_t, question_max> room;
  const auto bytes = write(inquiry.asked(), room);
  std::array<uint8_t, 4096> datagram;
  while (!inquiry.over(m.place.now())) {
    if (inquiry.send(m.place.now())) socket.send(to.at, bytes);
    // One that is over is closed: what may still lie there is not asked for.
    tharsis_address from{};
    while (!inquiry.over(m.place.now())) {
      const auto size = socket.receive(datagram, from);
      if (!size) break;
      if (from == to.at) inquiry.on_datagram(std::span(datagram).first(*size), m.place.now());
    }
    if (inquiry.answered()) *first = inquiry.answers().back();
    if (inquiry.over(m.place.now())) break;
    co_await came.wait(inquiry.deadline());
  }
  heard.answers = inquiry.answers();
  heard.wants_tcp = inquiry.wants_tcp();
  heard.wants_bare = inquiry.wants_bare();
  heard.disputed = inquiry.disputed();
  heard.strangers = inquiry.strangers();
  co_return heard;
}

task<findings> ask_stream(const means& m, server to, question q, instant deadline) {
  auto wire = co_await open_stream(m, std::move(to), deadline);
  if (!wire) co_return failed(wire.failure().text);
  std::array<uint8_t, question_max> room;
  (*wire)->write(framed_message::frame(write(q, room)));
  framed_message answer;
  std::array<uint8_t, 4096> chunk;
  for (;;) {
    size_t count = 0;
    const tharsis_status status = (*wire)->read(chunk, count);
    if (status == THARSIS_PENDING) {
      if (m.place.now() >= deadline) co_return answer.begun() ? failed("only a part of its answer came in time") : silent();
      co_await (*wire)->events().wait(deadline);
      continue;
    }
    if (status != THARSIS_OK || count == 0) {
      const std::string more = (*wire)->failure();
      co_return failed("it closed the connection before its answer was whole" + (more.empty() ? more : " (" + more + ")"));
    }
    answer.on_bytes(std::span(chunk).first(count));
    if (answer.whole()) co_return judged(q, answer.message());
  }
}

// Over the kept connection.
task<findings> ask_tls(const means& m, server to, question q, instant deadline) {
  auto answer = co_await m.kept->exchange(std::move(to), q, deadline);
  if (!answer) co_return answer.failure().status == THARSIS_E_TIMEOUT ? silent() : failed(answer.failure().text);
  co_return judged(q, *answer);
}

task<result<std::string>> ask_web(const means& m, server to, web_question q, instant deadline) {
  if (m.kept != nullptr) co_return co_await m.kept->exchange(std::move(to), std::move(q), deadline);
  auto wire = co_await open_stream(m, to, deadline);
  if (!wire) co_return wire.failure();
  co_return co_await web_exchange(m.place, std::move(*wire), std::move(to), std::move(q), deadline);
}

task<findings> ask_https(const means& m, server to, question q, instant deadline) {
  std::array<uint8_t, question_max> room;
  const auto bytes = write(q, room);
  http1::response_head head;
  auto message = message_question(to, std::string(as_text(bytes)));
  message.head = &head;
  const auto answer = co_await ask_web(m, std::move(to), std::move(message), deadline);
  if (!answer) co_return failed_on_web(m, answer.failure(), head);
  co_return judged(q, as_bytes(*answer));
}

task<findings> ask_httpdns(const means& m, server to, std::string name, uint16_t kind, instant deadline) {
  if (kind != type::a && kind != type::aaaa) co_return failed("it is asked for addresses only");
  auto target = httpdns_target(to, name, kind, m.place.wall() / 1'000'000'000);
  if (!target) co_return failed(target.failure().text);
  http1::response_head head;
  auto page = page_question(std::move(*target), httpdns_answer_max);
  page.head = &head;
  const auto answer = co_await ask_web(m, to, std::move(page), deadline);
  if (!answer) co_return failed_on_web(m, answer.failure(), head);
  findings said = read_httpdns(to, name, kind, *answer);
  said.reached = true;
  co_return said;
}

// The answer over TCP decides; where none comes that can, the last datagram does: who forges has to be first.
task<void> settle_by_tcp(const means& m, server to, question q, heard_on_udp heard, instant deadline, testimony& into) {
  q.cookie = false;
  findings sure = co_await ask_stream(m, std::move(to), std::move(q), deadline);
  if (sure.what == findings::kind::failed && !heard.answers.empty()) {
    sure = std::move(heard.answers.back());
    heard.answers.pop_back();
  }
  into.what = std::move(sure);
  if (!heard.disputed) co_return;
  for (findings& f : heard.answers) {
    udp_inquiry::remove_common(f, into.what);
    if (!f.addresses.empty() || f.what != into.what.what || f.texts != into.what.texts) into.forged.push_back(std::move(f));
  }
}

}  // namespace

// All at once: the system is asked each time.
chance means::draw() const {
  chance c;
  std::array<uint8_t, sizeof c.id + sizeof c.cases + sizeof c.cookie> dice{};
  tables.random->fill(tables.random->self, dice.data(), dice.size());
  std::memcpy(&c.id, dice.data(), sizeof c.id);
  std::memcpy(c.cases.data(), dice.data() + sizeof c.id, sizeof c.cases);
  std::memcpy(c.cookie.data(), dice.data() + sizeof c.id + sizeof c.cases, sizeof c.cookie);
  return c;
}

task<testimony> ask(const means& m, server to, std::string name, uint16_t kind, instant deadline, first_word first) {
  testimony said;
  said.source = to.text;
  said.vouched = to.vouched();
  if (to.by == way::system) {
    said.what = co_await ask_system(m.tables, m.place, std::move(name), kind, deadline);
    co_return said;
  }
  if (to.by == way::host) {
    if (m.source != nullptr) said.what = co_await m.source->ask(std::move(name), kind, deadline);
    else said.what = failed("there is no source of the application's own");
    co_return said;
  }
  if (to.by == way::tencent || to.by == way::aliyun) {
    said.what = co_await ask_httpdns(m, std::move(to), std::move(name), kind, deadline);
    co_return said;
  }
  question q;
  q.name = std::move(name);
  q.kind = kind;
  q.secret = m.draw();
  if (to.by == way::https) {
    q.secret.id = 0;  // So that caches on the way see equal questions as such (RFC 8484).
    q.secret.cases.fill(0);
  }
  if (to.secured()) q.padded_to = padding;
  if (to.by == way::udp) {
    q.cookie = true;
    heard_on_udp heard = co_await ask_udp(m, to, q, deadline, first);
    if (heard.wants_bare) {
      q.bare = true;
      q.cookie = false;
      q.secret = m.draw();
      heard = co_await ask_udp(m, to, q, deadline, first);
    }
    if (heard.wants_tcp) co_await settle_by_tcp(m, std::move(to), std::move(q), std::move(heard), deadline, said);
    else if (!heard.answers.empty()) said.what = std::move(heard.answers.back());
    else said.what = heard.strangers > 0 ? failed("no answer came in time, but " + std::to_string(heard.strangers) + " that somebody else made up") : silent();
  } else if (to.by == way::https) {
    said.what = co_await ask_https(m, std::move(to), std::move(q), deadline);
  } else if (to.by == way::tls && m.kept != nullptr) {
    said.what = co_await ask_tls(m, std::move(to), std::move(q), deadline);
  } else {
    said.what = co_await ask_stream(m, std::move(to), std::move(q), deadline);
  }
  co_return said;
}

}  // namespace tharsis::dns
