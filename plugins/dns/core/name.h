// What may be asked for, in the one form in which pins, cache and resolver know it.
#pragma once
#include <string>
#include <string_view>

#include "sdk/pure/error.h"

namespace tharsis::dns {

// An IP address as it was written; a name in lower case without the dot at its end. A failure says
// what is wrong with it: the length, a label, a byte that no name has, a number that is no address.
result<std::string> canonical_name(std::string_view text);

}  // namespace tharsis::dns
