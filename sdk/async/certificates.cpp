#include "sdk/async/certificates.h"

#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

#include "sdk/async/openssl.h"
#include "sdk/pure/address.h"

namespace tharsis {
namespace {

using openssl::freed_by;

constexpr int64_t day_seconds = 86400;

error invalid(std::string text) { return {THARSIS_E_INVALID, std::move(text)}; }
error broken(std::string_view what) {
  return {THARSIS_E_INTERNAL, std::string(what) + " failed inside OpenSSL: " + openssl::reason()};
}

openssl::key make_key(const tharsis_random& random) {
  std::array<uint8_t, 32> seed{};
  random.fill(random.self, seed.data(), seed.size());
  openssl::key made(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()));
  OPENSSL_cleanse(seed.data(), seed.size());
  return made;
}

// 16 bytes whose first keeps the number positive and of constant length.
bool set_serial(X509* subject, const tharsis_random& random) {
  std::array<uint8_t, 16> bytes{};
  random.fill(random.self, bytes.data(), bytes.size());
  bytes[0] = static_cast<uint8_t>((bytes[0] & 0x3f) | 0x40);
  const std::unique_ptr<BIGNUM, freed_by<BN_free>> number(BN_bin2bn(bytes.data(), bytes.size(), nullptr));
  return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(subject)) != nullptr;
}

bool add_extension(X509* subject, X509* issuer, int id, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, subject, nullptr, nullptr, 0);
  using owned = std::unique_ptr<X509_EXTENSION, freed_by<X509_EXTENSION_free>>;
  const owned made(X509V3_EXT_conf_nid(nullptr, &context, id, value));
  return made && X509_add_ext(subject, made.get(), -1) == 1;
}

// By value, not by text: a name can then never be read as something else.
bool add_names(X509* subject, const std::vector<std::string>& names) {
  const std::unique_ptr<GENERAL_NAMES, freed_by<GENERAL_NAMES_free>> all(GENERAL_NAMES_new());
  for (const std::string& name : names) {
    const auto ip = parse_ip(name);
    ASN1_STRING* value = ASN1_STRING_type_new(ip ? V_ASN1_OCTET_STRING : V_ASN1_IA5STRING);
    GENERAL_NAME* one = GENERAL_NAME_new();
    if (value == nullptr || one == nullptr || !all) return false;
    const void* bytes = ip ? static_cast<const void*>(ip->ip) : name.data();
    const size_t size = ip ? (ip->family == 4 ? 4 : 16) : name.size();
    GENERAL_NAME_set0_value(one, ip ? GEN_IPADD : GEN_DNS, value);
    if (ASN1_STRING_set(value, bytes, static_cast<int>(size)) != 1) return false;
    if (sk_GENERAL_NAME_push(all.get(), one) == 0) return false;
  }
  return X509_add1_ext_i2d(subject, NID_subject_alt_name, all.get(), 0, X509V3_ADD_DEFAULT) == 1;
}

// Everything but the names of the issuer, the extensions and the signature.
openssl::certificate begin(const tharsis_random& random, EVP_PKEY* key, std::string_view name, int64_t from,
                           int64_t until) {
  openssl::certificate made(X509_new());
  if (!made || X509_set_version(made.get(), X509_VERSION_3) != 1 || !set_serial(made.get(), random)) return {};
  if (ASN1_TIME_set(X509_getm_notBefore(made.get()), from) == nullptr) return {};
  if (ASN1_TIME_set(X509_getm_notAfter(made.get()), until) == nullptr) return {};
  const auto* text = reinterpret_cast<const unsigned char*>(name.data());
  X509_NAME* subject = X509_get_subject_name(made.get());
  if (X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, text, static_cast<int>(name.size()), -1, 0) != 1)
    return {};
  if (X509_set_pubkey(made.get(), key) != 1) return {};
  return made;
}

std::string pem_of(BIO* written) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(written, &data);
  std::string text(data, static_cast<size_t>(std::max(size, 0L)));
  OPENSSL_cleanse(data, text.size());
  return text;
}

