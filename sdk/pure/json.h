// Writing JSON: enough for results, events and logs. Nothing here reads it.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <type_traits>

namespace tharsis {

// In quotes; control bytes escaped; bytes that are not UTF-8 become U+FFFD.
std::string json_text(std::string_view text);

// Builds one object: json_object().add("sent", 3).add("link", other).text().
class json_object {
 public:
  template <class T>
  json_object& add(std::string_view name, const T& value) {
    if (!body_.empty()) body_ += ',';
    body_ += json_text(name);
    body_ += ':';
    if constexpr (std::is_same_v<T, bool>) {
      body_ += value ? "true" : "false";
    } else if constexpr (std::is_integral_v<T>) {
      body_ += std::to_string(value);
    } else if constexpr (std::is_floating_point_v<T>) {
      char number[32];
      std::snprintf(number, sizeof number, "%.9g", value);
      body_ += std::isfinite(value) ? number : "null";
    } else if constexpr (std::is_same_v<T, json_object>) {
      body_ += value.text();
    } else {
      body_ += json_text(value);
    }
    return *this;
  }
  // `json` is already JSON.
  json_object& add_raw(std::string_view name, std::string_view json) {
    if (!body_.empty()) body_ += ',';
    body_ += json_text(name);
    body_ += ':';
    body_ += json;
    return *this;
  }
  std::string text() const { return "{" + body_ + "}"; }

 private:
  std::string body_;
};

}  // namespace tharsis
