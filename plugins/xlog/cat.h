// `tharsis xlog cat`: reads log files back, merged by time, damage named and skipped.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugins/xlog/core/any_reader.h"
#include "plugins/xlog/core/cat_arguments.h"
#include "plugins/xlog/core/merge.h"
#include "sdk/async/command.h"
#include "sdk/async/host.h"
#include "sdk/async/strand.h"
#include "sdk/async/task.h"

namespace tharsis::xlog {

class cat {
 public:
  cat(const host& h, strand& place, command_call c);

  // Reads, prints, and ends the command. Once.
  task<void> run();
  // run() ends after the read that is under way.
  void stop() { stop_ = true; }

 private:
  struct source {
    std::string path;   // Absolute.
    std::string shown;  // As it was named.
    explicit source(const private_key* key) : lines(key) {}

    any_reader lines;
    std::optional<bool> recorded;  // Only such lines are of this source; there is another one for the others.
    uint64_t offset = 0;
    bool ended = false;
    std::optional<log_reader::item> head;
  };

  task<int> work();
  task<void> find(std::string path);
  task<void> fill(source* s);
  task<void> pull(size_t file);
  task<bool> read_key();
  task<void> add(std::string path, std::string shown);
  bool advance(source& s);
  bool is_kept_elsewhere(const source& torn) const;
  void print(const log_reader::item& i);
  void show();

  const host host_;
  strand& place_;
  const command_call call_;
  cat_arguments wanted_;
  std::optional<private_key> key_;
  std::vector<std::unique_ptr<source>> sources_;
  merge merge_;
  std::string out_;
  bool colours_ = false;
  bool wrong_input_ = false;
  bool damaged_ = false;
  std::vector<const source*> torn_;  // Files that end in the midst of a frame.
  bool stop_ = false;
};

}  // namespace tharsis::xlog
