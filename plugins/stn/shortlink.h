// A short link: one POST for each task, in Mars' form, over connections that may be kept.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "plugins/stn/core/breakers.h"
#include "plugins/stn/core/server_rest.h"
#include "plugins/stn/core/short_plan.h"
#include "plugins/stn/core/short_settings.h"
#include "plugins/stn/core/task_queue.h"
#include "plugins/stn/http_call.h"
#include "plugins/stn/http_dialler.h"
#include "plugins/stn/link_events.h"
#include "plugins/stn/short_codec.h"

namespace tharsis::stn {

// How short links spare their servers, and who hears of it.
struct short_care {
  rest_settings rest{};
  budget_settings budget{};
  breaker_settings breaker{};
  counter busy{}, no_budget{}, left_alone{};
  std::function<void(const server_word& w)> tell{};  // Empty: nobody.
};

class shortlink {
 public:
  // Who gave the tasks; what an answer's body shows is gone after the call.
  using taker = std::function<void(answer a)>;
  // A caller is to make a body: on_encoded() brings it.
  using asker = std::function<void(const encode_wish& wish)>;

  // All of them outlive the link. `number`: of this one, from 1 on. [own strand]
  shortlink(strand& place, const host& tables, http_surroundings around, codec_shelf& codecs, const short_link_settings& s, size_t number, taker t,
            asker ask, const short_care& care = {});
  shortlink(const shortlink&) = delete;
  ~shortlink();

  void start();
  // What the network is now; before start() and whenever it changes.
  void on_network(const tharsis_network_state& now);
  // Every task gets one answer, by its deadline.
  void submit(std::unique_ptr<request> r);
  // False: the task is not here.
  bool cancel(uint64_t id);
  // See task_queue.
  void on_encoded(uint64_t id, uint32_t connection, result<std::vector<uint8_t>> body, uint32_t why = THARSIS_STN_NOT_ENCODED);
  void on_order_free(uint64_t order);
  const request* find(uint64_t id) const { return queue_.find(id); }
  // Answers all tasks so, those of one user only where one is named.
  void end_tasks(const ending& why, std::string_view user);
  // What this user has under way is sent anew, as far as it may be sent twice.
  void send_again(const std::string& user);
  // Pauses between attempts end, and parked tasks are tried again; with `anew` no connection of before is used again.
  void hurry(bool anew);

  // Answers what is open; the rest is wait_stopped().
  void stop();
  task<void> wait_stopped(instant deadline);

  const std::string& name() const { return settings_.name; }
  size_t unanswered() const { return queue_.unanswered(); }
  size_t connections() const { return connections_.size(); }

 private:
  struct running;

  void move_on();
  void begin_what_may();
  task<void> carry(running* r);
  task<void> attempt(running* r, http_call* call);
  task<bool> rest_before(running* r);
  size_t pick_host(int64_t attempt);
  task<bool> wait_for_host(running* r);
  duration spare_host(running& r, const http1::response_head& head);
  void on_host_failure(size_t host, const std::string& why, duration at_least);
  void tell(uint32_t what, const std::string& host, uint32_t command, const std::string& reason, duration wait);
  int64_t seconds_now() const { return place_.wall() / 1'000'000'000; }
  result<http_ask> ask_of(const request& r, size_t host) const;
  const url& host_of(size_t i) const;
  int64_t attempts_of(const request& r) const;
  void finish(running& r, const ending& how, std::span<const uint8_t> body = {});
  void give_up(running& r);
  void let_go(running& r);
  void hand_on(answer a);
  void on_codec();
  task<void> look_after();

  strand& place_;
  const short_link_settings& settings_;
  const size_t number_;
  const taker taker_;
  const asker asker_;
  http_dialler_of dialler_;
  http_connections connections_;
  short_codec codec_;
  short_hosts hosts_;
  const short_care care_;
  http_care servers_;  // By address; what they ask for is kept by origin here.
  server_rest<std::string> rests_;            // By origin.
  breaker_board<std::string> breakers_;
  dice chance_;
  uint64_t generation_ = 0;
  bool ending_ = false;
  const phase_clock phases_;  // It stands still: what waits here waits for its turn.
  task_queue queue_;          // All that have no answer yet.
  std::map<uint64_t, std::unique_ptr<running>> running_;  // Of them those that are under way.
  std::vector<std::unique_ptr<running>> over_;  // Their coroutines are about to return.
  signal news_;
  task_set work_;
};

}  // namespace tharsis::stn
