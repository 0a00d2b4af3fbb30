// What is said of durable tasks on any strand, on its way to the outbox's desk: as tharsis_stn_outbox says.
#pragma once
#include <atomic>
#include <memory>

#include "plugins/stn/core/outbox.h"
#include "plugins/stn/open_tasks.h"
#include "plugins/stn/outbox_delivery.h"
#include "sdk/abi/stn_outbox.h"
#include "sdk/async/host.h"

namespace tharsis::stn {

class outbox_callers {
 public:
  // `there`: there is an outbox. `stopping` says when nobody reads letters any more. All of them outlive it.
  outbox_callers(const host& tables, std::shared_ptr<open_tasks> tasks, bool there, const std::atomic<bool>& stopping)
      : host_(tables), tasks_(std::move(tasks)), there_(there), stopping_(stopping) {}

  tharsis_status adopt(const tharsis_stn_adopter& adopter, tharsis_handle* adoption, tharsis_error* error);
  tharsis_status list(void (*visit)(void*, const tharsis_stn_entry*), void* context, tharsis_error* error);
  // release, acknowledge, discard.
  void say(task_letter::kind what, uint64_t entry);

 private:
  tharsis_status send_taker(task_letter::kind what, std::shared_ptr<outbox_taker> to, tharsis_error* error);

  const host& host_;
  const std::shared_ptr<open_tasks> tasks_;
  const bool there_;
  const std::atomic<bool>& stopping_;
  std::atomic<uint64_t> takers_ = outbox_book::caller_here;
};

}  // namespace tharsis::stn
