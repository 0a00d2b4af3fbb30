// What goes to a task's caller, on the strand where it started the task: the wish for a body, or the answer, which
// it may judge before it hears of the end.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "plugins/stn/open_tasks.h"

namespace tharsis::stn {

class task_delivery {
 public:
  // An end that nobody judges. Whoever makes it has closed the task.
  explicit task_delivery(answer a);
  // The end of a durable task: one that reaches nobody goes to who has adopted it.
  task_delivery(answer a, std::shared_ptr<open_tasks> tasks);
  // An answer that its caller judges; `a.status` is THARSIS_OK.
  task_delivery(answer a, size_t link, std::shared_ptr<open_tasks> tasks);
  task_delivery(const encode_wish& wish, std::string link_name, size_t link, std::shared_ptr<open_tasks> tasks);
  task_delivery(task_delivery&&) = default;
  task_delivery& operator=(task_delivery&&) = delete;
  // One that never arrived, because its strand is no more, has ended its task all the same.
  ~task_delivery();

  void deliver();

 private:
  void judge();
  void end(tharsis_status status, uint32_t why, std::string_view reason, int32_t code);
  void ask() const;

  std::unique_ptr<request> of_;  // Null: a wish.
  tharsis_status status_ = THARSIS_OK;
  uint32_t why_ = 0;
  int32_t code_ = 0;
  std::vector<uint8_t> body_;
  std::string reason_;  // A wish: the link's name.
  encode_wish wish_{};
  size_t link_ = 0;
  std::shared_ptr<open_tasks> tasks_;  // Null: nobody judges.
  std::shared_ptr<open_tasks> outbox_;  // A durable task, until it is told.
};

// Calls `done`.
void tell_end(const request& r, tharsis_status status, uint32_t why, std::span<const uint8_t> body, std::string_view reason, int32_t code = 0);
// Calls `encode`, until there is room for what it makes.
result<std::vector<uint8_t>> encoded(const encode_wish& wish, const std::string& link_name);

}  // namespace tharsis::stn
