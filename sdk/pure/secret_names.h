// Fields of log lines whose values no log may hold, told by their names.
#pragma once
#include <algorithm>
#include <array>
#include <string_view>

#include "sdk/abi/log.h"
#include "sdk/pure/letters.h"
#include "sdk/pure/log_format.h"
#include "sdk/pure/views.h"

namespace tharsis {

// Where nobody says otherwise.
inline constexpr std::array<std::string_view, 9> usual_secrets = {"password", "passwd",      "secret",  "token",       "authorization",
                                                                  "cookie",   "private_key", "api_key", "access_token"};

// Whether one of `names` is the field's, or its last part behind a dot or an underscore, as in "user.password".
template <class Names>
constexpr bool is_secret_name(std::string_view field, const Names& names) {
  return std::any_of(std::begin(names), std::end(names), [&](std::string_view name) {
    if (name.empty() || field.size() < name.size() || !same_but_for_case(field.substr(field.size() - name.size()), name)) return false;
    if (field.size() == name.size()) return true;
    const char before = field[field.size() - name.size() - 1];
    return before == '.' || before == '_';
  });
}

// Whether a line's text has a place for such a field. Those behind what is no format count, too.
template <class Names>
constexpr bool has_secret_field(std::string_view text, const Names& names) {
  format_pieces pieces(text);
  for (;;) {
    switch (pieces.next()) {
      case format_pieces::piece::literal: break;
      case format_pieces::piece::end: return false;
      case format_pieces::piece::broken: pieces = format_pieces(pieces.rest().substr(1)); break;
      case format_pieces::piece::argument:
        if (is_secret_name(pieces.name(), names)) return true;
    }
  }
}

// As the log says, or where it is too old to be asked, as usual. An empty name is none.
inline bool is_secret_field(const tharsis_log& log, std::string_view field) {
  if (field.empty()) return false;
  if (!THARSIS_HAS(&log, is_secret) || log.is_secret == nullptr) return is_secret_name(field, usual_secrets);
  return log.is_secret(log.self, text_of(field)) != 0;
}

}  // namespace tharsis
