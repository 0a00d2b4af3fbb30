// TLS as a machine (1.3, and 1.2 where that is wished): bytes of the wire in, plaintext out, and back. It reads no clock, opens no
// socket and starts no thread; OpenSSL does the cryptography over memory.
//
// It fails closed: until the chain, the dates and the name of the peer's certificate have been
// verified nothing can be read or written, and after a failure nothing ever can.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/async/tls_sessions.h"
#include "sdk/pure/error.h"
#include "sdk/pure/key_pin.h"

struct ssl_ctx_st;
struct ssl_st;
struct bio_st;
struct x509_store_ctx_st;

namespace tharsis {

enum class tls_version : uint8_t { v1_2, v1_3 };

struct tls_client_settings {
  std::string ca_pem;         // Authorities, or single certificates, to trust.
  bool system_store = false;  // Also trust what the system trusts. Reads its files, so set this off the strand.
  bool http1 = false;         // Say with ALPN that HTTP/1.1 is spoken: some servers want it said.
  std::string ca_name = "tls.ca";  // What sentences for a person call the place that ca_pem comes from.
  // Where there are any, one of the certificates from the server's own to the authority must have one of these
  // keys, besides being trusted.
  std::vector<key_pin> pins{};
  // What this client shows to a server that asks who it is; both or neither.
  std::string certificate_chain_pem{};
  std::string private_key_pem{};
  tls_version oldest = tls_version::v1_3;
  bool http2 = false;  // Say that HTTP/2 is spoken, and rather than HTTP/1.1; see tls_machine::protocol().
};

struct tls_server_settings {
  std::string certificate_chain_pem;  // The server's own first, then those between it and the authority.
  std::string private_key_pem;
  bool http1 = false;  // Choose HTTP/1.1 where a client offers protocols; one that offers only others is refused.
  std::string client_ca_pem{};   // Where it is not empty, a client must show a certificate of one of these authorities.
  uint32_t tickets = 0;          // So many with each handshake, for shorter ones later.
  uint32_t early_data_max = 0;   // Bytes that a client with a ticket may send with its first flight. They are taken
                                 // once for each ticket.
  tls_version oldest = tls_version::v1_3;
  tls_version newest = tls_version::v1_3;
  bool http2 = false;  // Choose HTTP/2 where a client offers it; as http1, and before it.
};

// What one side trusts, or shows. A shared handle: copy it freely, on one thread at a time.
class tls_context {
 public:
  //   THARSIS_E_INVALID  nothing is trusted, or a text is damaged; the sentence says which and how.
  // `read`: has the same authorities, read already. The system's are a quarter of a megabyte, and take longer than a handshake.
  static result<tls_context> client(const tls_client_settings& settings, const tls_context* read = nullptr);
  //   THARSIS_E_INVALID  a text is missing or damaged, or the key is not the certificate's.
  static result<tls_context> server(const tls_server_settings& settings);

  // A client's, for a proxy on the way to who this is for: the same authorities vouch for it. It hears of HTTP/1.1 alone
  // and is not shown who the client is; pins are the server's.
  tls_context for_proxy() const;

  ssl_ctx_st* handle() const { return context_.get(); }
  bool is_for_proxy() const { return for_proxy_; }
  bool is_server() const { return server_; }
  const std::string& ca_name() const { return ca_name_; }
  const std::vector<key_pin>& pins() const { return *pins_; }
  tls_version oldest() const { return oldest_; }
  // Of a client: does it know an authority? One of a folder of the system it knows once that has vouched for somebody.
  bool knows_authorities() const;
  // Of a client: the same for the same settings, and for no others.
  const std::string& fingerprint() const { return fingerprint_; }

 private:
  tls_context(std::shared_ptr<ssl_ctx_st> context, bool server, std::string ca_name = {})
      : context_(std::move(context)), server_(server), ca_name_(std::move(ca_name)) {}
  std::shared_ptr<ssl_ctx_st> context_;
  bool server_ = false;
  bool for_proxy_ = false;
  std::string ca_name_;
  std::shared_ptr<const std::vector<key_pin>> pins_ = std::make_shared<std::vector<key_pin>>();
  tls_version oldest_ = tls_version::v1_3;
  std::string fingerprint_;
};

// By what a client's tickets for this peer are kept.
std::string ticket_key(const tls_context& context, const std::string& server, const std::string& peer);

class tls_machine {
 public:
  // As a client `peer` is the host name or IP address that the certificate must be for; as a server
  // it only names the peer in sentences, and may be empty. `wall_seconds` since 1970 UTC decides
  // whether certificates are valid. A client's first bytes are in take_output() at once.
  tls_machine(const tls_context& context, std::string peer, int64_t wall_seconds, tls_resumption again = {});
  ~tls_machine();
  tls_machine(const tls_machine&) = delete;
  tls_machine& operator=(const tls_machine&) = delete;

