#include "sdk/pure/proxy.h"

#include <algorithm>

#include "sdk/pure/address.h"
#include "sdk/pure/base64.h"
#include "sdk/pure/url.h"
#include "sdk/pure/views.h"

namespace tharsis {
namespace {

constexpr uint8_t socks_version = 5, login_version = 1, connect_command = 1;
constexpr uint8_t no_login = 0, by_password = 2, no_method = 0xFF;
constexpr uint8_t of_v4 = 1, of_name = 3, of_v6 = 4;

std::string bracketed(const std::string& host) { return host.find(':') == std::string::npos ? host : "[" + host + "]"; }

error no_proxy(std::string what) {
  return {THARSIS_E_INVALID, std::move(what) + "; write a proxy like http://proxy.example.com:3128 or "
                                               "socks5://user:password@proxy.example.com:1080"};
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

// "user:password" into the two; the user ends at the first colon.
std::optional<error> take_login(std::string_view login, proxy& into) {
  const size_t colon = login.find(':');
  const auto user = percent_decode(login.substr(0, colon));
  const auto password = percent_decode(colon == std::string_view::npos ? std::string_view() : login.substr(colon + 1));
  if (!user || !password) return no_proxy("the proxy's name or password has a '%' that encodes nothing");
  if (user->empty()) return no_proxy("the proxy's name before the '@' is empty");
  if (user->size() > 255 || password->size() > 255) return no_proxy("the proxy's name or password has more than 255 bytes");
  if (has_control(*user) || has_control(*password)) return no_proxy("the proxy's name or password has a control character");
  if (into.speaks == proxy::kind::http && user->find(':') != std::string::npos) return no_proxy("the proxy's name has a ':', which HTTP cannot say");
  if (into.speaks == proxy::kind::socks5 && password->empty()) return no_proxy("the proxy's password is empty, which SOCKS5 cannot say");
  into.user = *user;
  into.password = *password;
  return {};
}

}  // namespace

std::string proxy::text() const {
  return (speaks == kind::socks5 ? "socks5://" : secure ? "https://" : "http://") + bracketed(host) + ":" + std::to_string(port);
}

result<proxy> parse_proxy(std::string_view text) {
  const size_t from = text.find("://");
  if (from == std::string_view::npos) return no_proxy("a proxy begins with http://, https:// or socks5://");
  const size_t at = text.rfind('@');
  const bool login = at != std::string_view::npos && at > from;
  const std::string bare = std::string(text.substr(0, from + 3)) + std::string(text.substr(login ? at + 1 : from + 3));
  const auto place = parse_endpoint(bare);
  if (!place) return no_proxy("'" + bare + "' is no proxy: " + place.failure().text.substr(0, place.failure().text.find("; write")));
  proxy p;
  if (place->scheme == "socks5" || place->scheme == "socks5h") p.speaks = proxy::kind::socks5;
  else if (place->scheme == "https") p.secure = true;
  else if (place->scheme != "http") return no_proxy("'" + bare + "' is a proxy of a kind that is not known");
  if (place->port == 0) return no_proxy("'" + bare + "': the port 0 is nobody's");
  p.host = place->host;
  p.port = place->port;
  if (login)
    if (auto mistake = take_login(text.substr(from + 3, at - from - 3), p)) return std::move(*mistake);
  return p;
}

std::string proxy_login(const proxy& through) {
  return through.user.empty() ? std::string() : "Basic " + base64_text(as_bytes(through.user + ":" + through.password));
}

error login_refused(const proxy& through) {
  return {THARSIS_E_DENIED,
          "the proxy " + through.text() +
              (through.user.empty() ? ": it wants a name and a password (407); write them before its host, as in http://user:password@host:port"
                                    : ": it does not accept this name and password, or wants them in another way than Basic (407)")};
}

proxy_handshake::proxy_handshake(const proxy& through, std::string host, uint16_t port)
    : through_(through),
      host_(std::move(host)),
      port_(port),
      reader_(http1::message_reader::reads::responses, {.line = answer_max / 4, .head = answer_max / 2}) {
  if (host_.empty() || host_.size() > 255 || has_control(host_) || host_.find(' ') != std::string::npos)
    die(THARSIS_E_INVALID, "the server's name cannot be told to a proxy");
  else if (through_.speaks == proxy::kind::http)
    ask_http();
  else
    ask_methods();
}

std::string proxy_handshake::server() const { return bracketed(host_) + ":" + std::to_string(port_); }

size_t proxy_handshake::wants() const {
  if (status() != THARSIS_PENDING) return 0;
  if (step_ != step::http) return answer_size_ - answer_.size();
  // A head ends with an empty line, so the next byte may be the last one, or two may be.
  return last_ == '\n' || (last_ == '\r' && before_last_ == '\n') ? 1 : 2;
}

void proxy_handshake::on_bytes(std::span<const uint8_t> bytes) {
  bytes = bytes.first(std::min(bytes.size(), wants()));
  if (bytes.empty()) return;
  if (step_ == step::http) return on_http(bytes);
  answer_.insert(answer_.end(), bytes.begin(), bytes.end());
  if (answer_.size() == answer_size_) on_socks();
}

void proxy_handshake::on_end() {
  if (status() == THARSIS_PENDING) die(THARSIS_E_RESET, "it ended the connection before " + server() + " was reached");
}

void proxy_handshake::die(tharsis_status status, std::string text) {
  if (failure_.status == THARSIS_OK) failure_ = {status, "the proxy " + through_.text() + ": " + std::move(text)};
}

void proxy_handshake::ask_http() {
  reader_.expect("CONNECT");
  http1::request_head head{.method = "CONNECT", .target = server(), .fields = {{"Host", server()}}};
  if (const std::string login = proxy_login(through_); !login.empty()) head.fields.push_back({"Proxy-Authorization", login});
  auto text = http1::write_head(head);
  if (text) output_ = std::move(*text);
  else die(THARSIS_E_INVALID, "the server's name '" + host_ + "' cannot be told to it");
}

void proxy_handshake::on_http(std::span<const uint8_t> bytes) {
  for (const uint8_t b : bytes) {
    before_last_ = last_;
    last_ = static_cast<char>(b);
  }
  heard_ += bytes.size();
  if (heard_ > answer_max) return die(THARSIS_E_PROTOCOL, "it does not come to an end");
  for (;;) {
    switch (reader_.next(bytes)) {
      case http1::event::more: return;
      case http1::event::interim: continue;
      case http1::event::failed:
        return die(THARSIS_E_PROTOCOL, "it does not speak HTTP as a proxy does (" + reader_.failure().why.text + ")");
      default: return on_http_status(reader_.response().status);
    }
  }
}

void proxy_handshake::on_http_status(int status) {
  const std::string code = " (" + std::to_string(status) + ")";
  if (status >= 200 && status < 300) status_ = THARSIS_OK;
  else if (status == 407 && failure_.status == THARSIS_OK) failure_ = login_refused(through_);
  else if (status == 502 || status == 503 || status == 504)
    die(THARSIS_E_UNREACHABLE, "it could not reach " + server() + code);
  else if (status >= 400 && status < 500)
    die(THARSIS_E_DENIED, "it makes no tunnel to " + server() + code);
  else
    die(THARSIS_E_PROTOCOL, "it answered CONNECT with the status " + std::to_string(status));
}

void proxy_handshake::ask_methods() {
  step_ = step::method;
  answer_size_ = 2;
  output_ = {socks_version, 1, no_login};
  if (through_.user.empty()) return;
  output_ = {socks_version, 2, no_login, by_password};
}

void proxy_handshake::ask_login() {
  step_ = step::login;
  answer_size_ = 2;
  output_ += static_cast<char>(login_version);
  for (const std::string* word : {&through_.user, &through_.password}) {
    output_ += static_cast<char>(word->size());
    output_ += *word;
  }
}

void proxy_handshake::ask_socks() {
  step_ = step::reply_head;
  answer_size_ = 5;  // So many the shortest reply has, and these tell how long it is.
  output_ += std::string{socks_version, connect_command, 0};
  if (const auto ip = parse_ip(host_)) {
    output_ += static_cast<char>(ip->family == 4 ? of_v4 : of_v6);
    output_.append(reinterpret_cast<const char*>(ip->ip), ip->family == 4 ? 4 : 16);
  } else {
    output_ += static_cast<char>(of_name);
    output_ += static_cast<char>(host_.size());
    output_ += host_;
  }
  output_ += static_cast<char>(port_ >> 8);
  output_ += static_cast<char>(port_ & 0xFF);
}

void proxy_handshake::on_socks() {
  const uint8_t version = step_ == step::login ? login_version : socks_version;
  if (answer_[0] != version)
    return die(THARSIS_E_PROTOCOL, "it does not speak SOCKS5: its answer begins with " + http1::in_quotes(as_text(answer_)));
  const uint8_t second = answer_[1];
  switch (step_) {
    case step::method:
      answer_.clear();
      return on_method(second);
    case step::login:
      answer_.clear();
      return second == 0 ? ask_socks() : die(THARSIS_E_DENIED, "it does not accept this name and password");
    case step::reply_head: {
      if (second != 0) return on_reply(second);
      const uint8_t type = answer_[3];
      if (type != of_v4 && type != of_v6 && type != of_name)
        return die(THARSIS_E_PROTOCOL, "its reply has an address of the unknown kind " + std::to_string(type));
      step_ = step::reply_rest;
      answer_size_ = 4 + (type == of_v4 ? 4 : type == of_v6 ? 16 : 1u + answer_[4]) + 2;
      return;
    }
    default:
      status_ = THARSIS_OK;
  }
}

void proxy_handshake::on_method(uint8_t method) {
  if (method == no_login) return ask_socks();
  if (method == by_password && !through_.user.empty()) return ask_login();
  if (method == no_method && through_.user.empty())
    return die(THARSIS_E_DENIED, "it wants a name and a password; write them before its host, as in socks5://user:password@host:port");
  if (method == no_method) return die(THARSIS_E_DENIED, "it accepts neither a name and password nor going without");
  die(THARSIS_E_PROTOCOL, "it chose the login method " + std::to_string(method) + ", which was not offered");
}

void proxy_handshake::on_reply(uint8_t code) {
  const std::string to = server();
  switch (code) {
    case 2: return die(THARSIS_E_DENIED, "its rules forbid " + to);
    case 3: return die(THARSIS_E_UNREACHABLE, "it has no network to " + to);
    case 4: return die(THARSIS_E_UNREACHABLE, "it could not reach the host of " + to);
    case 5: return die(THARSIS_E_REFUSED, to + " refused its connection");
    case 6: return die(THARSIS_E_UNREACHABLE, "its packets to " + to + " were too long on their way");
    case 7: return die(THARSIS_E_UNSUPPORTED, "it makes no connections for others");
    case 8: return die(THARSIS_E_UNSUPPORTED, "it does not know this kind of address: " + to);
    default: return die(THARSIS_E_UNREACHABLE, "it failed to reach " + to + " (code " + std::to_string(code) + ")");
  }
}

}  // namespace tharsis
