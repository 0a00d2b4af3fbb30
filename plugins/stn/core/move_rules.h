// What a link makes of its server's wish that it goes elsewhere: a plan, or the sentence that says why not. What is wished
// is checked as the profile's endpoints are, and a server that asks for storms gets none.
//
// Pure.
#pragma once
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "plugins/stn/core/link_endpoint.h"
#include "plugins/stn/core/overload_settings.h"
#include "sdk/pure/error.h"
#include "sdk/pure/mars_messages.h"
#include "sdk/pure/time.h"

namespace tharsis::stn {

// Where the link is when it is asked.
struct move_situation {
  const std::vector<endpoint>& profile;  // Its endpoints.
  const endpoint& current;
  endpoint_terms terms;
  std::string at;  // "links.main"
  // Does the certificate of the connection stand for that host too?
  std::function<bool(const std::string& host)> vouched;
};

struct move_plan {
  std::vector<endpoint> to;  // Never empty.
  bool told = false;         // `to` is the server's; else the profile's, with the current one last.
  instant at{};              // When this client goes: by chance, so that not all do at once.
  instant ends = never;      // The server ends then.
  instant valid_until = never;
  std::string why;           // The server's sentence, or empty.
};

class move_rules {
 public:
  explicit move_rules(const move_settings& s) : settings_(s) {}

  void change(const move_settings& s) { settings_ = s; }

  // What the server has sent. `random`: any 64 bits.
  //   THARSIS_E_PROTOCOL  it means nothing.
  //   THARSIS_E_DENIED    it may not be followed.
  //   THARSIS_E_BUSY      it comes too often.
  result<move_plan> on_notice(std::span<const uint8_t> bytes, const move_situation& here, uint64_t random, instant now);

 private:
  result<endpoint> checked(const std::string& text, const move_situation& here) const;
  bool too_often(instant now);

  move_settings settings_;
  std::deque<instant> followed_;
};

}  // namespace tharsis::stn
