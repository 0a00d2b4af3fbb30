#include "runtime/yaml_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>
#include <unordered_map>
#include <utility>

namespace tharsis::runtime {
namespace {

struct give_up {};  // Leaves yaml-cpp's parser once a problem makes the rest meaningless.

// Turns yaml-cpp's events into nodes. A frame is a list or map that has not ended yet.
class tree_builder : public YAML::EventHandler {
 public:
  tree_builder(std::shared_ptr<const source> in, std::string_view text, diagnostics& problems)
      : in_(std::move(in)), text_(text), problems_(problems) {}

  std::optional<yaml_node> root;

  source_position at(const YAML::Mark& mark) const {
    return {in_, std::max(mark.line, 0) + 1, std::max(mark.column, 0) + 1};
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ < 2) return;
    problems_.add(at(mark), "a second document begins here; only one is read, so remove the '---'");
    throw give_up{};
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { place(node(yaml_node::kind::null, mark)); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    problems_.add(at(mark), "aliases ('*name') are not read; write the value out");
    place(node(yaml_node::kind::null, mark));
  }
  void OnAnchor(const YAML::Mark& mark, const std::string&) override {
    problems_.add(at(mark), "anchors ('&name') are not read; write the value out where it is needed");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                const std::string& value) override {
    // A lone '!' looks to the handler like quotes; only the text tells them apart.
    const auto offset = static_cast<size_t>(std::max(mark.pos, 0));
    const bool lone_tag = tag == "!" && offset < text_.size() && text_[offset] == '!';
    if (lone_tag || (tag != "?" && tag != "!")) refuse_tag(mark);
    yaml_node scalar = node(yaml_node::kind::scalar, mark);
    if (value.find('\0') != std::string::npos) problems_.add(scalar.at, "a text cannot hold a zero byte; remove '\\0'");
    scalar.text = value;
    scalar.quotes = tag == "!";
    place(std::move(scalar));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    open(yaml_node::kind::list, mark, tag);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    open(yaml_node::kind::map, mark, tag);
  }
  void OnMapEnd() override { close(); }

 private:
  struct frame {
    yaml_node node;
    std::unordered_map<std::string, source_position> seen;
    bool has_key = false;
    bool usable = false;
    std::string key;
    source_position key_at;
  };

  yaml_node node(yaml_node::kind kind, const YAML::Mark& mark) const {
    yaml_node made;
    made.is = kind;
    made.at = at(mark);
    return made;
  }

  void refuse_tag(const YAML::Mark& mark) {
    problems_.add(at(mark), "tags ('!name') are not read; the setting's type is in the plugin's manifest");
  }

  void open(yaml_node::kind kind, const YAML::Mark& mark, const std::string& tag) {
    if (tag != "?" && !tag.empty()) refuse_tag(mark);
    if (frames_.size() >= yaml_deepest) {
      problems_.add(at(mark), "nested more than " + std::to_string(yaml_deepest) + " levels deep");
      throw give_up{};
    }
    frames_.emplace_back().node = node(kind, mark);
  }

  void close() {
    yaml_node ended = std::move(frames_.back().node);
    frames_.pop_back();
    place(std::move(ended));
  }

  void place(yaml_node node) {
    if (frames_.empty()) {
      root = std::move(node);
      return;
    }
    frame& f = frames_.back();
    if (f.node.is == yaml_node::kind::list) {
      f.node.children.push_back(std::move(node));
    } else if (!f.has_key) {
      take_key(f, node);
    } else {
      f.has_key = false;
      if (!f.usable) return;
      if (node.is == yaml_node::kind::null) node.at = f.key_at;  // There is nothing else to point at.
      node.key = std::move(f.key);
      node.key_at = f.key_at;
      f.node.children.push_back(std::move(node));
    }
  }

  void take_key(frame& f, const yaml_node& node) {
    f.has_key = true;
    f.usable = node.is == yaml_node::kind::scalar;
    if (!f.usable) {
      problems_.add(node.at, "a key must be a single word");
      return;
    }
    f.key = node.text;
    f.key_at = node.at;
    const auto [first, fresh] = f.seen.try_emplace(f.key, node.at);
    if (!fresh) problems_.add(node.at, "duplicate key " + in_quotes(f.key)).with("first defined here", first->second);
  }

