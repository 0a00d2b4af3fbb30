// The socket by which its owner's other programs talk to a running runtime: lines of text, both ways.
//
// It lies in STATE/.control, which only the owner enters, under the profile's name; both ends ask the
// system who the other is. What a process that has died left there is taken away by the next one.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sdk/pure/error.h"

namespace tharsis::runtime {

class control_socket {
 public:
  struct handlers {
    std::function<void(uint64_t client, const std::string& line)> on_line;
    std::function<void(uint64_t client)> on_gone;
    std::function<void()> on_turn;  // After every ring, and whenever something has moved.
    std::function<bool()> watches{};  // Whether a turn comes a few times a second anyway; empty: never.
    // Whether the client waits for something; empty: nobody does. Where all places are taken, who has been silent for longest and waits
    // for nothing goes when another comes.
    std::function<bool(uint64_t client)> waits{};
  };

  //   THARSIS_E_IN_USE  a process that is alive has it; the sentence says which.
  static result<std::unique_ptr<control_socket>> open(const std::string& state_folder, const std::string& name);
  ~control_socket();
  control_socket(const control_socket&) = delete;

  // Until end(). The handlers are called here. [a thread for it alone]
  void serve(const handlers& h);
  // Sends as soon as the client reads. [the thread of serve]
  void send(uint64_t client, const std::string& line);
  // Bytes that the client has not read yet. [the thread of serve]
  size_t unsent(uint64_t client) const;

  void ring();  // [any thread]
  void end();   // [any thread]

 private:
  struct connection {
    int descriptor;
    std::string in, out;
    uint64_t heard;  // Its last word is younger than those with smaller numbers.
    bool gone = false;
  };

  control_socket() = default;
  bool accept_clients(const handlers& h);
  std::optional<uint64_t> longest_silent(const handlers& h) const;
  void read_from(uint64_t client, const handlers& h);
  void write_to(connection& c);
  void forget_if_gone(uint64_t client, const handlers& h);
  void forget(uint64_t client, const handlers& h);

  int folder_ = -1, listener_ = -1, bell_ = -1, ringer_ = -1;
  std::atomic<bool> ending_ = false;
  std::string name_;
  uint64_t next_ = 1;
  uint64_t words_ = 0;  // Of all clients.
  std::map<uint64_t, connection> clients_;
};

class control_client {
 public:
  // Who answers at all does so within this time.
  static constexpr std::chrono::milliseconds answer_latest{5000};

  //   THARSIS_E_NOT_FOUND  nobody runs there.  THARSIS_E_DENIED  it is somebody else's.  THARSIS_E_TIMEOUT  it is stopped.
  static result<std::unique_ptr<control_client>> reach(const std::string& state_folder, const std::string& name);
  ~control_client();
  control_client(const control_client&) = delete;

  // How long it is waited for; 0: for ever. As long as answer_latest, if nobody says otherwise.
  void set_patience(std::chrono::milliseconds most);
  // One question, one line. `takes_time`: it is waited for as long as others are answered, on another connection.
  //   THARSIS_E_TIMEOUT  it said nothing in time, and may still.  THARSIS_E_GONE  it has ended.
  result<std::string> ask(const std::string& question, bool takes_time = false);
  // Another line, unasked; nothing: the other end has closed, or said nothing for so long.
  std::optional<std::string> read_line();
  // Until the other process has ended.
  void wait_for_its_end();
  int process() const { return process_; }

 private:
  control_client() = default;
  bool answers_others() const;
  error why_nothing() const;  // The last call gave nothing.

  int descriptor_ = -1, process_ = 0, process_descriptor_ = -1;
  bool silent_ = false;
  std::string state_folder_, name_, in_;
};

// The names in STATE/.control, sorted; who died may be among them.
std::vector<std::string> control_names(const std::string& state_folder);

}  // namespace tharsis::runtime
