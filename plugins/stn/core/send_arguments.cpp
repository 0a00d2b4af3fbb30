#include "plugins/stn/core/send_arguments.h"

#include <limits>

#include "plugins/stn/core/settings.h"
#include "sdk/pure/option_values.h"

namespace tharsis::stn {
namespace {

std::string take_command(const std::string& text, uint32_t& to) {
  if (std::string why = take_whole(to, 1, std::numeric_limits<uint32_t>::max())(text); !why.empty()) return why;
  return to == mars::command_noop ? "is the heartbeat's command, no task may have it" : "";
}

std::string take_task_rate(const std::string& text, double& to) {
  const auto rate = parse_real(text.ends_with("/s") ? text.substr(0, text.size() - 2) : text);
  if (!rate || *rate < send_rate_min || *rate > send_rate_max) return "is no number of tasks a second, like 5 or 0.5/s, from 0.001 to 1000000";
  to = *rate;
  return {};
}

// Nothing, or the sentence about the whole line.
std::string missing_in(const send_arguments& line, bool in_flight) {
  if (line.command == 0) return "--command N is missing: what the server is asked for";
  if (!line.body && !line.body_file) return "--body TEXT or --body-file FILE is missing";
  if (line.body && line.body_file) return "--body and --body-file exclude each other";
  if (in_flight && line.plan.rate > 0)
    return "--in-flight (the next task when one is answered) and --rate (the next task when its time has come) exclude each other";
  return {};
}

}  // namespace

result<send_arguments> parse_send_arguments(const std::vector<std::string>& words) {
  send_arguments line;
  int64_t in_flight = 0;
  option_words known(line.command_name);
  read_link_line(known, line);
  known.flag("--keys", line.keys).flag("--hash", line.hash).flag("--times", line.plan.times).flag("--json", line.json);
  known.value("--command", [&line](const std::string& text) { return take_command(text, line.command); });
  known.value("--body", take_text(line.body)).value("--body-file", take_file(line.body_file));
  known.value("--count", take_whole(line.plan.count, 1, send_count_max)).value("--in-flight", take_whole(in_flight, 1, send_count_max));
  known.value("--rate", [&line](const std::string& text) { return take_task_rate(text, line.plan.rate); });
  known.value("--deadline", take_patience(line.plan.deadline));
  if (error wrong = known.read(words); wrong.status != THARSIS_OK) return wrong;
  line.help = known.help();
  if (line.help) return line;
  if (error wrong = mistake_in_link_line(known, line); wrong.status != THARSIS_OK) return wrong;
  if (const std::string why = missing_in(line, in_flight > 0); !why.empty()) return known.wrong(why);
  if (in_flight > 0) line.plan.in_flight = in_flight;
  return line;
}

std::string send_help() {
  return "tharsis stn send ENDPOINT... --command N (--body TEXT | --body-file FILE) [OPTION]...\n"
         "  Opens one long link, sends tasks, and prints one JSON object: how many were answered, how fast, and why the\n"
         "  others were not. Each ENDPOINT is tcps://host:port or tcp://host:port; a later one is tried when the one\n"
         "  before fails. Nothing else is sent but what shows that the link lives.\n"
         "  --command N         the message type, in every frame\n"
         "  --body TEXT         what each task carries; --body-file FILE: the bytes of a file\n"
         "  --count N           so many tasks (1)\n"
         "  --in-flight K       so many tasks without an answer at a time (1); the next one starts when one is over\n"
         "  --rate R            instead: R tasks a second, like 5, 0.5 or 5/s, whatever becomes of them; the time of each is\n"
         "                      counted from the moment when it was due\n"
         "  --deadline TIME     the total time of each task (15s)\n"
         "  --keys              give each task an idempotency key: when the link breaks it is sent again. Without one, a task\n"
         "                      that was sent fails with its link.\n"
         "  --hash              add sha256: of the answers' bodies, one behind the other in the order of the tasks\n"
         "  --times             add times_us, what each task took, in their order; and began_us, when the first was due, by the\n"
         "                      clock that counts from the start of the machine\n"
                      "  --json              print the JSON object only\n" +
         std::string(link_line_help) +
         "  The JSON: sent = ok + failed; reasons: how often each; p50_us, p95_us, p99_us, max_us: of the answered;\n"
         "  first_answer_us: since the start, connecting included; elapsed_us: from the first answer to the last; connects:\n"
         "  how often the link came up; bytes_sent and bytes_received: inside TLS; repeated: requests that left once more. Times are null when nothing was answered.\n"
         "  Exit codes: 0 all tasks were answered, 1 some were not, 2 the command is wrong.\n";
}

}  // namespace tharsis::stn
