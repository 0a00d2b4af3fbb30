// Proxies as a profile or a host application names them, and what is said to one until it has become a tunnel:
// HTTP's CONNECT (RFC 9110, with a name and password by RFC 7617) and SOCKS5 (RFC 1928, RFC 1929).
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/pure/error.h"
#include "sdk/pure/http1_reader.h"

namespace tharsis {

struct proxy {
  enum class kind : uint8_t { http, socks5 };
  kind speaks = kind::http;
  bool secure = false;  // https://: CONNECT inside TLS.
  std::string host;     // A name or an address, without brackets.
  uint16_t port = 0;
  std::string user, password;  // Empty: none. Secrets: they stand in no sentence.

  // "http://proxy.example.com:3128", without name and password.
  std::string text() const;
  bool operator==(const proxy&) const = default;
};

// "http://host:port", "https://..." or "socks5://...", with "user:password@" before the host; what of these has
// an odd letter is percent-encoded.
//   THARSIS_E_INVALID  with what is wrong; the sentence repeats neither name nor password.
result<proxy> parse_proxy(std::string_view text);

// What Proxy-Authorization says to an HTTP proxy; empty where there is no name.
std::string proxy_login(const proxy& through);
// Why an HTTP proxy wants another login than it got: it answered 407.
error login_refused(const proxy& through);

// The bytes between us and a proxy until the tunnel stands. Reading no more than wants() never takes a byte that
// came through the tunnel, so the stream below is the tunnel afterwards.
class proxy_handshake {
 public:
  // `host` is a name, which the proxy resolves, or an IP address.
  proxy_handshake(const proxy& through, std::string host, uint16_t port);

  // What must be written now; empty when it is the proxy's turn.
  std::string take_output() { return std::exchange(output_, {}); }
  // How many bytes may be read at most; 0 once it is over.
  size_t wants() const;
  // At most wants() of them.
  void on_bytes(std::span<const uint8_t> bytes);
  // The proxy has ended the connection.
  void on_end();

  // PENDING; OK: the tunnel stands; or why it does not:
  //   THARSIS_E_DENIED       the proxy wants another name and password, or forbids this server.
  //   THARSIS_E_UNREACHABLE, THARSIS_E_REFUSED  the proxy could not reach the server.
  //   THARSIS_E_UNSUPPORTED  it cannot do what is asked.   THARSIS_E_PROTOCOL  it speaks something else.
  //   THARSIS_E_RESET        it has ended the connection.  THARSIS_E_INVALID   host or login cannot be said.
  tharsis_status status() const { return failure_.status != THARSIS_OK ? failure_.status : status_; }
  const error& failure() const { return failure_; }

  // No honest proxy says more before the tunnel stands.
  static constexpr size_t answer_max = 16 * 1024;

 private:
  enum class step : uint8_t { http, method, login, reply_head, reply_rest };
  void ask_http();
  void ask_methods();
  void ask_login();
  void ask_socks();
  void on_http(std::span<const uint8_t> bytes);
  void on_http_status(int status);
  void on_socks();
  void on_method(uint8_t method);
  void on_reply(uint8_t code);
  void die(tharsis_status status, std::string text);
  std::string server() const;

  const proxy through_;
  const std::string host_;
  const uint16_t port_;
  step step_ = step::http;
  tharsis_status status_ = THARSIS_PENDING;
  error failure_{THARSIS_OK, {}};
  std::string output_;
  http1::message_reader reader_;
  char last_ = 0, before_last_ = 0;
  size_t heard_ = 0;  // Bytes of HTTP.
  std::vector<uint8_t> answer_;  // Of SOCKS5: the step's bytes so far.
  size_t answer_size_ = 0;       // And how many it has.
};

}  // namespace tharsis
