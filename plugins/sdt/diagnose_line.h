// The words of `tharsis sdt diagnose` and, `again` and again, of `tharsis sdt watch`.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/sdt/core/settings.h"
#include "plugins/sdt/core/wish.h"

namespace tharsis::sdt {

struct diagnose_line {
  wish asked;
  std::string ca;
  std::string html;  // A file's name; empty: none.
  bool json = false, help = false, open = false;
  // Of watch: how often, and so many times; 0: until it is ended.
  duration every = 30s;
  uint64_t rounds = 0;
};

extern const std::string_view diagnose_help, watch_help;

// What the settings say, as far as the words say nothing else.
result<wish> wish_from(const settings::diagnose_settings& s);
result<diagnose_line> parse_diagnose_line(const std::vector<std::string>& words, const settings::diagnose_settings& s, bool again = false);
std::optional<depth> depth_named(std::string_view word);

}  // namespace tharsis::sdt
