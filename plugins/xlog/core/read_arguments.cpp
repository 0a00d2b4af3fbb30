#include "plugins/xlog/core/read_arguments.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "plugins/xlog/core/level.h"
#include "sdk/pure/nearest.h"
#include "sdk/pure/units.h"
#include "sdk/pure/utc.h"

namespace tharsis::xlog {
namespace {

enum class option {
  level, plugin, tag, thread, where, grep, any_case, since, until, last, key, json, utc, local, follow, lines, count, to, output, folder, name, help,
};

struct option_form {
  option is;
  std::string_view name, letter, value;  // Without a value it is a flag.
  std::string_view commands;             // Empty: all.
  std::string_view about;
};

constexpr std::string_view filters = "cat tail grep stat export import";
constexpr option_form forms[] = {
    {option::to, "--to", "", "FORMAT", "export", "text, json (an object a line), csv, or mars"},
    {option::output, "--output", "-o", "FILE", "export", "where it goes; a file that exists is not touched"},
    {option::folder, "--output", "-o", "FOLDER", "import", "where files go, made if it is missing"},
    {option::name, "--name", "", "NAME", "import", "what they are called by: letters, digits and - (imported)"},
    {option::follow, "--follow", "-f", "", "tail", "go on with what is written, in new files too, until Ctrl-C"},
    {option::lines, "--lines", "-n", "N", "tail", "so many of the last lines (10)"},
    {option::count, "--count", "-c", "", "grep", "print only how many lines there are"},
    {option::any_case, "--ignore-case", "-i", "", "cat tail grep export import", "capitals and small letters are the same in PATTERN and --grep"},
    {option::since, "--since", "", "TIME", filters, "from then on: 2026-11-25, 2026-11-25T10:11:12 (UTC), or 10m for ten minutes ago"},
    {option::until, "--until", "", "TIME", filters, "before then"},
    {option::last, "--last", "", "DURATION", filters, "the last 30s, 5m, 2h, 1d until now"},
    {option::level, "--level", "-l", "LEVEL", filters, "this level and worse: verbose, debug, info, warning, error, fatal, or V D I W E F"},
    {option::plugin, "--plugin", "-p", "ID", filters, "lines of this plugin; may be repeated"},
    {option::tag, "--tag", "-t", "TAG", filters, "lines with this tag; may be repeated"},
    {option::thread, "--thread", "", "NUMBER", filters, "lines of this thread; may be repeated"},
    {option::where, "--where", "", "CONDITION", filters, "a field's value: 'bytes > 1000', 'host = im.test', 'took >= 20ms', 'path ~ cache'"},
    {option::grep, "--grep", "", "TEXT", filters, "lines that hold TEXT; when repeated, all of them"},
    {option::key, "--key", "", "FILE", "", "the private key that opens sealed files; tharsis xlog keygen makes one"},
    {option::json, "--json", "", "", "cat tail grep stat verify", "JSON, one object a line"},
    {option::utc, "--utc", "", "", "cat tail grep stat export import", "times in UTC, as without it"},
    {option::local, "--local", "", "", "cat tail grep", "times in this machine's zone, with their distance to UTC"},
    {option::help, "--help", "-h", "", "", "this text"},
};

bool belongs(const option_form& f, std::string_view command) { return f.commands.empty() || (" " + std::string(f.commands) + " ").find(" " + std::string(command) + " ") != std::string::npos; }

struct command_form {
  std::string_view name, words, about, examples;
};
constexpr command_form commands[] = {
    {"cat", "PATH...", "Prints the lines of log files, or of all log files in a folder, merged in the order of their times.",
     "  tharsis xlog cat logs/                                      all of it\n"
     "  tharsis xlog cat --last 5m --level warning logs/            what went wrong just now\n"
     "  tharsis xlog cat --tag dialer --where 'took > 200ms' logs/  slow connects\n"
     "  tharsis xlog cat --key me.key app1/ app2/ | less            two processes' sealed logs, merged\n"},
    {"tail", "[-f] PATH...", "Prints the last lines, and with -f what is written from then on.",
     "  tharsis xlog tail -n 100 logs/\n"
     "  tharsis xlog tail -f --level info --plugin stn logs/\n"},
    {"grep", "PATTERN PATH...", "Prints the lines that hold PATTERN, a text as it stands there. Blocks that cannot have it are not opened.",
     "  tharsis xlog grep timeout logs/\n"
     "  tharsis xlog grep -i -c 'connection closed' --since 2026-11-25 logs/\n"},
    {"stat", "PATH...", "Shows how many lines there are over time, of which levels, plugins, tags and places in the program, and what they cost.",
     "  tharsis xlog stat logs/\n"
     "  tharsis xlog stat --last 1h --level warning logs/\n"},
    {"verify", "PATH...", "Reads everything and names what is damaged, missing, doubled or in the wrong place: file, byte, frame, reason, and how much is gone.",
     "  tharsis xlog verify logs/\n"
     "  tharsis xlog verify --key me.key --json logs/ > report.json\n"},
    {"export", "--to FORMAT -o FILE PATH...", "Writes lines to a file for other programs.",
     "  tharsis xlog export --to csv -o lines.csv logs/\n"
     "  tharsis xlog export --to json --last 1d -o lines.json logs/\n"},
    {"import", "-o FOLDER PATH...", "Writes the lines of Mars' .xlog and .mmap3 files, and of text and JSON as cat prints them, to log files of ours, which are small\n"
     "  and searched fast. Time, level, plugin, tag, thread, file and line stay; fields of JSON are in the text. All goes in, or nothing.",
     "  tharsis xlog import -o logs/ old/*.xlog old/app.mmap3\n"
     "  tharsis xlog import --key mars.key -o logs/ --name phone phone/\n"
     "  tharsis xlog import --since 2026-11-25 -o logs/ lines.jsonl\n"},
};

const command_form* command_named(std::string_view name) {
  for (const command_form& c : commands)
    if (c.name == name) return &c;
  return nullptr;
}

class parser {
 public:
  parser(std::string_view command, int64_t now) : command_(command), now_(now) {}

