// PEM texts from files and certificates from peers: read, described, taken into contexts. The input is
// the text itself, or alters an honest one: as text, or in the bytes below its base64.
#include "sdk/async/certificates.h"

#include <openssl/evp.h>

#include "sdk/async/tls_machine.h"
#include "tests/fuzz/harness.h"

using namespace tharsis;
using tharsis::fuzz::require;

namespace {

const identity& honest() {
  static const identity made = [] {
    const auto count_up = [](void*, uint8_t* into, size_t size) {
      for (size_t i = 0; i < size; ++i) into[i] = static_cast<uint8_t>(i + 1);
    };
    const tharsis_random random{sizeof random, nullptr, count_up};
    const auto authority = make_authority(random, "fuzz", 1'800'000'000, 10);
    auto own = issue_server_certificate(random, *authority, {"fuzz.test", "127.0.0.1"}, 1'800'000'000, 10);
    own->certificate_pem += authority->certificate_pem;
    return *own;
  }();
  return made;
}

void alter(std::string& text, fuzz::reader& input) {
  while (!input.empty() && !text.empty()) {
    const size_t at = (input.byte() * 256u + input.byte()) % text.size();
    text[at] = static_cast<char>(input.byte());
  }
}

// The first block's bytes, altered, as a block again.
std::string alter_below(const std::string& pem, fuzz::reader& input) {
  const size_t begin = pem.find('\n') + 1, end = pem.find("-----END");
  std::string inside;
  for (const char c : pem.substr(begin, end - begin))
    if (c != '\n') inside += c;
  std::string der(inside.size(), '\0');
  EVP_DecodeBlock(reinterpret_cast<unsigned char*>(der.data()), reinterpret_cast<const unsigned char*>(inside.data()),
                  static_cast<int>(inside.size()));
  der.resize(inside.size() / 4 * 3);
  alter(der, input);
  std::string text(der.size() / 3 * 4 + 1, '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), reinterpret_cast<const unsigned char*>(der.data()),
                  static_cast<int>(der.size()));
  text.pop_back();
  for (size_t at = 64; at < text.size(); at += 65) text.insert(at, "\n");
  return pem.substr(0, begin) + text + "\n" + pem.substr(end);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::reader input(data, size);
  identity given = honest();
  switch (input.byte() % 6) {
    case 0: given.certificate_pem = fuzz::text_of(data + 1, size > 0 ? size - 1 : 0); break;
    case 1: given.private_key_pem = fuzz::text_of(data + 1, size > 0 ? size - 1 : 0); break;
    case 2: alter(given.certificate_pem, input); break;
    case 3: alter(given.private_key_pem, input); break;
    case 4: given.certificate_pem = alter_below(given.certificate_pem, input); break;
    default: given.private_key_pem = alter_below(given.private_key_pem, input); break;
  }
  const auto facts = read_certificate(given.certificate_pem);
  if (facts) {
    require(facts->subject.size() < 300 && facts->issuer.size() < 300, "names in sentences are short");
    for (const std::string& name : facts->names) require(name.size() < 300, "names in sentences are short");
    require(!utc_text(facts->not_before).empty() && !utc_text(facts->not_after).empty(), "dates are texts");
  } else {
    require(facts.failure().status == THARSIS_E_INVALID && facts.failure().text.size() < 500,
            "a damaged certificate is named in a sentence");
  }
  const auto client = tls_context::client({.ca_pem = given.certificate_pem});
  require(facts.ok() || !client.ok(), "no client trusts what is no certificate");
  const auto server = tls_context::server({given.certificate_pem, given.private_key_pem});
  require(facts.ok() || !server.ok(), "no server shows what is no certificate");
  require(server.ok() || !server.failure().text.empty(), "a refused server has a sentence");
  return 0;
}
