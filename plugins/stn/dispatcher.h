// Between the callers' strands and the links: takes tasks in from any thread, and sees to it that the
// one answer of each goes back to where the task came from.
#pragma once
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugins/stn/counts.h"
#include "plugins/stn/longlink.h"
#include "sdk/abi/stn.h"
#include "sdk/async/mailbox.h"
#include "sdk/async/network_watch.h"

namespace tharsis::stn {

class dispatcher final : public answer_taker {
 public:
  // `s` and `events` outlive the dispatcher. What links learn is kept in the file `memory`, and how they are in the
  // file `book`, where these are not empty. [own strand]
  dispatcher(strand& place, const host& tables, const settings& s, const link_events& events, std::string memory = {},
             std::string book = {});

  // As tharsis_stn says. [any strand]
  tharsis_status submit(const tharsis_stn_task& task, tharsis_handle* id, tharsis_error* error);
  void cancel(tharsis_handle id);

  void start();
  void take(answer a) override;
  // Of all links together. [own strand]
  link_totals totals() const;
  // How the links are and were. [own strand]
  links_report report() const;
  // Everything is answered and closed when it returns.
  task<void> stop();

 private:
  // A task, or the wish to withdraw the one with this id.
  struct letter {
    tharsis_handle id;
    std::unique_ptr<request> asked;
    size_t link;
  };
  struct delivery {
    std::unique_ptr<request> of;
    tharsis_status status;
    std::vector<uint8_t> body;
    std::string reason;
    void deliver() const;
  };

  tharsis_status check(const tharsis_stn_task& task, size_t& link, tharsis_error* error) const;
  tharsis_status refuse(tharsis_error* error, tharsis_status status, const std::string& reason) const;
  static void on_letter(void* context, letter l);
  void accept(std::unique_ptr<request> r, size_t link);
  static void tell(const request& r, tharsis_status status, std::span<const uint8_t> body, std::string_view reason);

  strand& place_;
  const host host_;
  const settings& settings_;
  const counts counts_;
  resolver names_;
  const std::string client_id_;
  interval_memory memory_;
  link_book book_;
  auth_hook auth_;
  std::vector<std::unique_ptr<longlink>> links_;
  inbox<letter> inbox_;
  outbox<delivery> outbox_;
  network_watch network_;
  bool network_there_ = true;
  const tharsis_handle own_strand_;
  std::atomic<tharsis_handle> last_id_ = 0;
  std::atomic<int64_t> open_ = 0;  // Tasks accepted and not answered.
  std::atomic<bool> stopping_ = false;
};

}  // namespace tharsis::stn
