#include "plugins/stn/task_desk.h"

namespace tharsis::stn {

task_desk::task_desk(const link_surroundings& around, const std::string& link, size_t number, const phase_clock& phases,
                     const answer_time_settings& times, listener& heard)
    : place_(around.place),
      taker_(around.taker),
      number_(number),
      listener_(heard),
      tasks_(link, phases, around.count.requests, times),
      deadlines_(place_),
      running_(place_) {
  tasks_.spare(around.tasks.rest, around.tasks.budget, around.ways.random());
  running_.spawn(expire());
}

void task_desk::submit(std::unique_ptr<request> r) {
  tasks_.submit(std::move(r), place_.now());
  if (tasks_.deadline() < expires_at_ || tasks_.has_answers()) deadlines_.raise();
  listener_.on_tasks();
}

bool task_desk::cancel(uint64_t id) {
  const bool here = tasks_.cancel(id, place_.now());
  hand_over();
  return here;
}

void task_desk::on_encoded(uint64_t id, uint32_t connection, result<std::vector<uint8_t>> body, uint32_t why) {
  tasks_.on_encoded(id, connection, std::move(body), place_.now(), why);
  hand_over();
  listener_.on_tasks();
}

void task_desk::on_order_free(uint64_t order) {
  tasks_.on_order_free(order, place_.now());
  listener_.on_tasks();
}

void task_desk::send_again(const std::string& user) {
  tasks_.send_again(user, place_.now());
  listener_.on_tasks();
}

void task_desk::end(const ending& e, std::string_view user) {
  tasks_.end(e, place_.now(), user);
  hand_over();
}

task<void> task_desk::expire() {
  while (!closed_) {
    expires_at_ = tasks_.deadline();
    co_await deadlines_.wait(expires_at_);
    tasks_.on_deadline(place_.now());
    hand_over();
    listener_.on_tasks();  // What was parked may want to be sent.
  }
}

void task_desk::hand_over() {
  for (const encode_wish& wish : tasks_.take_wishes()) taker_.ask(wish, number_);
  for (answer& a : tasks_.take_answers()) {
    listener_.on_task_answer(a);
    taker_.take(std::move(a), number_);
  }
  for (const spared_server& s : tasks_.take_spared()) listener_.on_server_spared(s);
  if (tasks_.deadline() < expires_at_) deadlines_.raise();
}

void task_desk::close() {
  closed_ = true;
  deadlines_.raise();
}

}  // namespace tharsis::stn
