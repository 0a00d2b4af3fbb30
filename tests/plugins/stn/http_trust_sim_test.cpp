// Goal: at https:// the keys of http.tls mean what those of links.NAME.tls mean: pins, a certificate of one's own, the
// oldest TLS, and tickets.
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "sdk/async/openssl.h"
#include "tests/plugins/stn/http_world.h"
#include "tests/sdk/async/tls_peers.h"

using namespace tharsis;
using namespace tharsis::test;

namespace {

task<void> say_yes(http1_exchange& x) {
  const auto body = co_await x.read_all(1 << 20);
  if (body) co_await x.answer(200, "yes");
}

struct trust_world : http_world {
  explicit trust_world(uint64_t seed) : http_world(seed) {
    settings.pool.idle = {};  // Each call dials.
    write("/state/ca.pem", authority.certificate_pem);
  }
  void write(const char* path, const std::string& text) {
    tharsis_error why = no_error();
    const tharsis_files& files = *client.platform.files;
    files.make_folder(files.self, text_of("/state"), &why);
    ASSERT_EQ(files.replace(files.self, text_of(path), bytes_of(as_bytes(text)), &why), THARSIS_OK) << why.text;
  }
  void serve_with(tls_server_settings shown) {
    const auto own = issue_server_certificate(*client.platform.random, authority, {"web.test"}, seconds(), 5);
    shown.certificate_chain_pem = own->certificate_pem;
    shown.private_key_pem = own->private_key_pem;
    elsewhere.on_strand([&] { servers.serve(ip, 443, say_yes, *tls_context::server(shown)); });
  }
  http_ending& ask_secure() {
    http_question q;
    q.url = "https://web.test/";
    return get(q);
  }
  key_pin pin_of_authority() const {
    const auto all = openssl::read_certificates(authority.certificate_pem, "authority");
    unsigned char* der = nullptr;
    const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(all->front().get()), &der);
    key_pin pin{};
    EVP_Digest(der, static_cast<size_t>(size), pin.data(), nullptr, EVP_sha256(), nullptr);
    OPENSSL_free(der);
    return pin;
  }
};

}  // namespace

TEST(HttpTrustSim, AServerWithoutAPinnedKeyGetsNoRequest) {
  for (const bool right : {false, true}) {
    trust_world w(1);
    w.settings.tls.pins = {key_pin{}};
    if (right) w.settings.tls.pins.push_back(w.pin_of_authority());
    w.serve_with({});
    w.start();
    const http_ending& e = w.ask_secure();
    EXPECT_EQ(status_name(e.status), right ? "ok" : "untrusted") << e.reason;
    EXPECT_EQ(e.reason.find("pinned (tls.pins)") != std::string::npos, !right) << e.reason;
  }
}

TEST(HttpTrustSim, AServerThatAsksWhoIsThereIsShownTheCertificate) {
  for (const bool shown : {false, true}) {
    trust_world w(2);
    const identity mine = forged(&w.authority, [&](X509* x) {
      extend(x, NID_ext_key_usage, "clientAuth");
      ASN1_TIME_set(X509_getm_notBefore(x), w.seconds() - 1000);
      ASN1_TIME_set(X509_getm_notAfter(x), w.seconds() + 1000);
    }, "ann");
    w.write("/state/mine.pem", mine.certificate_pem);
    w.write("/state/mine.key", mine.private_key_pem);
    if (shown) {
      w.settings.tls.certificate = "/state/mine.pem";
      w.settings.tls.key = "/state/mine.key";
    }
    tls_server_settings asks;
    asks.client_ca_pem = w.authority.certificate_pem;
    w.serve_with(asks);
    w.start();
    EXPECT_EQ(w.ask_secure().status == THARSIS_OK, shown) << w.of(0).reason;
  }
  trust_world none(3);
  none.settings.tls.certificate = "/state/nothing.pem";
  none.settings.tls.key = "/state/nothing.key";
  none.serve_with({});
  none.start();
  EXPECT_NE(none.ask_secure().reason.find("stn.http.tls.certificate"), std::string::npos) << none.of(0).reason;
}

TEST(HttpTrustSim, OlderTlsIsSpokenOnlyWhereItIsGoodEnough) {
  for (const bool enough : {false, true}) {
    trust_world w(4);
    w.settings.tls.from_1_2 = enough;
    tls_server_settings old;
    old.oldest = old.newest = tls_version::v1_2;
    w.serve_with(old);
    w.start();
    EXPECT_EQ(w.ask_secure().status == THARSIS_OK, enough) << w.of(0).reason;
  }
}

TEST(HttpTrustSim, TheSecondHandshakeIsShorterUnlessThatIsNotWished) {
  for (const bool resume : {false, true}) {
    trust_world w(5);
    w.settings.tls.resume = resume;
    tls_server_settings tickets;
    tickets.tickets = 2;
    w.serve_with(tickets);
    w.start();
    EXPECT_EQ(w.ask_secure().status, THARSIS_OK) << w.of(0).reason;
    size_t kept = 0;
    w.client.on_strand([&] { kept = w.service->sessions().size(); });
    EXPECT_EQ(kept > 0, resume);
    EXPECT_EQ(w.ask_secure().status, THARSIS_OK) << w.of(1).reason;
  }
}
