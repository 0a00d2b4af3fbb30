#include "runtime/control_server.h"

#include <utility>

#include "runtime/bus_payload.h"
#include "runtime/diagnostic.h"
#include "runtime/yaml_tree.h"
#include "sdk/abi/command.h"
#include "sdk/pure/error.h"
#include "sdk/pure/json.h"

namespace tharsis::runtime {
namespace {

constexpr const char* owner = "(control)";
// A reader that falls behind by so much gets no more for now; the bus's queue then drops, and counts.
constexpr size_t unsent_most = 64 << 10;
// A second of a very busy bus, at some hundred bytes an event.
constexpr uint32_t tail_depth = 4096;

std::map<std::string, std::string> words_of(const yaml_node* map) {
  std::map<std::string, std::string> words;
  if (map != nullptr)
    for (const yaml_node& w : map->children) words[w.key] = w.text;
  return words;
}

}  // namespace

control_server::control_server(std::unique_ptr<control_socket> socket, bus& events, answers a)
    : socket_(std::move(socket)), bus_(events), answers_(std::move(a)) {
  late_->socket = socket_.get();
  thread_.start("tharsis-control", [this] {
    socket_->serve({[this](uint64_t client, const std::string& line) { on_line(client, line); },
                    [this](uint64_t client) { end_tail(client); },
                    [this] {
                      if (answers_.look && owes()) answers_.look();
                      send_late_answers();
                      pass_events_on();
                    },
                    [this] { return owes(); },
                    [this](uint64_t client) { return waits(client); }});
  });
}

control_server::~control_server() {
  socket_->end();
  thread_.join();
  {
    const std::lock_guard lock(late_->mutex);
    late_->socket = nullptr;
  }
  while (!tails_.empty()) end_tail(tails_.begin()->first);
}

void control_server::on_line(uint64_t client, const std::string& line) {
  diagnostics problems;
  const auto text = std::make_shared<source>(source{"request", line, source::kind::profile, {}});
  const auto request = parse_yaml(text, problems);
  if (!request || !problems.empty()) return complain(client, "a request is one line of JSON");
  const std::string what = text_in(*request, "do");
  if (what == "status") return socket_->send(client, answers_.status());
  if (what == "metrics") return socket_->send(client, answers_.metrics());
  if (what == "tail") return tail(client, text_in(*request, "pattern"));
  if (what == "tell") return tell(client, request->find("words"));
  if (what == "level") return level(client, request->find("words"));
  if (what == "reload") return answers_.reload(later_answer(client));
  if (what == "command") return command(client, *request);
  if (what != "stop") return complain(client, "this runtime does not know how to do " + in_quotes(what));
  socket_->send(client, json_object().add("stopping", true).text());
  answers_.stop();
}

void control_server::tell(uint64_t client, const yaml_node* words) {
  const auto failure = answers_.tell(words_of(words));
  if (failure) return complain(client, failure->text);
  socket_->send(client, json_object().add("told", true).text());
}

void control_server::level(uint64_t client, const yaml_node* words) {
  const auto answer = answers_.level(words_of(words));
  if (!answer) return complain(client, answer.failure().text);
  socket_->send(client, *answer);
}

void control_server::command(uint64_t client, const yaml_node& request) {
  live_calls::wish w{text_in(request, "plugin"), THARSIS_LIVE_COMMAND_ID, text_in(request, "name"), {}, text_in(request, "folder"), text_in(request, "colours") == "1"};
  if (const yaml_node* const arguments = request.find("arguments"))
    for (const yaml_node& a : arguments->children) w.arguments.push_back(a.text);
  answers_.command(std::move(w), later_answer(client));
}

// To be called once. [any thread]
std::function<void(std::string)> control_server::later_answer(uint64_t client) const {
  {
    const std::lock_guard lock(late_->mutex);
    late_->owed.insert(client);
  }
  return [late = late_, client](std::string answer) {
    const std::lock_guard lock(late->mutex);
    late->owed.erase(late->owed.find(client));
    late->waiting.emplace_back(client, std::move(answer));
    if (late->socket != nullptr) late->socket->ring();
  };
}

void control_server::send_late_answers() {
  std::vector<std::pair<uint64_t, std::string>> ready;
  {
    const std::lock_guard lock(late_->mutex);
    ready.swap(late_->waiting);
  }
  for (const auto& [client, answer] : ready) socket_->send(client, answer);
}

bool control_server::owes() const {
  const std::lock_guard lock(late_->mutex);
  return !late_->owed.empty();
}

bool control_server::waits(uint64_t client) const {
  if (tails_.contains(client)) return true;
  const std::lock_guard lock(late_->mutex);
  return late_->owed.contains(client);
}

void control_server::tail(uint64_t client, const std::string& pattern) {
  end_tail(client);
  tharsis_error reason = no_error();
  subscription made{};
  const auto ring = [this](bool waiting) {
    if (waiting) socket_->ring();
  };
  const tharsis_status s = bus_.subscribe(owner, pattern, THARSIS_DROP_OLDEST, tail_depth, ring, &made.id, &reason);
  if (s != THARSIS_OK) return complain(client, reason.text);
  socket_->send(client, json_object().add("tail", pattern).text());
  tails_[client] = made;
}

void control_server::end_tail(uint64_t client) {
  const auto found = tails_.find(client);
  if (found == tails_.end()) return;
  bus_.unsubscribe(owner, found->second.id);
  tails_.erase(found);
}

void control_server::pass_events_on() {
  for (auto& [client, s] : tails_) {
    while (socket_->unsent(client) < unsent_most) {
      const auto next = bus_.take(s.id);
      if (!next) break;
      // What was dropped came before what is left.
      if (const uint64_t dropped = bus_.dropped(s.id); dropped > s.dropped)
        socket_->send(client, json_object().add("dropped", dropped - std::exchange(s.dropped, dropped)).text());
      socket_->send(client, event_json(next->event));
    }
  }
}

void control_server::complain(uint64_t client, const std::string& sentence) {
  socket_->send(client, json_object().add("error", sentence).text());
}

}  // namespace tharsis::runtime
