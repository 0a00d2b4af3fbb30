#include "plugins/sdt/core/judge.h"

#include <algorithm>

#include "plugins/sdt/core/scene.h"
#include "plugins/sdt/core/verdict_table.h"

namespace tharsis::sdt {
namespace {

void judge_layers(const scene& s, findings_list& found) {
  if (judge_session(s, found)) return;
  if (judge_local(s, found)) return;
  // To this machine itself no link, gateway, resolver or provider leads.
  if (!s.to_self()) {
    if (judge_access(s, found)) return;
    judge_families(s, found);
    judge_datagrams(s, found);
    judge_names(s, found);
    judge_path(s, found);
    judge_sizes(s, found);
    judge_interference(s, found);
  }
  judge_reach(s, found);
  judge_tls(s, found);
  judge_service(s, found);
  judge_live(s, found);
  judge_quality(s, found);
}

// Nothing speaks for a fault. Whether that means health depends on whether anything spoke for health.
void conclude(const scene& s, findings_list& found) {
  if (found.has_fault()) return;
  if (const probe* works = s.target_works()) {
    claim well(verdict_code::healthy, 0);
    well.because(*works, 3).detail("works: " + works->id);
    const connect_probe* control = s.control_like("");
    if (control != nullptr) well.unlike(*control, 0.5);
    if (!s.packets().loses_some() && (s.uses_tls() || s.noop() != nullptr || !s.seen.pages.empty() || s.to_self()))
      well.proven();
    else
      well.contrast(0);
    found.add(well);
    return;
  }
  if (s.about.budget_spent) {
    found.add(claim(verdict_code::budget_exhausted).proven());
    return;
  }
  std::string reason = "nothing about it could be tried";
  for (const connect_probe& c : s.seen.connects)
    if (c.role == probe_role::target && ran(c))
      reason = worked(c) ? "it takes connections, and more was not tried"
                         : "it does not answer, and nothing was there to compare it with";
  found.add(claim(verdict_code::inconclusive, 0).contrast(0).with("reason", reason).detail(reason));
}

}  // namespace

report judge(observations seen) {
  report made;
  made.seen = std::move(seen);
  const scene s(made.seen);
  findings_list found(s);
  judge_layers(s, found);
  conclude(s, found);
  made.verdicts = std::move(found.all());
  std::stable_sort(made.verdicts.begin(), made.verdicts.end(), [](const verdict& a, const verdict& b) {
    const auto place = [](const verdict& v) {
      const int rank = entry_of(v.code).rank;
      // What breaks nothing goes behind health, whatever it is. What is merely possible decides nothing while
      // something surer is there to explain it.
      return v.information ? 2000 + rank : v.how == certainty::possible && rank < 900 ? 800 + rank / 10 : rank;
    };
    return place(a) < place(b);
  });
  return made;
}

}  // namespace tharsis::sdt
