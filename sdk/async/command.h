// A command that a plugin adds to the program, as it was called: its words, and where it prints. In the plugin's class
//     void run(command_call call);   // In the place of start(); leads to call.finish(), now or later.
// and `commands:` in its plugin.yaml; the door does the rest.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sdk/abi/command.h"
#include "sdk/pure/views.h"

namespace tharsis {

class command_call {
 public:
  explicit command_call(const tharsis_command_call& c)
      : name_(c.name), words_(c.arguments, c.arguments + c.count), folder_(view(c.folder)), console_(c.console) {}

  const std::string& name() const { return name_; }
  const std::vector<std::string>& words() const { return words_; }  // What came after the name.
  // Of a path among the words.
  std::string absolute(const std::string& path) const { return path.empty() || path[0] == '/' ? path : folder_ + "/" + path; }
  // Of a folder's path, without a '/' at its end.
  std::string absolute_folder(std::string path) const {
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    return absolute(path);
  }
  const std::string& folder() const { return folder_; }

  // See tharsis.console. [any thread]
  bool colours() const { return console_->colours(console_->self) != 0; }
  void progress(std::string_view line) const { console_->progress(console_->self, text_of(line)); }
  bool live(std::string_view line) const { return THARSIS_HAS(console_, live) && console_->live != nullptr && console_->live(console_->self, text_of(line)) != 0; }
  void print(std::string_view text) const { console_->print(console_->self, text_of(text)); }
  void complain(std::string_view text) const { console_->complain(console_->self, text_of(text)); }
  void finish(int code) const { console_->finish(console_->self, code); }
  // Complains, and finishes as one whose words make no sense.
  void refuse(std::string_view why) const {
    complain(why);
    finish(2);
  }

 private:
  std::string name_;
  std::vector<std::string> words_;
  std::string folder_;
  const tharsis_console* console_;
};

}  // namespace tharsis
