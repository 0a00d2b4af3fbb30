// Rows that wait to be put into words: copies, since what they came from may go.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/xlog/core/row.h"
#include "plugins/xlog/core/site.h"

namespace tharsis::xlog {

class kept_rows {
 public:
  void add_site(const xlog::site& s) { sites_.push_back(s); }
  const xlog::site& site_of(const row& r) const { return sites_[r.site - 1]; }

  // False: its site is unknown, or its arguments are not as the site says.
  bool add(const row& r);
  void clear();

  size_t size() const { return rows_.size(); }
  size_t bytes() const { return arena_.size(); }
  // Good until the next add().
  row at(size_t i) const;

 private:
  struct kept {
    uint32_t site, thread;
    uint64_t tick;
    size_t offset, size;  // Of its arguments in arena_.
  };
  std::vector<xlog::site> sites_;
  std::vector<kept> rows_;
  std::vector<uint8_t> arena_;
};

// How many of these bytes the arguments are; nothing: they are not as the codes say.
std::optional<size_t> used_bytes(std::string_view codes, std::span<const uint8_t> arguments);

}  // namespace tharsis::xlog
