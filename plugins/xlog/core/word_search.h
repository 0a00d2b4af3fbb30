// Which blocks need not be opened where a word is looked for: by the texts of their sites and what stands in their arguments.
// A line may have the word within its site's text, within an argument, or across where one begins; what it says is exact:
// a line that has the word is never missed.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "plugins/xlog/core/site.h"

namespace tharsis::xlog {

class word_search {
 public:
  // Of several words that all must be there, the longest is looked for.
  explicit word_search(const std::vector<std::string>& words);
  bool empty() const { return word_.empty(); }

  struct reach {
    enum { never, by_texts, always } how = always;
    // Each line of the site that has the word has one of these in a text among its arguments.
    std::vector<std::string> parts;
  };
  reach reach_of(const site& s) const;

 private:
  std::string word_;
};

}  // namespace tharsis::xlog
