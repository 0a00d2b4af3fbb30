// Where a link's tasks come and go: they are taken in, their deadlines hold with and without a connection, and what comes of
// them goes to whoever gave them.
#pragma once
#include <memory>
#include <string>

#include "plugins/stn/core/task_queue.h"
#include "plugins/stn/link_surroundings.h"
#include "sdk/async/signal.h"
#include "sdk/async/task_set.h"

namespace tharsis::stn {

class task_desk {
 public:
  class listener {
   public:
    // Before it goes to who gave its task.
    virtual void on_task_answer(const answer& a) = 0;
    virtual void on_server_spared(const spared_server& s) = 0;
    // Some may be ready to be sent.
    virtual void on_tasks() = 0;

   protected:
    ~listener() = default;
  };

  // `number`: of the link, for the taker. Deadlines hold from here on.
  task_desk(const link_surroundings& around, const std::string& link, size_t number, const phase_clock& phases, const answer_time_settings& times,
            listener& heard);

  // What is on the connections goes to them from here, and comes back; then hand_over().
  task_queue& queue() { return tasks_; }
  const task_queue& queue() const { return tasks_; }

  // What has ended at once is told in the next turn.
  void submit(std::unique_ptr<request> r);
  bool cancel(uint64_t id);
  void on_encoded(uint64_t id, uint32_t connection, result<std::vector<uint8_t>> body, uint32_t why);
  void on_order_free(uint64_t order);
  void send_again(const std::string& user);
  void end(const ending& e, std::string_view user = {});
  // Answers, wishes and news leave.
  void hand_over();
  // Nothing more comes: deadlines hold no longer.
  void close();

 private:
  task<void> expire();

  strand& place_;
  answer_taker& taker_;
  const size_t number_;
  listener& listener_;
  task_queue tasks_;
  signal deadlines_;             // The first deadline of a task is sooner than
  instant expires_at_ = never;   // this, for which expire() waits.
  bool closed_ = false;
  task_set running_;
};

}  // namespace tharsis::stn
