// What may be asked for, in the one form in which pins, cache and resolver know it.
#pragma once
#include <array>
#include <string>
#include <string_view>

#include "sdk/pure/error.h"

namespace tharsis::dns {

// An IP address as it was written; a name in lower case without the dot at its end. A failure says
// what is wrong with it: the length, a label, a byte that no name has, a number that is no address.
result<std::string> canonical_name(std::string_view text);

// The same for a name, without memory of its own: a view of `room`. Empty: it is an address, or wrong; canonical_name() tells.
std::string_view quick_canonical_name(std::string_view text, std::array<char, 256>& room);

}  // namespace tharsis::dns
