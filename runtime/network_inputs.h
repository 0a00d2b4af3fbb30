// What a host application or a person tells of network and device: checked, laid over what was told before.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/network_state.h"
#include "sdk/abi/runtime.h"
#include "sdk/pure/error.h"

namespace tharsis::runtime {

// By their number.
inline constexpr const char* network_type_names[] = {"unknown", "none", "wired", "wifi", "cellular", "other"};

// All or nothing: a failure leaves `into` as it was. No sentence holds a proxy's name and password.
std::optional<error> add_inputs(network_inputs& into, const tharsis_runtime_inputs& given);

// The same from words: {"foreground": "0"}, {"type": "wifi"}.
std::optional<error> add_words(network_inputs& into, const std::map<std::string, std::string>& words);

// "http://***@host:80" for who must not read the name and the password.
std::string proxy_without_secret(std::string_view proxy);

}  // namespace tharsis::runtime
