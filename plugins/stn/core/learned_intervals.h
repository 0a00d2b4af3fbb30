// What links have learned about idle paths, by link and network, for the next start: the last ones that were
// of use. As text a line each: link, network, seconds, settled or searching, when it changed; and "dozing" if it was
// learned while the machine dozed.
#pragma once
#include <list>
#include <optional>
#include <string>
#include <string_view>

#include "plugins/stn/core/interval_search.h"
#include "sdk/pure/error.h"

namespace tharsis::stn {

class learned_intervals {
 public:
  // Nothing: nothing is known.
  std::optional<learned_interval> find(std::string_view link, std::string_view network, bool dozing = false);
  void put(std::string_view link, std::string_view network, const learned_interval& l, bool dozing = false);

  // All that the other knows, which is right where both know something.
  void add_newer(const learned_intervals& newer);

  std::string text() const;
  // A sentence with the line that means nothing. Never more than kept_max are taken.
  static result<learned_intervals> parse(std::string_view text);

  size_t size() const { return known_.size(); }
  // Twenty networks of a person's life, as Mars keeps, for a few links.
  static constexpr size_t kept_max = 64;

 private:
  struct entry {
    std::string link, network;  // As their names are written: letters that could be taken for others are encoded.
    bool dozing;
    learned_interval what;
  };
  void put(entry e);
  std::list<entry>::iterator at(const std::string& link, const std::string& network, bool dozing);

  std::list<entry> known_;  // What was of use last stands first.
};

}  // namespace tharsis::stn
