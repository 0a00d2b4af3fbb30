// The demo's job: send a text line by line, live through the outage, ask the gateway what it counted,
// read the log back, and say how it went.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "plugins/demo/core/settings.h"
#include "plugins/demo/core/tally.h"
#include "plugins/demo/core/text.h"
#include "plugins/demo/courier.h"
#include "sdk/abi/dns.h"
#include "sdk/abi/sdt.h"
#include "sdk/abi/xlog.h"
#include "sdk/async/host.h"
#include "sdk/async/signal.h"
#include "sdk/async/task.h"

namespace tharsis::demo {

class sender {
 public:
  sender(const host& tables, strand& place, settings s);
  sender(const sender&) = delete;

  // Ends with the host's ready() and, after stop(), stopped(); or with failed().
  task<void> life();
  void stop();

 private:
  bool subscribe(const char* topic, tharsis_on_event on_event, tharsis_error* error);
  tharsis_status subscribe_all(tharsis_error* error);
  task<result<std::vector<std::string>>> read_text();
  task<void> work();
  task<void> send_lines();
  task<void> pause(instant until);
  task<void> ask_gateway();
  task<void> read_log();
  task<void> close();
  void report();

  bool send_line(size_t line);
  void show_progress();
  void tell(const std::string& text);
  bool time_is_up() const { return stopping_ || place_.now() >= deadline_; }

  static void on_answer(void* context, const courier::answer& a);
  void on_line_answer(size_t line, const courier::answer& a);
  void on_statistics(const courier::answer& a);
  static void on_link(void* context, const tharsis_event* event);
  static void on_push(void* context, const tharsis_event* event);
  static void on_verdict(void* context, const tharsis_event* event);
  static void on_log_state(void* context, const tharsis_event* event);
  static void on_dns(void* context, const tharsis_event* event);
  static void on_flushed(void* context, tharsis_handle flush);

  const host& tables_;
  strand& place_;
  const settings settings_;
  const std::string run_;  // Names this run in keys and in the log.
  courier courier_;
  signal events_;  // Something was heard, or stop() was called.
  std::vector<std::string> lines_;
  std::vector<instant> sent_at_;
  tally tally_{0};
  std::vector<tharsis_handle> subscriptions_;
  instant began_{}, deadline_ = never, down_since_{}, shown_{};
  bool flushed_ = true;  // No flush is under way.
  bool stopping_ = false;
};

}  // namespace tharsis::demo
