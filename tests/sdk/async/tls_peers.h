// For the tests of TLS: identities made from a seed, certificates that no honest authority issues, and a
// plain OpenSSL peer that does what ours never would.
#pragma once
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <functional>
#include <random>

#include "sdk/async/certificates.h"
#include "sdk/async/openssl.h"
#include "sdk/async/tls_machine.h"

namespace tharsis::test {

using bytes = std::vector<uint8_t>;

inline constexpr int64_t wall_seconds = 1'800'000'000;  // 2027-01-15 08:00:00 UTC
inline constexpr int64_t day = 86400;

class seeded {
 public:
  explicit seeded(uint64_t seed) : engine_(seed) {
    table.size = sizeof table;
    table.self = this;
    table.fill = [](void* self, uint8_t* into, size_t size) {
      for (size_t i = 0; i < size; ++i) into[i] = static_cast<uint8_t>(static_cast<seeded*>(self)->engine_());
    };
  }
  seeded(const seeded&) = delete;
  tharsis_random table{};

 private:
  std::mt19937_64 engine_;
};

inline identity authority_named(const std::string& name, uint64_t seed, int64_t wall = wall_seconds, int days = 365) {
  const seeded random(seed);
  const auto made = make_authority(random.table, name, wall, days);
  EXPECT_TRUE(made) << (made ? "" : made.failure().text);
  return *made;
}

inline identity issued(const identity& authority, const std::vector<std::string>& names, int64_t wall = wall_seconds,
                       int days = 30) {
  const seeded random(99);
  const auto made = issue_server_certificate(random.table, authority, names, wall, days);
  EXPECT_TRUE(made) << (made ? "" : made.failure().text);
  return *made;
}

// A certificate that says whatever `say` lets it, signed by the authority, or by itself when that is null.
inline identity forged(const identity* authority, const std::function<void(X509*)>& say, const std::string& name = "forged") {
  const openssl::key own(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  const openssl::certificate made(X509_new());
  X509_set_version(made.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 7);
  ASN1_TIME_set(X509_getm_notBefore(made.get()), wall_seconds - day);
  ASN1_TIME_set(X509_getm_notAfter(made.get()), wall_seconds + day);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.data()), static_cast<int>(name.size()), -1, 0);
  X509_set_issuer_name(made.get(), X509_get_subject_name(made.get()));
  X509_set_pubkey(made.get(), own.get());
  openssl::key signer;
  if (authority != nullptr) {
    const auto chain = openssl::read_certificates(authority->certificate_pem, "authority");
    X509_set_issuer_name(made.get(), X509_get_subject_name(chain->front().get()));
    signer = std::move(*openssl::read_private_key(authority->private_key_pem, "authority"));
  }
  say(made.get());
  EXPECT_NE(X509_sign(made.get(), signer ? signer.get() : own.get(), nullptr), 0);
  const auto text = [](const std::function<int(BIO*)>& write) {
    const openssl::bio out(BIO_new(BIO_s_mem()));
    EXPECT_EQ(write(out.get()), 1);
    char* data = nullptr;
    const long size = BIO_get_mem_data(out.get(), &data);
    return std::string(data, static_cast<size_t>(size));
  };
  return {text([&](BIO* out) { return PEM_write_bio_X509(out, made.get()); }),
          text([&](BIO* out) { return PEM_write_bio_PKCS8PrivateKey(out, own.get(), nullptr, nullptr, 0, nullptr, nullptr); })};
}

inline void extend(X509* made, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, made, made, nullptr, nullptr, 0);
  X509_EXTENSION* const one = X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str());
  ASSERT_NE(one, nullptr) << value;
  X509_add_ext(made, one, -1);
  X509_EXTENSION_free(one);
}

inline tls_context client_of(const std::string& ca_pem) {
  auto made = tls_context::client({.ca_pem = ca_pem});
  EXPECT_TRUE(made) << (made ? "" : made.failure().text);
  return *made;
}
inline tls_context server_of(const identity& own) {
  auto made = tls_context::server({own.certificate_pem, own.private_key_pem});
  EXPECT_TRUE(made) << (made ? "" : made.failure().text);
  return *made;
}

inline bytes output_of(tls_machine& from) {
  const auto out = from.take_output();
  return bytes(out.begin(), out.end());
}

// Everything that can be read now.
inline bytes read_all(tls_machine& from, size_t piece = 4096) {
  bytes all, some(piece);
  size_t count = 0;
  while (from.read(some, count) == THARSIS_OK && count > 0)
    all.insert(all.end(), some.begin(), some.begin() + static_cast<std::ptrdiff_t>(count));
  return all;
}

// Offers everything until nothing more is taken.
inline void feed(tls_machine& to, std::span<const uint8_t> wire) {
  for (size_t taken = 1; taken > 0 && !wire.empty(); wire = wire.subspan(taken)) taken = to.on_bytes(wire);
}

// Carries bytes between the two until both are silent.
inline void converse(tls_machine& a, tls_machine& b) {
  for (;;) {
    const bytes there = output_of(a);
    feed(b, there);
    const bytes back = output_of(b);
    feed(a, back);
    if (there.empty() && back.empty()) return;
  }
}

// A peer made of OpenSSL alone, with any versions and habits.
class raw_peer {
 public:
  raw_peer(bool server, int version_max, const identity* own = nullptr)
      : context_(SSL_CTX_new(TLS_method()), &SSL_CTX_free) {
    SSL_CTX_set_max_proto_version(context_.get(), version_max);
    if (own != nullptr) {
      const auto chain = openssl::read_certificates(own->certificate_pem, "own");
      const auto key = openssl::read_private_key(own->private_key_pem, "own");
      SSL_CTX_use_certificate(context_.get(), chain->front().get());
      SSL_CTX_use_PrivateKey(context_.get(), key->get());
    }
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    if (server) SSL_set_accept_state(ssl_.get());
    else SSL_set_connect_state(ssl_.get());
  }

  SSL* ssl() { return ssl_.get(); }
  void on_bytes(const bytes& wire) {
    if (!wire.empty()) BIO_write(SSL_get_rbio(ssl()), wire.data(), static_cast<int>(wire.size()));
    uint8_t some[1024];
    if (SSL_do_handshake(ssl()) == 1)
      for (int n; (n = SSL_read(ssl(), some, sizeof some)) > 0;) read.insert(read.end(), some, some + n);
    ERR_clear_error();
  }
  bytes take_output() {
    bytes out(BIO_ctrl_pending(SSL_get_wbio(ssl())));
    if (!out.empty()) BIO_read(SSL_get_wbio(ssl()), out.data(), static_cast<int>(out.size()));
    return out;
  }
  void converse(tls_machine& with) {
    for (;;) {
      const bytes there = output_of(with);
      on_bytes(there);
      const bytes back = take_output();
      with.on_bytes(back);
      if (there.empty() && back.empty()) return;
    }
  }
  bytes read;

 private:
  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_;
  struct freed {
    void operator()(SSL* s) const { SSL_free(s); }
  };
  std::unique_ptr<SSL, freed> ssl_;
};

}  // namespace tharsis::test
