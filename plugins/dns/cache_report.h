// What dns remembers, in lines for a person and as JSON.
#pragma once
#include <cstdint>
#include <string>

#include "plugins/dns/core/cache.h"
#include "plugins/dns/core/tls_proof.h"

namespace tharsis::dns {

// A name of the file that is kept for the next start.
std::string row_text(const cache::proof& p, instant now);
std::string row_json(const cache::proof& p, instant now);
// An address that has shown a certificate for a name.
std::string row_text(const tls_proof& p, instant now);
std::string row_json(const tls_proof& p, instant now);

// A name that a running plugin remembers; `generation` counts the networks that it has seen.
std::string row_text(const cache::sight& s, instant now);
std::string row_json(const cache::sight& s, instant now, uint64_t generation);

}  // namespace tharsis::dns