result<identity> finish(X509* made, EVP_PKEY* own, EVP_PKEY* signer) {
  if (X509_sign(made, signer, nullptr) == 0) return broken("signing a certificate");
  const openssl::bio certificate(BIO_new(BIO_s_mem())), key(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509(certificate.get(), made) != 1 ||
      PEM_write_bio_PKCS8PrivateKey(key.get(), own, nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return broken("writing a certificate");
  return identity{pem_of(certificate.get()), pem_of(key.get())};
}

bool is_certificate_name(std::string_view name) {
  if (parse_ip(name)) return true;
  if (name.starts_with("*.")) name.remove_prefix(2);
  return is_host_name(name) && name.back() != '.';
}

bool are_days(int days) { return days >= 1 && days <= 36500; }

struct signer {
  openssl::certificate certificate;
  openssl::key key;
};

// The authority's parts, if it can still issue something.
result<signer> open_authority(const identity& authority, int64_t wall_seconds) {
  auto chain = openssl::read_certificates(authority.certificate_pem, "the authority's certificate");
  if (!chain) return chain.failure();
  auto key = openssl::read_private_key(authority.private_key_pem, "the authority's private key");
  if (!key) return key.failure();
  signer s{std::move(chain->front()), std::move(*key)};
  const std::string name = "the authority '" + openssl::name_text(X509_get_subject_name(s.certificate.get())) + "'";
  if (X509_check_ca(s.certificate.get()) != 1) return invalid(name + " is no authority: its certificate lacks CA:TRUE");
  if (X509_check_private_key(s.certificate.get(), s.key.get()) != 1)
    return invalid(name + " does not belong to its private key; delete both files and make a new authority");
  const int64_t until = openssl::seconds_of(X509_get0_notAfter(s.certificate.get()));
  if (until <= wall_seconds)
    return invalid(name + " expired on " + utc_text(until) + "; delete its files and make a new one");
  return s;
}

}  // namespace

result<identity> make_authority(const tharsis_random& random, std::string_view name, int64_t wall_seconds,
                                int days) {
  const openssl::clean_errors guard;
  const bool printable = std::all_of(name.begin(), name.end(), [](char c) { return c >= ' ' && c <= '~'; });
  if (name.empty() || name.size() > 64 || !printable)
    return invalid("an authority's name has 1 to 64 printable ASCII characters");
  if (!are_days(days)) return invalid("a certificate is valid for 1 to 36500 days, not " + std::to_string(days));
  const openssl::key key = make_key(random);
  if (!key) return broken("making an Ed25519 key");
  const openssl::certificate made =
      begin(random, key.get(), name, wall_seconds - day_seconds, wall_seconds + days * day_seconds);
  if (!made || X509_set_issuer_name(made.get(), X509_get_subject_name(made.get())) != 1 ||
      !add_extension(made.get(), made.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
      !add_extension(made.get(), made.get(), NID_key_usage, "critical,keyCertSign,cRLSign") ||
      !add_extension(made.get(), made.get(), NID_subject_key_identifier, "hash") ||
      !add_extension(made.get(), made.get(), NID_authority_key_identifier, "keyid:always"))
    return broken("making an authority");
  return finish(made.get(), key.get(), key.get());
}

result<identity> issue_server_certificate(const tharsis_random& random, const identity& authority,
                                          const std::vector<std::string>& names, int64_t wall_seconds, int days) {
  const openssl::clean_errors guard;
  if (names.empty()) return invalid("a server's certificate needs at least one name or address");
  for (const std::string& name : names)
    if (!is_certificate_name(name))
      return invalid("'" + name + "' is neither a host name like im.example.com nor an IP address");
  if (!are_days(days)) return invalid("a certificate is valid for 1 to 36500 days, not " + std::to_string(days));
  const auto by = open_authority(authority, wall_seconds);
  if (!by) return by.failure();
  X509* const issuer = by->certificate.get();

  const openssl::key key = make_key(random);
  if (!key) return broken("making an Ed25519 key");
  const int64_t until =
      std::min(wall_seconds + days * day_seconds, openssl::seconds_of(X509_get0_notAfter(issuer)));
  const openssl::certificate made =
      begin(random, key.get(), std::string_view(names.front()).substr(0, 64), wall_seconds - day_seconds, until);
  if (!made || X509_set_issuer_name(made.get(), X509_get_subject_name(issuer)) != 1 ||
      !add_extension(made.get(), issuer, NID_basic_constraints, "critical,CA:FALSE") ||
      !add_extension(made.get(), issuer, NID_key_usage, "critical,digitalSignature") ||
      !add_extension(made.get(), issuer, NID_ext_key_usage, "serverAuth") ||
      !add_extension(made.get(), issuer, NID_subject_key_identifier, "hash") ||
      !add_extension(made.get(), issuer, NID_authority_key_identifier, "keyid:always") ||
      !add_names(made.get(), names))
    return broken("making a server's certificate");
  return finish(made.get(), key.get(), by->key.get());
}

result<certificate_facts> read_certificate(std::string_view pem) {
  const openssl::clean_errors guard;
  const auto chain = openssl::read_certificates(pem, "the certificate");
  if (!chain) return chain.failure();
  X509* const first = chain->front().get();
  certificate_facts facts;
  facts.subject = openssl::name_text(X509_get_subject_name(first));
  facts.issuer = openssl::name_text(X509_get_issuer_name(first));
  facts.names = openssl::names_of(first);
  facts.not_before = openssl::seconds_of(X509_get0_notBefore(first));
  facts.not_after = openssl::seconds_of(X509_get0_notAfter(first));
  facts.authority = X509_check_ca(first) == 1;
  return facts;
}

std::string utc_text(int64_t seconds) {
  using namespace std::chrono;
  const sys_days day = floor<days>(sys_seconds(std::chrono::seconds(seconds)));
  const year_month_day date(day);
  const auto clock = static_cast<int>(seconds - duration_cast<std::chrono::seconds>(day.time_since_epoch()).count());
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u %02d:%02d:%02d UTC", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock / 3600,
                clock / 60 % 60, clock % 60);
  return text;
}

bool is_host_name(std::string_view text) {
  if (text.empty() || text.size() > 253 || text.front() == '.' || text.find("..") != text.npos) return false;
  size_t label = 0;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!letter && c != '-' && c != '_' && c != '.') return false;
    label = c == '.' ? 0 : label + 1;
    if (label > 63) return false;
  }
  return true;
}

}  // namespace tharsis
