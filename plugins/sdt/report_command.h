// `tharsis sdt replay FILE`, `compare A B`, `schema` and `stats`: what was kept, judged again, compared and shown.
#pragma once
#include <string>

#include "plugins/sdt/core/verdict.h"
#include "sdk/async/command.h"
#include "sdk/async/host.h"
#include "sdk/async/strand.h"
#include "sdk/async/task_set.h"
#include "sdk/pure/error.h"
#include "sdk/pure/harmless.h"

namespace tharsis::sdt {

class report_command {
 public:
  report_command(const host& tables, strand& place) : host_(tables), place_(place), work_(place) {}
  report_command(const report_command&) = delete;

  static bool is_one(const std::string& name) { return name == "replay" || name == "compare" || name == "schema" || name == "stats"; }
  // In the place of the plugin's start.
  void run(const command_call& call) { work_.spawn(work(call)); }
  void close() { work_.clear(); }

 private:
  struct outcome {
    int code = 0;
    std::string text;
    bool is_result = true;
  };
  // A file may be anybody's, and what it says stands in the sentence.
  static outcome complaint(int code, const std::string& text) { return {code, harmless(text), false}; }
  task<void> work(command_call call);
  task<outcome> replay(command_call call);
  task<outcome> compare_two(command_call call);
  task<outcome> stats(command_call call);
  static outcome schema(const command_call& call);
  task<tharsis::result<report>> read(std::string path, std::string name);

  const host host_;
  strand& place_;
  task_set work_;
};

}  // namespace tharsis::sdt
