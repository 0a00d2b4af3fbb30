// What a side trusts or shows is checked before the first connection, with sentences for whoever wrote the
// profile.
#include "sdk/async/tls_machine.h"
#include "tests/sdk/async/tls_peers.h"

using namespace tharsis;
using namespace tharsis::test;

namespace {

const identity& authority() {
  static const identity made = authority_named("Tests", 1);
  return made;
}
const identity& own() {
  static const identity made = issued(authority(), {"im.example.com"});
  return made;
}

std::string client_refusal(const std::string& ca_pem) {
  const auto made = tls_context::client({.ca_pem = ca_pem});
  EXPECT_EQ(made.status(), THARSIS_E_INVALID);
  return made ? "" : made.failure().text;
}
std::string server_refusal(const std::string& certificates, const std::string& key) {
  const auto made = tls_context::server({certificates, key});
  EXPECT_EQ(made.status(), THARSIS_E_INVALID);
  return made ? "" : made.failure().text;
}

std::string without_line(std::string pem, std::string_view part) {
  const size_t at = pem.find(part), begin = pem.rfind('\n', at) + 1;
  return pem.erase(begin, pem.find('\n', at) + 1 - begin);
}

}  // namespace

TEST(TlsContext, AClientMustTrustSomebody) {
  const auto made = tls_context::client({});
  EXPECT_EQ(made.status(), THARSIS_E_INVALID);
  EXPECT_EQ(made.failure().text, "a TLS client must trust somebody: set tls.ca, or let it use the system's store");
  EXPECT_TRUE(tls_context::client({.system_store = true}).ok());
}

TEST(TlsContext, DamagedAuthoritiesAreNamed) {
  const std::string& pem = authority().certificate_pem;
  EXPECT_EQ(client_refusal("no such thing"), "tls.ca is no PEM text: no line starts with -----BEGIN CERTIFICATE-----");
  EXPECT_EQ(client_refusal(authority().private_key_pem), "tls.ca holds a PRIVATE KEY where a CERTIFICATE is expected");
  EXPECT_EQ(client_refusal(pem.substr(0, pem.size() - 40)),
            "tls.ca was cut: -----BEGIN CERTIFICATE----- has no -----END CERTIFICATE-----");
  std::string damaged = pem;
  damaged[pem.size() / 2] = '*';
  EXPECT_EQ(client_refusal(damaged).find("tls.ca holds a damaged CERTIFICATE ("), 0u) << client_refusal(damaged);
  EXPECT_EQ(client_refusal(pem + damaged).find("tls.ca holds a damaged block after certificate 1 ("), 0u);
  EXPECT_EQ(client_refusal(std::string(5u << 20, 'x')), "tls.ca is larger than 4 MiB");
  EXPECT_EQ(client_refusal("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n").find("tls.ca holds a damaged CERTIFICATE ("), 0u);
}

TEST(TlsContext, TextAroundTheBlocksDoesNotMatter) {
  EXPECT_TRUE(tls_context::client({.ca_pem = "# ours\r\n" + authority().certificate_pem + "\nthe end"}).ok());
  std::string with_crlf;
  for (const char c : authority().certificate_pem) with_crlf += c == '\n' ? "\r\n" : std::string(1, c);
  EXPECT_TRUE(tls_context::client({.ca_pem = with_crlf}).ok());
  EXPECT_TRUE(tls_context::client({.ca_pem = authority().private_key_pem + authority().certificate_pem}).ok());
}

TEST(TlsContext, EveryCutOfACertificateIsRefusedWithASentence) {
  const std::string& pem = authority().certificate_pem;
  ASSERT_TRUE(tls_context::client({.ca_pem = pem.substr(0, pem.size() - 1)}).ok()) << "the last line needs no end";
  for (size_t size = 1; size + 1 < pem.size(); ++size) {
    const auto made = tls_context::client({.ca_pem = pem.substr(0, size)});
    ASSERT_EQ(made.status(), THARSIS_E_INVALID) << size;
    ASSERT_EQ(made.failure().text.find("tls.ca "), 0u) << size;
  }
}

TEST(TlsContext, AServerNeedsACertificateAndItsKey) {
  EXPECT_EQ(server_refusal("", own().private_key_pem),
            "the server's certificate is empty; it must hold a PEM text that starts with -----BEGIN CERTIFICATE-----");
  EXPECT_EQ(server_refusal(own().certificate_pem, ""),
            "the server's private key is empty; it must hold a PEM text that starts with -----BEGIN PRIVATE KEY-----");
  EXPECT_EQ(server_refusal(own().certificate_pem, own().certificate_pem),
            "the server's private key holds a CERTIFICATE where a PRIVATE KEY is expected");
  EXPECT_EQ(server_refusal(own().certificate_pem, without_line(own().private_key_pem, "END")),
            "the server's private key was cut: -----BEGIN PRIVATE KEY----- has no -----END PRIVATE KEY-----");
  EXPECT_EQ(server_refusal(own().certificate_pem, std::string(2u << 20, 'x')), "the server's private key is larger than 1 MiB");
}

