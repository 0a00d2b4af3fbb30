#include "sdk/pure/option_words.h"

#include <utility>

#include "sdk/pure/nearest.h"

namespace tharsis {

option_words& option_words::flag(std::string_view name, bool& to) {
  options_.push_back({std::string(name), &to, {}, false});
  return *this;
}

option_words& option_words::value(std::string_view name, taker take) {
  options_.push_back({std::string(name), nullptr, std::move(take), false});
  return *this;
}

option_words& option_words::quiet_value(std::string_view name, taker take) {
  options_.push_back({std::string(name), nullptr, std::move(take), true});
  return *this;
}

option_words& option_words::value(std::string_view name, std::string& to) {
  return value(name, [&to](const std::string& text) { return to = text, std::string(); });
}

option_words& option_words::words(std::string_view what, taker take) {
  what_ = what;
  word_ = std::move(take);
  return *this;
}

option_words& option_words::words(std::string_view what, std::vector<std::string>& to) {
  return words(what, [&to](const std::string& word) { return to.push_back(word), std::string(); });
}

error option_words::read(const std::vector<std::string>& all) {
  bool only_words = false;
  for (size_t i = 0; i < all.size(); ++i) {
    const std::string& word = all[i];
    if (word == "--" && !only_words) {
      only_words = true;
      continue;
    }
    const bool plain = only_words || word.empty() || word[0] != '-';
    if (error failure = plain ? read_word(word) : read_option(all, i); failure.status != THARSIS_OK) return failure;
  }
  return fine();
}

error option_words::read_word(const std::string& word) const {
  if (!word_) return wrong_see_help("'" + word + "' is one word too many.");
  if (word.empty()) return wrong(what_ + " is empty");
  const std::string why = word_(word);
  return why.empty() ? fine() : wrong(why);
}

error option_words::read_option(const std::vector<std::string>& all, size_t& i) {
  const std::string& word = all[i];
  const size_t equals = word.find('=');
  const std::string name = word.substr(0, equals);
  if (word == "--help" || word == "-h") {
    help_ = true;
    return fine();
  }
  const option* const known = find(name);
  if (known == nullptr) return unknown(name);
  if (known->flag != nullptr) {
    if (equals != std::string::npos) return wrong("option " + name + " takes no value");
    *known->flag = true;
    return fine();
  }
  if (equals == std::string::npos && i + 1 == all.size()) return wrong("option " + name + " needs a value behind it");
  const std::string value = equals == std::string::npos ? all[++i] : word.substr(equals + 1);
  const std::string why = known->take(value);
  if (why.empty()) return fine();
  return wrong(name + ": " + (known->quiet ? "" : "'" + value + "' ") + why);
}

const option_words::option* option_words::find(std::string_view name) const {
  for (const option& o : options_)
    if (o.name == name) return &o;
  return nullptr;
}

error option_words::unknown(const std::string& name) const {
  std::vector<std::string> names = {"--help"};
  for (const option& o : options_) names.push_back(o.name);
  const auto near = nearest(name, names);
  return wrong_see_help("there is no option '" + name + "'" + (near ? "; did you mean " + *near + "?" : "."));
}

}  // namespace tharsis
