#include "plugins/sdt/diagnose_command.h"

#include "plugins/sdt/core/judge.h"
#include "plugins/sdt/core/redact.h"
#include "plugins/sdt/core/report_html.h"
#include "plugins/sdt/core/report_json.h"
#include "plugins/sdt/core/report_text.h"
#include "plugins/sdt/trust_store.h"
#include "sdk/async/blocking.h"
#include "sdk/pure/harmless.h"
#include "sdk/pure/utc.h"
#include "sdk/pure/views.h"

namespace tharsis::sdt {
namespace {

bool is_well(const verdict& v) { return v.code == verdict_code::healthy; }

// What somebody who looks away for a while wants to know of.
std::string summary_of(const verdict& v) { return std::string(name_of(v.code)) + '\n' + std::string(name_of(v.who)) + '\n' + v.act.text(); }

}  // namespace

void diagnose_command::run(const command_call& call) {
  call_ = call;
  const bool again = call.name() == "watch";
  auto line = parse_diagnose_line(call.words(), settings_.diagnose, again);
  if (!line) return call_->refuse(line.failure().text);
  if (line->help) {
    call_->print(again ? watch_help : diagnose_help);
    return call_->finish(0);
  }
  if (!line->ca.empty()) line->ca = call.absolute(line->ca);
  if (!line->html.empty()) line->html = call.absolute(line->html);
  if (again) work_.emplace(watch(std::move(*line))).start(place_);
  else work_.emplace(diagnose(std::move(*line))).start(place_);
}

task<report> diagnose_command::look(wish asked) {
  session_ = std::make_unique<session>(host_, place_, names_, trust_, std::move(asked));
  session_->progress = [this](std::string_view done) { call_->live(harmless(done)); };
  observations seen = co_await session_->run();
  call_->live("");
  co_return judge(std::move(seen));
}

task<void> diagnose_command::diagnose(diagnose_line line) {
  settings::tls_settings who;
  who.ca = line.ca;
  trust_ = co_await read_trust(place_, host_, who);
  const report whole = co_await look(line.asked);
  const report told = line.open ? whole : redacted(whole);
  if (!line.html.empty()) {
    const error wrong = co_await write_page(line.html, render_html(told));
    if (wrong.status != THARSIS_OK) {
      call_->complain(wrong.text);
      call_->finish(2);
      co_return;
    }
  }
  call_->print(line.json ? render_json(told) : render_text(whole, call_->colours()));
  call_->finish(is_well(whole.headline()) ? 0 : 1);
}

task<error> diagnose_command::write_page(std::string path, std::string page) {
  const tharsis_files* const files = host_.files;
  const auto write = [files, path, page = std::move(page)] {
    tharsis_error why = no_error();
    const tharsis_status status = files->replace(files->self, text_of(path), bytes_of(as_bytes(page)), &why);
    return error_from(status, why);
  };
  auto written = co_await blocking(place_, write);
  if (written) co_return std::move(*written);
  co_return error{THARSIS_E_BUSY, "too much blocking work waits, so '" + path + "' was not written"};
}

// One line when it begins, and one each time that it is something else.
task<void> diagnose_command::watch(diagnose_line line) {
  settings::tls_settings who;
  who.ca = line.ca;
  trust_ = co_await read_trust(place_, host_, who);
  std::string last;
  for (uint64_t round = 0; line.rounds == 0 || round < line.rounds; ++round) {
    const instant begun = place_.now();
    const report made = co_await look(line.asked);
    const verdict& first = made.headline();
    if (const std::string now = summary_of(first); now != last) {
      call_->print(moment_text(place_.wall()).substr(0, 19) + "Z " + render_line(made) + "  " + harmless(first.sentence));
      last = now;
    }
    if (line.rounds != 0 && round + 1 == line.rounds) break;
    signal never_raised(place_);
    co_await never_raised.wait(later(begun, line.every));
  }
  call_->finish(0);
}

}  // namespace tharsis::sdt
