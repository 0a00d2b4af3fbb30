#include "plugins/dns/doh_exchange.h"

#include <utility>

#include "sdk/async/http1_client.h"
#include "sdk/async/http2_client.h"
#include "sdk/pure/address.h"
#include "sdk/pure/views.h"

namespace tharsis::dns {
namespace {

constexpr std::string_view message_type = "application/dns-message";
constexpr size_t answer_max = 65'535;

http1::request_head head_for(const server& s) {
  http1::request_head head;
  head.method = "POST";
  head.target = s.path;
  head.fields = {{"content-type", std::string(message_type)}, {"accept", std::string(message_type)}};
  return head;
}

error refused_status(const http1::response_head& head) {
  const std::string status = std::to_string(head.status);
  if (head.status == 429) return {THARSIS_E_BUSY, "it answers too many questions already (HTTP status 429)"};
  if (head.status != 200) return {THARSIS_E_PROTOCOL, "it answered with HTTP status " + status + " " + std::string(http1::reason_of(head.status))};
  return fine();
}

error refused(const http1::response_head& head) {
  if (const error wrong = refused_status(head); wrong.status != THARSIS_OK) return wrong;
  const std::string_view type = http1::value_of(head.fields, "content-type");
  const std::string_view bare = type.substr(0, type.find(';'));
  if (!http1::same_name(bare, message_type)) return {THARSIS_E_PROTOCOL, "its answer is no DNS message but " + http1::in_quotes(type)};
  return fine();
}

// One exchange over the connection, which is used up.
struct exchange {
  url where;
  http1::request_head head;
  std::string body;
  error (*refuses)(const http1::response_head&);
  size_t most;
  std::string too_long;  // Of an answer that has more.
};

exchange message_to(const server& to, std::string question) {
  return {url_of(to), head_for(to), std::move(question), refused, answer_max, "its answer is longer than a DNS message"};
}

task<result<std::string>> carry_out(http_line& line, exchange x, instant deadline);

task<result<std::string>> carry_out(strand& place, std::unique_ptr<stream> wire, exchange x, instant deadline) {
  std::shared_ptr<http2_client> many;
  std::unique_ptr<http_line> line;
  if (wire->protocol() == "h2") {
    many = std::make_shared<http2_client>(place, std::move(wire), x.where);
    line = many->line();
  } else {
    line = std::make_unique<http1_client>(place, std::move(wire), x.where);
  }
  co_return co_await carry_out(*line, std::move(x), deadline);
}

task<result<std::string>> carry_out(http_line& line, exchange x, instant deadline) {
  if (const error wrong = line.begin(std::move(x.head), x.body.size(), x.body); wrong.status != THARSIS_OK) co_return wrong;
  auto head = co_await line.head(deadline);
  if (!head) co_return head.failure();
  if (const error wrong = x.refuses(*head); wrong.status != THARSIS_OK) co_return wrong;
  std::string answer;
  for (;;) {
    auto piece = co_await line.read(deadline);
    if (!piece) co_return piece.failure();
    if (piece->empty()) co_return std::move(answer);
    if (answer.size() + piece->size() > x.most) co_return error{THARSIS_E_PROTOCOL, x.too_long};
    answer += as_text(*piece);
  }
}

}  // namespace

url url_of(const server& s) {
  url u;
  u.secure = true;
  u.host = s.name;
  u.port = s.at.port;
  u.target = s.path;
  return u;
}

task<result<std::string>> doh_exchange(strand& place, std::unique_ptr<stream> wire, server to, std::string question, instant deadline) {
  return carry_out(place, std::move(wire), message_to(to, std::move(question)), deadline);
}

task<result<std::string>> doh_exchange(http_line& line, server to, std::string question, instant deadline) {
  return carry_out(line, message_to(to, std::move(question)), deadline);
}

task<result<std::string>> web_exchange(strand& place, std::unique_ptr<stream> wire, server to, std::string target, size_t most, instant deadline) {
  exchange x{url_of(to), {}, {}, refused_status, most, "its answer is longer than " + std::to_string(most) + " bytes"};
  x.head.target = std::move(target);
  x.where.target = "/";
  return carry_out(place, std::move(wire), std::move(x), deadline);
}

}  // namespace tharsis::dns
