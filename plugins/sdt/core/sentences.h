// A verdict's words. Pure.
#pragma once
#include <iterator>
#include <string>
#include <string_view>

#include "plugins/sdt/core/evidence.h"

namespace tharsis::sdt {

// By code, as the bus and the command print it.
inline constexpr const char* code_names[] = {"fine", "name_unresolved", "unreachable", "refused", "no_answer",
                                             "cut",  "untrusted",       "silent",      "protocol"};
inline std::string_view code_name(uint32_t code) { return code < std::size(code_names) ? code_names[code] : "unknown"; }

// What is wrong and where: "im.example.com:443 refuses connections: ...".
std::string headline_of(uint32_t code, const evidence& e);
// What to do about it; empty where nothing is wrong.
std::string_view advice_for(uint32_t code);
// What each check found: "stn: reset; dns: 127.0.0.1 in 0 ms; tcp 127.0.0.1:443: refused in 0 ms".
std::string evidence_text(const evidence& e);

std::string place_of(const endpoint& server);  // "im.example.com:443".
std::string time_text(duration d);             // "350 ms", "1.2 s".
// How one connection went: "connected in 12 ms", "no answer in 800 ms".
std::string dial_text(const dial_check& d);
std::string name_text(const name_check& n);

}  // namespace tharsis::sdt
