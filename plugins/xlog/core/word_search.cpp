#include "plugins/xlog/core/word_search.h"

#include <algorithm>

#include "sdk/pure/log_format.h"

namespace tharsis::xlog {
namespace {

// Where so many ways are possible the site is simply looked at.
constexpr size_t parts_max = 64, steps_max = 20'000;

// A piece of a site's text: a literal; an argument that is a text; or one that can only have some characters.
struct piece {
  enum { literal, text, characters, anything } kind = literal;
  std::string of;

  bool may_have(char c) const { return kind == text || kind == anything || of.find(c) != std::string::npos; }
};

piece piece_of(char code, const format_spec& spec) {
  if (spec.width > 0) return {piece::anything, {}};
  switch (code) {
    case THARSIS_LOG_TEXT: return {piece::text, {}};
    case THARSIS_LOG_BOOL: return {piece::characters, "truefals"};
    case THARSIS_LOG_I32:
    case THARSIS_LOG_U32:
    case THARSIS_LOG_I64:
    case THARSIS_LOG_U64:
      return spec.type == 'c' ? piece{piece::anything, {}} : piece{piece::characters, "0123456789abcdefABCDEFxX+- "};
    case THARSIS_LOG_F64: return {piece::characters, "0123456789+-.eE infaN"};
    case THARSIS_LOG_POINTER: return {piece::characters, "0123456789abcdefx"};
    case THARSIS_LOG_DURATION: return {piece::characters, "0123456789+-.e hminsu"};
    case THARSIS_LOG_WALL: return {piece::characters, "0123456789-."};
    case THARSIS_LOG_BYTES: return {piece::characters, "0123456789abcdef"};
    case THARSIS_LOG_SECRET: return {piece::characters, "(secret)"};
    default: return {piece::anything, {}};
  }
}

// Finds all ways in which a word can stand in a line.
class ways {
 public:
  ways(std::string_view word, const std::vector<piece>& pieces) : word_(word), pieces_(pieces) {
    for (size_t at = 0; at < pieces.size(); ++at) begin_in(at);
  }
  word_search::reach answer() && {
    if (always_) return {word_search::reach::always, {}};
    return {parts_.empty() ? word_search::reach::never : word_search::reach::by_texts, std::move(parts_)};
  }

 private:
  void begin_in(size_t at) {
    const piece& p = pieces_[at];
    if (p.kind != piece::literal) return take(at, 0, 1, {});
    for (size_t from = 0; from < p.of.size(); ++from) {
      const size_t same = std::min(p.of.size() - from, word_.size());
      if (word_.substr(0, same) == std::string_view(p.of).substr(from, same)) go_on(at + 1, same, {});
    }
  }
  // The word up to `done` stands before this piece; `best` is the longest part of it in a text.
  void go_on(size_t at, size_t done, std::string_view best) {
    if (always_) return;
    if (++steps_ > steps_max) always_ = true;
    if (done == word_.size()) return found(best);
    if (at == pieces_.size()) return;
    const piece& p = pieces_[at];
    if (p.kind != piece::literal) return take(at, done, 0, best);
    const size_t same = std::min(p.of.size(), word_.size() - done);
    if (word_.substr(done, same) == std::string_view(p.of).substr(0, same)) go_on(at + 1, done + same, best);
  }
  // An argument has the next characters, at least so many.
  void take(size_t at, size_t done, size_t least, std::string_view best) {
    for (size_t size = 0; done + size <= word_.size(); ++size) {
      if (size > 0 && !pieces_[at].may_have(word_[done + size - 1])) return;
      if (size < least) continue;
      const std::string_view part = pieces_[at].kind == piece::text ? word_.substr(done, size) : std::string_view();
      go_on(at + 1, done + size, part.size() > best.size() ? part : best);
    }
  }
  void found(std::string_view best) {
    if (std::find(parts_.begin(), parts_.end(), best) != parts_.end()) return;
    if (best.empty() || parts_.size() == parts_max) always_ = true;
    else parts_.emplace_back(best);
  }

  const std::string_view word_;
  const std::vector<piece>& pieces_;
  std::vector<std::string> parts_;
  bool always_ = false;
  size_t steps_ = 0;
};

}  // namespace

word_search::word_search(const std::vector<std::string>& words) {
  for (const std::string& w : words)
    if (w.size() > word_.size()) word_ = w;
}

word_search::reach word_search::reach_of(const site& s) const {
  if (word_.empty() || check_format(s.text, s.codes) != format_mistake::none) return {};
  std::vector<piece> pieces;
  format_pieces from(s.text);
  for (size_t argument = 0;;) {
    const auto next = from.next();
    if (next == format_pieces::piece::end) break;
    if (next == format_pieces::piece::argument) pieces.push_back(piece_of(s.codes[argument++], from.spec()));
    else if (!pieces.empty() && pieces.back().kind == piece::literal) pieces.back().of += from.literal();
    else pieces.push_back({piece::literal, std::string(from.literal())});
  }
  return ways(word_, pieces).answer();
}

}  // namespace tharsis::xlog
