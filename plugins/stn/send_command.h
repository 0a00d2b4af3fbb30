// `tharsis stn send ENDPOINT...`: one link of its own, tasks as the line says, and what became of them.
#pragma once
#include <array>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "plugins/stn/answer_hash.h"
#include "plugins/stn/core/answer_order.h"
#include "plugins/stn/core/send_arguments.h"
#include "plugins/stn/core/send_schedule.h"
#include "plugins/stn/dispatcher.h"
#include "sdk/async/command.h"

namespace tharsis::stn {

class send_command {
 public:
  // All of them outlive it.
  send_command(const host& tables, strand& place, const link_events& events)
      : place_(place), host_(tables), events_(events), news_(place), work_(place) {}
  send_command(const send_command&) = delete;

  // In the place of the plugin's start. Ends with finish(): 0 when all tasks were answered, 1 when
  // not, 2 when the words make no sense.
  void run(const command_call& call);

  // What is open is given up and reported; everything is closed when it returns.
  task<void> stop();

 private:
  task<void> work();
  task<bool> read_body();
  void issue();
  void submit(const send_schedule::turn& turn);
  static void on_done(void* context, tharsis_handle task, const tharsis_stn_result* result);
  void on_outcome(int64_t number, tharsis_status status, tharsis_bytes body, std::string_view reason);
  void report(bool interrupted);

  strand& place_;
  const host host_;
  const link_events& events_;
  std::optional<command_call> call_;
  send_arguments line_;
  std::string body_;
  std::array<uint8_t, 16> key_{};  // Eight bytes of this call, and eight of the task.
  std::optional<settings> settings_;
  std::optional<dispatcher> tasks_;
  std::optional<send_schedule> schedule_;
  // Of open tasks; what is over is used again.
  struct open_task {
    send_command* owner;
    int64_t number;
  };
  std::deque<open_task> open_;
  std::vector<open_task*> free_;
  bool given_up_ = false;
  answer_order order_;
  answer_hash hash_;
  bool reported_ = false;
  std::string trouble_;  // Of the task that failed last.
  signal news_;
  task_set work_;
};

}  // namespace tharsis::stn