  // Bytes from the wire; answers how many were taken. Fewer only when unread_max bytes wait to be
  // read(), or after a failure.
  size_t on_bytes(std::span<const uint8_t> bytes);
  // The wire has ended.
  void on_end();
  bool wants_input() const;

  // PENDING; OK; or why it failed: THARSIS_E_UNTRUSTED, THARSIS_E_PROTOCOL, THARSIS_E_RESET ...
  tharsis_status handshake_status() const { return handshake_; }
  // May be read and written already, although the handshake is not over? A client with a ticket: what it writes goes
  // out early, or behind the handshake where the server does not take that. A server: early data has come.
  bool early() const { return early_; }
  bool resumed() const { return resumed_; }
  // What ALPN has settled, once the handshake is over: "h2", "http/1.1"; empty where nothing was settled.
  std::string_view protocol() const;
  // Starts a handshake that waited for early data, where none was written.
  void start();

  // OK until the machine is dead; then what killed it, with a sentence.
  const error& failure() const { return failure_; }

  // OK with count > 0: plaintext. OK with 0: the peer has ended, and said so. PENDING: more input is
  // needed. Else dead; THARSIS_E_RESET when the wire ended without the peer's close_notify, so that
  // what was read may be cut short.
  tharsis_status read(std::span<uint8_t> into, size_t& count);

  // Takes all bytes; what they became is in take_output().
  //   THARSIS_E_INVALID  the handshake has not succeeded and no early data is allowed, or close_notify() was called.
  tharsis_status write(std::span<const uint8_t> plaintext);

  // The own side ends. Harmless to repeat.
  void close_notify();

  // See stream::certified().
  bool certified(const std::string& host) const;
  // See stream::export_secret(). TLS 1.3 alone: what older ones export need not be this connection's only.
  bool export_secret(std::string_view label, std::span<const uint8_t> context, std::span<uint8_t> into) const;

  // What must go to the wire, also after a failure (the peer's alert). Valid until the next call.
  std::span<const uint8_t> take_output();

  static constexpr size_t unread_max = 64 * 1024;
  // Reading alone makes output when the peer changes its keys and asks for ours to change. 64 KiB of
  // that are thousands of changes; more is a peer that wants to fill the memory with answers.
  static constexpr size_t answers_max = 64 * 1024;

 private:
  static int on_verify(int ok, x509_store_ctx_st* store);
  friend class tls_context;
  static int on_ticket(ssl_st* ssl, ssl_session_st* session);
  struct freed {
    void operator()(ssl_st* ssl) const;
  };

  tharsis_status begin(int64_t wall_seconds);
  bool expect(int64_t wall_seconds);
  void resume(int64_t wall_seconds);
  bool pinned(x509_store_ctx_st* store);
  void shake();
  bool read_early();
  void on_done();
  tharsis_status write_now(std::span<const uint8_t> plaintext);
  tharsis_status write_early(std::span<const uint8_t> plaintext);
  bool looks_like_tls(std::span<const uint8_t> bytes);
  tharsis_status die(tharsis_status status, std::string text);
  tharsis_status die_of(int ssl_error);
  tharsis_status die_of_alert(int alert);
  std::string who() const;

  tls_context context_;
  std::string peer_;
  std::unique_ptr<ssl_st, freed> ssl_;
  bio_st* in_ = nullptr;  // Owned by ssl_, as out_.
  bio_st* out_ = nullptr;
  tharsis_status handshake_ = THARSIS_PENDING;
  error failure_{THARSIS_OK, {}};
  std::string untrusted_;       // Why the peer's certificate was refused.
  std::vector<uint8_t> first_;  // The peer's first bytes: enough to tell TLS from something else.
  std::vector<uint8_t> output_;
  tls_resumption again_;
  std::string ticket_key_;
  bool offered_ = false;    // A ticket.
  bool resumed_ = false;
  bool early_ = false;      // See early().
  bool waits_ = false;      // A client: nothing has been said yet.
  bool listens_early_ = false;  // A server: early data may come.
  size_t early_room_ = 0;   // A client: bytes that may still go out early.
  // A client: what went out early, kept until the server has taken it; then what has to wait for the handshake.
  std::vector<uint8_t> sent_early_, late_;
  std::vector<uint8_t> came_early_;  // A server.
  size_t answers_ = 0;  // Bytes of output that reading has made.
  bool wire_ended_ = false;
  bool closing_ = false;
};

}  // namespace tharsis
