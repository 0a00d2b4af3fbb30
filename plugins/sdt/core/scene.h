// Questions to the observations of a session, asked by every layer of the judge.
//
// Only what ran is seen: probes that were skipped or cancelled say nothing. Pointers live as long as the observations.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "plugins/sdt/core/claim.h"
#include "plugins/sdt/core/observation.h"

namespace tharsis::sdt {

inline bool ran(const probe& p) {
  return p.state == probe_state::pass || p.state == probe_state::warn || p.state == probe_state::fail;
}
inline bool worked(const probe& p) { return ran(p) && p.state != probe_state::fail; }

inline bool is_plain_http(const http_probe& h) { return h.url.starts_with("http://"); }

// Those of one role that ran.
template <class T>
std::vector<const T*> of_role(const std::vector<T>& all, probe_role role) {
  std::vector<const T*> some;
  for (const T& p : all)
    if (p.role == role && ran(p)) some.push_back(&p);
  return some;
}

// "198.51.100.11:443" -> "198.51.100.11"; "[2001:db8::1]:443" -> "2001:db8::1"; what is neither stays as it is.
std::string_view host_of(std::string_view place);
bool is_v6(std::string_view place);
// "https://im.example.com:443/page" -> "im.example.com"; what has no scheme is taken as a place.
std::string_view host_of_url(std::string_view url);
// Of one house: shop.example.com is beneath example.com, and nothing beneath com.
bool is_beneath(std::string_view name, std::string_view parent);
// Private, loopback, link-local, shared, reserved or no address: no public name has one. The ranges that are kept for
// documentation are not among them.
bool leads_nowhere(std::string_view address);
// The same, or in the same network (/24, /48): what one operator spreads names over.
bool same_network(std::string_view a, std::string_view b);

class scene {
 public:
  explicit scene(const observations& seen);

  const observations& seen;
  const session_facts& about;

  // Ended without a word from anybody; the other side may be there and its packets lost.
  static bool silent(const connect_probe& c) { return c.state == probe_state::fail && c.failed == failure::timeout; }
  // Somebody is there: it connects, or refuses.
  static bool alive(const connect_probe& c) {
    return worked(c) || (ran(c) && (c.failed == failure::refused || c.failed == failure::reset));
  }
  // What `packets` in a row without an answer tell, against plain loss at the rate seen here.
  double weight_of_silence(uint32_t packets) const;
  double weight_of_silence(const connect_probe& c) const { return weight_of_silence(1 + c.syn_retransmits); }
  // Hosts and firewalls answer only so many echoes in a second: those that are missing are lost only where no other train came back.
  bool tells_of_loss(const loss_probe& l) const;
  // What all trains sent and lost together; `worst`: the last that lost something, null: none did.
  struct packet_count {
    uint32_t sent = 0, lost = 0;
    size_t lossy_trains = 0;
    const loss_probe* worst = nullptr;
    // One lost packet is chance; two are too many to swear that none are lost.
    bool loses_some() const { return lost >= 2; }
  };
  packet_count packets() const;
  // The share of questions that go unanswered by loss alone, there and back; at its upper bound.
  double loss() const { return loss_; }
  // The median round trip; 0: not known.
  double rtt_ms() const { return rtt_ms_; }

  // Anything beyond the gateway that did its work, of one family (4, 6) or any (0); null: nothing did. A refusal is no
  // sign: a gateway that lets nobody out refuses as well.
  const probe* internet(int family = 0) const;
  // The target itself does its work: the surest sign of it.
  const probe* target_works() const;
  // A noop that was answered as it should be; null: there is none, or it went over an old connection, and new ones fail.
  const noop_probe* noop() const;
  // A control that connects, best one of the same family as `like`.
  const connect_probe* control_like(std::string_view like) const;
  // The target's host answers anything but its own port.
  const probe* host_alive(std::string_view host) const;
  // The same, refusals left out: a gateway that lets nobody out sends those in anybody's name.
  const probe* host_heard(std::string_view host) const;
  // The target is this machine, by its address or by what its name leads to.
  bool to_self() const;
  // The target's host has answered, if only by a refusal: there is a way to it, whatever else is silent.
  bool target_answers() const;
  // The target's own service, not what else its host offers over plain HTTP.
  bool is_of_target(const http_probe& h) const {
    return h.role == probe_role::target && (about.scheme == "http" || !is_plain_http(h));
  }
  bool uses_tls() const { return about.scheme == "tcps" || about.scheme == "https"; }

 private:
  void measure_loss();
  void measure_rtt();

  double loss_ = 0.05;
  double rtt_ms_ = 0;
};

// What the judge says in the end, while it is gathered.
class findings_list {
 public:
  explicit findings_list(const scene& s) : about_(s.about) {}

  // Those that would be wrong more often than right are not kept.
  bool add(const claim& c) {
    if (c.confidence() < claim_floor) return false;
    all_.push_back(c.take(about_));
    return true;
  }
  bool has(verdict_code code) const;
  bool has_fault() const;  // Anything that is more than information.
  std::vector<verdict>& all() { return all_; }

 private:
  const session_facts& about_;
  std::vector<verdict> all_;
};

// The layers. Each adds what it finds; true: what lies behind it cannot be seen.
bool judge_session(const scene& s, findings_list& found);
bool judge_local(const scene& s, findings_list& found);
bool judge_access(const scene& s, findings_list& found);
void judge_families(const scene& s, findings_list& found);
void judge_datagrams(const scene& s, findings_list& found);
void judge_names(const scene& s, findings_list& found);
void judge_path(const scene& s, findings_list& found);
void judge_sizes(const scene& s, findings_list& found);
void judge_reach(const scene& s, findings_list& found);
void judge_service(const scene& s, findings_list& found);
void judge_tls(const scene& s, findings_list& found);
void judge_live(const scene& s, findings_list& found);
void judge_interference(const scene& s, findings_list& found);
void judge_quality(const scene& s, findings_list& found);

// ---- ways, hop by hop

inline bool has_answered(const hop& h) { return h.answer != hop_answer::silent; }
// Nothing goes on behind it: the host itself, or who says that there is no way.
inline bool is_end(const hop& h) { return has_answered(h) && h.answer != hop_answer::passed_on; }
inline bool arrives(const trace_probe& t) { return !t.hops.empty() && t.hops.back().answer == hop_answer::reached; }
// The farthest that has answered; null: nobody has.
const hop* last_of(const trace_probe& t);

// Numbers for sentences.
std::string ms_text(double ms);          // "350 ms", "1.2 s"
std::string percent_text(double share);  // "4 %", "0.5 %"
std::string joined(const std::vector<std::string>& all, std::string_view between = ", ");

}  // namespace tharsis::sdt
