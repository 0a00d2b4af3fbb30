// Carries a shipment out: files are read where it may block, requests go over HTTP.
#pragma once
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugins/xlog/core/shipment.h"
#include "plugins/xlog/ship_files.h"
#include "sdk/async/host.h"
#include "sdk/async/http_endpoint.h"
#include "sdk/async/resolver.h"
#include "sdk/async/signal.h"
#include "sdk/async/strand.h"
#include "sdk/async/task.h"
#include "sdk/async/task_set.h"

namespace tharsis::xlog {

// Where to, and who we are there.
struct ship_place {
  url to;
  std::optional<tls_context> trust;
  std::string token;   // Empty: none.
  std::string source;
};

class shipper {
 public:
  shipper(const host& h, strand& place, ship_place to);
  shipper(const shipper&) = delete;

  struct outcome {
    shipment::totals counts;
    error failure{THARSIS_OK, {}};      // Why it did not come to its end.
    std::vector<std::string> failures;  // Of single files.
    std::vector<shipping::wish> wishes;
  };
  // `told` hears what goes on, for a person who waits; it may be empty. One at a time.
  task<outcome> run(std::vector<found_log> logs, ship_selection wanted, ship_numbers numbers, bool dry, std::function<void(std::string)> told);
  // Tells the receiver that a wish was fulfilled. A failure is that it does not know; the wish comes again.
  task<error> fulfil(std::string wish, duration most);
  // run() ends soon, with THARSIS_E_CANCELLED.
  void stop() {
    *stop_ = true;
    news_.raise();
  }

 private:
  std::vector<ship_file> known_files(const std::vector<found_log>& logs, const ship_selection& wanted) const;
  void remember(const std::vector<found_log>& logs, const ship_selection& wanted, const std::vector<std::string>& settled);
  task<void> take_step(shipment& s, shipment::step step, const std::vector<found_log>& logs, const ship_selection& wanted);
  task<void> ask(shipment& s, shipment::ask what);
  task<void> fetch(const ship_request* what, instant until);
  task<result<http1_answer>> exchange(const ship_request* what, instant until);

  const host host_;
  strand& place_;
  const ship_place to_;
  resolver names_;
  http_endpoint endpoint_;
  const std::shared_ptr<std::atomic<bool>> stop_ = std::make_shared<std::atomic<bool>>(false);  // Outlives us in blocking work.
  signal news_;
  std::optional<result<http1_answer>> answer_;
  // What files came to that were shipped, so that what has not changed is not read again.
  struct settled_file {
    uint64_t size;
    int64_t modified;
    bool being_written;
    ship_selection wanted;
    std::string edition;
  };
  std::map<std::string, settled_file> settled_;  // By name; of the files of the last run.
  std::shared_ptr<shipped_log> open_;  // The file that is under way.
  task_set under_way_;
};

}  // namespace tharsis::xlog
