// TLS with whoever answers: the handshake is gone through whatever the certificate is, and what it says is told. For
// finding out; what must not be read by somebody else goes over tls_stream.
//
// Where the certificate is good it is a stream like any other; else nothing can be read or written.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "plugins/sdt/core/observation.h"
#include "sdk/async/stream.h"
#include "sdk/async/task.h"
#include "sdk/async/tls_machine.h"

struct ssl_st;
struct bio_st;
struct x509_store_ctx_st;

namespace tharsis::sdt {

class tls_trial final : public stream {
 public:
  struct facts {
    std::string issuer, subject, version;
    int64_t not_before_s = 0, not_after_s = 0;
    std::vector<std::string> pins;  // SHA-256 of each certificate's key, in base64, the server's own first.
    bool heard = false;             // A byte came after ClientHello.
    bool dates_only = false;        // Nothing else is wrong with the certificate.
    std::string protocol;
  };

  // `sni` may be empty; the certificate must be for `expected`, a name or an address.
  tls_trial(strand& place, std::unique_ptr<stream> under, const tls_context& context, std::string sni, std::string expected);
  ~tls_trial() override;

  // By the deadline. `said` gets the words of what failed.
  task<tls_outcome> shake(instant deadline);
  const facts& found() const { return facts_; }
  const std::string& said() const { return said_; }
  stream& under() { return *under_; }

  signal& events() override { return under_->events(); }
  tharsis_status read(std::span<uint8_t> into, size_t& count) override;
  tharsis_status write(std::span<const uint8_t> bytes) override;
  size_t unsent() const override { return under_->unsent(); }
  void end() override;
  tharsis_address peer() const override { return under_->peer(); }
  std::string_view protocol() const override { return facts_.protocol; }

 private:
  struct freed {
    void operator()(ssl_st* ssl) const;
  };
  static int on_verify(int ok, x509_store_ctx_st* store);
  tharsis_status pull();
  void flush();
  tls_outcome step();
  tls_outcome failed(int why);
  tls_outcome judge_certificate();
  void read_chain();

  strand& place_;
  std::unique_ptr<stream> under_;
  const tls_context context_;
  const std::string sni_, expected_;
  std::unique_ptr<ssl_st, freed> ssl_;
  bio_st* in_ = nullptr;   // Owned by ssl_, as out_.
  bio_st* out_ = nullptr;
  facts facts_;
  std::string said_;
  bool expired_ = false, early_ = false, unknown_ = false;
  bool good_ = false;
  tharsis_status wire_ = THARSIS_OK;  // What the stream below has ended with.
  bool wire_ended_ = false;
};

}  // namespace tharsis::sdt
