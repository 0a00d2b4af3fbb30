#include "plugins/dns/core/address_table.h"

#include <algorithm>
#include <optional>

#include "sdk/pure/address.h"
#include "sdk/pure/base64.h"
#include "sdk/pure/dns_name.h"
#include "sdk/pure/utc.h"
#include "sdk/pure/views.h"
#include "sdk/pure/whole_number.h"

namespace tharsis::dns {
namespace {

constexpr std::string_view table_mark = "tharsis dns table 1\n";
constexpr std::string_view signature_word = "signature ";
constexpr int64_t clock_slack = 300;  // Seconds.
constexpr int64_t last_second = 253'402'300'799;  // Of the year 9999.

std::string second_text(int64_t s) {
  const std::string exact = moment_text(s * 1'000'000'000);
  return s > 9'000'000'000 ? std::to_string(s) : exact.substr(0, 19) + "Z";
}

error no_table(const std::string& what, const std::string& problem) { return {THARSIS_E_INVALID, what + " " + problem}; }

error wrong_beginning(std::string_view text, const std::string& what) {
  if (text.empty()) return no_table(what, "is empty");
  if (table_mark.starts_with(text)) return no_table(what, "was cut in its first line; copy it again");
  if (text.starts_with("tharsis dns table 1\r")) return no_table(what, "was changed on its way: its lines end with CR LF; deliver it as bytes, not as text");
  if (text.starts_with("tharsis dns table ")) return no_table(what, "is a table of another version; this program reads version 1");
  return no_table(what, "is no signed table: it does not begin with \"tharsis dns table 1\"; tharsis dns sign-table makes one");
}

// Parts of a line, which a single space divides.
std::vector<std::string_view> parts_of(std::string_view line) {
  std::vector<std::string_view> parts;
  for (size_t from = 0; from <= line.size() && parts.size() < 5;) {
    const size_t end = std::min(line.find(' ', from), line.size());
    parts.push_back(line.substr(from, end - from));
    from = end + 1;
  }
  return parts;
}

bool is_region(std::string_view text) {
  return !text.empty() && text.size() <= address_table::region_max && text != "-" && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

// The lines of a table between its first and its signature.
class table_lines {
 public:
  explicit table_lines(address_table& into) : into_(into) {}

  // What is wrong with the line, or nothing.
  std::string take(std::string_view line) {
    const auto parts = parts_of(line);
    ++count_;
    if (count_ == 1) return take_serial(parts);
    if (count_ == 2) return take_times(parts);
    if (parts[0] == "name") return take_name(parts);
    if (parts[0] == "address") return take_place(parts);
    return "expected 'name' or 'address'";
  }
  std::string missing() const {
    if (count_ < 2) return "its serial or its times are missing";
    return open_ != nullptr && open_->places.empty() ? "its last name has no address" : "";
  }

 private:
  using words = std::vector<std::string_view>;

  std::string take_serial(const words& w) {
    const auto serial = w.size() == 2 && w[0] == "serial" ? whole_number<uint64_t>(w[1]) : std::nullopt;
    if (!serial || *serial == 0) return "expected 'serial' and a number above 0";
    into_.serial = *serial;
    return {};
  }
  std::string take_times(const words& w) {
    const bool is = w.size() == 3 && w[0] == "valid";
    const auto from = is ? whole_number<int64_t>(w[1]) : std::nullopt, until = is ? whole_number<int64_t>(w[2]) : std::nullopt;
    if (!from || !until || *from < 0 || *until > last_second || *from >= *until) return "expected 'valid' and two times, the earlier first";
    into_.from = *from;
    into_.until = *until;
    return {};
  }
  std::string take_name(const words& w) {
    if (open_ != nullptr && open_->places.empty()) return "the name before it has no address";
    const auto life = w.size() == 3 ? whole_number<uint32_t>(w[2]) : std::nullopt;
    if (!life || *life == 0 || *life > address_table::life_max) return "expected a name and a number of seconds, at most 30 days";
    const auto name = canonical_name(w[1]);
    if (!name) return name.failure().text;
    if (*name != w[1]) return "a name stands in small letters and without a dot at its end";
    if (parse_ip(*name)) return "'" + *name + "' is an address, no name";
    const auto [at, fresh] = into_.names.try_emplace(*name);
    if (!fresh) return "the name '" + *name + "' stands in it twice";
    open_ = &at->second;
    open_->life = *life;
    return {};
  }
  std::string take_place(const words& w) {
    if (open_ == nullptr) return "an address stands before any name";
    if (open_->places.size() == address_table::places_max) return "a name has at most 64 addresses";
    if (w.size() != 4) return "expected an address, a weight and a region";
    const auto at = parse_place(w[1]);
    const auto weight = whole_number<uint32_t>(w[2]);
    if (!at) return "'" + std::string(w[1].substr(0, 64)) + "' is no address";
    if (!weight || *weight == 0 || *weight > address_table::weight_max) return "a weight is a number from 1 to 1000";
    if (w[3] != "-" && !is_region(w[3])) return "a region has at most 32 small letters, digits and '-'";
    open_->places.push_back({*at, *weight, w[3] == "-" ? std::string() : std::string(w[3])});
    return {};
  }

  address_table& into_;
  address_table::entry* open_ = nullptr;
  size_t count_ = 0;
};

struct signed_part {
  std::string_view body;
  std::string_view signer;
  table_signature signature{};
};

// The last line is the signature, whole.
std::optional<signed_part> divide(std::string_view text) {
  if (!text.ends_with('\n')) return std::nullopt;
  const size_t before = text.rfind('\n', text.size() - 2);
  if (before == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(before + 1, text.size() - before - 2);
  const auto parts = parts_of(line);
  if (!line.starts_with(signature_word) || parts.size() != 3 || parts[1].size() != 16) return std::nullopt;
  const auto bytes = base64_bytes(parts[2]);
  signed_part s{text.substr(0, before + 1), parts[1]};
  if (!bytes || bytes->size() != s.signature.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), s.signature.begin());
  return s;
}

result<address_table> read_body(std::string_view body, const std::string& what) {
  address_table t;
  table_lines lines(t);
  body.remove_prefix(table_mark.size());
  for (size_t number = 2; !body.empty(); ++number) {
    const size_t end = body.find('\n');
    const std::string wrong = lines.take(body.substr(0, end));
    if (!wrong.empty()) return error{THARSIS_E_PROTOCOL, what + ", line " + std::to_string(number) + ": " + wrong + "; its signature is right, so whoever signed it wrote it so"};
    body.remove_prefix(end + 1);
  }
  if (const std::string missing = lines.missing(); !missing.empty()) return error{THARSIS_E_PROTOCOL, what + ": " + missing};
  return t;
}

}  // namespace

result<address_table> read_table(std::string_view text, std::span<const table_key> keys, const std::string& what) {
  if (text.size() > address_table::text_max) return no_table(what, "has " + std::to_string(text.size()) + " bytes; a table has at most 1 MiB");
  if (!text.starts_with(table_mark)) return wrong_beginning(text, what);
  const auto parts = divide(text);
  if (!parts) return no_table(what, "was cut: it does not end with a whole signature; copy it again");
  const auto key = std::find_if(keys.begin(), keys.end(), [&](const table_key& k) { return k.id() == parts->signer; });
  if (key == keys.end()) return error{THARSIS_E_UNTRUSTED, what + " is signed with another key than those that are trusted here"};
  if (!key->verifies(as_bytes(parts->body), parts->signature))
    return error{THARSIS_E_UNTRUSTED, what + " was changed or cut after it was signed: its signature does not fit"};
  auto t = read_body(parts->body, what);
  if (t) t->signer = parts->signer;
  return t;
}

error out_of_time(const address_table& t, int64_t now, const std::string& what) {
  if (now < t.from - clock_slack) return {THARSIS_E_DENIED, what + " is not valid before " + second_text(t.from) + ", and it is " + second_text(now) + "; is the clock right?"};
  if (now > t.until + clock_slack) return {THARSIS_E_DENIED, what + " is too old: it was valid until " + second_text(t.until) + ", and it is " + second_text(now) + "; sign a new one"};
  return fine();
}

int64_t seconds_left(const address_table& t, int64_t now) { return std::max<int64_t>(t.until + clock_slack + 1 - now, 0); }

result<std::string> write_table(const address_table& t, const table_signer& by) {
  std::string text(table_mark);
  text += "serial " + std::to_string(t.serial) + "\nvalid " + std::to_string(t.from) + ' ' + std::to_string(t.until) + '\n';
  for (const auto& [name, entry] : t.names) {
    text += "name " + name + ' ' + std::to_string(entry.life) + '\n';
    for (const auto& p : entry.places)
      text += "address " + place_text(p.at) + ' ' + std::to_string(p.weight) + ' ' + (p.region.empty() ? "-" : p.region) + '\n';
  }
  const auto signature = by.sign(as_bytes(text));
  if (!signature) return error{THARSIS_E_UNSUPPORTED, "the OpenSSL of this machine offers no Ed25519"};
  text += std::string(signature_word) + by.open().id() + ' ' + base64_text(*signature) + '\n';
  // What no client would take is not to leave here.
  const table_key own[] = {by.open()};
  if (const auto again = read_table(text, own, "the table"); !again) return error{THARSIS_E_INVALID, again.failure().text};
  return text;
}

}  // namespace tharsis::dns
