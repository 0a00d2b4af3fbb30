#include "plugins/sdt/core/private_words.h"

#include <algorithm>

#include "sdk/pure/letters.h"
#include "sdk/pure/secret_names.h"

namespace tharsis::sdt {
namespace {

constexpr std::string_view hex_letters = "0123456789abcdefABCDEF";
constexpr std::string_view word_letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+";
constexpr std::string_view space_or_quote = " \t\r\n\"'<>";
// Names of hosts and sentences have no such words; keys, sessions, cards' and phones' numbers do.
constexpr size_t token_least = 20, long_token_least = 32, hex_token_least = 16, number_least = 10, card_digits = 12;
constexpr int passes_most = 8;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter_or_digit(char c) { return is_digit(c) || (small_letter(c) >= 'a' && small_letter(c) <= 'z'); }
size_t run_of(std::string_view text, std::string_view letters) { return std::min(text.find_first_not_of(letters), text.size()); }

// An interface that is called by its card's address, as systemd does: "enx001122334455". How much of it is that address.
size_t hardware_name(std::string_view text) {
  if (!text.starts_with("enx") && !text.starts_with("wlx") && !text.starts_with("wwx")) return 0;
  const size_t end = 3 + run_of(text.substr(3), hex_letters);
  return end == 3 + card_digits ? end : 0;
}

// "ann.smith+wifi@example.com": how long it is. There is a letter in where it goes, so that no address of IP is one.
size_t mail_address(std::string_view text) {
  constexpr std::string_view more = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_+-.%@";
  const std::string_view all = text.substr(0, run_of(text, more));
  const size_t at = all.find('@');
  if (at == 0 || at == all.npos) return 0;
  const bool is_name = std::any_of(all.begin() + static_cast<std::ptrdiff_t>(at), all.end(), [](char c) { return is_letter_or_digit(c) && !is_digit(c); });
  return is_name ? all.size() : 0;
}

// "550e8400-e29b-41d4-a716-446655440000"
bool begins_with_uuid(std::string_view text) {
  constexpr std::string_view shape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  if (text.size() < shape.size()) return false;
  for (size_t i = 0; i < shape.size(); ++i)
    if (shape[i] == '-' ? text[i] != '-' : hex_letters.find(text[i]) == hex_letters.npos) return false;
  return text.size() == shape.size() || !is_letter_or_digit(text[shape.size()]);
}

bool is_token(std::string_view word) {
  const auto digits = static_cast<size_t>(std::count_if(word.begin(), word.end(), is_digit));
  if (digits == word.size()) return word.size() >= number_least;
  const bool hex = run_of(word, hex_letters) == word.size();
  if (hex && digits > 0) return word.size() == card_digits || word.size() >= hex_token_least;
  if (word.size() < token_least) return false;
  const auto large = static_cast<size_t>(std::count_if(word.begin(), word.end(), [](char c) { return c >= 'A' && c <= 'Z'; }));
  const auto small = static_cast<size_t>(std::count_if(word.begin(), word.end(), [](char c) { return c >= 'a' && c <= 'z'; }));
  // A name has a number at most; a key mixes all there is.
  return digits >= 3 || (large >= 3 && small >= 3 && (digits >= 2 || word.size() >= long_token_least));
}

// Of a URL stays what stands before its path; who logs in with it does not.
std::string without_paths(std::string_view text, size_t& hidden) {
  std::string made;
  for (size_t at = 0; at < text.size();) {
    const size_t scheme = text.find("://", at);
    if (scheme == text.npos) return made += text.substr(at);
    const size_t host = scheme + 3, end = std::min(text.find_first_of(space_or_quote, host), text.size());
    const size_t path = std::min(text.find_first_of("/?#", host), end);
    std::string_view authority = text.substr(host, path - host);
    if (const size_t who = authority.rfind('@'); who != authority.npos) authority.remove_prefix(who + 1), ++hidden;
    made += text.substr(at, host - at);
    made += authority;
    const std::string_view tail = text.substr(path, end - path);
    if (tail.size() > 1) made += "/...", ++hidden;
    else made += tail;
    at = end;
  }
  return made;
}

// Where no URL stands before it, too: a Location may be a path alone.
std::string without_questions(std::string_view text, size_t& hidden) {
  std::string made;
  for (size_t at = 0; at < text.size();) {
    const size_t question = std::min(text.find('?', at), text.size());
    const size_t end = std::min(text.find_first_of(" \t\r\n", question), text.size());
    made += text.substr(at, question - at);
    if (question < text.size()) made += '?';
    if (end > question + 1) ++hidden;
    at = end;
  }
  return made;
}

// "token=abc123DEF": how long the value is, from the sign on; 0: there is none, or it tells nothing of a person.
size_t secret_value(std::string_view text, std::string_view name) {
  constexpr std::string_view names[] = {"session", "sid", "pass", "pwd", "auth", "user", "username", "login", "email", "key", "apikey", "sig", "signature"};
  if (name.size() >= text.size() || text[name.size()] != '=') return 0;
  if (!is_secret_name(name, usual_secrets) && !is_secret_name(name, names)) return 0;
  const std::string_view value = text.substr(name.size() + 1);
  const size_t end = std::min(value.find_first_of(" \t\r\n\"'<>;,&)"), value.size());
  return end == 0 || value.substr(0, end) == "hidden" ? 0 : end + 1;
}

// What stands for the word that begins the text, and how much of the text that was; 0: nothing of the kind.
size_t take_private(std::string_view text, std::string_view kept, std::string& made) {
  for (const auto& [between, zeros] : {std::pair('-', "00-00-00-00-00-00"), std::pair('.', "0000.0000.0000")}) {
    const size_t size = std::string_view(zeros).size();
    const bool ends = text.size() <= size || (!is_letter_or_digit(text[size]) && (text[size] != between || between == '.'));
    if (ends && is_hardware_address(text.substr(0, size), between)) return made += zeros, size;
  }
  if (const size_t name = hardware_name(text); name != 0) return made += text.substr(0, 3), name;
  if (const size_t mail = mail_address(text); mail != 0) return made += "hidden@hidden", mail;
  if (begins_with_uuid(text)) return made += "hidden", 36;
  const std::string_view word = text.substr(0, run_of(text, word_letters));
  if (const size_t value = secret_value(text, word); value != 0) {
    made += word;
    return made += "=hidden", word.size() + value;
  }
  if (!is_token(word) || kept.find(word) != kept.npos) return 0;
  return made += "hidden", word.size();
}

std::string pass(std::string_view text, std::string_view kept, size_t& hidden) {
  const std::string open = without_questions(without_paths(text, hidden), hidden);
  std::string made;
  for (size_t at = 0; at < open.size();) {
    const std::string_view rest = std::string_view(open).substr(at);
    if (const size_t size = take_private(rest, kept, made); size != 0) {
      ++hidden;
      at += size;
      continue;
    }
    // On to where the next word begins.
    const size_t word = std::max<size_t>(run_of(rest, word_letters), 1);
    made += rest.substr(0, word);
    at += word;
  }
  return made;
}

}  // namespace

bool is_hardware_address(std::string_view text, char between) {
  const size_t step = between == '.' ? 5 : 3;
  if (text.size() != (between == '.' ? 14u : 17u)) return false;
  for (size_t i = 0; i < text.size(); ++i)
    if (i % step == step - 1 ? text[i] != between : hex_letters.find(text[i]) == hex_letters.npos) return false;
  return true;
}

// What stands for one thing may make another of what is beside it: "ann@4915123456789" is an address of mail only once it is
// "ann@hidden". So it is looked at again until nothing is found.
std::string without_private_words(std::string_view text, std::string_view kept, size_t& hidden) {
  std::string made = pass(text, kept, hidden);
  size_t more = 0;
  for (int passes = 0; passes < passes_most; ++passes) {
    std::string again = pass(made, kept, more);
    if (again == made) break;
    made = std::move(again);
  }
  return made;
}

}  // namespace tharsis::sdt
