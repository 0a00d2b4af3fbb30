// Answers what plugins' live commands and `tharsis status`, `metrics`, `level`, `stop`, `reload` and `tail` ask a running runtime over its control socket.
//
//   {"do":"status"}                     one line: {"profile":..,"process":..,"state":..,"plugins":[..]}
//   {"do":"metrics"}                    one line: {"profile":..,"process":..,"metrics":[..]}
//   {"do":"stop"}                       {"stopping":true}; the connection ends with the process
//   {"do":"tell","words":{"foreground":"0"}}  {"told":true}
//   {"do":"level","words":{"stn":"debug"}}    {"levels":[..]}, once they are so
//   {"do":"tail","pattern":"stn.*"}     {"tail":"stn.*"}, then events, and {"dropped":N} where some are missing
//   {"do":"reload"}                     {"changed":true,"text":"what","difference":{..}}, or {"error":..} with a
//                                       "status" of the contract
//   {"do":"command","plugin":"dns","name":"cache","arguments":["list"],"folder":"/home/me","colours":"1"}
//                                       {"taken":true,"printed":..,"complained":..,"code":0}; {"taken":false}: it does not
//                                       run there, or carries nothing out while it runs. A plugin that goes, or says nothing
//                                       for a minute, has complained and finished with 1
//   anything else                       {"error":"a sentence"}
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "runtime/bus.h"
#include "runtime/live_calls.h"
#include "runtime/os_control_linux.h"
#include "runtime/os_thread.h"
#include "sdk/pure/error.h"

namespace tharsis::runtime {

struct yaml_node;

class control_server {
 public:
  // Called on the server's thread.
  struct answers {
    std::function<std::string()> status;
    std::function<std::string()> metrics;
    std::function<void()> stop;
    std::function<std::optional<error>(const std::map<std::string, std::string>& words)> tell;
    std::function<result<std::string>(const std::map<std::string, std::string>& words)> level;
    std::function<void(std::function<void(std::string)> done)> reload;  // `done` gets the answer, once. [any thread]
    std::function<void(live_calls::wish w, std::function<void(std::string)> done)> command;
    std::function<void()> look{};  // A few times a second while `done` of one of them has not been called; may be empty.
  };

  // `events` outlives it.
  control_server(std::unique_ptr<control_socket> socket, bus& events, answers a);
  ~control_server();
  control_server(const control_server&) = delete;

 private:
  struct subscription {
    tharsis_handle id;
    uint64_t dropped = 0;  // As the client was told.
  };

  void on_line(uint64_t client, const std::string& line);
  void tell(uint64_t client, const yaml_node* words);
  void level(uint64_t client, const yaml_node* words);
  void tail(uint64_t client, const std::string& pattern);
  void end_tail(uint64_t client);
  void pass_events_on();
  void command(uint64_t client, const yaml_node& request);
  std::function<void(std::string)> later_answer(uint64_t client) const;
  void send_late_answers();
  bool owes() const;
  bool waits(uint64_t client) const;
  void complain(uint64_t client, const std::string& sentence);

  // Answers that came later, on other threads. They may come when the server has gone.
  struct late_answers {
    std::mutex mutex;
    control_socket* socket;  // Null: gone.
    std::vector<std::pair<uint64_t, std::string>> waiting;
    std::multiset<uint64_t> owed;  // To whom: those that have not come.
  };

  std::unique_ptr<control_socket> socket_;
  bus& bus_;
  answers answers_;
  std::map<uint64_t, subscription> tails_;  // By client.
  std::shared_ptr<late_answers> late_ = std::make_shared<late_answers>();
  thread thread_;
};

}  // namespace tharsis::runtime
