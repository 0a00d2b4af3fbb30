#include "tests/lab/peers/client_program.h"

#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <utility>

#include "tests/lab/peers/plain_frame.h"

namespace tharsis::lab {
namespace {

constexpr std::string_view usage =
    "  ENDPOINT          tcp://HOST:PORT, or tcps:// with TLS; several are the addresses of one server\n"
    "  --body-file FILE  what every request carries; the answer must be the same\n"
    "  --count N         requests (1)\n"
    "  --rate R          requests per second; each is sent when it is due, whatever became of the others\n"
    "  --in-flight K     instead: K without an answer at a time; the next one is sent when one has ended\n"
    "  --deadline 15s    of each request, from when it was due\n"
    "  --name NAME       the server's, for TLS and HTTP (the endpoint's host; echo.test for several)\n"
    "  --ca FILE         whom to trust (PEM)\n"
    "  --times           add times_us, what each request took, and began_us, when the first was due (CLOCK_MONOTONIC)\n"
    "  --json            nothing but the JSON object that is printed last anyway\n"
    "Exit codes: 0 all were answered, 1 not all, 2 wrong use.\n";

int complain(const client_program& program, const std::string& sentence) {
  std::fprintf(stderr, "%.*s: %s\n", static_cast<int>(program.name.size()), program.name.data(), sentence.c_str());
  return 2;
}

void print_help(const client_program& program) {
  std::string line = "usage: " + std::string(program.name) + " ENDPOINT... --body-file FILE (--rate R | --in-flight K)";
  for (const auto& flag : program.flags) line += " [" + flag + "]";
  std::printf("%s\n%s%s", line.c_str(), std::string(program.about).c_str(), std::string(usage).c_str());
}

result<std::string> read_body(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string body{std::istreambuf_iterator<char>(in), {}};
  if (!in) return error{THARSIS_E_IO, "--body-file " + path + ": cannot be read"};
  if (body.empty() || body.size() > frame_body_max)
    return error{THARSIS_E_INVALID, "--body-file " + path + ": must hold 1 byte to 16 MiB"};
  return body;
}

void print_outcome(load_run& run) {
  const load_loop& loop = run.loop();
  if (!run.arguments().json) {
    std::fprintf(stderr, "%u of %u answered", loop.answered(), loop.sent());
    for (const auto& [reason, count] : loop.reasons()) std::fprintf(stderr, "; %u: %s", count, reason.c_str());
    std::fprintf(stderr, "\n");
  }
  std::printf("%s\n", outcome_json(loop, run.moved).c_str());
}

}  // namespace

instant clock_now() {
  return instant(std::chrono::duration_cast<duration>(std::chrono::steady_clock::now().time_since_epoch()));
}

load_run::load_run(client_arguments a, std::string body)
    : arguments_(std::move(a)), body_(std::move(body)), loop_(arguments_.asked, clock_now()) {}

void load_run::on_answer(uint32_t request, std::string_view answer) {
  if (answer != body_) return loop_.on_failure(request, "wrong answer");
  const bool is_first = loop_.answered() == 0;
  loop_.on_answer(request, clock_now());
  if (is_first && loop_.answered() == 1 && !arguments_.json)
    std::fprintf(stderr, "first answer after %lld ms\n",
                 static_cast<long long>(milliseconds(*loop_.first_answer())));
}

int client_main(const client_program& program, int argc, char** argv) {
  const auto arguments = parse_client_arguments({argv + 1, argv + argc}, program.flags);
  if (!arguments) return complain(program, arguments.failure().text);
  if (arguments->help) {
    print_help(program);
    return 0;
  }
  auto body = read_body(arguments->body_file);
  if (!body) return complain(program, body.failure().text);

  load_run run(*arguments, std::move(*body));
  const auto worked = program.work(run);
  if (!worked) return complain(program, worked.failure().text);
  print_outcome(run);
  return run.loop().failed() == 0 ? 0 : 1;
}

}  // namespace tharsis::lab
