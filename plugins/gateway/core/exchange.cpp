#include "plugins/gateway/core/exchange.h"

#include <algorithm>
#include <utility>

#include "sdk/pure/json.h"
#include "sdk/pure/views.h"

namespace tharsis::gateway {
namespace {

// The answer to a hello repeats the name.
constexpr size_t user_size_max = 1024;

// What stn calls its client id: 32 hexadecimal digits.
bool is_client_id(const std::string& text) {
  const auto digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return text.size() == 32 && std::all_of(text.begin(), text.end(), digit);
}

// A peer's text as part of a log line.
std::string quoted(const std::string& text) { return json_text(text.substr(0, 64)); }

}  // namespace

void exchange::on_connect(uint64_t connection, udp_offer udp) {
  members_[connection].udp = std::move(udp);
  members_[connection].client = "connection " + std::to_string(connection);
  topics_.on_connect(connection);
}

void exchange::on_visit(uint64_t connection, const std::string& client, const std::string& from) {
  member& m = members_[connection];
  m.visits = true;
  m.paced_as = client.empty() ? "address " + from : client;
  m.client = is_client_id(client) ? client : "http " + client;
  m.known = true;
}

void exchange::on_close(uint64_t connection) {
  const auto found = members_.find(connection);
  if (found == members_.end()) return;
  if (!found->second.known) dedup_.forget(found->second.client);
  topics_.on_close(connection);
  members_.erase(found);
}

std::string exchange::on_request(uint64_t connection, mars::frame request, instant now, uint32_t datagram) {
  counts_.requests.add();
  const asker from{connection, request.sequence, datagram};
  std::string line = serve(from, std::move(request), now);
  member& m = members_[connection];
  if (!std::exchange(m.greeted, true) && !m.visits && leaving_.has_word()) tell_where(connection, now);
  return line;
}

// More than a client may ask for: refused at once, which costs less than the work.
bool exchange::too_fast(const asker& from, uint32_t command, instant now) {
  const bool work = command == mars::command_send_message || command == mars::command_echo;
  const member& m = members_[from.connection];
  duration wait = m.visits ? visits_pace_.on_request(m.paced_as, now) : duration::zero();
  if (wait == duration::zero() && work) wait = tasks_pace_.on_request(m.client, now);
  if (wait == duration::zero()) return false;
  refuse(from, command, "this client asks too often; come again later", std::max(wait, limits_.retry_after), true);
  return true;
}

// Whoever has said nothing yet may not understand it; he is told behind the answer to his first request.
void exchange::tell_where(uint64_t connection, instant now) {
  counts_.moves_told.add();
  deliveries_.push_back({connection, std::make_shared<const mars::frame>(leaving_.word(now)), 0, false, false});
}

void exchange::on_move(const move_wish& m, instant now) {
  leaving_.on_move(m);
  if (!leaving_.has_word() || leaving_.drains()) return;
  for (const auto& [connection, known] : members_)
    if (known.greeted && !known.visits) tell_where(connection, now);
}

void exchange::on_drain(instant now) {
  if (leaving_.drains()) return;
  leaving_.begin(now);
  for (const auto& [connection, known] : members_)
    if (known.greeted && !known.visits) tell_where(connection, now);
}

std::string exchange::serve(const asker& from, mars::frame request, instant now) {
  if (too_fast(from, request.command, now)) return {};
  switch (request.command) {
    case mars::command_noop:
    case mars::command_echo: answer(from, request.command, std::move(request.body)); return {};
    case mars::command_hello: return on_hello(from, request);
    case mars::command_hello2: on_hello2(from, request); return {};
    case mars::command_join_topic: on_join(from, request); return {};
    case mars::command_statistics: on_statistics(from, request); return {};
    case mars::command_send_message: return on_message(from, std::move(request), now);
  }
  // Once for a connection: the log is not the peer's to fill.
  if (std::exchange(members_[from.connection].puzzled, true)) return {};
  return "sent command " + std::to_string(request.command) +
         ", which this server does not know; such commands are ignored";
}

std::string exchange::on_hello(const asker& from, const mars::frame& request) {
  const auto hello = mars::decode<mars::hello_request>(request.body);
  if (!hello || hello->user.size() > user_size_max) {
    const std::string why = hello ? "the user's name is too long" : hello.failure().text;
    answer(from, request.command, encode(mars::hello_response{-1, why, {}}));
    return "sent a hello that was refused: " + why;
  }
  member& m = members_[from.connection];
  if (is_client_id(hello->text) && m.client != hello->text) {
    if (!m.known) dedup_.forget(m.client);
    m.client = hello->text;
    m.known = true;
  }
  mars::hello_response welcome{0, "congratulations, " + hello->user, {}};
  welcome.udp_port = m.udp.port;
  welcome.udp_id = m.udp.id;
  welcome.heartbeat_ms = static_cast<int32_t>(milliseconds(heartbeat_));
  if (m.known && !memory_.empty()) {
    welcome.keys_kept_ms = static_cast<int32_t>(std::min<int64_t>(milliseconds(keys_kept_), INT32_MAX));
    welcome.keys_memory = memory_;
  }
  answer(from, request.command, encode(welcome));
  return "says hello as " + quoted(hello->user) + (m.known ? ", client " + m.client.substr(0, 8) : ", without a client id");
}

// As the sample server: the texts "64KB" and "128KB" ask for so many bytes.
void exchange::on_hello2(const asker& from, const mars::frame& request) {
  const auto hello = mars::decode<mars::hello_request>(request.body);
  if (!hello) return answer(from, request.command, encode(mars::hello_response{-1, hello.failure().text, {}}));
  const size_t size = hello->text == "64KB" ? 64 * 1024 : hello->text == "128KB" ? 128 * 1024 : 0;
  mars::bytes dump(size);
  for (size_t i = 0; i < size; ++i) dump[i] = static_cast<uint8_t>(i * 131 >> 3);
  answer(from, request.command, encode(mars::hello_response{0, "hello mars", std::move(dump)}));
}

void exchange::on_join(const asker& from, const mars::frame& request) {
  const auto wish = mars::decode<mars::topic_request>(request.body);
  if (!wish) return answer(from, request.command, encode(mars::topic_response{-1, wish.failure().text}));
  if (topics_.join(from.connection, wish->topic))
    return answer(from, request.command, encode(mars::topic_response{0, "joined"}));
  answer(from, request.command,
         encode(mars::topic_response{-1, "a topic's name has at most " + std::to_string(topic_name_max) +
                                             " bytes, and a connection at most " +
                                             std::to_string(topics_per_connection) + " topics"}));
}

void exchange::on_statistics(const asker& from, const mars::frame& request) {
  const counters c = counted(from.connection);
  answer(from, request.command,
         encode(mars::statistics_response{c.executions, c.keys, c.repeats, c.refusals}));
}

counters exchange::counted(uint64_t connection) const {
  const auto found = members_.find(connection);
  return found == members_.end() ? counters{} : dedup_.counted(found->second.client);
}

std::string exchange::on_message(const asker& from, mars::frame request, instant now) {
  auto message = mars::decode<mars::send_message_request>(request.body);
  if (!message) {
    answer(from, request.command, encode(mars::send_message_response{-1, message.failure().text, {}, {}, {}}));
    return {};
  }
  const member& sender = members_[from.connection];
  if (jobs_.size() >= static_cast<size_t>(limits_.open_tasks)) {
    refuse(from, request.command, "the server is busy; try again later", std::max(work_, limits_.retry_after));
    return {};
  }
  using verdict = dedup::verdict;
  dedup::ruling ruling{verdict::execute, {}, {}};
  if (!request.key.empty())
    ruling = dedup_.on_request(sender.client, request.key, request.command, request.body, from, now);
  switch (ruling.what) {
    case verdict::wait: counts_.repeats.add(); return {};
    case verdict::repeat:
      counts_.repeats.add();
      answer(from, request.command, {ruling.answer.begin(), ruling.answer.end()});
      return {};
    case verdict::conflict:
      refuse(from, request.command, "this key was used for another request; a key names one piece of work", {});
      return "used a key for two different requests; the second was refused";
    case verdict::busy:
      refuse(from, request.command, ruling.wait > duration::zero() ? "as many answers are kept as may be; try again later" : "too many requests of this client are being carried out; try again later",
             std::max({work_, limits_.retry_after, ruling.wait}));
      return {};
    case verdict::execute: break;
  }
  job taken{later(now, work_), sender.client, sender.known, std::move(request), from, std::move(*message)};
  if (work_ > duration{}) {
    jobs_.push_back(std::move(taken));
  } else {
    carry_out(std::move(taken), now);
  }
  return {};
}

void exchange::on_deadline(instant now) {
  while (!jobs_.empty() && jobs_.front().due <= now) {
    job due = std::move(jobs_.front());
    jobs_.pop_front();
    carry_out(std::move(due), now);
  }
}

// The message is done, once: said to the others, remembered, counted, answered.
void exchange::carry_out(job done, instant now) {
  ++messages_;
  counts_.messages.add();
  push(done);
  const mars::send_message_request& m = done.message;
  std::vector<uint8_t> echo = encode(mars::send_message_response{0, "", m.from, m.text, m.topic});
  if (done.request.key.empty()) {
    if (done.known || members_.count(done.from.connection) > 0) dedup_.on_unnamed(done.client);
    answer(done.from, done.request.command, std::move(echo));
  } else {
    for (const asker& to : dedup_.on_answer(done.client, done.request.key, echo, now))
      answer(to, done.request.command, echo);
  }
  outage_.on_message(now);
}

void exchange::push(const job& done) {
  const mars::send_message_request& m = done.message;
  const auto frame = std::make_shared<const mars::frame>(
      mars::frame{mars::command_push, mars::sequence_push, encode(mars::message_push{m.topic, m.text, m.from}), {}, {}});
  for (const uint64_t other : topics_.members(m.topic)) {
    const auto to = members_.find(other);
    if (other == done.from.connection || (done.known && to != members_.end() && to->second.client == done.client)) continue;
    counts_.pushes.add();
    deliveries_.push_back({other, frame, 0, false, false});
  }
}

void exchange::answer(const asker& to, uint32_t command, std::vector<uint8_t> body) {
  deliveries_.push_back(
      {to.connection, std::make_shared<const mars::frame>(mars::frame{command, to.sequence, std::move(body), {}, {}}), to.datagram, false, false});
}

// `retry_after`: when it may be none; zero: never.
void exchange::refuse(const asker& to, uint32_t command, std::string sentence, duration retry_after, bool paced) {
  counts_.refused.add();
  if (retry_after > duration::zero()) counts_.busy.add();
  mars::frame no{command, to.sequence, {}, {}, std::move(sentence)};
  no.retry_after_ms = static_cast<uint32_t>(std::min<int64_t>(milliseconds(retry_after), UINT32_MAX));
  deliveries_.push_back({to.connection, std::make_shared<const mars::frame>(std::move(no)), to.datagram, retry_after > duration::zero(), paced});
}

}  // namespace tharsis::gateway
