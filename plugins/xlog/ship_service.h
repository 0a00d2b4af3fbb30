// Ships the log by itself, as setting `ship` says: at its times, when an error was said, when somebody asks.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugins/xlog/core/ship_duties.h"
#include "plugins/xlog/intake.h"
#include "plugins/xlog/shipper.h"
#include "sdk/abi/xlog.h"
#include "sdk/async/host.h"
#include "sdk/async/mailbox.h"
#include "sdk/async/network_watch.h"
#include "sdk/async/signal.h"
#include "sdk/async/task.h"
#include "sdk/pure/metrics.h"

namespace tharsis::xlog {

class ship_service {
 public:
  // `folders`: where the log called `name` has its files.
  ship_service(const host& h, strand& place, const ship_settings& s, std::vector<std::string> folders, std::string name, intake& lines);
  ~ship_service();
  ship_service(const ship_service&) = delete;

  // Until stop(). Once.
  task<void> run();
  void stop();

  // See tharsis_log_shipper. [any thread]
  tharsis_status ask(int64_t since, int64_t until, uint32_t level, tharsis_error* error);

 private:
  static constexpr uint32_t stopping = 1, news = 2;
  struct letter {
    bool is_error = false;
    int64_t wall = 0;
    ship_selection asked;
  };
  static void on_letter(void* self, letter l);
  static int32_t on_line(void* self, const tharsis_log_record* line);

  task<bool> begin();
  task<void> carry_out(ship_duty d);
  void tell(const shipper::outcome& o);

  const host host_;
  strand& place_;
  const ship_settings settings_;
  const std::vector<std::string> folders_;
  const std::string name_;
  intake& lines_;
  counter files_, bytes_, failures_;
  ship_duties duties_;
  inbox<letter> inbox_;
  network_watch network_;
  signal wake_;
  tharsis_handle tap_ = 0;
  tharsis_handle topic_ = 0;
  std::unique_ptr<shipper> shipper_;
  std::string last_complaint_;  // It is told once.
  bool stop_ = false;
};

}  // namespace tharsis::xlog
