// What goes from the outbox to other strands: to who has adopted entries, who lists them, and who started a task that is
// on the disk now.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugins/stn/core/outbox.h"
#include "plugins/stn/open_tasks.h"
#include "sdk/abi/stn_outbox.h"

namespace tharsis::stn {

// Who has adopted entries, or wants to see them all. Written once, before others see it.
struct outbox_taker {
  uint64_t id = 0;
  tharsis_handle strand = 0;
  uint32_t command = 0;
  std::string user;
  void* context = nullptr;
  void (*found)(void*, const tharsis_stn_entry*) = nullptr;
  void (*told)(void*, const tharsis_stn_entry*, const tharsis_stn_result*) = nullptr;
  void (*released)(void*) = nullptr;
};

// A copy of an entry, without its body.
struct shown_entry {
  shown_entry(uint64_t number, const outbox_book::entry& e, instant now);
  // Borrows from this.
  tharsis_stn_entry view() const;

  uint64_t number;
  kept_task task;
  uint32_t sends;
  bool answered;
  uint64_t bytes;
  int64_t put;
  duration left;
};

class outbox_delivery {
 public:
  // Of an entry that is his now; with an answer: of that.
  outbox_delivery(std::shared_ptr<const outbox_taker> to, shown_entry e, std::optional<kept_answer> a, std::shared_ptr<open_tasks> tasks);
  // All entries, to `found`, and null behind them.
  outbox_delivery(std::shared_ptr<const outbox_taker> to, std::vector<shown_entry> all);
  // The last that he hears.
  explicit outbox_delivery(std::shared_ptr<const outbox_taker> to);
  // To a caller.
  outbox_delivery(void* context, tharsis_stn_on_disk on_disk, tharsis_handle task, uint64_t entry);
  outbox_delivery(outbox_delivery&&) = default;
  outbox_delivery& operator=(outbox_delivery&&) = delete;
  // An adopter that does not hear any more has released what was his.
  ~outbox_delivery();

  void deliver();

 private:
  enum class kind { entry, list, released, on_disk };
  void tell_entry() const;

  kind what_;
  std::shared_ptr<const outbox_taker> to_;
  std::vector<shown_entry> entries_;
  std::optional<kept_answer> answer_;
  std::shared_ptr<open_tasks> tasks_;  // Until it was delivered.
  void* context_ = nullptr;
  tharsis_stn_on_disk on_disk_ = nullptr;
  tharsis_handle task_ = 0;
  uint64_t number_ = 0;
};

}  // namespace tharsis::stn
