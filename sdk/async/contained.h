// The wall of a plugin written in C++: no exception leaves it, what was thrown becomes a status and a
// sentence.
#pragma once
#include <exception>
#include <new>
#include <string>

#include "sdk/pure/error.h"

namespace tharsis {

// Runs code(), which answers a status; `function` names it for the sentence.
template <class F>
tharsis_status contained(tharsis_error* error, const char* function, F code) noexcept {
  try {
    try {
      return code();
    } catch (const std::bad_alloc&) {
      throw;
    } catch (const std::exception& e) {
      return fail(error, THARSIS_E_INTERNAL, std::string(function) + "() threw an exception: " + e.what());
    } catch (...) {
      return fail(error, THARSIS_E_INTERNAL, std::string(function) + "() threw something that is no std::exception");
    }
  } catch (...) {  // Not even for the sentence.
    return fail(error, THARSIS_E_INTERNAL, "there is no memory left");
  }
}

}  // namespace tharsis
