#include "plugins/dns/core/hosts_file.h"

#include <algorithm>

#include "plugins/dns/core/findings.h"
#include "sdk/pure/address.h"
#include "sdk/pure/dns_name.h"

namespace tharsis::dns {
namespace {

std::string_view next_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(" \t\r"), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(" \t\r"));
  line.remove_prefix(word.size());
  return word;
}

}  // namespace

size_t hosts_file::read(std::string_view text) {
  size_t meaningless = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    line = line.substr(0, line.find('#'));
    if (!read_line(line)) ++meaningless;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return meaningless;
}

bool hosts_file::read_line(std::string_view line) {
  const std::string_view first = next_word(line);
  if (first.empty()) return true;
  const auto address = parse_ip(first);
  if (!address) return false;
  bool all = true;
  std::string_view word = next_word(line);
  if (word.empty()) return false;
  for (; !word.empty(); word = next_word(line)) {
    const auto name = canonical_name(word);
    if (!name || parse_ip(*name)) {
      all = false;
      continue;
    }
    auto& list = names_[*name];
    if (list.size() < found_max && std::none_of(list.begin(), list.end(), [&](const auto& a) { return same_ip(a, *address); })) list.push_back(*address);
  }
  return all;
}

bool hosts_file::operator==(const hosts_file& other) const {
  return std::equal(names_.begin(), names_.end(), other.names_.begin(), other.names_.end(), [](const auto& a, const auto& b) {
    return a.first == b.first && std::equal(a.second.begin(), a.second.end(), b.second.begin(), b.second.end(), [](const auto& x, const auto& y) { return same_ip(x, y); });
  });
}

}  // namespace tharsis::dns
