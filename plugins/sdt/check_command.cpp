#include "plugins/sdt/check_command.h"

#include "plugins/sdt/core/link_judge.h"
#include "plugins/sdt/core/sentences.h"
#include "sdk/pure/json.h"
#include "sdk/pure/views.h"

namespace tharsis::sdt {
namespace {

constexpr std::string_view usage =
    "usage: tharsis sdt check ENDPOINT [--json]\n"
    "Resolves the name, connects to each address, and says in one sentence what is wrong. TLS is not tried.\n"
    "  ENDPOINT  tcps://im.example.com:443, or im.example.com:443\n"
    "  --json    one line of JSON\n"
    "exit code: 0 the server takes connections, 1 it does not, 2 the command is wrong";

std::string table(const findings& found, const link_verdict& v) {
  std::string text;
  if (found.name.asked) text += "name     " + name_text(found.name) + "\n";
  for (const dial_check& d : found.dials) text += "connect  " + to_text(d.to) + "  " + dial_text(d) + "\n";
  text += "verdict  " + std::string(code_name(v.code)) + " (" + std::to_string(v.confidence) + "% sure): " + v.headline;
  return v.advice.empty() ? text : text + "\nadvice   " + v.advice;
}

std::string json(const link_verdict& v) {
  return json_object()
      .add("code", code_name(v.code))
      .add("confidence", v.confidence)
      .add("headline", v.headline)
      .add("advice", v.advice)
      .add("evidence", v.evidence)
      .add("took_ms", static_cast<double>(v.took.count()) / 1e6)
      .text();
}

}  // namespace

void check_command::run(const command_call& call) {
  call_ = call;
  std::string given;
  for (const std::string& word : call.words()) {
    if (word == "--help" || word == "-h") {
      call_->print(usage);
      return call_->finish(0);
    }
    if (word == "--json") as_json_ = true;
    else if (word.starts_with("-")) return refuse("there is no option '" + word + "'");
    else if (!given.empty()) return refuse("check takes one endpoint, got '" + given + "' and '" + word + "'");
    else given = word;
  }
  if (given.empty()) return refuse("check needs an endpoint");
  const auto server = parse_endpoint(given.find("://") == std::string::npos ? "tcp://" + given : given);
  if (!server) return refuse(server.failure().text);
  round_.emplace(check(*server)).start(place_);
}

void check_command::refuse(const std::string& why) const {
  call_->refuse(why + "\n" + std::string(usage));
}

task<void> check_command::check(endpoint server) {
  examination round(host_, place_, names_, settings_.checks, target{server, std::nullopt});
  evidence e;
  e.server = server;
  e.found = co_await round.run();
  const link_verdict v = judge(e);
  call_->print(as_json_ ? json(v) : table(e.found, v));
  call_->finish(v.code == THARSIS_SDT_FINE ? 0 : 1);
}

}  // namespace tharsis::sdt