  result<read_arguments> parse(const std::vector<std::string>& words) {
    bool options = true;
    for (size_t i = 0; i < words.size(); ++i) {
      const std::string& word = words[i];
      if (!options || word.empty() || word[0] != '-') {
        if (word.empty()) return wrong("a path is empty");
        into_.paths.push_back(word);
      } else if (word == "--") {
        options = false;
      } else if (const error failure = take(words, i); failure.status != THARSIS_OK) {
        return failure;
      }
    }
    return finish();
  }

 private:
  error wrong(const std::string& what) const { return {THARSIS_E_INVALID, "xlog " + command_ + ": " + what}; }
  error help() const { return wrong("name at least one log file or folder with log files. See tharsis xlog " + command_ + " --help"); }

  error take(const std::vector<std::string>& words, size_t& i) {
    const std::string& word = words[i];
    const size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const option_form* found = nullptr;
    for (const option_form& f : forms)
      if (belongs(f, command_) && (name == f.name || name == f.letter)) found = &f;
    if (found == nullptr) return unknown(name);
    if (found->value.empty()) {
      if (equals != std::string::npos) return wrong("option " + name + " takes no value");
      return set(*found, name, {});
    }
    if (equals == std::string::npos && i + 1 == words.size()) return wrong("option " + name + " needs a value behind it");
    return set(*found, name, equals == std::string::npos ? words[++i] : word.substr(equals + 1));
  }

  error unknown(const std::string& name) const {
    std::vector<std::string> names;
    for (const option_form& f : forms)
      if (belongs(f, command_)) names.emplace_back(f.name);
    const auto near = nearest(name, names);
    return wrong("there is no option '" + name + "'" + (near ? "; did you mean " + *near + "?" : "") + " See tharsis xlog " + command_ + " --help");
  }

  error set(const option_form& f, const std::string& name, const std::string& value) {
    query& q = into_.wanted;
    switch (f.is) {
      case option::level: return set_level(value);
      case option::plugin: q.plugins.push_back(value); break;
      case option::tag: q.tags.push_back(value); break;
      case option::thread: return set_number(name, value, q.threads.emplace_back());
      case option::where: return set_condition(value);
      case option::grep: q.texts.push_back(value); break;
      case option::any_case: q.any_case = true; break;
      case option::since: return set_moment(value, q.since);
      case option::until: return set_moment(value, q.until);
      case option::last: return set_last(value);
      case option::key: into_.key = value; break;
      case option::json: into_.json = true; break;
      case option::utc: into_.local = false; break;
      case option::local: into_.local = true; break;
      case option::follow: into_.follow = true; break;
      case option::lines: return set_number(name, value, into_.lines);
      case option::count: into_.count = true; break;
      case option::to: into_.to = value; return set_format(value);
      case option::name: return set_name(value);
      case option::folder:
      case option::output: into_.output = value; break;
      case option::help: into_.help = true; break;
    }
    return fine();
  }

