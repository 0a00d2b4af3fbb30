// Finds in a text what tells of a person or of his things, whoever has written it there: where in a site he was and what he
// asked it, who logged in, cards' addresses, e-mail addresses, values of words such as token=, and what looks like a key, a number of
// a device or a session.
// Addresses of IP are others' work (redact.h).
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace tharsis::sdt {

// The text without them; `hidden` grows by how many there were. Words within `kept`, a name, stay.
std::string without_private_words(std::string_view text, std::string_view kept, size_t& hidden);

// Six pairs of hexadecimal digits with this between them, or four at a time with dots: "00:1b:44:11:3a:b7", "001b.4411.3ab7".
bool is_hardware_address(std::string_view text, char between);

}  // namespace tharsis::sdt
