// What the world hears of the links: stn.link and stn.push on the bus, one log line per change.
#pragma once
#include <cstdint>
#include <string>

#include "plugins/stn/core/reason.h"
#include "plugins/stn/core/request.h"
#include "plugins/stn/core/session.h"
#include "plugins/stn/core/lane_report.h"
#include "plugins/stn/core/udp_report.h"
#include "sdk/abi/stn.h"
#include "sdk/async/host.h"
#include "sdk/pure/logger.h"

namespace tharsis::stn {

// As tharsis_stn_link, which says what is what.
struct link_state {
  std::string link;
  uint32_t state = THARSIS_STN_DOWN;
  tharsis_status status = THARSIS_OK;
  std::string endpoint;
  std::string address;
  std::string reason;
  uint32_t why = THARSIS_STN_WHY_NONE;
  uint32_t phase = THARSIS_STN_PHASE_DOWN;
  std::string causes;
  bool known = false;  // The same trouble as the last time; for the log only.
  uint32_t connects = 0;
  size_t waiting = 0;
  duration gap{};
};

// As tharsis_stn_auth_event.
struct auth_outcome {
  std::string link, user, reason;
  uint32_t outcome;
  uint32_t attempts;
  duration pause;
};

// As tharsis_stn_connect.
struct connect_profile {
  std::string link, endpoint, address, reason;
  tharsis_status status;
  uint32_t why, because, attempt;
  phase_times times;
};

// As tharsis_stn_task_event.
struct task_profile {
  std::string_view link, reason;
  uint32_t channel;
  tharsis_status status;
  uint32_t why;
  int32_t code;
  bool weak;
  size_t answer_size;
  duration took;
};

// As tharsis_stn_server_event.
struct server_word {
  std::string link, address, reason;
  uint32_t what;
  uint32_t command;
  duration wait;
};

// As tharsis_stn_measure.
struct measure {
  std::string link, reason;
  uint32_t what;
  uint64_t bytes = 0;
  duration time{};
};

// Hears of links beside the bus: a command.
class link_ear {
 public:
  virtual void on_state(const link_state& s) = 0;
  virtual void on_push(const std::string& link, const push& p) = 0;

 protected:
  ~link_ear() = default;
};

class link_events {
 public:
  explicit link_events(const host& tables) : host_(tables), log_(tables.log) {}

  void declare();  // In start().
  void lend(link_ear* ear) { ear_ = ear; }  // It outlives the links.
  void on_state(const link_state& s) const;
  void on_auth(const auth_outcome& a) const;
  void on_connect(const connect_profile& c) const;
  void on_push(const std::string& link, const push& p) const;
  // On stn's strand.
  void on_task(const request& r, const task_profile& p) const;
  void on_weak(bool weak, uint32_t because, duration lasted) const;
  void on_datagrams(const std::string& link, const udp_report& r) const;
  void on_lanes(const std::string& link, const lane_report& r) const;
  void on_server(const server_word& w) const;
  void on_measure(const measure& m) const;
  void on_pong(const std::string& link, const std::string& address, duration round_trip) const;

 private:
  void log_state(const link_state& s) const;

  host host_;
  logger log_;
  link_ear* ear_ = nullptr;
  tharsis_handle states_ = 0;
  tharsis_handle pushes_ = 0;
  tharsis_handle auths_ = 0;
  tharsis_handle connects_ = 0;
  tharsis_handle tasks_ = 0;
  tharsis_handle weak_ = 0;
  tharsis_handle datagrams_ = 0;
  tharsis_handle lanes_ = 0;
  tharsis_handle servers_ = 0;
  tharsis_handle measures_ = 0;
  tharsis_handle pongs_ = 0;
};

}  // namespace tharsis::stn