  error set_level(const std::string& value) {
    const auto level = level_from(value);
    if (!level || *level >= levels_count) return wrong("'" + value + "' is no level; levels are verbose, debug, info, warning, error, fatal");
    into_.wanted.levels = levels_from(*level);
    return fine();
  }
  error set_number(const std::string& name, const std::string& value, uint64_t& to) const {
    const auto [end, failure] = std::from_chars(value.data(), value.data() + value.size(), to);
    if (failure != std::errc() || end != value.data() + value.size()) return wrong("option " + name + ": '" + value + "' is no number");
    return fine();
  }
  error set_condition(const std::string& value) {
    auto parsed = parse_condition(value);
    if (!parsed) return wrong("option --where: " + parsed.failure().text);
    into_.wanted.conditions.push_back(std::move(*parsed));
    return fine();
  }
  error set_moment(const std::string& value, int64_t& to) const {
    const auto moment = parse_moment(value, now_);
    if (!moment) return wrong("'" + value + "' is no time; write 2026-11-25, 2026-11-25T10:11:12 (UTC), or 10m for ten minutes ago");
    to = *moment;
    return fine();
  }
  error set_last(const std::string& value) {
    const auto length = parse_duration(value);
    if (!length) return wrong("option --last: '" + value + "' is no duration; write 30s, 5m, 2h or 1d");
    into_.wanted.since = now_ - length->count();
    return fine();
  }
  error set_name(const std::string& value) {
    if (!is_log_name(value)) return wrong("option --name: '" + value + "' is no name for files; letters, digits and - are, up to 63");
    into_.name = value;
    return fine();
  }
  error set_format(const std::string& value) const {
    if (value == "text" || value == "json" || value == "csv" || value == "mars") return fine();
    return wrong("option --to: '" + value + "' is no format; there are text, json, csv and mars");
  }

  result<read_arguments> finish() {
    if (into_.help) return std::move(into_);
    if (command_ == "grep") {
      if (into_.paths.empty()) return wrong("say what to look for, and where. See tharsis xlog grep --help");
      into_.wanted.texts.push_back(into_.paths.front());
      into_.paths.erase(into_.paths.begin());
    }
    if (into_.paths.empty()) return help();
    if (command_ == "export" && into_.output.empty()) return wrong("say with -o FILE where it goes. See tharsis xlog export --help");
    if (command_ == "import" && into_.output.empty()) return wrong("say with -o FOLDER where it goes. See tharsis xlog import --help");
    return std::move(into_);
  }

  const std::string command_;
  const int64_t now_;
  read_arguments into_;
};

}  // namespace

result<read_arguments> parse_read_arguments(std::string_view command, const std::vector<std::string>& words, int64_t now) {
  return parser(command, now).parse(words);
}

std::string read_help(std::string_view command) {
  const command_form* const c = command_named(command);
  if (c == nullptr) return {};
  std::string text = "tharsis xlog " + std::string(c->name) + " [OPTION]... " + std::string(c->words) + "\n  " + std::string(c->about) + "\n";
  for (const option_form& f : forms) {
    if (!belongs(f, command)) continue;
    std::string left = "  " + std::string(f.letter) + (f.letter.empty() ? "" : ", ") + std::string(f.name) + (f.value.empty() ? "" : " ") + std::string(f.value);
    left.resize(std::max<size_t>(left.size() + 1, 26), ' ');
    text += left + std::string(f.about) + "\n";
  }
  text += "Examples\n" + std::string(c->examples);
  text += "  PATH is a log file, or a folder with some. What cannot be read is named on stderr with its place and the reason; the rest is used.\n";
  text += command == "grep" ? "Exit codes, as grep's: 0 found, 1 not found, 2 the input is wrong or something could not be read.\n"
                            : "Exit codes: 0 all was read, 1 something could not be read, 2 the input is wrong.\n";
  return text;
}

}  // namespace tharsis::xlog
