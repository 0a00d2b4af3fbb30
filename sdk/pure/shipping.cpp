#include "sdk/pure/shipping.h"

#include <algorithm>
#include <array>
#include <optional>

#include "sdk/pure/hex_text.h"
#include "sdk/pure/sha256.h"
#include "sdk/pure/views.h"
#include "sdk/pure/whole_number.h"

namespace tharsis::shipping {
namespace {

constexpr std::array<std::string_view, 3> state_words = {"whole", "part", "gone"};
constexpr std::string_view nothing = "-";

error wrong(std::string text) { return {THARSIS_E_PROTOCOL, std::move(text)}; }

template <class List>
std::optional<size_t> place_in(const List& words, std::string_view word) {
  const auto found = std::find(words.begin(), words.end(), word);
  return found == words.end() ? std::nullopt : std::optional(static_cast<size_t>(found - words.begin()));
}

// A text, line by line; each ends with '\n'.
class lines {
 public:
  explicit lines(std::string_view text) : left_(text) {}
  bool empty() const { return left_.empty(); }
  std::optional<std::string_view> next() {
    const size_t end = left_.find('\n');
    if (end == std::string_view::npos) return {};
    const std::string_view line = left_.substr(0, end);
    left_.remove_prefix(end + 1);
    return line;
  }
  // What stands behind `word` and a space.
  std::optional<std::string_view> next(std::string_view word) {
    const auto line = next();
    if (!line || line->size() <= word.size() || !line->starts_with(word) || (*line)[word.size()] != ' ') return {};
    return line->substr(word.size() + 1);
  }
  std::string_view left() const { return left_; }

 private:
  std::string_view left_;
};

// The words of a line, exactly one space between two.
std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (;;) {
    const size_t end = line.find(' ');
    words.push_back(line.substr(0, end));
    if (end == std::string_view::npos) return words;
    line.remove_prefix(end + 1);
  }
}

bool is_note(std::string_view text) {
  return !text.empty() && text.size() <= note_max && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
}
std::string told(std::string_view text) { return std::string(text.empty() ? nothing : text); }
std::string kept(std::string_view text) { return text == nothing ? std::string() : std::string(text); }

std::optional<bool> answer_of(std::optional<std::string_view> word) {
  if (!word || (*word != "yes" && *word != "no")) return {};
  return *word == "yes";
}

struct manifest_head {
  manifest m;
  uint32_t pieces = 0;
  std::string_view left;
};

result<manifest_head> parse_head(std::string_view text) {
  lines in(text);
  manifest_head h;
  if (in.next("tharsis-manifest") != "1") return wrong("it does not begin with 'tharsis-manifest 1'");
  const auto over = in.next("over");
  if (!over || (*over != nothing && !is_sum(*over))) return wrong("'over' is no edition");
  const auto closed = answer_of(in.next("closed")), whole = answer_of(in.next("whole"));
  if (!closed || !whole) return wrong("'closed' and 'whole' are yes or no");
  const auto note = in.next("note");
  if (!note || !is_note(*note)) return wrong("the note is too long, or has bytes that are not printed");
  const auto pieces = in.next("pieces");
  const auto count = pieces ? whole_number<uint32_t>(*pieces) : std::nullopt;
  if (!count || *count > pieces_max) return wrong("'pieces' is no number up to " + std::to_string(pieces_max));
  h.m.over = kept(*over);
  h.m.closed = *closed;
  h.m.whole = *whole;
  h.m.note = kept(*note);
  h.pieces = *count;
  h.left = in.left();
  return h;
}

result<wish> parse_wish(const std::vector<std::string_view>& words) {
  if (words.size() != 5 || !is_name(words[1])) return wrong("a wish has five words");
  const auto since = whole_number<int64_t>(words[2]), until = whole_number<int64_t>(words[3]);
  const auto level = level_of(words[4]);
  if (!since || !until || !level) return wrong("a wish has two times and a level");
  return wish{std::string(words[1]), *since, *until, *level};
}

result<stored_file> parse_stored(const std::vector<std::string_view>& words) {
  if (words.size() != 6 || !is_name(words[1])) return wrong("a file has six words, the second its name");
  const auto state = place_in(state_words, words[2]);
  const auto size = whole_number<uint64_t>(words[3]);
  if (!state || !size || !is_sum(words[4]) || !is_note(words[5])) return wrong("what is told of a file makes no sense");
  return stored_file{std::string(words[1]), static_cast<stored_file::state>(*state), *size, std::string(words[4]), kept(words[5])};
}

}  // namespace

std::optional<uint32_t> level_of(std::string_view word) {
  const auto place = place_in(level_words, word);
  return place ? std::optional(static_cast<uint32_t>(*place)) : std::nullopt;
}

bool is_name(std::string_view text) {
  const auto may_be = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  };
  return !text.empty() && text.size() <= 128 && text[0] != '.' && std::all_of(text.begin(), text.end(), may_be);
}

