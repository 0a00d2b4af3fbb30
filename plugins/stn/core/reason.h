// Why links change: the codes of sdk/abi/stn_links.h with their names, and Mars' words for the same.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "plugins/stn/core/phase_clock.h"
#include "sdk/abi/stn_links.h"
#include "sdk/pure/error.h"

namespace tharsis::stn {

// A failure of a link, and its code.
struct loss : error {
  loss(uint32_t code, tharsis_status s, std::string sentence) : error{s, std::move(sentence)}, why(code) {}
  loss(uint32_t code, error e) : error(std::move(e)), why(code) {}
  uint32_t why;  // THARSIS_STN_WHY_*.
};

// Who has ended the connection.
inline bool is_by_server(const loss& l) { return l.why == THARSIS_STN_WHY_REMOTE_CLOSED || l.why == THARSIS_STN_WHY_RESET; }

struct reason {
  const char* name;  // As the bus, JSON and the log show it.
  int mars_reason;   // Mars' disconnect reason, 10000 to 10021; 0: it has none.
  int mars_type;     // Mars' error type, 0 to 10.
};
inline constexpr reason reasons[] = {
    {"none", 0, 0},
    {"start", 0, 0},
    {"retry", 0, 0},
    {"wanted", 0, 0},
    {"resolve", 0, 3},
    {"refused", 0, 4},
    {"unreachable", 0, 4},
    {"connect_timeout", 0, 4},
    {"connect", 0, 4},
    {"proxy", 0, 4},
    {"denied", 0, 9},
    {"trust", 0, 9},
    {"tls_certificate", 0, 4},
    {"tls", 0, 4},
    {"hello_refused", 10018, 8},
    {"unproved", 10016, 6},
    {"auth_refused", 10018, 8},
    {"auth_later", 10018, 9},
    {"auth_unanswered", 10016, 6},
    {"auth_missing", 0, 9},
    {"remote_closed", 10001, 4},
    {"reset", 10012, 4},
    {"broken", 10015, 4},
    {"decode", 10004, 6},
    {"pong_missed", 10003, 4},
    {"silence", 10008, 6},
    {"doubt", 10003, 4},
    {"network_changed", 10009, 4},
    {"network_lost", 10011, 4},
    {"woke", 10009, 4},
    {"stopped", 10020, 10},
    {"replaced", 10010, 10},
    {"removed", 10020, 10},
    {"idle", 10021, 10},
    {"reconnect", 10000, 10},
    {"codec", 0, 9},
    {"second", 10008, 6},
    {"portal", 0, 4},
};
static_assert(std::size(reasons) == THARSIS_STN_WHY_COUNT);

constexpr std::string_view reason_name(uint32_t why) { return why < std::size(reasons) ? reasons[why].name : "unknown"; }

// What stopped an attempt, from how far it had come.
constexpr uint32_t why_not_reached(phase at, tharsis_status status) {
  if (status == THARSIS_E_DENIED) return THARSIS_STN_WHY_DENIED;
  if (at == phase::resolve)
    return status == THARSIS_E_INVALID || status == THARSIS_E_IO || status == THARSIS_E_BUSY ? uint32_t{THARSIS_STN_WHY_TRUST}
                                                                                           : uint32_t{THARSIS_STN_WHY_RESOLVE};
  if (status == THARSIS_E_UNTRUSTED) return THARSIS_STN_WHY_TLS_CERTIFICATE;
  if (at == phase::tls) return THARSIS_STN_WHY_TLS;
  switch (status) {
    case THARSIS_E_REFUSED: return THARSIS_STN_WHY_REFUSED;
    case THARSIS_E_UNREACHABLE: return THARSIS_STN_WHY_UNREACHABLE;
    case THARSIS_E_TIMEOUT: return THARSIS_STN_WHY_CONNECT_TIMEOUT;
    default: return THARSIS_STN_WHY_CONNECT;
  }
}

}  // namespace tharsis::stn
