#include "sdk/async/openssl.h"

#include <openssl/x509v3.h>

#include <chrono>
#include <cstring>
#include <ctime>

#include "sdk/pure/address.h"
#include "sdk/pure/harmless.h"

namespace tharsis::openssl {
namespace {

constexpr std::string_view begin_mark = "-----BEGIN ";

error malformed(std::string_view what, std::string_view problem) {
  return {THARSIS_E_INVALID, std::string(what) + " " + std::string(problem)};
}

// The kind of the first PEM block: "CERTIFICATE"; empty when there is none. It is quoted in errors, so
// it must never reach into what may be a key.
std::string_view first_label(std::string_view pem) {
  const size_t begin = pem.find(begin_mark);
  if (begin == std::string_view::npos) return {};
  const std::string_view rest = pem.substr(begin + begin_mark.size());
  const size_t end = rest.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ");
  return end != std::string_view::npos && rest.substr(end).starts_with("-----") ? rest.substr(0, end) : std::string_view{};
}

// Why OpenSSL could not read the text where a block of `wanted` was expected.
error why_unreadable(std::string_view pem, std::string_view what, std::string_view wanted) {
  const std::string a_block = "-----BEGIN " + std::string(wanted) + "-----";
  if (pem.empty()) return malformed(what, "is empty; it must hold a PEM text that starts with " + a_block);
  const std::string label(first_label(pem).substr(0, 40));
  if (label.empty()) return malformed(what, "is no PEM text: no line starts with " + a_block);
  if (label.find("ENCRYPTED") != std::string::npos || pem.find("Proc-Type: 4,ENCRYPTED") != pem.npos)
    return malformed(what, "is encrypted; give a key without a passphrase (openssl pkey -in FILE -out FILE)");
  if (label.find(wanted) == std::string::npos)
    return malformed(what, "holds a " + label + " where a " + std::string(wanted) + " is expected");
  if (pem.find("-----END " + label + "-----") == std::string_view::npos)
    return malformed(what, "was cut: -----BEGIN " + label + "----- has no -----END " + label + "-----");
  return malformed(what, "holds a damaged " + label + " (" + reason() + "); write the file anew");
}

// Texts of the peer's choosing go into sentences and logs; a name that is longer than any honest one
// ends in dots, at a character's border.
std::string shortened(std::string text) {
  constexpr size_t most = 256;
  if (text.size() <= most) return text;
  size_t n = most;
  while (n > 0 && (static_cast<unsigned char>(text[n]) & 0xC0) == 0x80) --n;
  return text.substr(0, n) + "...";
}

bio over(std::string_view pem) { return bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))); }

// OpenSSL would otherwise ask the terminal for a passphrase.
int no_passphrase(char*, int, int, void*) { return -1; }

}  // namespace

std::string reason() {
  const unsigned long code = ERR_peek_error();
  if (code == 0) return "no reason given";
  const char* text = ERR_reason_error_string(code);
  return text != nullptr ? text : "error " + std::to_string(ERR_GET_REASON(code));
}

result<std::vector<certificate>> read_certificates(std::string_view pem, std::string_view what) {
  const clean_errors guard;
  if (pem.size() > 4u << 20) return malformed(what, "is larger than 4 MiB");
  const bio source = over(pem);
  std::vector<certificate> all;
  for (;;) {
    ERR_clear_error();
    certificate one(PEM_read_bio_X509(source.get(), nullptr, no_passphrase, nullptr));
    if (!one) {
      if (all.empty()) return why_unreadable(pem, what, "CERTIFICATE");
      if (ERR_GET_REASON(ERR_peek_error()) == PEM_R_NO_START_LINE) return all;
      return malformed(what, "holds a damaged block after certificate " + std::to_string(all.size()) + " (" + reason() +
                                 "); write the file anew");
    }
    all.push_back(std::move(one));
  }
}

result<key> read_private_key(std::string_view pem, std::string_view what) {
  const clean_errors guard;
  if (pem.size() > 1u << 20) return malformed(what, "is larger than 1 MiB");
  const bio source = over(pem);
  key one(PEM_read_bio_PrivateKey(source.get(), nullptr, no_passphrase, nullptr));
  if (!one) return why_unreadable(pem, what, "PRIVATE KEY");
  return one;
}

std::string name_text(const X509_NAME* name) {
  const bio out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB));
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return size > 0 ? shortened(harmless(std::string_view(data, static_cast<size_t>(size)))) : "(no name)";
}

std::vector<std::string> names_of(const X509* subject) {
  std::vector<std::string> names;
  using owned = std::unique_ptr<GENERAL_NAMES, freed_by<GENERAL_NAMES_free>>;
  const owned all(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(subject, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; all && i < sk_GENERAL_NAME_num(all.get()); ++i) {
    int type = 0;
    const auto* value = static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(all.get(), i), &type));
    if (type == GEN_DNS) {
      std::string text(reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                       static_cast<size_t>(ASN1_STRING_length(value)));
      for (char& c : text)
        if (c < ' ' || c > '~') c = '?';
      names.push_back(shortened(std::move(text)));
    } else if (type == GEN_IPADD && (ASN1_STRING_length(value) == 4 || ASN1_STRING_length(value) == 16)) {
      tharsis_address ip{};
      ip.family = ASN1_STRING_length(value) == 4 ? 4 : 6;
      std::memcpy(ip.ip, ASN1_STRING_get0_data(value), static_cast<size_t>(ASN1_STRING_length(value)));
      names.push_back(ip_text(ip));
    }
  }
  return names;
}

int64_t seconds_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return 0;
  const auto day = std::chrono::year(parts.tm_year + 1900) / (parts.tm_mon + 1) / parts.tm_mday;
  const auto since = std::chrono::sys_days(day).time_since_epoch() + std::chrono::hours(parts.tm_hour) +
                     std::chrono::minutes(parts.tm_min) + std::chrono::seconds(parts.tm_sec);
  return std::chrono::duration_cast<std::chrono::seconds>(since).count();
}

}  // namespace tharsis::openssl
