#include "plugins/sdt/diagnose_command.h"

#include "plugins/sdt/core/judge.h"
#include "plugins/sdt/core/observation_json.h"
#include "plugins/sdt/trust_store.h"
#include "sdk/pure/json.h"

namespace tharsis::sdt {
namespace {

bool is_well(const verdict& v) { return v.code == verdict_code::healthy; }

std::string as_json(const report& r) {
  json_object all = observations_json(r.seen);
  const verdict& first = r.headline();
  all.add("headline", json_object().add("code", name_of(first.code)).add("blame", name_of(first.who)).add("confidence", first.confidence).add("sentence", first.sentence).add("action", first.act.text()));
  return all.text();
}

std::string as_text(const report& r) {
  std::string text;
  for (const verdict& v : r.verdicts)
    text += std::string(name_of(v.code)) + " (" + std::string(name_of(v.how)) + ", " + std::to_string(static_cast<int>(v.confidence * 100)) + " %): " + v.sentence +
            (v.detail.empty() ? "" : "\n    " + v.detail) + (v.act.name.empty() ? "" : "\n    do: " + v.act.text()) + "\n";
  text.pop_back();
  return text;
}

}  // namespace

void diagnose_command::run(const command_call& call) {
  call_ = call;
  auto line = parse_diagnose_line(call.words(), settings_.diagnose);
  if (!line) return call_->refuse(line.failure().text);
  if (line->help) {
    call_->print(diagnose_help);
    return call_->finish(0);
  }
  if (!line->ca.empty()) line->ca = call.absolute(line->ca);
  work_.emplace(diagnose(std::move(*line))).start(place_);
}

task<void> diagnose_command::diagnose(diagnose_line line) {
  settings::tls_settings who;
  who.ca = line.ca;
  trust_ = co_await read_trust(place_, host_, who);
  session_ = std::make_unique<session>(host_, place_, names_, trust_, line.asked);
  session_->progress = [this](std::string_view done) { call_->live(done); };
  const report made = judge(co_await session_->run());
  call_->live("");
  call_->print(line.json ? as_json(made) : as_text(made));
  call_->finish(is_well(made.headline()) ? 0 : 1);
}

}  // namespace tharsis::sdt
