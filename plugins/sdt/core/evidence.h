// What is known about a failing link, and what is concluded from it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sdk/abi/sdt.h"
#include "sdk/pure/address.h"
#include "sdk/pure/time.h"

namespace tharsis::sdt {

// What stn says about the link.
struct link_report {
  enum class kind { none, connecting, failed };  // none: nobody has tried. connecting: for too long.
  kind said = kind::none;
  tharsis_status status = THARSIS_OK;  // Why it failed.
  std::string reason;                  // A sentence, or empty.
};

struct name_check {
  bool asked = false;  // Not where the endpoint has an address for a host.
  tharsis_status status = THARSIS_E_TIMEOUT;
  std::vector<tharsis_address> addresses;
  duration took{};
};

struct dial_check {
  tharsis_address to{};
  tharsis_status status = THARSIS_E_TIMEOUT;
  duration took{};
};

// What to check: the endpoint, and the address that stn tried last, if it told one.
struct target {
  endpoint server;
  std::optional<tharsis_address> last;
};

// What one round of checks found.
struct findings {
  name_check name;
  std::vector<dial_check> dials;
  duration took{};
  bool offline = false;  // No way leads out of this machine, as the runtime sees it.
};

struct evidence {
  endpoint server;
  link_report link;
  findings found;
  duration failing_for{};  // 0: not known.
};

struct link_verdict {
  uint32_t code = THARSIS_SDT_FINE;
  uint32_t confidence = 0;
  std::string headline;
  std::string advice;
  std::string evidence;
  duration took{};
};

}  // namespace tharsis::sdt
