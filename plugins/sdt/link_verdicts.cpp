#include "plugins/sdt/link_verdicts.h"

#include <cmath>
#include <cstdio>

#include "plugins/sdt/core/private_words.h"
#include "plugins/sdt/core/target.h"
#include "plugins/sdt/core/verdict_table.h"
#include "sdk/pure/views.h"

namespace tharsis::sdt {
namespace {

std::string seconds_text(duration d) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f s", static_cast<double>(d.count()) / 1e9);
  return text;
}

// "im.example.com:443", or what stn said where that is no place.
std::string place_text(const std::string& server) {
  const auto at = parse_aim(server);
  if (!at) return server;
  return (at->host.find(':') == std::string::npos ? at->host : "[" + at->host + "]") + ":" + std::to_string(at->port);
}

}  // namespace

link_verdicts::link_verdicts(const host& tables)
    : host_(tables),
      faults_(tables.count<counter>("verdicts", "1", "Verdicts about links that fail")),
      fine_(tables.count<counter>("verdicts_fine", "1", "Links that were told to be fine again")) {}

void link_verdicts::on_link(const tharsis_stn_link& told, instant now) {
  const std::string name(view(told.link));
  link& l = links_[name];
  l.server = view(told.endpoint);
  l.reason = view(told.reason);
  l.machine.on_link(told.state, now);
  if (const auto w = l.machine.take_recovery()) tell_fine(name, l, w->lasted, duration::zero());
}

void link_verdicts::on_report(const report& r, uint32_t why, duration took) {
  for (auto& [name, l] : links_) {
    if (l.server != r.seen.about.target) continue;
    for (const outage::word& w : l.machine.on_diagnosis(r.headline().code, why == THARSIS_SDT_LINK_FAILED)) tell(name, l, r, w, took);
  }
}

void link_verdicts::tell(const std::string& name, const link& of, const report& r, const outage::word& w, duration took) const {
  if (w.fine) return tell_fine(name, of, w.lasted, took);
  faults_.add();
  const verdict& v = r.headline();
  // Who reads it does not know what the diagnosis was about.
  const std::string headline = v.sentence.find(r.seen.about.host) == std::string::npos ? place_text(of.server) + ": " + v.sentence : v.sentence;
  size_t hidden = 0;  // Everybody on the bus reads it, and xlog writes it down.
  const std::string evidence = (of.reason.empty() ? "" : "stn: " + of.reason + "; ") + without_private_words(v.detail, r.seen.about.host, hidden), act = v.act.text();
  tharsis_sdt_verdict told{};
  told.link = text_of(name);
  told.code = entry_of(v.code).kind;
  told.confidence = static_cast<uint32_t>(std::lround(v.confidence * 100));
  told.headline = text_of(headline);
  told.advice = text_of(v.advice);
  told.evidence = text_of(evidence);
  told.took = took.count();
  told.verdict = text_of(name_of(v.code));
  told.blame = text_of(name_of(v.who));
  told.certainty = text_of(name_of(v.how));
  told.action = text_of(act);
  host_.publish(topic_, &told);
}

void link_verdicts::tell_fine(const std::string& name, const link& of, duration lasted, duration took) const {
  fine_.add();
  const std::string headline = place_text(of.server) + " answers again" + (lasted > duration::zero() ? " after " + seconds_text(lasted) : "");
  if (host_.logs(THARSIS_LOG_INFO)) host_.write(THARSIS_LOG_INFO, "link=" + name + ": " + headline);
  tharsis_sdt_verdict told{};
  told.link = text_of(name);
  told.code = THARSIS_SDT_FINE;
  told.confidence = 100;
  told.headline = text_of(headline);
  told.evidence = text_of(lasted > duration::zero() ? "stn: the link is up" : "a later diagnosis finds nothing");
  told.took = took.count();
  told.verdict = text_of(name_of(verdict_code::healthy));
  told.blame = text_of(name_of(blame::nobody));
  told.certainty = text_of(name_of(certainty::proven));
  host_.publish(topic_, &told);
}

}  // namespace tharsis::sdt
