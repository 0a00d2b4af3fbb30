// Proven answers as dns keeps them for its next start: a line of text for each, with a sum of what is in it, and one at the end that
// says how many there are, so that a file that was cut or changed is noticed.
//
//   tharsis dns proven 2
//   SUM NAME FAMILY LEARNED LIFE ADDRESS|SOURCE ...     seconds since 1970, seconds; ADDRESS:PORT where it has one
//   SUM +tls NETWORK NAME ADDRESS UNTIL [END]           it has shown a certificate for the name there, which ends then; the network's id in
//                                                       hex, seconds since 1970
//   end COUNT
//
// Pure.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/dns/core/cache.h"
#include "plugins/dns/core/tls_proof.h"
#include "sdk/pure/error.h"

namespace tharsis::dns {

inline constexpr size_t proven_file_max = 256 * 1024;

struct proven_records {
  std::vector<cache::proof> whole;  // Lines that are true, the last used first; good even where the file is not.
  std::vector<tls_proof> shown;     // The same of what addresses have shown.
  error damage = fine();            // OK, or what is wrong with the rest.
};
// `learned` is put on the host's clock, where it is `now` while it is `wall` seconds since 1970; what was learned in the future was
// learned now: somebody has set the clock.
proven_records read_proven(std::string_view text, instant now, int64_t wall);

// Leaves out the addresses whose source is no server of the name that proves its own any more, but for those that have shown a
// certificate for the name which counts still; and lines that have none left.
void keep_vouched(proven_records& r, instant now, const std::function<bool(const std::string& name, const std::string& source)>& is_vouched);

// A line with its sum before it, as it stands in the file; for tests that write their own.
std::string proven_line(std::string_view text);

// What is known in `from`, the last used first, and what addresses have shown, as much as fits.
std::string write_proven(const cache& from, const std::vector<tls_proof>& shown, instant now, int64_t wall);

}  // namespace tharsis::dns
