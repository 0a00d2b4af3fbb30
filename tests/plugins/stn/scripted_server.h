// A server for tests that does what it is told to, well or badly. It counts executions: a request
// with a key that it knows is answered again and not executed again, as the gateway does.
#pragma once
#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sdk/async/task_set.h"
#include "sdk/async/tcp_listener.h"
#include "sdk/async/tls_stream.h"
#include "sdk/pure/mars_frame.h"
#include "sdk/pure/mars_messages.h"

namespace tharsis::test {

class scripted_server {
 public:
  enum class manner {
    honest,  // Answers the hello, pings and requests (with the request's body).
    mute,    // Reads everything and says nothing at all.
    mute_after_hello,
    no_hello,      // Answers pings only.
    refuse_hello,  // retcode 7.
    refuse_tasks,  // Every task with option_refusal.
    garbage,       // Bytes that are no frame, instead of the hello's answer.
    zero_head,     // A frame whose head is said to have 0 bytes.
    oversized,     // A frame that promises 2 GiB.
    drip,          // Honest, but a byte at a time.
    babble,        // Answers everything with bytes that are no frame.
    hang_up,       // Ends the connection at the first task.
  };

  scripted_server(strand& place, const tharsis_net& net)
      : place_(place), listener_(place, net), work_(place) {}

  // Plain TCP without `tls`.
  tharsis_status listen(const tharsis_address& on, std::optional<tls_context> tls) {
    tls_ = std::move(tls);
    tharsis_error why = no_error();
    const tharsis_status status = listener_.listen(on, &why);
    if (status == THARSIS_OK) work_.spawn(accept());
    return status;
  }
  const tharsis_address& address() const { return listener_.address(); }
  void close() {
    work_.clear();
    listener_.close();
  }

  // Unasked, on each of its connections that has said hello.
  void push_to_all(uint32_t command, const std::string& text) {
    for (auto& [number, g] : guests_) {
      mars::append_frame(g.unasked, {command, mars::sequence_push, {text.begin(), text.end()}, {}, {}});
      g.wire->events().raise(stream::nudged);
    }
  }

  manner how = manner::honest;
  duration thinks{};   // Before it answers a request.
  std::string answer;  // To each request; empty: the request's body.
  std::string deadly;  // A request with this body ends its connection.
  int unanswered = 0;  // So many of the next requests get no answer; pings do.
  std::vector<std::pair<uint32_t, std::string>> pushes;  // Sent before each answer: command and body.
  std::vector<std::string> requests;  // Their bodies, as they came.
  int connections = 0;
  int hellos = 0;
  int pings = 0;
  std::vector<instant> pings_at;
  int32_t heartbeat_ms = 0;  // In the answer to a hello, as these:
  int32_t keys_kept_ms = 0;
  mars::bytes keys_memory;
  bool forgets_keys = false;   // Whatever it says.
  bool answers_twice = false;  // The second time with something else.
  std::optional<mars::server_move> move;  // Sent behind the next answer to a task.
  int busy = 0;                // So many of the next tasks are refused for now:
  uint32_t busy_ms = 1000;     // they may come again after so long.
  std::vector<instant> busy_at;
  int kept_awake = 0;
  std::map<std::string, int> executions;  // By body.
  std::vector<std::string> client_ids;
  std::vector<std::string> proofs;
  std::string refuse_proof;  // A sentence.
  bool proof_after_tasks = false;
  int connections_max = 1'000'000;  // At a time; more are ended at once.
  bool newest_only = false;         // A connection ends those before it.
  bool refuses_repeats = false;     // Whoever asks again is refused, though the first is carried out.

 private:
  task<void> accept() {
    for (;;) {
      while (auto wire = listener_.accept()) work_.spawn(serve(std::move(wire)));
      co_await listener_.events().wait();
    }
  }

  task<void> serve(std::unique_ptr<tcp_stream> accepted) {
    std::unique_ptr<stream> wire = std::move(accepted);
    if (tls_) {
      auto secured = co_await tls_accept(place_, std::move(wire), *tls_, never);
      if (!secured) co_return;
      wire = std::move(*secured);
    }
    const int number = ++connections;
    if (open_ >= connections_max) co_return wire->end();
    ++open_;
    mars::frame_reader reader;
    std::vector<uint8_t> out;
    std::deque<std::pair<instant, std::vector<uint8_t>>> thoughts;
    const struct leaver {
      ~leaver() { here.erase(number); }
      std::map<int, guest>& here;
      int number;
    } leaves{guests_, number};
    bool open = true;
    while (open && !(newest_only && number < connections)) {
      open = read(*wire, reader);
      while (const auto f = reader.take_frame()) {
        open = on_frame(*f, out) && open;
        if (hellos_seen_ != hellos) hellos_seen_ = hellos, guests_[number].wire = wire.get();
        if (!thought_.empty()) thoughts.emplace_back(place_.now() + thinks, std::exchange(thought_, {}));
      }
      wire->events().clear(stream::nudged);
      if (const auto g = guests_.find(number); g != guests_.end()) {
        out.insert(out.end(), g->second.unasked.begin(), g->second.unasked.end());
        g->second.unasked.clear();
      }
      for (; !thoughts.empty() && thoughts.front().first <= place_.now(); thoughts.pop_front())
        out.insert(out.end(), thoughts.front().second.begin(), thoughts.front().second.end());
      const size_t now = how == manner::drip ? std::min<size_t>(out.size(), 1) : out.size();
      if (wire->write(std::span(out).first(now)) != THARSIS_OK) break;
      out.erase(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(now));
      const instant next = newest_only ? place_.now() + 20ms : thoughts.empty() ? never : thoughts.front().first;
      co_await wire->events().wait(out.empty() ? next : place_.now() + 1ms);
    }
    --open_;
    wire->end();
  }

