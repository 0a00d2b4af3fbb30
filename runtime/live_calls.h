// What somebody in another program wants of plugins that run here: a command (tharsis.live_command/1), or that they read their files
// again (tharsis.reread/1). Each call has a console of its own that keeps what the plugin says until it has finished.
#pragma once
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "sdk/pure/time.h"

namespace tharsis::runtime {

class live_calls {
 public:
  struct wish {
    std::string plugin, extension;
    std::string name;  // Of the command.
    std::vector<std::string> arguments;
    std::string folder;
    bool colours = false;
  };
  struct outcome {
    bool taken = false;  // The plugin runs, and has the extension.
    std::string printed, complained;
    int code = 0;
  };
  // Runs f as runtime::borrow_extension does, or drops it.
  using borrower = std::function<void(const void* table, void* instance, std::weak_ptr<const void> life)>;
  using way = std::function<void(const std::string& plugin, const std::string& extension, borrower f)>;
  // It outlives those who still may run what `w` was given. `clock` is monotonic, in ns. What is done while others wait takes no longer than `patience`: reading files, printing what is remembered.
  live_calls(way w, std::function<int64_t()> clock, duration patience = std::chrono::seconds(60));
  ~live_calls();
  live_calls(const live_calls&) = delete;

  // `done` is called once: also where the plugin goes without a word, or says nothing for a while, once look() has noticed it; that is an
  // outcome with a code of 1 and a sentence. [any thread] [done: any thread, it does not wait]
  using heard = std::function<void(const outcome&)>;
  void begin(wish w, heard done);
  // All of them, one after the other; `done` gets what each has said, in their order.
  void begin_all(std::vector<wish> all, std::function<void(const std::vector<outcome>&)> done);
  // To be called now and then while somebody waits. [any thread]
  void look();

 private:
  class call;

  const way way_;
  const std::function<int64_t()> clock_;
  const duration patience_;
  std::mutex mutex_;
  std::list<std::shared_ptr<call>> calls_;
};

}  // namespace tharsis::runtime
