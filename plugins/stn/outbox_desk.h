// Durable tasks on their way: onto the disk, to the links again and again, and their answers, once they are on the disk too,
// to who waits for them. core/outbox.h decides; this waits for disk, links and time.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "plugins/stn/core/outbox.h"
#include "plugins/stn/core/task_queue.h"
#include "plugins/stn/link_events.h"
#include "plugins/stn/outbox_delivery.h"
#include "plugins/stn/outbox_disk.h"
#include "sdk/async/mailbox.h"

namespace tharsis::stn {

class outbox_desk {
 public:
  // What the dispatcher does for it.
  struct services {
    std::function<void(std::unique_ptr<request>, std::string link)> send;  // Its end comes by on_end().
    std::function<void(answer)> tell;                    // To the task's caller, for good.
    std::function<result<std::unique_ptr<request>>(const kept_task&)> revive;  // A request that nobody here waits for.
    std::function<void(const request&)> forget;          // One of those has gone.
    std::function<void(tharsis_handle)> cancel;          // It is under way.
    std::function<void(const std::string& client)> open;  // The outbox is read: under which id the server knows it; empty: there is none.
    std::function<void(const measure&)> measured;        // For the bus.
  };

  // All of them outlive it. `path` is the file's.
  outbox_desk(strand& place, const host& tables, const outbox_settings& s, std::string path, std::string client,
              std::shared_ptr<open_tasks> tasks, services does);
  outbox_desk(const outbox_desk&) = delete;

  void start();
  // A durable task that was just started.
  void keep(std::unique_ptr<request> r);
  // A try of one has ended.
  void on_end(answer a);

  // One that waits here. False: it does not.
  bool cancel(tharsis_handle id);
  // All of the link and user, or of all where it is empty, that wait here. They are withdrawn.
  void clear(std::string_view link, std::string_view user);
  // Somebody cares now.
  void hurry();

  // adopt, release, acknowledge, discard, list, unheard. Before the file was read they wait for that.
  void on_letter(task_letter l);

  size_t size() const { return book_.entries().size(); }
  int64_t bytes() const { return book_.bytes(); }
  // Nothing is sent any more.
  void stop();
  // What waits here is told that stn stops; on the disk when it returns, if that takes it by then.
  task<void> close(instant deadline);

 private:
  void on_read(result<std::vector<outbox_record>> found);
  void put(std::unique_ptr<request> r);
  void on_put(uint64_t number, const error& e);
  void refuse(std::unique_ptr<request> r, const error& why);
  task<void> run();
  void pump();
  std::unique_ptr<request> take_here(uint64_t number);
  void send(uint64_t number);
  void finish(uint64_t number, kept_answer a, std::unique_ptr<request> r);
  struct ended {
    std::unique_ptr<request> of;
    std::optional<kept_answer> whole;  // Where the outbox has no room for all of it.
  };
  void on_answer_kept(uint64_t number, ended e);
  void withdraw(uint64_t number, std::unique_ptr<request> r, uint32_t why, std::string reason);
  void drop(uint64_t number, outbox_disk::on_written then = {});
  void tell_withdrawn(std::unique_ptr<request> r, uint32_t why, std::string reason);
  void tell_stopping(std::unique_ptr<request> r);
  void clear_kept(std::string_view link, std::string_view user);
  std::vector<std::unique_ptr<request>> take_early(const std::function<bool(const request&)>& meant);
  void tell(const std::vector<outbox_book::news>& news);
  void tell_measure(uint32_t what, uint64_t number, std::string reason) const;
  void list(const std::shared_ptr<const outbox_taker>& to);
  void release(uint64_t adopter);

  strand& place_;
  const host host_;
  outbox_book book_;
  const std::string new_client_;
  const std::shared_ptr<open_tasks> tasks_;
  const services does_;
  outbox_disk disk_;
  outbox<outbox_delivery> letters_;
  std::vector<std::unique_ptr<request>> early_;  // Started before the file was read,
  std::vector<task_letter> early_letters_;       // and what was said by then, of what may stand in it.
  std::unordered_map<uint64_t, std::unique_ptr<request>> here_;  // That wait for the disk or their next try; those of callers.
  std::unordered_map<uint64_t, tharsis_handle> away_;            // With the links.
  std::map<uint64_t, std::shared_ptr<const outbox_taker>> takers_;
  bool is_read_ = false, stopping_ = false;
  error trouble_ = fine();  // Why there is no outbox.
  signal changed_;
  task_set work_;
};

}  // namespace tharsis::stn