  bool read(stream& wire, mars::frame_reader& reader) {
    uint8_t chunk[4096];
    for (;;) {
      size_t count = 0;
      const tharsis_status status = wire.read(chunk, count);
      if (status == THARSIS_PENDING) return true;
      if (status != THARSIS_OK || count == 0 || reader.on_bytes({chunk, count}) != THARSIS_OK) return false;
    }
  }

  bool on_frame(const mars::frame& f, std::vector<uint8_t>& out) {
    if (how == manner::mute) return true;
    if (how == manner::babble) {
      out.assign(64, 'x');
      return true;
    }
    if (f.command == mars::command_hello) return on_hello(f, out);
    if (how == manner::mute_after_hello) return true;
    if (f.sequence == mars::sequence_identify) {  // The application's own proof: answered with the same.
      proofs.emplace_back(f.body.begin(), f.body.end());
      proof_after_tasks = proof_after_tasks || !executions.empty();
      mars::append_frame(out, {f.command, f.sequence, f.body, {}, refuse_proof});
      return true;
    }
    if (f.command == mars::command_noop) {
      ++pings;
      pings_at.push_back(place_.now());
      mars::append_frame(out, f);
      return true;
    }
    if (f.sequence == mars::sequence_keep) return ++kept_awake, true;
    if (how == manner::hang_up) return false;
    if (how == manner::refuse_tasks) {
      mars::append_frame(out, {f.command, f.sequence, {}, {}, "not today"});
      return true;
    }
    const std::string body(f.body.begin(), f.body.end());
    const std::string key(f.key.begin(), f.key.end());
    requests.push_back(body);
    for (const auto& [command, text] : pushes)
      mars::append_frame(out, {command, mars::sequence_push, {text.begin(), text.end()}, {}, {}});
    if (!deadly.empty() && body == deadly) return false;
    if (unanswered > 0) return --unanswered, true;
    if (busy > 0) {
      --busy;
      busy_at.push_back(place_.now());
      mars::append_frame(out, {f.command, f.sequence, {}, {}, "too much to do", busy_ms});
      return true;
    }
    const bool is_new = forgets_keys || key.empty() || known_.emplace(key, body).second;
    if (is_new) ++executions[body];
    if (!is_new && refuses_repeats) {
      mars::append_frame(out, {f.command, f.sequence, {}, {}, "was asked before"});
      return true;
    }
    const mars::bytes said = answer.empty() ? f.body : mars::bytes(answer.begin(), answer.end());
    mars::append_frame(thinks == duration::zero() ? out : thought_, {f.command, f.sequence, said, {}, {}});
    if (answers_twice) mars::append_frame(thinks == duration::zero() ? out : thought_, {f.command, f.sequence, {'x'}, {}, {}});
    if (const auto told = std::exchange(move, std::nullopt)) {
      mars::frame wish{mars::command_noop, mars::sequence_noop, {}, {}, {}};
      wish.move = mars::encode(*told);
      mars::append_frame(out, wish);
    }
    return true;
  }

  bool on_hello(const mars::frame& f, std::vector<uint8_t>& out) {
    ++hellos;
    if (const auto hello = mars::decode<mars::hello_request>(f.body)) client_ids.push_back(hello->text);
    switch (how) {
      case manner::no_hello:
        return true;
      case manner::garbage:
        out.assign(64, 'x');
        return true;
      case manner::zero_head:
        out.assign(20, 0);
        return true;
      case manner::oversized:
        mars::append_frame(out, {f.command, f.sequence, {}, {}, {}});
        out[16] = 0x7F;
        return true;
      default:
        break;
    }
    const mars::hello_response hello{how == manner::refuse_hello ? 7 : 0, "as told", {}, {}, {}, heartbeat_ms, keys_kept_ms, keys_memory};
    mars::append_frame(out, {f.command, f.sequence, mars::encode(hello), {}, {}});
    mars::append_frame(out, {mars::command_push, mars::sequence_push, {'h', 'i'}, {}, {}});
    return true;
  }

  struct guest {
    stream* wire = nullptr;
    std::vector<uint8_t> unasked;
  };
  std::map<int, guest> guests_;
  int hellos_seen_ = 0;
  strand& place_;
  tcp_listener listener_;
  std::optional<tls_context> tls_;
  std::map<std::string, std::string> known_;
  std::vector<uint8_t> thought_;  // The answer that is to wait.
  int open_ = 0;
  task_set work_;
};

}  // namespace tharsis::test
