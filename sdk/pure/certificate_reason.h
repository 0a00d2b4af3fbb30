// Why a certificate was refused, read out of sdk/async's sentence, which is all that a status leaves room for.
#pragma once
#include <algorithm>
#include <cstdint>
#include <string_view>

namespace tharsis {

enum class certificate_reason : uint8_t {
  pin,    // Its authority is trusted, and its key is none of those that are pinned.
  time,   // It is not valid yet, or not any more, or the clock here is wrong.
  name,   // It is for others.
  trust,  // Nobody who is trusted vouches for it.
};

// From the first name in quotes on it is what whoever made the certificate has written.
constexpr certificate_reason certificate_reason_of(std::string_view sentence) {
  const std::string_view own = sentence.substr(0, std::min(sentence.find(" '"), sentence.find("('")));
  const auto says = [own](std::string_view words) { return own.find(words) != std::string_view::npos; };
  if (says(" is pinned (tls.pins)")) return certificate_reason::pin;
  if (says(" expired on ") || says(" is not valid before ")) return certificate_reason::time;
  return says("; connect by a name it is for") ? certificate_reason::name : certificate_reason::trust;
}

// Does it say that whoever answers there is somebody else? Who forgot to renew, a clock that is wrong, and a key that is trusted but not
// pinned are the server's own affair, or the client's. `authorities`: whether any is known here; on a machine without a list of them nobody
// vouches for anybody.
constexpr bool disproves(certificate_reason why, bool authorities) {
  return why == certificate_reason::name || (why == certificate_reason::trust && authorities);
}

}  // namespace tharsis
