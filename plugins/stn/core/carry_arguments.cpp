#include "plugins/stn/core/carry_arguments.h"

#include <cstdio>

#include "sdk/pure/json.h"
#include "sdk/pure/option_values.h"
#include "sdk/pure/units.h"

namespace tharsis::stn {
namespace {

std::string take_byte_rate(const std::string& text, uint64_t& to) {
  const auto rate = parse_size(text.ends_with("/s") ? text.substr(0, text.size() - 2) : text);
  if (!rate || *rate < 1) return "is no number of bytes a second, like 100KiB or 2MiB/s";
  to = static_cast<uint64_t>(*rate);
  return {};
}

std::string take_key(const std::string& text, std::string& to) {
  if (text.empty() || text.size() > streams::key_max) return "is no key of a stream, which has 1 to 64 bytes";
  to = text;
  return {};
}

std::string_view last_part(std::string_view path) { return path.substr(path.find_last_of('/') + 1); }

// Endpoints and names are told apart by what they look like.
error sort_words(const option_words& known, const std::vector<std::string>& words, carry_arguments& line) {
  std::vector<std::string> names;
  for (const std::string& word : words) {
    if (word.find("://") == std::string::npos) {
      names.push_back(word);
    } else if (const std::string why = take_endpoint(word, line); !why.empty()) {
      return known.wrong(why);
    }
  }
  const size_t wanted = line.up ? 1 : 2;
  if (names.size() > wanted || names.empty()) return known.wrong_see_help(line.up ? "name one file." : "say what to fetch, and into which file.");
  if (line.up) {
    line.file = names[0];
    if (line.name.empty()) line.name = last_part(names[0]);
  } else {
    line.name = names[0];
    line.file = names.size() > 1 ? names[1] : names[0];
  }
  return fine();
}

}  // namespace

result<carry_arguments> parse_carry_arguments(bool upload, const std::vector<std::string>& words) {
  carry_arguments line(upload);
  std::vector<std::string> plain;
  option_words known(line.command_name);
  read_link_line(known, line);
  known.words("an endpoint or a file", plain);
  known.flag("--json", line.json);
  known.value("--rate", [&line](const std::string& text) { return take_byte_rate(text, line.rate); });
  known.value("--timeout", take_wait(line.timeout));
  known.quiet_value("--stream-key", [&line](const std::string& text) { return take_key(text, line.stream_key); });
  if (upload) known.value("--name", line.name);
  if (error wrong = known.read(words); wrong.status != THARSIS_OK) return wrong;
  line.help = known.help();
  if (line.help) return line;
  if (error wrong = sort_words(known, plain, line); wrong.status != THARSIS_OK) return wrong;
  if (!streams::is_file_name(line.name))
    return known.wrong("'" + line.name + "' is no name on the server: letters, digits, '.', '_' and '-', no point at the beginning, at most 128" + (upload ? "; say another with --name" : ""));
  if (error wrong = mistake_in_link_line(known, line); wrong.status != THARSIS_OK) return wrong;
  return line;
}

std::string carry_help(bool upload) {
  const std::string own = upload ? "tharsis stn upload ENDPOINT... FILE [OPTION]...\n"
                                   "  Brings a file to a server that takes streams, like the gateway with streams.folder. Called again after it was interrupted, by\n"
                                   "  whatever, it goes on where the server stands. The file is there only once it is whole, and its SHA-256 is right.\n"
                                   "  --name NAME         what it is called there; the file's own name unless said\n"
                                 : "tharsis stn download ENDPOINT... NAME [FILE] [OPTION]...\n"
                                   "  Fetches a file from a server that gives streams, into FILE, or NAME in this folder. What came so far is in FILE.part; called again\n"
                                   "  it goes on there. FILE is there only once it is whole, and its SHA-256 is right.\n";
  return own +
         "  --rate N            at most so many bytes a second, like 100KiB or 2MiB/s\n"
         "  --timeout T         for all together; without it as long as it takes\n"
         "  --stream-key TEXT   names the stream to the server; made of the file's name, size and time unless said\n"
         "  --json              print one JSON object: name, status (ok, timeout ...), bytes, before (those that were there already), opens,\n"
         "                      sha256, took_us, reason\n"
         "  On a terminal a line tells how far it is; in a pipe nothing does.\n" +
         std::string(link_line_help) + "  Exit codes: 0 it is there whole, 1 it is not, 2 the command is wrong.\n";
}

std::string size_words(uint64_t bytes) {
  constexpr const char* units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  for (; value >= 1000 && unit < 4; ++unit) value /= 1024;
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
  return text;
}

// `before` bytes were there already, and say nothing of how fast it is.
std::string carry_progress_text(const std::string& name, uint64_t done, uint64_t all, uint64_t before, duration took) {
  std::string text = name + "  ";
  const bool known = all != streams::size_unknown && all > 0;
  if (known) text += std::to_string(static_cast<uint64_t>(100.0 * static_cast<double>(done) / static_cast<double>(all))) + " %, ";
  text += size_words(done);
  if (known) text += " of " + size_words(all);
  const double seconds = std::chrono::duration<double>(took).count();
  const double rate = seconds > 0 && done > before ? static_cast<double>(done - before) / seconds : 0;
  if (rate < 1) return text;
  text += ", " + size_words(static_cast<uint64_t>(rate)) + "/s";
  if (known && all > done) text += ", " + std::to_string(static_cast<uint64_t>(static_cast<double>(all - done) / rate) + 1) + " s left";
  return text;
}

std::string carry_json(const carry_report& r) {
  json_object all;
  all.add("name", r.name).add("status", status_name(r.status)).add("bytes", r.bytes).add("before", r.before).add("opens", r.opens);
  all.add("sha256", r.sum).add_raw("took_us", std::to_string(r.took.count() / 1000)).add("reason", r.reason);
  return all.text();
}

}  // namespace tharsis::stn
