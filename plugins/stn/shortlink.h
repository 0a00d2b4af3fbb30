// A short link: one POST for each task, in Mars' form, over connections that may be kept.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "plugins/stn/core/short_plan.h"
#include "plugins/stn/core/short_settings.h"
#include "plugins/stn/core/task_queue.h"
#include "plugins/stn/http_call.h"
#include "plugins/stn/http_dialler.h"

namespace tharsis::stn {

class shortlink {
 public:
  // Who gave the tasks; what an answer's body shows is gone after the call.
  using taker = std::function<void(answer a)>;

  // All of them outlive the link. [own strand]
  shortlink(strand& place, const host& tables, http_surroundings around, const short_link_settings& s, taker t);
  shortlink(const shortlink&) = delete;
  ~shortlink();

  void start();
  // What the network is now; before start() and whenever it changes.
  void on_network(const tharsis_network_state& now);
  // Every task gets one answer, by its deadline.
  void submit(std::unique_ptr<request> r);
  // False: the task is not here.
  bool cancel(uint64_t id);
  // Answers all tasks so, those of one user only where one is named.
  void end_tasks(const ending& why, std::string_view user);
  // What this user has under way is sent anew, as far as it may be sent twice.
  void send_again(const std::string& user);
  // Pauses between attempts end; with `anew` no connection of before is used again.
  void hurry(bool anew);

  // Answers what is open; the rest is wait_stopped().
  void stop();
  task<void> wait_stopped(instant deadline);

  const std::string& name() const { return settings_.name; }
  size_t unanswered() const { return waiting_.size() + running_.size(); }
  size_t connections() const { return connections_.size(); }

 private:
  struct running;
  using place_in_line = std::pair<int32_t, uint64_t>;  // The most urgent first, then the oldest.
  static place_in_line line_of(const request& r) { return {-r.priority, r.id}; }

  void begin_what_may();
  task<void> carry(running* r);
  task<void> attempt(running* r, http_call* call);
  task<bool> rest_before(running* r);
  http_ask ask_of(const request& r, size_t host) const;
  const url& host_of(size_t i) const;
  int64_t attempts_of(const request& r) const;
  void finish(running& r, ending how, std::span<const uint8_t> body = {});
  void give_back(std::unique_ptr<request> r, ending how);
  task<void> look_after();

  strand& place_;
  const short_link_settings& settings_;
  const taker taker_;
  http_dialler_of dialler_;
  http_connections connections_;
  short_hosts hosts_;
  uint64_t generation_ = 0;
  bool ending_ = false;
  std::map<place_in_line, std::unique_ptr<request>> waiting_;
  std::set<std::pair<instant, place_in_line>> deadlines_;  // Of those that wait.
  std::map<uint64_t, std::unique_ptr<running>> running_;
  signal news_;
  task_set work_;
};

}  // namespace tharsis::stn
