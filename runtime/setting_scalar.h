// One scalar of a profile or manifest as a value of its setting's type.
#pragma once
#include <cstdint>
#include <string>
#include <variant>

#include "runtime/expansion.h"
#include "runtime/schema.h"
#include "sdk/pure/error.h"

namespace tharsis::runtime {

// Durations are nanoseconds, sizes bytes; text stands for text, enum, endpoint and path.
using setting_scalar = std::variant<std::monostate, bool, int64_t, double, std::string>;

bool is_scalar(setting_type type);

// Without an expansion, `${x}` stays as it is. The failure's sentence says what was expected and, unless
// it is a secret, what was found.
result<setting_scalar> read_scalar(const setting& described, const yaml_node& node, const expansion* expand);

// "got 'fast'", "got a list"
std::string got(const yaml_node& node);

}  // namespace tharsis::runtime
