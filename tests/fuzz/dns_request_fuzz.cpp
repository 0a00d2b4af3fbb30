// What programs send to the resolver of `dns serve`: any bytes are dropped, refused or a question; what is said to one is a
// message that answers it; a server's answer that is handed on, whatever it is, too. And requests of DNS over HTTP/2.
#include "plugins/dns/core/doh_request.h"
#include "plugins/dns/core/served_message.h"
#include "plugins/dns/http2_requests.h"
#include "sdk/pure/address.h"
#include "sdk/pure/dns_question.h"
#include "tests/fuzz/harness.h"

using namespace tharsis;
using namespace tharsis::dns;
using tharsis::fuzz::require;

namespace {

void check(std::span<const uint8_t> reply, const served_question& q, size_t room) {
  message m;
  require(message::read(reply, m) == defect::none, "an answer is a message");
  require(m.is_answer() && m.has_question() && m.asked_kind() == q.kind && m.asked_name().is(q.name), "an answer answers its question");
  require(reply.size() <= std::max<size_t>(room, q.asked.size() + 11 + 6 + reason_max), "an answer fits");
}

void speak_http2(std::span<const uint8_t> bytes) {
  http2_requests web(4, 64);
  for (size_t at = 0; at < bytes.size(); at += 7) {
    if (!web.on_bytes(bytes.subspan(at, std::min<size_t>(7, bytes.size() - at)))) return;
    for (const http2_requests::request& r : web.take_requests()) {
      require(r.body.size() <= 64, "a body is no longer than allowed");
      web.answer(r.id, read_doh_request(r.method, r.target, r.fields, r.body).status, {{"content-type", "text/plain"}}, "x");
    }
    while (!web.take_output().empty()) {
    }
    require(web.open() <= 8, "few are open");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::reader in(data, size);
  const uint8_t choice = in.byte();
  if (choice % 4 == 0) {
    speak_http2(in.take(size));
    return 0;
  }
  const size_t cut = in.byte();
  const auto request = in.take(choice % 4 == 1 ? size : cut), rest = in.take(size);
  const heard_request heard = hear_request(request);
  require(!heard.question || heard.refusal.empty(), "a question is no refusal");
  if (!heard.question) {
    message m;
    require(heard.refusal.empty() || (message::read(heard.refusal, m) == defect::none && m.is_answer()), "a refusal is a message");
    return 0;
  }
  const served_question& q = *heard.question;
  const std::vector<tharsis_address> some{*parse_ip("192.0.2.1"), *parse_ip("2001:db8::1"), *parse_ip("192.0.2.2")};
  for (const size_t room : {size_t{512}, size_t{65'535}}) {
    check(reply_with(q, some, 60, room), q, room);
    check(reply_like(q, rest, room), q, room);
  }
  check(reply_without(q, rcode::server_failed, std::string_view(reinterpret_cast<const char*>(rest.data()), rest.size())), q, 512);
  (void)read_doh_request("GET", "/dns-query?dns=" + std::string(reinterpret_cast<const char*>(rest.data()), rest.size()), {}, "");
  return 0;
}
