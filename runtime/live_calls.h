// What somebody in another program wants of plugins that run here: a command (tharsis.live_command/1), or that they read their files
// again (tharsis.reread/1). Each call has a console of its own that keeps what the plugin says until it has finished.
#pragma once
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/runtime.h"

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
  // Outlives `r`.
  live_calls();
  ~live_calls();
  live_calls(const live_calls&) = delete;

  // `done` is called once, unless the plugin goes without a word: then never. [any thread] [done: any thread, it does not wait]
  using heard = std::function<void(const outcome&)>;
  void begin(runtime& r, wish w, heard done);
  // All of them, one after the other; `done` gets what each has said, in their order.
  void begin_all(runtime& r, std::vector<wish> all, std::function<void(const std::vector<outcome>&)> done);

 private:
  class call;

  std::mutex mutex_;
  std::list<std::unique_ptr<call>> calls_;
};

}  // namespace tharsis::runtime
