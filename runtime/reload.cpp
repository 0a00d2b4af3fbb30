#include "runtime/reload.h"

#include <algorithm>
#include <utility>

namespace tharsis::runtime {

reload::reload(std::vector<part> parts, duration patience) : patience_(patience) {
  for (part& p : parts) {
    const answer said = p.how == treatment::asked ? answer::awaited : answer::renews;
    entries_.push_back({std::move(p), said});
  }
}

void reload::start(instant now) { ask(now); }

void reload::ask(instant now) {
  phase_ = phase::asking;
  for (entry& e : entries_) {
    if (back_ && e.said == answer::agreed) e.said = answer::awaited;
    if (e.said != answer::awaited) continue;
    actions_.push_back({e.facts.plugin, step::prepare, back_});
    deadline_ = later(now, patience_);
  }
  change_when_all_agree();
}

void reload::on_answer(size_t plugin, tharsis_status status, const std::string& sentence, instant) {
  if (phase_ != phase::asking) return;
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const entry& e) {
    return e.facts.plugin == plugin && e.said == answer::awaited;
  });
  if (found == entries_.end()) return;
  // On the way back a refusal counts for nothing: it had these settings before, and starts with them.
  const bool agreed = status >= 0;
  found->said = agreed ? answer::agreed : answer::renews;
  if (!agreed && status != THARSIS_E_UNSUPPORTED && !back_)
    return refuse(status, "plugin '" + found->facts.id + "' refuses its new settings: " +
                              (sentence.empty() ? "it gave no reason" : sentence));
  change_when_all_agree();
}

void reload::on_committed(size_t plugin) { committing_.erase(plugin); }

void reload::on_gone(size_t plugin) {
  committing_.erase(plugin);
  if (phase_ != phase::asking) return;
  for (entry& e : entries_)
    if (e.facts.plugin == plugin) e.said = answer::renews;
  change_when_all_agree();
}

void reload::on_deadline(instant now) {
  if (deadline_ > now) return;
  // Whether one that hangs in its commit has taken it, nobody can tell; the watchdog names it.
  if (phase_ == phase::settling) committing_.clear(), deadline_ = never;
  if (phase_ != phase::asking) return;
  for (entry& e : entries_) {
    if (e.said != answer::awaited) continue;
    if (!back_)
      return refuse(THARSIS_E_TIMEOUT, "plugin '" + e.facts.id + "' has not said within " +
                                           std::to_string(milliseconds(patience_)) + " ms whether it takes its new settings");
    e.said = answer::renews;
  }
  change_when_all_agree();
}

// Whoever has agreed, or may still agree, is told to forget what it prepared.
void reload::refuse(tharsis_status status, std::string sentence) {
  for (const entry& e : entries_)
    if (e.facts.how == treatment::asked && e.said != answer::renews) actions_.push_back({e.facts.plugin, step::abort, back_});
  end(error{status, std::move(sentence) + "; nothing was changed"});
}

void reload::change_when_all_agree() {
  const auto awaited = [](const entry& e) { return e.said == answer::awaited; };
  if (std::any_of(entries_.begin(), entries_.end(), awaited)) return;
  change_ = change{back_, {}};
  for (const entry& e : entries_) {
    if (e.said == answer::agreed) {
      actions_.push_back({e.facts.plugin, step::commit, back_});
      committing_.insert(e.facts.plugin);
    } else if (!back_ || e.facts.how != treatment::retried) {
      change_->renewed.push_back(e.facts.plugin);
    }
  }
  if (committing_.empty()) deadline_ = never;  // Else the time in which they answer is also for this.
  phase_ = phase::settling;
}

void reload::on_settled(const std::optional<std::string>& failure, instant now) {
  if (phase_ != phase::settling || change_) return;
  if (!failure) return end(std::move(failure_));
  if (back_) {
    failure_->text += "; it could not be taken back: " + *failure;
    return end(std::move(failure_));
  }
  back_ = true;
  failure_ = error{THARSIS_E_INVALID, *failure + "; everything is as it was before"};
  ask(now);
}

void reload::cancel() {
  if (phase_ == phase::over) return;
  const std::string why = "the runtime stops";
  if (phase_ == phase::asking && !back_) return refuse(THARSIS_E_CANCELLED, why);
  end(error{THARSIS_E_CANCELLED, why});
}

void reload::end(std::optional<error> failure) {
  phase_ = phase::over;
  deadline_ = never;
  failure_ = std::move(failure);
}

std::vector<reload::action> reload::take_actions() { return std::exchange(actions_, {}); }
std::optional<reload::change> reload::take_change() { return std::exchange(change_, std::nullopt); }

}  // namespace tharsis::runtime
