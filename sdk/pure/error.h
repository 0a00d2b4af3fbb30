// Failures as values: a status and one sentence for a person.
#pragma once
#include <algorithm>
#include <cassert>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "sdk/abi/abi.h"

namespace tharsis {

struct error {
  tharsis_status status = THARSIS_E_INTERNAL;
  std::string text;
};

// Where an error is told of whatever happens: nothing did.
inline error fine() { return {THARSIS_OK, {}}; }

// Leaves the sentence with the caller, cut at a character's border, and answers the status.
inline tharsis_status fail(tharsis_error* into, tharsis_status status, std::string_view text) {
  if (into == nullptr) return status;
  size_t n = std::min(text.size(), sizeof into->text - 1);
  while (n < text.size() && n > 0 && (static_cast<unsigned char>(text[n]) & 0xC0) == 0x80) --n;
  into->status = status;
  if (n > 0) std::memcpy(into->text, text.data(), n);
  into->text[n] = '\0';
  return status;
}
inline tharsis_status fail(tharsis_error* into, const error& e) { return fail(into, e.status, e.text); }

// A caller's empty error, ready to be filled.
inline tharsis_error no_error() {
  tharsis_error e;
  e.size = sizeof e;
  e.status = THARSIS_OK;
  e.text[0] = '\0';
  return e;
}

inline error error_from(tharsis_status status, const tharsis_error& e) { return {status, e.text}; }

// The status as a word for logs and sentences.
constexpr std::string_view status_name(tharsis_status status) {
  switch (status) {
    case THARSIS_OK: return "ok";
    case THARSIS_PENDING: return "pending";
    case THARSIS_E_INVALID: return "invalid";
    case THARSIS_E_BUSY: return "busy";
    case THARSIS_E_TIMEOUT: return "timeout";
    case THARSIS_E_NETWORK: return "network";
    case THARSIS_E_CANCELLED: return "cancelled";
    case THARSIS_E_PROTOCOL: return "protocol";
    case THARSIS_E_GONE: return "gone";
    case THARSIS_E_DENIED: return "denied";
    case THARSIS_E_UNSUPPORTED: return "unsupported";
    case THARSIS_E_NOT_FOUND: return "not found";
    case THARSIS_E_IO: return "io";
    case THARSIS_E_INTERNAL: return "internal";
    case THARSIS_E_REFUSED: return "refused";
    case THARSIS_E_RESET: return "reset";
    case THARSIS_E_UNREACHABLE: return "unreachable";
    case THARSIS_E_IN_USE: return "in use";
    case THARSIS_E_UNTRUSTED: return "untrusted";
    case THARSIS_E_FULL: return "disk full";
    default: return "unknown";
  }
}

// A value, or the reason why there is none.
template <class T>
class [[nodiscard]] result {
 public:
  result(T value) : content_(std::in_place_index<0>, std::move(value)) {}
  result(error e) : content_(std::in_place_index<1>, std::move(e)) {}

  bool ok() const { return content_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& operator*() { return std::get<0>(content_); }
  const T& operator*() const { return std::get<0>(content_); }
  T* operator->() { return &std::get<0>(content_); }
  const T* operator->() const { return &std::get<0>(content_); }
  const error& failure() const { return std::get<1>(content_); }
  tharsis_status status() const { return ok() ? THARSIS_OK : failure().status; }

 private:
  std::variant<T, error> content_;
};

}  // namespace tharsis
