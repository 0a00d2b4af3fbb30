// Which headers somebody on the way added or changed. By their names alone: what a carrier writes into them is about its
// customer, and reports are sent to others.
//
// Pure.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "sdk/pure/http1.h"

namespace tharsis::sdt {

struct header_changes {
  std::vector<std::string> added, changed;
  std::string via;  // What a proxy says of itself.
};

// What the plain answer has that the one over TLS has not.
header_changes compare_headers(const http1::field_list& plain, const http1::field_list& twin);

// What the server heard, a field on each line behind the first one, beside what was asked.
header_changes compare_question(std::string_view heard, const http1::field_list& asked);

}  // namespace tharsis::sdt