TEST(TlsContext, AnEncryptedKeyIsNeverAskedAPassphraseFor) {
  const std::string hint = "the server's private key is encrypted; give a key without a passphrase (openssl pkey -in FILE -out FILE)";
  const auto key = openssl::read_private_key(own().private_key_pem, "key");
  ASSERT_TRUE(key);
  const openssl::bio out(BIO_new(BIO_s_mem()));
  char word[] = "word";
  ASSERT_EQ(PEM_write_bio_PKCS8PrivateKey(out.get(), key->get(), EVP_aes_128_cbc(), word, 4, nullptr, nullptr), 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  EXPECT_EQ(server_refusal(own().certificate_pem, std::string(data, static_cast<size_t>(size))), hint);
  EXPECT_EQ(server_refusal(own().certificate_pem, "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"
                                                  "DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\nMIIB\n"
                                                  "-----END RSA PRIVATE KEY-----\n"),
            hint);
}

TEST(TlsContext, AnothersKeyIsRecognised) {
  const std::string said = " private key does not belong to its certificate 'CN=im.example.com'; the server's own certificate must come first";
  EXPECT_EQ(server_refusal(own().certificate_pem, authority().private_key_pem), "the server's" + said);
  const openssl::key rsa(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  const openssl::bio out(BIO_new(BIO_s_mem()));
  ASSERT_EQ(PEM_write_bio_PrivateKey(out.get(), rsa.get(), nullptr, nullptr, 0, nullptr, nullptr), 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  EXPECT_EQ(server_refusal(own().certificate_pem, std::string(data, static_cast<size_t>(size))), "the server's" + said);
  EXPECT_EQ(server_refusal(authority().certificate_pem + own().certificate_pem, own().private_key_pem),
            "the server's private key does not belong to its certificate 'CN=Tests'; the server's own certificate must come first");
}

TEST(TlsContext, NoSecretIsEverInASentence) {
  const std::string& pem = own().private_key_pem;
  const std::string secret = pem.substr(pem.find('\n') + 1, 20);
  for (size_t at = 0; at < pem.size(); ++at) {
    std::string damaged = pem;
    damaged[at] = damaged[at] == '\n' ? ' ' : '#';
    const auto made = tls_context::server({own().certificate_pem, damaged});
    ASSERT_TRUE(made.ok() || made.failure().text.find(secret) == std::string::npos) << at;
  }
}

TEST(TlsContext, ConnectionsOutliveTheContextTheyWereMadeFrom) {
  std::optional<tls_context> client = client_of(authority().certificate_pem), server = server_of(own());
  tls_machine a(*client, "im.example.com", wall_seconds), b(*server, "", wall_seconds);
  client.reset();
  server.reset();
  converse(a, b);
  EXPECT_EQ(a.handshake_status(), THARSIS_OK) << a.failure().text;
}

TEST(TlsContext, AChainIsShownWhole) {
  // The authority that the client trusts has signed one in between, which signed the server's.
  const identity middle = forged(&authority(), [](X509* x) {
    extend(x, NID_basic_constraints, "critical,CA:TRUE");
    extend(x, NID_key_usage, "critical,keyCertSign");
  }, "middle");
  identity leaf = forged(&middle, [](X509* x) { extend(x, NID_subject_alt_name, "DNS:im.example.com"); });
  const auto verdict = [&](const identity& shown, const std::string& trusted) {
    tls_machine a(client_of(trusted), "im.example.com", wall_seconds), b(server_of(shown), "", wall_seconds);
    converse(a, b);
    return a.failure().text;
  };
  EXPECT_EQ(verdict(leaf, authority().certificate_pem),
            "the certificate of im.example.com was issued by 'CN=middle', which is not trusted; trust it with tls.ca if it is yours");
  EXPECT_EQ(verdict(leaf, middle.certificate_pem), "") << "one in between may be trusted as it is";
  leaf.certificate_pem += middle.certificate_pem;
  EXPECT_NE(verdict(leaf, authority().certificate_pem), "") << "the authority may issue for servers only: pathlen 0";
  const identity wider = forged(nullptr, [](X509* x) { extend(x, NID_basic_constraints, "critical,CA:TRUE"); }, "wide");
  const identity between = forged(&wider, [](X509* x) { extend(x, NID_basic_constraints, "critical,CA:TRUE"); }, "middle");
  identity shown = forged(&between, [](X509* x) { extend(x, NID_subject_alt_name, "DNS:im.example.com"); });
  EXPECT_NE(verdict(shown, wider.certificate_pem), "");
  shown.certificate_pem += between.certificate_pem;
  EXPECT_EQ(verdict(shown, wider.certificate_pem), "");
}
