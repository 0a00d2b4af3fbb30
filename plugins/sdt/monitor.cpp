#include "plugins/sdt/monitor.h"

#include <algorithm>

#include "plugins/sdt/core/sentences.h"
#include "sdk/pure/views.h"

namespace tharsis::sdt {

monitor::counts::counts(const host& h)
    : rounds(h.count<counter>("rounds", "1", "Rounds of checks that were begun")),
      rounds_ended(h.count<counter>("rounds_ended", "1", "Rounds that came to their findings")),
      verdicts(h.count<counter>("verdicts", "1", "Verdicts about links that fail")),
      verdicts_fine(h.count<counter>("verdicts_fine", "1", "Links that were told to be fine again")),
      time(h.count<histogram>("round_time", "ns", "From the begin of a round to its findings")) {}

tharsis_status monitor::open(tharsis_handle topic, tharsis_error* error) {
  topic_ = topic;
  serving_.emplace(serve()).start(place_);
  // The oldest goes first when there are too many: what a link does now counts.
  const tharsis_subscription wanted{sizeof wanted, THARSIS_DROP_OLDEST, 0, &monitor::on_event, this};
  return host_.bus->subscribe(host_.bus->self, THARSIS_STN_LINK_TOPIC, &wanted, &subscription_, error);
}

void monitor::close() {
  if (subscription_ != 0) host_.bus->unsubscribe(host_.bus->self, subscription_);
  subscription_ = 0;
  serving_.reset();
  links_.clear();
}

void monitor::on_event(void* self, const tharsis_event* event) {
  monitor& m = *static_cast<monitor*>(self);
  const auto& told = *static_cast<const tharsis_stn_link*>(event->payload);
  link& l = m.links_.try_emplace(std::string(view(told.link)), link{watch(m.settings_), std::nullopt}).first->second;
  l.machine.on_link({told.state, told.status, std::string(view(told.endpoint)), std::string(view(told.address)),
                     std::string(view(told.reason)), duration(told.gap)},
                    m.place_.now());
  m.stirred_.raise();
}

// Each turn: the watches have heard what there was to hear; what they want is carried out.
task<void> monitor::serve() {
  for (;;) {
    instant next = never;
    for (auto& [name, l] : links_) {
      carry_out(name, l);
      next = std::min(next, l.machine.deadline(place_.now()));
    }
    co_await stirred_.wait(next);
    for (auto& [name, l] : links_) l.machine.on_deadline(place_.now());
  }
}

void monitor::carry_out(const std::string& name, link& l) {
  if (l.machine.take_end()) l.round.reset();
  if (auto t = l.machine.take_round()) l.round.emplace(examine(&l, std::move(*t))).start(place_);
  for (const link_verdict& v : l.machine.take_verdicts()) tell(name, v);
}

task<void> monitor::examine(link* of, target t) {
  counts_.rounds.add();
  const instant begun = place_.now();
  examination round(host_, place_, names_, settings_.checks, std::move(t));
  findings found = co_await round.run();
  counts_.rounds_ended.add();
  counts_.time.record(static_cast<uint64_t>((place_.now() - begun).count()));
  of->machine.on_findings(std::move(found), place_.now());
  stirred_.raise();
}

void monitor::tell(const std::string& name, const link_verdict& v) const {
  (v.code == THARSIS_SDT_FINE ? counts_.verdicts_fine : counts_.verdicts).add();
  const uint32_t level = v.code == THARSIS_SDT_FINE ? THARSIS_LOG_INFO : THARSIS_LOG_WARNING;
  if (host_.logs(level))
    host_.write(level, "verdict link=" + name + " code=" + std::string(code_name(v.code)) + " confidence=" +
                           std::to_string(v.confidence) + " took_ms=" + std::to_string(milliseconds(v.took)) + ": " +
                           v.headline + (v.advice.empty() ? "" : ". " + v.advice) + " [" + v.evidence + "]");
  const tharsis_sdt_verdict payload{text_of(name),     v.code,           v.confidence,    text_of(v.headline),
                                    text_of(v.advice), text_of(v.evidence), v.took.count()};
  host_.publish(topic_, &payload);
}

}  // namespace tharsis::sdt
