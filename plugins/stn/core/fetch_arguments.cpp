#include "plugins/stn/core/fetch_arguments.h"

#include <algorithm>
#include <array>
#include <utility>

#include "sdk/pure/nearest.h"
#include "sdk/pure/units.h"

namespace tharsis::stn {
namespace {

constexpr std::array<std::string_view, 7> with_value = {"--method", "--header", "--data", "--data-file", "--output", "--ca", "--timeout"};
constexpr std::array<std::string_view, 7> without_value = {"--plain", "--raw", "--include", "--no-redirect", "--json", "--help", "-h"};

error wrong_words(std::string text) { return {THARSIS_E_INVALID, "stn fetch: " + std::move(text)}; }

std::string trimmed_value(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return std::string(text);
}

// Goes from word to word. Whatever is wrong first is kept.
class fetch_reader {
 public:
  result<fetch_arguments> read(const std::vector<std::string>& words) {
    for (size_t i = 0; i < words.size() && !failure_; ++i) {
      const std::string& word = words[i];
      if (!word.starts_with('-')) {
        take_url(word);
        continue;
      }
      const size_t equals = word.find('=');
      const std::string name = word.substr(0, equals);
      if (std::find(without_value.begin(), without_value.end(), name) != without_value.end()) {
        if (equals != std::string::npos) complain("option " + name + " takes no value");
        take_flag(name);
      } else if (std::find(with_value.begin(), with_value.end(), name) == with_value.end()) {
        unknown(name);
      } else if (equals == std::string::npos && i + 1 == words.size()) {
        complain("option " + name + " needs a value behind it");
      } else {
        take(name, equals == std::string::npos ? words[++i] : word.substr(equals + 1));
      }
    }
    if (!failure_ && !out_.help) check_whole();
    if (failure_) return *failure_;
    return std::move(out_);
  }

 private:
  void complain(std::string text) {
    if (!failure_) failure_ = wrong_words(std::move(text));
  }

  void unknown(const std::string& name) {
    std::vector<std::string> names(with_value.begin(), with_value.end());
    names.insert(names.end(), without_value.begin(), without_value.end());
    const auto near = nearest(name, names);
    complain("there is no option '" + name + "'" + (near ? "; did you mean " + *near + "?" : "") + " See tharsis stn fetch --help");
  }

  void take_url(const std::string& word) {
    if (std::exchange(has_url_, true)) return complain("one URL is fetched at a time; '" + word + "' is another");
    auto to = parse_url(word);
    if (!to) return complain(to.failure().text);
    out_.to = std::move(*to);
  }

  void take_flag(const std::string& name) {
    if (name == "--plain") out_.plain = true;
    else if (name == "--raw") out_.raw = true;
    else if (name == "--include") out_.include = true;
    else if (name == "--no-redirect") out_.redirect = false;
    else if (name == "--json") out_.json = true;
    else out_.help = true;
  }

  void take(const std::string& name, const std::string& value) {
    if (name == "--data") out_.data = value;
    else if (name == "--header") return take_header(value);
    else if (name == "--timeout") return take_timeout(value);
    else if (value.empty()) complain("option " + name + " needs a value behind it");
    else if (name == "--method") take_method(value);
    else if (name == "--data-file") out_.data_file = value;
    else if (name == "--output") out_.output = value;
    else out_.ca = value;
  }

  void take_method(const std::string& value) {
    if (!http1::is_token(value) || value == "CONNECT") return complain("--method: " + http1::in_quotes(value) + " is no method to fetch with");
    out_.method = value;
  }

  void take_header(const std::string& value) {
    const size_t colon = value.find(':');
    if (colon == std::string::npos) return complain("--header: expected 'Name: value', got " + http1::in_quotes(value));
    http1::field f{value.substr(0, colon), trimmed_value(std::string_view(value).substr(colon + 1))};
    if (!http1::is_token(f.name) || !http1::is_field_text(f.value)) return complain("--header: " + http1::in_quotes(f.name) + " cannot be sent so");
    if (http1::same_name(f.name, "Content-Length") || http1::same_name(f.name, "Transfer-Encoding"))
      return complain("--header: " + f.name + " is set by the client itself; leave it out");
    out_.fields.push_back(std::move(f));
  }

  void take_timeout(const std::string& value) {
    const auto timeout = parse_duration(value);
    if (!timeout || *timeout < 1ms || *timeout > 24h) return complain("--timeout: expected a time from 1ms to 1d, like '30s', got '" + value + "'");
    out_.timeout = *timeout;
  }

  void check_whole() {
    if (!has_url_) return complain("name a URL, like https://www.example.com/");
    if (out_.data && out_.data_file) complain("--data and --data-file exclude each other");
  }

  fetch_arguments out_;
  bool has_url_ = false;
  std::optional<error> failure_;
};

}  // namespace

result<fetch_arguments> parse_fetch_arguments(const std::vector<std::string>& words) { return fetch_reader().read(words); }

const std::string_view fetch_help =
    "tharsis stn fetch URL [OPTION]...\n"
    "  Sends one HTTP request as plugins do with tharsis.http/1, and prints the body of the answer.\n"
    "  --method NAME       GET, or POST where there is data, unless said\n"
    "  --header 'N: V'     a field of the request's head; as often as wanted\n"
    "  --data TEXT         the request's body\n"
    "  --data-file FILE    the same from a file\n"
    "  --output FILE       where the answer's body goes; the file is there only once it is whole\n"
    "  --include           print the answer's head too\n"
    "  --ca FILE           trust the authorities in this PEM file, and nobody else\n"
    "  --plain             http:// may leave this machine, unencrypted\n"
    "  --no-redirect       a redirect is the answer\n"
    "  --raw               no compressed body is asked for, and none is unpacked\n"
    "  --timeout T         for all together (5m)\n"
    "  --json              print one JSON object: url, status (ok, timeout ...), http_status, redirects, bytes, the times\n"
    "                      in microseconds, headers as [name, value] pairs, body where there is no --output, reason\n"
    "  --set KEY=VALUE     a setting of stn, like http.redirects=3\n"
    "  Exit codes: 0 an answer with a status below 400 came whole, 1 not so, 2 the command is wrong.\n";

}  // namespace tharsis::stn
