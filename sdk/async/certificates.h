// Certificates: an authority of one's own, server certificates issued by it, and what a
// certificate says. Pure: the clock and the randomness are passed in, so the same seed gives the
// same texts.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/abi/host_facts.h"
#include "sdk/pure/error.h"

namespace tharsis {

// A certificate and the key it is for, as PEM texts. The key is a secret: its file is 0600.
struct identity {
  std::string certificate_pem;
  std::string private_key_pem;
};

// An authority that may issue server certificates and nothing else. Ed25519, so that sizes do not
// depend on luck. Valid from one day before `wall_seconds` (clocks differ) for `days` after it.
//   THARSIS_E_INVALID  the name is empty, longer than 64 bytes or unprintable, or `days` is not 1 to 36,500.
result<identity> make_authority(const tharsis_random& random, std::string_view name, int64_t wall_seconds,
                                int days);

// A server's certificate for `names`: host names ("im.example.com", "*.example.com") and IP
// addresses. It never outlives its authority.
//   THARSIS_E_INVALID  no names, one that is none, a damaged authority, or one that has expired.
result<identity> issue_server_certificate(const tharsis_random& random, const identity& authority,
                                          const std::vector<std::string>& names, int64_t wall_seconds, int days);

struct certificate_facts {
  std::string subject;  // "CN=im.example.com"
  std::string issuer;
  std::vector<std::string> names;  // Host names and addresses it is for.
  int64_t not_before = 0;          // Seconds since 1970 UTC.
  int64_t not_after = 0;
  bool authority = false;
};

// What the first certificate of the text says.
//   THARSIS_E_INVALID  the sentence tells what is wrong with the text.
result<certificate_facts> read_certificate(std::string_view pem);

// "2026-11-24 16:00:00 UTC"
std::string utc_text(int64_t seconds);

// A host name as certificates carry it: labels of letters, digits, '-' and '_', at most 253 bytes.
bool is_host_name(std::string_view text);

}  // namespace tharsis
