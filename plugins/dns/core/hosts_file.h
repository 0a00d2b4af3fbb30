// Files as /etc/hosts: an address, then its names; '#' begins a comment. Pure.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/abi/net.h"

namespace tharsis::dns {

class hosts_file {
 public:
  static constexpr size_t text_max = 4 << 20;  // Lists of unwanted names have a megabyte or two.

  // Adds what `text` says; a line that means nothing is left out, as resolvers do: "fe80::1%lo0 localhost" is one on many machines.
  // Answers how many lines that were.
  size_t read(std::string_view text);

  // In the order of the lines; null: it knows nothing of the name.
  const std::vector<tharsis_address>* find(const std::string& canonical) const {
    const auto known = names_.find(canonical);
    return known == names_.end() ? nullptr : &known->second;
  }
  size_t size() const { return names_.size(); }
  bool operator==(const hosts_file&) const;

 private:
  bool read_line(std::string_view line);

  std::map<std::string, std::vector<tharsis_address>> names_;
};

}  // namespace tharsis::dns
