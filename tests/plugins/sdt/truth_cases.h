// The ground truth of the judge: for each known fault what probes see of it, with noise by seed.
//
// The network is the lab's: im.test (198.51.100.11, 2001:db8:11::1) is the target, control.test the control, 192.0.2.53
// the honest resolver. Delays, losses and retransmissions are drawn, so that a rule that lives on luck fails somewhere.
#pragma once
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "plugins/sdt/core/verdict.h"

namespace tharsis::sdt {

// Builds what a healthy network shows, and lets a case change it.
class truth {
 public:
  explicit truth(unsigned seed, double loss_one_way = 0);

  observations seen;

  connect_probe& connect(probe_role role, const std::string& to);
  connect_probe& silent(connect_probe& c);
  connect_probe& refused(connect_probe& c);
  name_probe& name(probe_role role, name_transport over, const std::string& server, std::vector<std::string> addresses,
                   const std::string& asked = "im.test");
  name_probe& unanswered(name_probe& n);
  tls_probe& tls(probe_role role, const std::string& to, const std::string& sni);
  http_probe& page(probe_role role, const std::string& url);
  segment_probe& segment(way_direction direction, uint32_t mss, bool passes);
  loss_probe& train(probe_role role, const std::string& to, double loss_there_and_back, bool large_pass = true,
                    uint32_t count = 40);
  void ladder(way_direction direction, uint32_t path_mtu);
  trace_probe& trace(probe_role role, const std::string& to, std::vector<std::string> hops, bool reached);

  // What the network is asked for first, in every session.
  void local();
  void names();
  void connections();
  void web();

  double uniform() { return std::uniform_real_distribution<double>(0, 1)(dice_); }
  double around(double ms) { return ms * (0.95 + 0.2 * uniform()); }
  double rtt = 40;
  double loss = 0;  // One way.

 private:
  template <class T>
  T& head(std::vector<T>& all, const char* kind, probe_role role);
  bool arrives(uint32_t& retransmits);
  std::mt19937 dice_;
  int next_ = 0;
};

// Everything above on a network without a fault.
truth healthy(unsigned seed, double loss_one_way = 0);

struct truth_case {
  int number;  // Of the reference's table; 100 and more are our own.
  std::string name;
  std::vector<verdict_code> headlines;  // Any of these.
  std::vector<verdict_code> also;       // Must be among the findings.
  std::string action;                   // Of the headline; empty: any.
  bool control;                         // Nothing is wrong, whatever it looks like.
  std::function<observations(unsigned seed)> make;
};

const std::vector<truth_case>& truth_cases();

}  // namespace tharsis::sdt
