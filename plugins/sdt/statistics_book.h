// Counts what stn's tasks and links meet, and what sdt concludes; keeps it for the next start, tells it as metrics, and
// sums each day up in the log.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "plugins/sdt/core/statistics.h"
#include "sdk/abi/sdt.h"
#include "sdk/abi/stn.h"
#include "sdk/async/host.h"
#include "sdk/async/kept_file.h"
#include "sdk/async/network_watch.h"
#include "sdk/async/strand.h"

namespace tharsis::sdt {

// In the plugin's folder of data; `tharsis sdt stats` reads it.
inline constexpr std::string_view statistics_file = "/statistics";
inline constexpr uint64_t statistics_bytes_max = 512 * 1024;

class statistics_book {
 public:
  // `path` empty: nothing is kept beyond this instance.
  statistics_book(const host& tables, strand& place, std::string path);
  statistics_book(const statistics_book&) = delete;

  tharsis_status open(tharsis_error* error);
  // What is known is on the disk when it returns, if the disk takes it by then.
  task<void> close(instant deadline);

 private:
  struct counts {
    explicit counts(const host& h);
    counter tries, good, failed;
    histogram time;
  };

  template <class Event, void (statistics_book::*take)(const Event&)>
  tharsis_status follow(const char* topic, tharsis_error* error);
  void on_task(const tharsis_stn_task_event& told);
  void on_link(const tharsis_stn_link& told);
  void on_report(const tharsis_sdt_report& told);
  void on_try(const std::string& server, tharsis_status status, duration took);
  std::string server_of(std::string_view link) const;
  void sum_up();

  const host host_;
  strand& place_;
  const counts counts_;
  statistics known_;
  kept_file file_;
  network_watch network_;
  std::string network_now_;
  std::map<std::string, std::string, std::less<>> endpoints_;  // Of each link, as stn told last.
  int64_t day_ = 0;
  std::vector<tharsis_handle> subscriptions_;
};

}  // namespace tharsis::sdt
