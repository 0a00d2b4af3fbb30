#include "plugins/dns/inquiry.h"

#include <algorithm>
#include <utility>

#include "sdk/async/next_turn.h"
#include "sdk/pure/logger.h"

namespace tharsis::dns {
namespace {

// A family that is not waited for any longer, while a trusted server might still speak: nobody else's word is taken for it.
void leave_undecided(ruling& r) {
  for (candidate& c : r.candidates) r.refused.push_back({c.address, std::move(c.source), "it is not proven, and a trusted server was still silent"});
  r.candidates.clear();
  r.status = THARSIS_E_NETWORK;
  r.reason = "a trusted server did not answer in time";
}

// What is known of each server. Who wants to hear them all waits for each, and so does strict mode: nobody takes their place.
std::vector<source_health::state> states_of(source_health* known, const settings& s, bool to_the_end, instant now) {
  std::vector<source_health::state> all(s.servers.size());
  if (known == nullptr) return all;
  const bool in_full = to_the_end || s.mode == trust::strict;
  for (size_t i = 0; i < all.size(); ++i) {
    all[i] = in_full ? known->look(s.servers[i].text, now) : known->ask(s.servers[i].text, now);
    if (in_full) all[i].brief = false;
  }
  return all;
}

bool has_spoken(const findings& f) { return f.reached || f.what != findings::kind::failed; }

// For a person.
std::string told_of(const source_health* known, const std::string& source, trust mode, instant now) {
  if (known == nullptr) return {};
  source_health::state s = known->look(source, now);
  s.brief = s.brief && mode != trust::strict;
  return known->sentence(s, now);
}

// Has somebody answered, so that one may do without who does not? What only lies is no answer.
bool has_answered(const question& q, trust mode, const std::vector<testimony>& heard, silence silent, const beliefs& known) {
  const auto has = [](tharsis_status s) { return s == THARSIS_OK || s == THARSIS_E_NOT_FOUND; };
  if (q.kind != type::a && q.kind != type::aaaa) return has(judge_records(q, mode, heard, known).status);
  const ruling now = judge(q, mode, heard, silent, known);
  return now.status == THARSIS_OK || (now.status == THARSIS_E_NOT_FOUND && now.saw < finding::hijack);
}

}  // namespace

silence inquiry::matter::silent_and_well() const {
  silence s = silent;
  for (const voice& v : voices)
    if (v.waits()) --(v.vouched ? s.vouched : s.plain);
  return s;
}

inquiry::inquiry(const means& m, const settings& s, wish w, std::function<void()> tell)
    : means_(m), settings_(s), wish_(std::move(w)), tell_(std::move(tell)), began_(m.place.now()), work_(m.place) {
  const std::vector<source_health::state> health = states_of(m.health, s, wish_.to_the_end, began_);
  const auto absent = [&](size_t i) { return health[i].brief || began_ < health[i].rests_until; };
  bool trusted = false, impatient = false;
  std::vector<std::string> told;  // Of each server.
  for (size_t i = 0; i < s.servers.size(); ++i) {
    told.push_back(told_of(m.health, s.servers[i].text, s.mode, began_));
    trusted = trusted || (s.servers[i].vouched() && !absent(i));
    impatient = impatient || health[i].brief;
  }
  for (const uint16_t kind : wish_.kinds) {
    matter about;
    about.what.name = wish_.name;
    about.what.kind = kind;
    for (size_t i = 0; i < s.servers.size(); ++i) {
      const server& to = s.servers[i];
      ++(to.vouched() ? about.silent.vouched : about.silent.plain);
      about.voices.push_back({to.text, to.vouched(), health[i], told[i], std::make_shared<std::optional<findings>>()});
    }
    matters_.push_back(std::move(about));
  }
  // Whoever waits until a trusted server has not answered would do so for nothing where none is there.
  const duration after = trusted && !wish_.to_the_end ? wish_.plain_after : duration::zero();
  for (size_t i = 0; i < matters_.size(); ++i)
    for (size_t k = 0; k < s.servers.size(); ++k) work_.spawn(ask_one(i, k, s.servers[k].vouched() ? duration::zero() : after));
  if (impatient) work_.spawn(lose_patience());
}

task<void> inquiry::ask_one(size_t kind, size_t server, duration after) {
  if (after > duration::zero()) {
    signal nobody(means_.place);
    co_await nobody.wait(later(began_, after));
    if (over_) co_return;
  }
  matter& about = matters_[kind];
  voice& by = about.voices[server];
  const instant began = means_.place.now();
  testimony said;
  if (began < by.health.rests_until) {
    co_await next_turn(means_.place);
    said.source = by.source;
    said.vouched = by.vouched;
    said.what.why = means_.health->sentence(by.health, began);
  } else {
    said = co_await ask(means_, settings_.servers[server], wish_.name, wish_.kinds[kind], wish_.deadline, by.first);
    tell_health(about, by, said);
  }
  said.health = by.known;
  if (over_) co_return;  // hear_the_rest() has counted what it gave.
  said.began = began;
  if (said.what.came == instant{}) said.what.came = means_.place.now();
  about.heard.push_back(std::move(said));
  by.done = true;
  --(by.vouched ? about.silent.vouched : about.silent.plain);
  on_heard();
}

// Addresses of one family are there: those of the other have a moment more (RFC 8305, 3).
task<void> inquiry::hurry() {
  signal nobody(means_.place);
  co_await nobody.wait(std::min(wish_.deadline, later(means_.place.now(), settings_.other_family)));
  hurried_ = true;
  on_heard();
}

// Who is not well is asked as all others are, but others that have answered do not wait for it.
task<void> inquiry::lose_patience() {
  signal nobody(means_.place);
  co_await nobody.wait(std::min(wish_.deadline, later(began_, settings_.health.wait)));
  impatient_ = true;
  on_heard();
}

bool inquiry::is_settled(const matter& about) const {
  if (wish_.to_the_end) return about.silent.vouched + about.silent.plain == 0;
  if (decided(about.what, settings_.mode, about.heard, about.silent, wish_.known)) return true;
  return impatient_ && decided(about.what, settings_.mode, about.heard, about.silent_and_well(), wish_.known) &&
         has_answered(about.what, settings_.mode, about.heard, about.silent, wish_.known);
}

// Of a question for both families one silence counts: they leave together. Where nobody has answered it is the network that is silent.
void inquiry::tell_health(const matter& about, const voice& by, const testimony& said) const {
  source_health* const known = means_.health;
  if (known == nullptr) return;
  const logger log(means_.tables.log);
  if (said.what.rest > duration::zero()) {
    const duration rest = known->on_rest(by.source, said.what.rest, means_.place.now());
    log.info("a server wants to be left alone server={server} for_ms={for}", by.source, milliseconds(rest));
  }
  if (has_spoken(said.what)) {
    if (known->on_answer(by.source)) log.info("a server answers again server={server}", by.source);
    return;
  }
  const bool others = std::any_of(about.heard.begin(), about.heard.end(), [](const testimony& t) { return has_spoken(t.what); });
  if (others && &about == &matters_.front() && !wish_.to_the_end && known->on_silence(by.source))
    log.info("a server does not answer and is waited for less server={server} questions={questions}", by.source, settings_.health.failures);
}

void inquiry::on_heard() {
  if (over_) return;
  const bool had_some = std::any_of(matters_.begin(), matters_.end(), [](const matter& m) { return m.settled; });
  bool all = true, usable = false;
  for (matter& about : matters_) {
    about.settled = is_settled(about);
    all = all && about.settled;
    usable = usable || (about.settled && judge(about.what, settings_.mode, about.heard, about.silent, wish_.known).status == THARSIS_OK);
  }
  if (!all && usable && !had_some && !wish_.to_the_end) work_.spawn(hurry());
  if (!all && !(hurried_ && usable)) return;
  over_ = true;
  hear_the_rest();
  tell_();
}

// Answers that were waiting for a second one: enough is known without them, but what they gave is to be told of.
void inquiry::hear_the_rest() {
  for (matter& about : matters_)
    for (voice& v : about.voices) {
      if (v.done || !v.first->has_value()) continue;
      testimony said;
      said.source = v.source;
      said.vouched = v.vouched;
      said.health = v.known;
      said.what = std::move(**v.first);
      said.began = began_;
      about.heard.push_back(std::move(said));
      --(v.vouched ? about.silent.vouched : about.silent.plain);
      v.done = true;
    }
}

ruling inquiry::result() const {
  const auto of = [&](size_t i) {
    ruling r = judge(matters_[i].what, settings_.mode, matters_[i].heard, matters_[i].silent, wish_.known);
    if (!matters_[i].settled && matters_[i].silent.vouched > 0 && settings_.mode != trust::open) leave_undecided(r);
    return r;
  };
  return matters_.size() == 1 ? of(0) : both(of(0), of(1));
}

}  // namespace tharsis::dns
