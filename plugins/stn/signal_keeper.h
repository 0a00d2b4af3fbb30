// Sends what keeps a mobile radio awake while an answer is expected: core/signalling says when, the profile by which way. A
// burst goes on over a loss, to wherever the link leads then.
#pragma once
#include <string>

#include "plugins/stn/core/session.h"
#include "plugins/stn/core/signalling.h"
#include "plugins/stn/keep_datagrams.h"

namespace tharsis::stn {

class signal_keeper {
 public:
  // Both outlive it.
  signal_keeper(const host& tables, const link_settings& s) : host_(tables), settings_(s), burst_(s.signalling), datagrams_(tables) {}

  void change(const signalling_settings& s) { burst_ = signalling(s); }
  void on_wish(instant now) { burst_.on_wish(now); }
  void on_traffic(instant now) { burst_.on_traffic(now); }
  instant deadline() const { return burst_.deadline(); }
  // In each turn of a link that is up. `at`: where it leads.
  void follow(session& talk, const tharsis_address& at, instant now);
  // Until the next burst, or connection.
  void close() { datagrams_.close(); }

 private:
  const host& host_;
  const link_settings& settings_;
  signalling burst_;
  keep_datagrams datagrams_;
  bool refused_ = false;  // By the codec, and it was said.
};

}  // namespace tharsis::stn
