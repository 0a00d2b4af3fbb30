// What was typed behind a command: options with or without a value, and plain words, in any order. `--name value` and
// `--name=value` are the same; behind `--` all words are plain.
//
//     option_words known("xlog files");
//     known.flag("--json", parsed.json).value("--day", take_day).words("a folder's name", take_folder);
//     if (const error wrong = known.read(words); wrong.status != THARSIS_OK) return wrong;
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/pure/error.h"

namespace tharsis {

class option_words {
 public:
  // Answers what is wrong with a value, as the end of a sentence that begins with it ("is no day; write 2026-11-25"); or nothing.
  using taker = std::function<std::string(const std::string&)>;

  // As sentences call it: "xlog files".
  explicit option_words(std::string command) : command_(std::move(command)) {}

  // `--help` and `-h` are flags of every command: see help().
  option_words& flag(std::string_view name, bool& to);
  option_words& value(std::string_view name, taker take);
  option_words& value(std::string_view name, std::string& to);
  // One that complaints do not repeat: a secret, or what the taker's sentence quotes itself.
  option_words& quiet_value(std::string_view name, taker take);
  // Where none are expected, a plain word is refused. `what` they are: "a folder's name".
  option_words& words(std::string_view what, taker take);
  option_words& words(std::string_view what, std::vector<std::string>& to);

  // THARSIS_E_INVALID and a sentence for who typed it, or THARSIS_OK.
  error read(const std::vector<std::string>& all);
  bool help() const { return help_; }

  // "xlog files: TEXT", and where more is to be read.
  error wrong(const std::string& text) const { return {THARSIS_E_INVALID, command_ + ": " + text}; }
  error wrong_see_help(const std::string& text) const { return wrong(text + " See tharsis " + command_ + " --help"); }

 private:
  struct option {
    std::string name;
    bool* flag;  // Or null,
    taker take;  // and this.
    bool quiet;
  };
  const option* find(std::string_view name) const;
  error read_option(const std::vector<std::string>& all, size_t& i);
  error read_word(const std::string& word) const;
  error unknown(const std::string& name) const;

  const std::string command_;
  std::vector<option> options_;
  std::string what_;
  taker word_;
  bool help_ = false;
};

}  // namespace tharsis
