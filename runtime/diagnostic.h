// Messages about files that people write, in the form a compiler prints: place, sentence, the source
// line with a caret, notes. They are collected, so that one run shows everything that is wrong.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tharsis::runtime {

// A text that values come from, kept for as long as a position points into it.
struct source {
  enum class kind { manifest, profile, environment, command_line };
  std::string name;  // As the person knows it: "demo.yaml", "--set stn.timeout", "THARSIS__stn__timeout".
  std::string text;  // Of an option or variable: the value alone, "5s".
  kind from = kind::profile;
  std::string folder;  // What relative paths in it are relative to; empty: whoever reads it says.

  // An option or a variable: one value, without lines to show.
  bool is_one_value() const { return from == kind::environment || from == kind::command_line; }
};

// Line and column count from 1, columns in bytes. Line 0 means the source as a whole.
struct source_position {
  std::shared_ptr<const source> in;
  int line = 0;
  int column = 0;

  bool known() const { return in != nullptr; }
  // "demo.yaml:12:7", "demo.yaml", "--set stn.timeout": never the value, which may be a secret.
  std::string text() const;
};

struct diagnostic {
  struct note {
    source_position at;  // May be unknown.
    std::string text;
  };
  source_position at;
  std::string text;
  std::vector<note> notes;
  bool secret = false;   // The place holds a secret: name it, do not show it.
  bool warning = false;  // Worth saying, but nothing is refused for it.

  diagnostic& with(std::string note_text, source_position note_at = {});
};

class diagnostics {
 public:
  static constexpr size_t kept_most = 1000;  // A file of garbage must not fill the memory.

  // The reference is good until the next add().
  diagnostic& add(source_position at, std::string text);
  diagnostic& warn(source_position at, std::string text);
  void add_all(const diagnostics& other);

  // The one that was added last; there must be one.
  diagnostic& last() { return full() ? dropped_ : kept_.back(); }

  // Of errors; warnings refuse nothing.
  bool empty() const { return count_ == 0; }
  size_t count() const { return count_; }
  size_t warnings() const { return warnings_; }
  bool full() const { return kept_.size() == kept_most; }
  const std::vector<diagnostic>& kept() const { return kept_; }

 private:
  diagnostic& keep(diagnostic d);

  std::vector<diagnostic> kept_;
  diagnostic dropped_;
  size_t count_ = 0, warnings_ = 0;
};

struct render_options {
  bool colours = false;
  size_t most = 20;
};

std::string render(const diagnostics& problems, const render_options& options = {});

// The text in quotes, fit for one line of a terminal: control characters replaced, cut when long.
std::string in_quotes(std::string_view text);

// "a, b and c"
std::string listed(const std::vector<std::string>& words, std::string_view last = "and");

}  // namespace tharsis::runtime
