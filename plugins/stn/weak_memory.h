// How weak networks were, kept in a file for the next start; and, in this process alone, what all links have spent on copies there.
#pragma once
#include <functional>
#include <string>

#include "plugins/stn/core/copy_budget.h"
#include "plugins/stn/core/lane_memory.h"
#include "sdk/async/kept_file.h"

namespace tharsis::stn {

class weak_memory {
 public:
  // `path` empty: nothing is remembered beyond this instance.
  weak_memory(strand& place, const host& tables, std::string path)
      : file_(place, tables,
              {.path = std::move(path),
               .what = "a file of lanes",
               .loss = "what weak networks needed is not there",
               .never_kept = "what weak networks need cannot be kept for the next start",
               .pause = 10s},
              {.read = [this](std::string_view text) { return known_.read(text); }, .write = [this] { return known_.text(); }}) {}

  // `read` is called when what the file says is known, if there is any.
  void open(std::function<void()> read) { file_.open(std::move(read)); }
  // What is known is on the disk when it returns, if the disk takes it by then.
  task<void> close(instant deadline) { return file_.close(deadline); }

  std::shared_ptr<lane_memory::network> of(const std::string& name) { return known_.of(name); }
  // What copies of this kind have cost this server on this network.
  std::shared_ptr<copy_debt> debt(std::string_view kind, const std::string& network, const std::string& server) {
    return debts_.of(std::string(kind) + ' ' + network + ' ' + server);
  }
  // One of them is another than before.
  void change() { file_.change(); }

 private:
  lane_memory known_;
  copy_debts debts_;
  kept_file file_;
};

}  // namespace tharsis::stn
