#include "runtime/simulation/trial_children.h"

#include <algorithm>
#include <memory>

#include "runtime/os_child_linux.h"
#include "runtime/os_clock.h"
#include "runtime/setting_text.h"

namespace tharsis::runtime {
namespace {

constexpr size_t wrong_most = 20;  // Sentences of one trial; a plugin that fails everywhere says the same again and again.

// A sentence is one line on its way.
std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

void run_in_child(const plugin_bench& bench, const plugin_trial& trial, uint64_t seed, const child::teller& tell) {
  size_t wrong = 0;
  trial_notes notes;
  notes.at = [&](const std::string& what) { tell("a" + one_line(what)); };
  notes.wrong = [&](const std::string& what) {
    if (++wrong <= wrong_most) tell("w" + one_line(what));
  };
  notes.note = [&](const std::string& what) { tell("n" + one_line(what)); };
  notes.skipped = [&](const std::string& what) { tell("s" + one_line(what)); };
  trial.run(bench, seed, notes);
}

class running_trial {
 public:
  running_trial(const plugin_trial& trial, std::unique_ptr<child> process) : child_(std::move(process)), begun_(monotonic_now()) { out_.trial = &trial; }

  child* process() const { return child_.get(); }
  bool over() const { return child_ == nullptr; }
  const trial_outcome& outcome() const { return out_; }

  void look(duration patience) {
    while (const auto line = child_->take_line()) hear(*line);
    const duration lived(monotonic_now() - begun_);
    const auto end = child_->ended();
    if (!end && lived < patience) return;
    if (!end) out_.wrong.push_back("it did not come back within " + duration_text(patience.count()) + " of real time" + where());
    else if (!end->empty()) out_.wrong.push_back("it crashed" + where() + ": " + *end);
    out_.took = lived;
    child_.reset();
  }

 private:
  void hear(const std::string& line) {
    const std::string text = line.substr(1);
    switch (line[0]) {
      case 'a': at_ = text; break;
      case 'w': out_.wrong.push_back(text); break;
      case 'n': out_.notes.push_back(text); break;
      case 's': out_.skipped = text; break;
      default: break;
    }
  }
  std::string where() const { return at_.empty() ? "" : " at " + at_; }

  trial_outcome out_;
  std::unique_ptr<child> child_;
  const int64_t begun_;
  std::string at_;
};

}  // namespace

std::optional<error> run_trials(const plugin_bench& bench, const std::vector<const plugin_trial*>& trials, uint64_t seed, duration patience,
                                const std::function<void(const trial_outcome&)>& hear) {
  std::vector<running_trial> begun;
  size_t heard = 0;
  const size_t jobs = processors();
  while (heard < trials.size()) {
    std::vector<child*> waiting;
    for (const running_trial& r : begun)
      if (!r.over()) waiting.push_back(r.process());
    for (; waiting.size() < jobs && begun.size() < trials.size();) {
      const plugin_trial& next = *trials[begun.size()];
      auto started = child::start([&](const child::teller& tell) { run_in_child(bench, next, seed, tell); });
      if (!started) return started.failure();
      begun.emplace_back(next, std::move(*started));
      waiting.push_back(begun.back().process());
    }
    child::wait_for_any(waiting, std::chrono::milliseconds(100));  // Patience is looked at in between.
    for (running_trial& r : begun)
      if (!r.over()) r.look(patience);
    for (; heard < begun.size() && begun[heard].over(); ++heard) hear(begun[heard].outcome());
  }
  return {};
}

}  // namespace tharsis::runtime
