// Any bytes and any passing of time into a session with tasks in flight: every task gets exactly one
// answer, and a session that has failed stays failed.
#include "plugins/stn/core/session.h"
#include "tests/fuzz/harness.h"
#include "tests/plugins/stn/requests.h"

namespace {

using namespace tharsis;

void count_answers(stn::task_queue& tasks, std::vector<int>& answers) {
  for (const stn::answer& a : tasks.take_answers()) {
    fuzz::require(a.of->id < answers.size(), "an answer is a task's");
    ++answers[a.of->id];
  }
}

// Tells the session what the input says: how long to wait, then bytes.
tharsis_status drive(stn::session& talk, stn::task_queue& tasks, fuzz::reader& input, instant& now) {
  while (!input.empty()) {
    now += input.byte() * 50ms;
    tasks.on_deadline(now);
    test::output_of(talk, input.byte() * 2u, now);
    const auto piece = input.take(input.byte());
    if (const tharsis_status s = test::receive(talk, piece, now); s != THARSIS_OK) return s;
    if (const tharsis_status s = talk.on_deadline(now, 0); s != THARSIS_OK) return s;
  }
  return THARSIS_OK;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::reader input(data, size);
  stn::link_settings settings;
  settings.name = "main";
  if (input.byte() % 2 == 1) settings.user = "ann";
  stn::heartbeat rhythm(settings.heartbeat);
  const stn::phase_clock phases;
  stn::task_queue tasks("main", phases);
  std::vector<int> answers(9, 0);
  instant now = instant(1h);
  for (uint64_t id = 0; id < answers.size(); ++id)
    tasks.submit(test::make_request(id, {'b'}, id % 2 ? std::vector<uint8_t>{'k'} : std::vector<uint8_t>{}, later(now, id * 10s)), now);
  stn::session talk(settings, test::frames_of(settings), "0123456789abcdef0123456789abcdef", rhythm, tasks,
                    later(now, settings.connect_timeout));
  const tharsis_status end = drive(talk, tasks, input, now);
  fuzz::require((end == THARSIS_OK) == talk.failure().text.empty(), "a failure has a sentence");
  fuzz::require(end == THARSIS_OK || test::receive(talk, {}, now) == end, "a failed session stays failed");
  count_answers(tasks, answers);
  tasks.on_loss(talk.failure(), now);
  count_answers(tasks, answers);
  tasks.end({THARSIS_E_CANCELLED, THARSIS_STN_STOPPING, "stop"}, now);
  count_answers(tasks, answers);
  for (const int n : answers) fuzz::require(n == 1, "every task has exactly one answer");
  return 0;
}
