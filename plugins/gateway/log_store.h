// The files that senders of logs have sent, and what is on its way of them:
//     FOLDER/SOURCE/FILE                  what can be read
//     FOLDER/.state/SOURCE/files/FILE     what its sender says of it
//     FOLDER/.state/SOURCE/pieces/SHA256  of files that are not whole yet
//     FOLDER/.wishes/SOURCE               what an operator wants of a source: see wish_list
// A file is never seen half: it is put together beside, and then takes its name. [may block, one call at a time]
#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "plugins/gateway/core/log_rules.h"
#include "plugins/gateway/kept_folder.h"
#include "plugins/gateway/wish_list.h"
#include "sdk/abi/files.h"

namespace tharsis::gateway {

class log_store : private kept_folder {
 public:
  log_store(const tharsis_files* files, std::string folder, const log_limits& limits) : kept_folder(files, std::move(folder)), limits_(limits), wishes_(files, folder_) {}

  // `body`: of the request. `wall`: now.
  log_reply answer(const log_call& call, std::string_view body, int64_t wall);
  // Removes what need not stay, and measures what does. Before the first answer(), and now and then.
  struct swept {
    uint64_t files = 0, bytes = 0;  // That are gone.
    std::vector<std::string> complaints;
  };
  swept sweep(int64_t wall);
  uint64_t bytes() const;  // As it was last measured, and what came since.

 private:
  struct usage {
    uint64_t bytes = 0;
    uint64_t files = 0;
  };
  struct placed_piece;

  log_reply tell(const std::string& source, int64_t wall) const;
  log_reply offer(const std::string& source, const std::string& name, std::string_view body);
  log_reply post(const std::string& source, std::string_view body);
  log_reply fulfil(const std::string& source, const std::string& wish, int64_t wall);

  std::optional<log_reply> has_no_room(const std::string& source, uint64_t more, bool new_file);
  // Nothing: there is none, or what it says makes no sense. A failure is the disk's.
  result<std::optional<log_record>> record_of(const std::string& source, const std::string& name, bool head_only) const;
  error put_together(const std::string& source, const std::string& name, const std::vector<placed_piece>& pieces, std::set<std::string>& spoilt);
  error append_piece(tharsis_handle to, const placed_piece& p, std::set<std::string>& spoilt);
  error write(const std::string& path, std::string_view content) const;
  void sweep_source(const std::string& source, int64_t wall, swept& s);
  void sweep_pieces(const std::string& source, int64_t wall, swept& s);

  std::string files_of(const std::string& source) const { return folder_ + "/" + source; }
  std::string state_of(const std::string& source, const char* what) const { return folder_ + "/.state/" + source + "/" + what; }

  const log_limits limits_;
  const wish_list wishes_;
  std::map<std::string, usage> used_;
};

}  // namespace tharsis::gateway
