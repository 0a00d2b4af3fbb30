// Where the probes of one session work: its clock, its deadline, its budget, and what they have seen so far.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugins/sdt/core/observation.h"
#include "plugins/sdt/core/wish.h"
#include "sdk/async/host.h"
#include "sdk/async/resolver.h"
#include "sdk/async/strand.h"
#include "sdk/async/tls_machine.h"
#include "sdk/pure/error.h"

namespace tharsis::sdt {

// Who may vouch for servers; nothing: why not.
struct trust {
  std::optional<tls_context> bare, web;  // `web` says that HTTP/1.1 is spoken, and HTTP/2 where that is better.
  std::optional<tls_context> http1;      // HTTP/1.1 alone.
  std::string why_not;
};

class bench {
 public:
  bench(const host& tables_, strand& place_, resolver& names_, const trust& t, const wish& w)
      : tables(tables_), place(place_), names(names_), trusted(t), asked(w), began(place_.now()), end(later(began, w.deadline)) {}
  bench(const bench&) = delete;

  const host& tables;
  strand& place;
  resolver& names;
  const trust& trusted;
  const wish asked;
  const instant began, end;
  observations seen;
  // Pages that have come and are still held against others.
  std::vector<http_probe> early;
  std::function<void(std::string_view)> progress = [](std::string_view) {};

  const tharsis_net& net() const { return *tables.net; }
  double ms() const { return static_cast<double>((place.now() - began).count()) / 1e6; }
  instant until(duration most) const { return std::min(end, later(place.now(), most)); }
  bool over() const { return place.now() >= end; }
  bool deep() const { return asked.how_deep >= depth::medium; }

  // Are so many bytes left to be spent? Then they are.
  bool spend(uint64_t sent, uint64_t received = 0) {
    if (asked.budget != 0 && seen.about.sent + seen.about.received + sent + received > asked.budget) {
      seen.about.budget_spent = true;
      return false;
    }
    seen.about.sent += sent;
    seen.about.received += received;
    return true;
  }
  // What came unasked counts, whatever is left. `spent`: what was set aside for it by spend().
  void count_received(uint64_t bytes, uint64_t spent = 0) { seen.about.received += bytes - spent; }

  template <class Probe>
  Probe start(std::string_view kind, probe_role role, std::string target) {
    Probe p;
    p.id = std::string(kind) + ":" + std::to_string(++last_id_);
    p.role = role;
    p.target = std::move(target);
    p.t0_ms = ms();
    return p;
  }
  template <class Probe>
  void finish(std::vector<Probe>& list, Probe p) {
    p.ms = ms() - p.t0_ms;
    if (p.failed != failure::none && p.state == probe_state::pass) p.state = probe_state::fail;
    progress(p.id + " " + p.target);
    list.push_back(std::move(p));
  }

 private:
  int last_id_ = 0;
};

// Of what the platform answers.
failure failure_of(tharsis_status status);
uint64_t random_number(const host& tables);
std::string random_hex(const host& tables, size_t bytes);

}  // namespace tharsis::sdt