  std::shared_ptr<const source> in_;
  std::string_view text_;
  diagnostics& problems_;
  std::vector<frame> frames_;
  int documents_ = 0;
};

// How many bytes the well-formed character at the front takes; 0 when there is none.
size_t character_size(std::string_view text) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const unsigned first = byte(0);
  const size_t size = first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
  for (size_t i = 1; i < size; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  const bool overlong = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xF0 && byte(1) < 0x90);
  const bool beyond = (first == 0xED && byte(1) >= 0xA0) || (first == 0xF4 && byte(1) >= 0x90);
  return overlong || beyond ? 0 : size;
}

// yaml-cpp repairs bad UTF-8 silently and takes some control characters for the end of the text.
bool is_plain_text(const std::shared_ptr<const source>& in, std::string_view text, diagnostics& problems) {
  source_position at{in, 1, 1};
  for (size_t i = 0; i < text.size();) {
    const size_t size = character_size(text.substr(i));
    const char c = text[i];
    const bool control = static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r';
    if (size == 0 || control || c == 0x7f) {
      problems.add(at, size == 0 ? "this is not UTF-8 text" : "a control character stands here; remove it");
      return false;
    }
    at.column = c == '\n' ? 1 : at.column + static_cast<int>(size);
    at.line += c == '\n';
    i += size;
  }
  return true;
}

// What people's editors do, and YAML forbids; its parser only says that what follows makes no sense. Nothing: it is something else.
std::optional<source_position> indenting_tab(const std::shared_ptr<const source>& in, std::string_view text, int last_line) {
  for (int line = 1; line <= last_line && !text.empty(); ++line) {
    const size_t begins = std::min(text.find_first_not_of(' '), text.size());
    if (begins < text.size() && text[begins] == '\t') return source_position{in, line, static_cast<int>(begins) + 1};
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  }
  return {};
}

}  // namespace

const yaml_node* yaml_node::find(std::string_view wanted) const {
  const auto found =
      std::find_if(children.begin(), children.end(), [&](const yaml_node& child) { return child.key == wanted; });
  return found == children.end() ? nullptr : &*found;
}

std::string text_in(const yaml_node& map, std::string_view key) {
  const yaml_node* const found = map.find(key);
  return found != nullptr && found->is == yaml_node::kind::scalar ? found->text : "";
}

yaml_node* yaml_node::find(std::string_view wanted) {
  return const_cast<yaml_node*>(std::as_const(*this).find(wanted));
}

std::string one_line(const yaml_node& node) {
  if (node.is == yaml_node::kind::null) return "";
  if (node.is == yaml_node::kind::scalar) return node.text;
  const bool map = node.is == yaml_node::kind::map;
  std::string inside;
  for (const yaml_node& child : node.children)
    inside += (inside.empty() ? "" : ", ") + (map ? child.key + ": " : "") + one_line(child);
  return map ? "{ " + inside + " }" : "[" + inside + "]";
}

yaml_node laid_over(yaml_node weaker, yaml_node stronger) {
  const bool was_map = weaker.is == yaml_node::kind::map;
  if (!was_map || (stronger.is != yaml_node::kind::map && stronger.is != yaml_node::kind::null)) {
    stronger.replaced = std::make_shared<const yaml_node>(std::move(weaker));
    return stronger;
  }
  yaml_node merged = std::move(stronger);
  std::vector<yaml_node> upper = std::exchange(merged.children, std::move(weaker.children));
  merged.is = yaml_node::kind::map;
  merged.replaced = std::make_shared<const yaml_node>(std::move(weaker));  // What is left of it: its place.
  for (yaml_node& child : upper) {
    if (yaml_node* below = merged.find(child.key)) *below = laid_over(std::move(*below), std::move(child));
    else merged.children.push_back(std::move(child));
  }
  return merged;
}

std::optional<yaml_node> parse_yaml(const std::shared_ptr<const source>& in, diagnostics& problems) {
  std::string_view text = in->text;
  if (text.size() > yaml_text_largest) {
    problems.add({in, 1, 1}, "larger than " + std::to_string(yaml_text_largest >> 20) + " MiB; this is not a file for people");
    return {};
  }
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (!is_plain_text(in, text, problems)) return {};
  tree_builder builder(in, text, problems);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const give_up&) {
    return {};
  } catch (const YAML::Exception& e) {
    const source_position at = builder.at(e.mark);
    if (const auto tab = indenting_tab(in, text, at.line)) problems.add(*tab, "a tab stands where YAML takes only spaces; indent with spaces");
    else problems.add(at, "this is not valid YAML: " + e.msg);
    return {};
  } catch (const std::exception& e) {
    problems.add({in, 1, 1}, std::string("this is not valid YAML: ") + e.what());
    return {};
  }
  if (!builder.root)
    problems.add({in, 1, 1}, in->from == source::kind::profile ? "there is nothing in this text; a profile says at least 'tharsis: 1' and 'plugins: { xlog: {} }'"
                                                               : "there is nothing in this text");
  return std::move(builder.root);
}

}  // namespace tharsis::runtime
