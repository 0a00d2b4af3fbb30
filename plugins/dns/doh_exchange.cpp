#include "plugins/dns/doh_exchange.h"

#include <utility>

#include "sdk/async/http1_client.h"
#include "sdk/async/http2_client.h"
#include "sdk/pure/views.h"

namespace tharsis::dns {
namespace {

constexpr std::string_view message_type = "application/dns-message";

http1::request_head head_for(const web_question& q) {
  http1::request_head head;
  head.target = q.target;
  if (!q.is_message) return head;
  head.method = "POST";
  head.fields = {{"content-type", std::string(message_type)}, {"accept", std::string(message_type)}};
  return head;
}

error refused_status(const http1::response_head& head) {
  const std::string status = std::to_string(head.status);
  if (head.status == 429) return {THARSIS_E_BUSY, "it answers too many questions already (HTTP status 429)"};
  if (head.status != 200) return {THARSIS_E_PROTOCOL, "it answered with HTTP status " + status + " " + std::string(http1::reason_of(head.status))};
  return fine();
}

error refused(const web_question& q, const http1::response_head& head) {
  if (const error wrong = refused_status(head); wrong.status != THARSIS_OK || !q.is_message) return wrong;
  const std::string_view type = http1::value_of(head.fields, "content-type");
  const std::string_view bare = type.substr(0, type.find(';'));
  if (!http1::same_name(bare, message_type)) return {THARSIS_E_PROTOCOL, "its answer is no DNS message but " + http1::in_quotes(type)};
  return fine();
}

}  // namespace

url url_of(const server& s) {
  url u;
  u.secure = true;
  u.host = s.name;
  u.port = s.at.port;
  u.target = s.path.empty() ? "/" : s.path;
  return u;
}

web_question message_question(const server& to, std::string message) { return {to.path, std::move(message)}; }
web_question page_question(std::string target, size_t most) { return {std::move(target), {}, false, most}; }

task<result<std::string>> web_exchange(http_line& line, web_question q, instant deadline) {
  auto asked = head_for(q);
  if (const error wrong = line.begin(std::move(asked), q.body.size(), q.body); wrong.status != THARSIS_OK) co_return wrong;
  auto head = co_await line.head(deadline);
  if (!head) co_return head.failure();
  if (q.head != nullptr) *q.head = *head;
  if (const error wrong = refused(q, *head); wrong.status != THARSIS_OK) co_return wrong;
  std::string answer;
  for (;;) {
    auto piece = co_await line.read(deadline);
    if (!piece) co_return piece.failure();
    if (piece->empty()) co_return std::move(answer);
    if (answer.size() + piece->size() > q.most)
      co_return error{THARSIS_E_PROTOCOL, "its answer is longer than " + (q.is_message ? std::string("a DNS message") : std::to_string(q.most) + " bytes")};
    answer += as_text(*piece);
  }
}

task<result<std::string>> web_exchange(strand& place, std::unique_ptr<stream> wire, server to, web_question q, instant deadline) {
  std::shared_ptr<http2_client> many;
  std::unique_ptr<http_line> line;
  if (wire->protocol() == "h2") {
    many = std::make_shared<http2_client>(place, std::move(wire), url_of(to));
    line = many->line();
  } else {
    line = std::make_unique<http1_client>(place, std::move(wire), url_of(to));
  }
  co_return co_await web_exchange(*line, std::move(q), deadline);
}

}  // namespace tharsis::dns
