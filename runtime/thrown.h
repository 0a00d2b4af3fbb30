// What a handler holds, as words for a person.
#pragma once
#include <string>

namespace tharsis::runtime {

// "std::runtime_error: no such thing". Only inside `catch`.
std::string thrown_text();

}  // namespace tharsis::runtime