bool is_sum(std::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

uint64_t manifest::size() const {
  uint64_t all = 0;
  for (const piece& p : pieces) all += p.size;
  return all;
}

std::string manifest::edition() const {
  manifest own = *this;
  own.over.clear();
  return sha256_of(text_of(own));
}

std::string text_of(const manifest& m) {
  std::string text = "tharsis-manifest 1\nover " + told(m.over) + "\nclosed " + (m.closed ? "yes" : "no") + "\nwhole " + (m.whole ? "yes" : "no") +
                     "\nnote " + told(m.note) + "\npieces " + std::to_string(m.pieces.size()) + "\n";
  for (const piece& p : m.pieces) text += std::to_string(p.size) + " " + p.sum + "\n";
  return text;
}

result<manifest> parse_manifest_head(std::string_view text) {
  auto head = parse_head(text);
  if (!head) return head.failure();
  return std::move(head->m);
}

result<manifest> parse_manifest(std::string_view text) {
  if (text.size() > manifest_max) return wrong("it is longer than " + std::to_string(manifest_max) + " bytes");
  auto head = parse_head(text);
  if (!head) return head.failure();
  manifest m = std::move(head->m);
  lines in(head->left);
  for (uint32_t i = 0; i < head->pieces; ++i) {
    const auto line = in.next();
    const auto words = line ? words_of(*line) : std::vector<std::string_view>();
    const auto size = words.size() == 2 ? whole_number<uint32_t>(words[0]) : std::nullopt;
    if (!size || *size == 0 || *size > piece_max || !is_sum(words[1])) return wrong("piece " + std::to_string(i) + " has no size up to " + std::to_string(piece_max) + " and a sum");
    m.pieces.push_back({*size, std::string(words[1])});
  }
  if (!in.empty()) return wrong("something stands behind its last piece");
  return m;
}

std::string text_of(const standing& s) {
  std::string text = "tharsis-standing 1\n";
  for (const wish& w : s.wishes)
    text += "wish " + w.id + " " + std::to_string(w.since) + " " + std::to_string(w.until) + " " + std::string(level_words[w.level]) + "\n";
  for (const stored_file& f : s.files)
    text += "file " + f.name + " " + std::string(state_words[static_cast<size_t>(f.is)]) + " " + std::to_string(f.size) + " " + f.edition + " " + told(f.note) + "\n";
  return text;
}

result<standing> parse_standing(std::string_view text) {
  if (text.size() > standing_max) return wrong("it is longer than " + std::to_string(standing_max) + " bytes");
  lines in(text);
  if (in.next("tharsis-standing") != "1") return wrong("it does not begin with 'tharsis-standing 1'");
  standing s;
  while (!in.empty()) {
    const auto line = in.next();
    if (!line) return wrong("its last line has no end");
    const auto words = words_of(*line);
    if (words[0] == "wish") {
      auto w = parse_wish(words);
      if (!w) return w.failure();
      s.wishes.push_back(std::move(*w));
    } else if (words[0] == "file") {
      auto f = parse_stored(words);
      if (!f) return f.failure();
      s.files.push_back(std::move(*f));
    }  // What a later version tells besides is not for us.
    if (s.files.size() > files_max || s.wishes.size() > wishes_max) return wrong("it tells of too many files or wishes");
  }
  return s;
}

std::string text_of_missing(const runs& missing) {
  std::string text = "tharsis-missing 1\n";
  for (const auto& [first, last] : missing) text += std::to_string(first) + " " + std::to_string(last) + "\n";
  return text;
}

result<runs> parse_missing(std::string_view text, size_t pieces) {
  lines in(text);
  if (in.next("tharsis-missing") != "1") return wrong("it does not begin with 'tharsis-missing 1'");
  runs missing;
  while (!in.empty()) {
    const auto line = in.next();
    const auto words = line ? words_of(*line) : std::vector<std::string_view>();
    const auto first = words.size() == 2 ? whole_number<uint32_t>(words[0]) : std::nullopt;
    const auto last = words.size() == 2 ? whole_number<uint32_t>(words[1]) : std::nullopt;
    if (!first || !last || *first > *last || *last >= pieces || (!missing.empty() && *first <= missing.back().second))
      return wrong("it names pieces that are none of the file's");
    missing.emplace_back(*first, *last);
  }
  return missing;
}

void append_piece(std::string& to, const piece& p, std::string_view bytes) {
  for (size_t i = 0; i + 1 < p.sum.size(); i += 2) to += static_cast<char>(hex_digit(p.sum[i]) << 4 | hex_digit(p.sum[i + 1]));
  for (unsigned shift = 0; shift < 32; shift += 8) to += static_cast<char>(p.size >> shift & 0xFF);
  to += bytes;
}

result<std::vector<posted_piece>> parse_post(std::string_view body) {
  constexpr size_t head = 36;
  std::vector<posted_piece> pieces;
  while (!body.empty()) {
    if (body.size() < head) return wrong("its last piece is cut off");
    posted_piece p;
    p.what.sum = hex_text(as_bytes(body.substr(0, 32)));
    for (unsigned i = 0; i < 4; ++i) p.what.size |= uint32_t{static_cast<uint8_t>(body[32 + i])} << (8 * i);
    body.remove_prefix(head);
    if (p.what.size == 0 || p.what.size > piece_max || p.what.size > body.size()) return wrong("a piece has another size than it says");
    p.bytes = body.substr(0, p.what.size);
    body.remove_prefix(p.what.size);
    pieces.push_back(std::move(p));
  }
  if (pieces.empty()) return wrong("it has no piece");
  return pieces;
}

bool same_secret(std::string_view a, std::string_view b) {
  unsigned differs = a.size() == b.size() ? 0 : 1;
  for (size_t i = 0; i < a.size() && !b.empty(); ++i) differs |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i % b.size()]);
  return differs == 0 && !b.empty();
}

}  // namespace tharsis::shipping
