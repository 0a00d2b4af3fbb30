#include "plugins/dns/inquiry.h"

#include <algorithm>
#include <utility>

namespace tharsis::dns {
namespace {

// A family that is not waited for any longer, while a trusted server might still speak: nobody else's word is taken for it.
void leave_undecided(ruling& r) {
  for (candidate& c : r.candidates) r.refused.push_back({c.address, std::move(c.source), "it is not proven, and a trusted server was still silent"});
  r.candidates.clear();
  r.status = THARSIS_E_NETWORK;
  r.reason = "a trusted server did not answer in time";
}

}  // namespace

inquiry::inquiry(const means& m, const settings& s, wish w, std::function<void()> tell)
    : means_(m), settings_(s), wish_(std::move(w)), tell_(std::move(tell)), began_(m.place.now()), work_(m.place) {
  for (const uint16_t kind : wish_.kinds) {
    matter about;
    about.what.name = wish_.name;
    about.what.kind = kind;
    for (const server& to : s.servers) {
      ++(to.vouched() ? about.silent.vouched : about.silent.plain);
      about.voices.push_back({to.text, to.vouched(), std::make_shared<std::optional<findings>>()});
    }
    matters_.push_back(std::move(about));
  }
  for (size_t i = 0; i < matters_.size(); ++i)
    for (size_t k = 0; k < s.servers.size(); ++k) work_.spawn(ask_one(i, k, s.servers[k].vouched() || wish_.to_the_end ? duration::zero() : wish_.plain_after));
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
  testimony said = co_await ask(means_, settings_.servers[server], wish_.name, wish_.kinds[kind], wish_.deadline, by.first);
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

void inquiry::on_heard() {
  if (over_) return;
  const bool had_some = std::any_of(matters_.begin(), matters_.end(), [](const matter& m) { return m.settled; });
  bool all = true, usable = false;
  for (matter& about : matters_) {
    about.settled = wish_.to_the_end ? about.silent.vouched + about.silent.plain == 0
                                     : decided(about.what, settings_.mode, about.heard, about.silent, wish_.known);
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
