#include "runtime/diagnostic.h"

#include <algorithm>

#include "sdk/pure/harmless.h"

namespace tharsis::runtime {
namespace {

constexpr size_t message_longest = 600;
constexpr size_t line_widest = 160;

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

std::string clipped(std::string_view text, size_t most) {
  if (text.size() <= most) return harmless(text);
  while (most > 0 && continues_character(text[most])) --most;
  return harmless(text.substr(0, most)) + "...";
}

struct paint {
  bool on;
  std::string operator()(const char* code, std::string_view text) const {
    return on ? std::string("\x1b[") + code + "m" + std::string(text) + "\x1b[0m" : std::string(text);
  }
};

std::string_view line_of(std::string_view text, int number) {
  for (; number > 1; --number) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  text = text.substr(0, text.find('\n'));
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

// The line and the caret below it. Of a long line only the part around the caret is shown.
std::string excerpt(const source_position& at, const paint& painted) {
  if (at.line < 1 || at.column < 1 || at.in->is_one_value()) return {};
  std::string_view line = line_of(at.in->text, at.line);
  size_t caret = std::min(static_cast<size_t>(at.column - 1), line.size());
  if (line.empty()) return {};
  std::string lead;
  if (line.size() > line_widest && caret > line_widest / 2) {
    size_t cut = caret - line_widest / 2;
    while (cut < caret && continues_character(line[cut])) ++cut;
    line.remove_prefix(cut);
    caret -= cut;
    lead = "...";
  }
  std::string below(lead.size(), ' ');
  for (size_t i = 0; i < caret; ++i)
    if (!continues_character(line[i])) below += line[i] == '\t' ? '\t' : ' ';
  std::string shown = clipped(line, line_widest);
  for (size_t i = 0; i < std::min(line.size(), line_widest); ++i)  // Tabs stay, so that the caret fits.
    if (line[i] == '\t' && i < shown.size()) shown[i] = '\t';
  const std::string number = std::to_string(at.line);
  const std::string gutter(std::max<size_t>(number.size(), 4), ' ');
  return gutter.substr(number.size()) + number + " | " + lead + shown + "\n" + gutter + " | " + below +
         painted("32", "^") + "\n";
}

std::string render_one(const diagnostic& d, const paint& painted) {
  const std::string place = d.at.text();
  std::string out = place.empty() ? "" : painted("1", harmless(place) + ":") + " ";
  out += (d.warning ? painted("33", "warning:") : painted("31", "error:")) + " " + clipped(d.text, message_longest) + "\n";
  if (d.at.known() && !d.secret) out += excerpt(d.at, painted);
  for (const auto& note : d.notes) {
    if (note.at.known()) out += painted("1", harmless(note.at.text()) + ":") + " ";
    out += painted("36", "note:") + " " + clipped(note.text, message_longest) + "\n";
  }
  return out;
}

}  // namespace

std::string source_position::text() const {
  if (!known()) return {};
  return line < 1 || in->is_one_value() ? in->name : in->name + ":" + std::to_string(line) + ":" + std::to_string(column);
}

diagnostic& diagnostic::with(std::string note_text, source_position note_at) {
  notes.push_back({std::move(note_at), std::move(note_text)});
  return *this;
}

diagnostic& diagnostics::add(source_position at, std::string text) {
  ++count_;
  return keep({std::move(at), std::move(text), {}, false, false});
}

diagnostic& diagnostics::warn(source_position at, std::string text) {
  ++warnings_;
  return keep({std::move(at), std::move(text), {}, false, true});
}

diagnostic& diagnostics::keep(diagnostic d) {
  if (!full()) return kept_.emplace_back(std::move(d));
  dropped_ = std::move(d);
  return dropped_;
}

void diagnostics::add_all(const diagnostics& other) {
  for (const diagnostic& d : other.kept_) keep(d);
  count_ += other.count_;
  warnings_ += other.warnings_;
}

std::string render(const diagnostics& problems, const render_options& options) {
  const paint painted{options.colours};
  const size_t shown = std::min(options.most, problems.kept().size());
  std::string out;
  for (size_t i = 0; i < shown; ++i) out += render_one(problems.kept()[i], painted);
  const size_t all = problems.count() + problems.warnings();
  if (all > shown) out += "and " + std::to_string(all - shown) + " more\n";
  return out;
}

std::string in_quotes(std::string_view text) { return "'" + clipped(text, 60) + "'"; }

std::string listed(const std::vector<std::string>& words, std::string_view last) {
  std::string out;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? " " + std::string(last) + " " : ", ";
    out += words[i];
  }
  return out;
}

}  // namespace tharsis::runtime
