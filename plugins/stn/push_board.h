// Who wants which pushes: they are delivered on the strand of whoever subscribed, in the order in which they came.
#pragma once
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "plugins/stn/core/session.h"
#include "plugins/stn/link_names.h"
#include "plugins/stn/open_numbers.h"
#include "sdk/abi/stn_links.h"
#include "sdk/async/host.h"
#include "sdk/async/mailbox.h"

namespace tharsis::stn {

class push_board {
 public:
  // Both outlive it. [own strand]
  push_board(strand& place, const host& tables, const link_names& links);
  push_board(const push_board&) = delete;

  // As tharsis_stn_links says. [any strand]
  tharsis_status subscribe(const tharsis_stn_push_filter* filter, tharsis_handle* id, tharsis_error* error);
  void unsubscribe(tharsis_handle id);

  // One has come. [own strand]
  void on_push(const std::string& link, const push& p);
  // Nobody subscribes any more. [own strand]
  void close();

 private:
  // Shared with all that is on its way to the subscriber.
  struct subscription {
    tharsis_handle id, strand;
    uint32_t from, to;
    std::string link;  // Empty: all.
    tharsis_stn_on_push on_push;
    void* context;
    std::shared_ptr<open_numbers> open;
    std::atomic<int64_t> waiting = 0;  // Pushes that it has not taken,
    std::atomic<int64_t> bytes = 0;    // and what is in them.
    bool told = false;                 // That some were dropped, since it took the last one. [own strand]
    bool wants(const std::string& of, uint32_t command) const { return command >= from && command <= to && (link.empty() || link == of); }
  };
  struct message {
    std::string link;
    push what;
  };
  class delivery {
   public:
    delivery(std::shared_ptr<subscription> to, std::shared_ptr<const message> m) : to_(std::move(to)), message_(std::move(m)) {}
    void deliver();

   private:
    std::shared_ptr<subscription> to_;
    std::shared_ptr<const message> message_;
  };
  struct letter {
    std::shared_ptr<subscription> add;  // Null: one was closed.
  };
  static void on_letter(void* context, letter l);
  void send(const std::shared_ptr<subscription>& to, const std::shared_ptr<const message>& m);

  const host host_;
  const link_names& links_;
  const std::shared_ptr<open_numbers> open_;
  std::vector<std::shared_ptr<subscription>> all_;
  std::atomic<bool> closing_ = false;
  inbox<letter> inbox_;
  outbox<delivery> outbox_;
};

}  // namespace tharsis::stn
