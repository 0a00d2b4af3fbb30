// How well it works where it works: loss, delay, load, speed.
#include <algorithm>
#include <cmath>
#include <map>

#include "plugins/sdt/core/interval.h"
#include "plugins/sdt/core/scene.h"

namespace tharsis::sdt {
namespace {

constexpr double loss_worth_telling = 0.003;

// Without a train: handshakes of several hosts that stand and needed a second SYN.
void judge_loss_of_handshakes(const scene& s, findings_list& found) {
  claim c(verdict_code::packet_loss, -1);
  uint32_t sent = 0, lost = 0, late = 0;
  std::vector<std::string_view> hosts;
  for (const connect_probe& one : s.seen.connects) {
    if (!worked(one)) continue;
    sent += 1 + one.syn_retransmits, lost += one.syn_retransmits;
    if (one.syn_retransmits == 0) continue;
    ++late;
    if (std::find(hosts.begin(), hosts.end(), host_of(one.to)) == hosts.end()) hosts.push_back(host_of(one.to));
    if (late <= 4) c.because(one, 0.8);
  }
  if (late < 3 || hosts.size() < 2) return;
  c.contrast(1).with("rate", percent_text(static_cast<double>(lost) / sent));
  c.detail(std::to_string(lost) + " of " + std::to_string(sent) + " SYNs were not answered, and the next one was");
  found.add(c.asks_for("backoff"));
}

void judge_loss(const scene& s, findings_list& found) {
  const scene::packet_count all = s.packets();
  const auto [sent, lost, trains, worst] = all;
  if (sent == 0) return judge_loss_of_handshakes(s, found);
  const interval range = wilson(lost, sent);
  if (!all.loses_some() || range.low < loss_worth_telling) return;
  claim c(verdict_code::packet_loss, -1);
  c.because(*worst, 2).contrast(std::min(3.0, lost * 0.5));
  if (lost >= 10 || trains > 1) c.proven();
  for (const gateway_probe& g : s.seen.gateways)
    if (ran(g) && g.state == probe_state::warn) c.because(g, 0.5).blames(blame::lan);
  c.with("rate", percent_text(static_cast<double>(lost) / sent));
  found.add(c.detail(std::to_string(lost) + " of " + std::to_string(sent) + " there and back, " +
                     percent_text(range.low) + " to " + percent_text(range.high))
                .asks_for("backoff"));
}

double median(std::vector<double> all) {
  std::sort(all.begin(), all.end());
  return all[all.size() / 2];
}

constexpr double high_ms = 250;   // A call begins to be two people talking at once.
constexpr double jitter_ms = 30;  // What players hold back for.
constexpr size_t few_round_trips = 10;
constexpr size_t fewest_round_trips = 5;

// Every round trip that was met: those of trains, and of connections that needed one SYN.
struct round_trips {
  std::vector<double> all_ms;
  std::vector<const probe*> seen_in;
  const connect_probe* fast_control = nullptr;
};

round_trips round_trips_of(const scene& s) {
  round_trips r;
  for (const loss_probe& l : s.seen.losses) {
    if (!ran(l) || l.rtts_ms.empty()) continue;
    r.all_ms.insert(r.all_ms.end(), l.rtts_ms.begin(), l.rtts_ms.end());
    r.seen_in.push_back(&l);
  }
  for (const connect_probe& c : s.seen.connects) {
    if (!worked(c) || c.syn_retransmits > 0) continue;
    const double ms = c.rtt_ms.value_or(c.ms);
    r.all_ms.push_back(ms);
    r.seen_in.push_back(&c);
    if (c.role == probe_role::control && ms < high_ms * 0.6) r.fast_control = &c;
  }
  return r;
}

void judge_latency(const scene& s, findings_list& found) {
  const round_trips r = round_trips_of(s);
  if (r.all_ms.size() < fewest_round_trips || median(r.all_ms) < high_ms) return;
  const double middle = median(r.all_ms);
  claim c(verdict_code::high_latency, 0);
  for (size_t i = 0; i < r.seen_in.size() && i < 6; ++i) c.because(*r.seen_in[i], 0.5);
  c.contrast(0);
  // Everything is as far, or the target alone.
  if (r.fast_control != nullptr) c.unlike(*r.fast_control, 0.5).blames(blame::server);
  else if (r.all_ms.size() >= few_round_trips) c.proven();
  found.add(c.with("time", ms_text(middle)).detail("median of " + std::to_string(r.all_ms.size()) + " round trips " + ms_text(middle)).asks_for("longer_timeouts"));
}

void judge_train(const loss_probe& l, findings_list& found) {
  if (l.rtts_ms.size() < few_round_trips) return;
  double steps = 0;
  for (size_t i = 1; i < l.rtts_ms.size(); ++i) steps += std::abs(l.rtts_ms[i] - l.rtts_ms[i - 1]);
  const double jitter = steps / static_cast<double>(l.rtts_ms.size() - 1);
  if (jitter > jitter_ms && !found.has(verdict_code::jitter)) {
    claim c(verdict_code::jitter, 0);
    found.add(c.because(l, 1.5).contrast(0).with("time", ms_text(jitter)).detail("mean step " + ms_text(jitter) + " of " + std::to_string(l.rtts_ms.size())));
  }
  const uint32_t back = l.small_sent + l.large_sent - l.small_lost - l.large_lost;
  if (l.reordered >= 3 && wilson(l.reordered, back).low > 0.03 && !found.has(verdict_code::reordering)) {
    claim c(verdict_code::reordering, 0);
    found.add(c.because(l, 2).contrast(0).detail(std::to_string(l.reordered) + " of " + std::to_string(back)));
  }
}

void judge_delay(const scene& s, findings_list& found) {
  judge_latency(s, found);
  for (const loss_probe& l : s.seen.losses)
    if (ran(l)) judge_train(l, found);
}

constexpr double bloat_ms = 200, bloat_terrible_ms = 400;
constexpr double throttled_share = 1.0 / 3;

void judge_load(const scene& s, findings_list& found) {
  for (const load_probe& l : s.seen.loads) {
    if (!ran(l) || !l.idle_ms || !l.loaded_ms || *l.loaded_ms - *l.idle_ms < bloat_ms ||
        found.has(verdict_code::bufferbloat))
      continue;
    const double added = *l.loaded_ms - *l.idle_ms;
    claim c(verdict_code::bufferbloat, 0);
    c.because(l, 3).contrast(0);
    if (added >= bloat_terrible_ms) c.proven();
    found.add(c.with("time", ms_text(added))
                  .detail(ms_text(*l.idle_ms) + " idle, " + ms_text(*l.loaded_ms) + " under load, grade " +
                          (added >= bloat_terrible_ms ? "F" : "D"))
                  .asks_for("pace"));
  }
  for (const load_probe& slow : s.seen.loads) {
    // Whose server took no more, or ended it, tells nothing of the line.
    if (!ran(slow) || slow.failed != failure::none || slow.role != probe_role::target || slow.bits_per_s <= 0) continue;
    for (const load_probe& other : s.seen.loads) {
      if (!ran(other) || other.role != probe_role::control || other.direction != slow.direction) continue;
      if (slow.bits_per_s >= other.bits_per_s * throttled_share) continue;
      const auto speed = [](double bits) { return std::to_string(std::lround(bits / 1000)) + " kbit/s"; };
      claim c(verdict_code::throttled, -1);
      if (found.add(c.because(slow, 2)
                        .unlike(other, 1)
                        .with("rate", speed(slow.bits_per_s))
                        .with("other", speed(other.bits_per_s))))
        return;
    }
  }
}

constexpr int weak_dbm = -78;

void judge_signal(const scene& s, findings_list& found) {
  for (const link_probe& l : s.seen.links) {
    if (!ran(l) || !l.signal_dbm || *l.signal_dbm >= weak_dbm || !l.up) continue;
    claim c(verdict_code::weak_signal, 0);
    c.because(l, 1);
    if (found.has(verdict_code::packet_loss) || found.has(verdict_code::jitter) ||
        found.has(verdict_code::high_latency))
      c.contrast(1);
    else
      c.is_information();
    found.add(c.with("signal", std::to_string(*l.signal_dbm)));
    return;
  }
}

// One place: succeeds, fails for longer than loss explains, succeeds again.
void judge_flapping(const scene& s, findings_list& found) {
  std::map<std::string, std::vector<const connect_probe*>> tries;
  for (const connect_probe& c : s.seen.connects)
    if (ran(c) && c.role == probe_role::control) tries[c.to].push_back(&c);
  for (auto& [to, all] : tries) {
    std::sort(all.begin(), all.end(), [](const auto* a, const auto* b) { return a->t0_ms < b->t0_ms; });
    claim c(verdict_code::degraded, -3);
    size_t changes = 0;
    for (size_t i = 0; i < all.size(); ++i) {
      const bool silent = scene::silent(*all[i]);
      if (i > 0 && silent != scene::silent(*all[i - 1])) ++changes;
      if (silent)
        c.because(*all[i], s.weight_of_silence(*all[i]));
      else
        c.unlike(*all[i], 0.3);
    }
    if (changes < 2) continue;
    found.add(c.detail(to + ": " + std::to_string(changes) + " changes in " + std::to_string(all.size()) + " tries")
                  .asks_for("backoff"));
    return;
  }
}

// What is missing and not missed.
void judge_options(const scene& s, findings_list& found) {
  claim c(verdict_code::tcp_option_stripped);
  std::vector<std::string> hosts;
  for (const connect_probe& one : s.seen.connects) {
    if (!worked(one) || !one.asks_timestamps || !one.timestamps) continue;
    if (*one.timestamps) return;  // Not on this way, then; a server may lack them by itself.
    const std::string host(host_of(one.to));
    if (std::find(hosts.begin(), hosts.end(), host) != hosts.end()) continue;
    if (hosts.empty())
      c.because(one, 1.5);
    else
      c.again(one);
    hosts.push_back(host);
  }
  if (hosts.size() > 1) found.add(c.detail("none agreed on with " + joined(hosts)));
}

void judge_echo(const scene& s, findings_list& found) {
  for (const loss_probe& l : s.seen.losses) {
    if (!ran(l) || l.via != "icmp" || l.small_sent < 3 || l.small_lost < l.small_sent) continue;
    for (const connect_probe& c : s.seen.connects) {
      if (!worked(c) || host_of(c.to) != host_of(l.to)) continue;
      found.add(claim(verdict_code::icmp_filtered, -1)
                    .because(l, std::min(3.0, s.weight_of_silence(l.small_sent)))
                    .unlike(c, 1));
      return;
    }
  }
}

}  // namespace

void judge_quality(const scene& s, findings_list& found) {
  judge_load(s, found);
  judge_loss(s, found);
  judge_delay(s, found);
  judge_signal(s, found);
  judge_flapping(s, found);
  judge_options(s, found);
  judge_echo(s, found);
}

}  // namespace tharsis::sdt
