// What an operator wants of sources of logs: FOLDER/.wishes/SOURCE has a line for each wish, see parse_wishes(). Whoever
// changes a list holds FOLDER/.wishes/.lock, and a list is replaced as a whole. [may block]
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "plugins/gateway/core/log_rules.h"
#include "sdk/abi/files.h"

namespace tharsis::gateway {

class wish_list {
 public:
  // `folder`: of the log files, as log_store's.
  wish_list(const tharsis_files* files, std::string folder) : files_(files), folder_(std::move(folder) + "/.wishes") {}

  // So that an operator has where to write.
  error make_folder() const;
  // What a source is to be told. Lists that nobody touched for wishes_kept_for are forgotten.
  std::vector<shipping::wish> of(const std::string& source, int64_t wall) const;
  std::vector<std::string> sources() const;

  // A line more, once. THARSIS_E_INVALID: it is no wish; THARSIS_E_FULL: so many wait already; THARSIS_E_IN_USE: somebody
  // else changes a list in this moment.
  error add(const std::string& source, const std::string& line, int64_t wall) const;
  // THARSIS_E_NOT_FOUND: there is none with that id. THARSIS_E_IN_USE as above.
  error take_away(const std::string& source, const std::string& id, int64_t wall) const;

 private:
  struct list {
    std::string text;
    int64_t written = 0;
  };
  // Without what is too old; empty, where there is none.
  result<list> read(const std::string& source, int64_t wall) const;
  error write(const std::string& source, const std::string& text) const;
  template <class Change>
  error locked(Change change) const;

  const tharsis_files* const files_;
  const std::string folder_;
};

}  // namespace tharsis::gateway
