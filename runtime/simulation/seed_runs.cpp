#include "runtime/simulation/seed_runs.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "runtime/os_child_linux.h"
#include "runtime/os_clock.h"
#include "runtime/setting_text.h"
#include "sdk/pure/units.h"

namespace tharsis::runtime {
namespace {

// ---- lines: fields with tabs between them, each begins with a letter that says what it is.

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '\t' || c == '\n') out += '\\';
    out += c == '\t' ? 't' : c == '\n' ? 'n' : c;
  }
  return out;
}

std::string unescaped(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool marked = text[i] == '\\' && i + 1 < text.size();
    if (marked) ++i;
    out += marked && text[i] == 't' ? '\t' : marked && text[i] == 'n' ? '\n' : text[i];
  }
  return out;
}

std::vector<std::string> fields(const std::string& line) {
  std::vector<std::string> all;
  for (size_t at = 0; at <= line.size();) {
    const size_t end = std::min(line.find('\t', at), line.size());
    all.push_back(line.substr(at, end - at));
    at = end + 1;
  }
  return all;
}

// "key=value"
std::pair<std::string, std::string> halves(const std::string& field) {
  const size_t equals = std::min(field.rfind('='), field.size());
  return {field.substr(0, equals), equals < field.size() ? field.substr(equals + 1) : ""};
}

uint64_t number(const std::string& text) { return std::strtoull(text.c_str(), nullptr, 10); }

// ---- in the child

seed_outcome run_checked(const simulation& of, uint64_t seed, bool twice) {
  seed_outcome outcome = run_seed(of, seed);
  if (twice && run_seed(of, seed).digest != outcome.digest)
    outcome.problems.push_back("two runs of this seed were not the same: something draws on more than the world it runs in");
  return outcome;
}

void run_share(const simulation& of, const seed_range& range, uint64_t from, const child::teller& tell) {
  for (uint64_t seed = from; seed < range.first + range.count; seed += range.jobs) {
    tell("begin\t" + std::to_string(seed));
    tell(outcome_line(seed, run_checked(of, seed, range.twice_every != 0 && seed % range.twice_every == 0)));
  }
}

// ---- in the parent

class worker {
 public:
  worker(const simulation& of, const seed_range& range, uint64_t from, const on_outcome& hear)
      : of_(of), range_(range), next_(from), hear_(hear) {}

  std::optional<error> begin() {
    if (next_ >= range_.first + range_.count) return {};
    auto started = child::start([this](const child::teller& tell) { run_share(of_, range_, next_, tell); });
    if (!started) return started.failure();
    child_ = std::move(*started);
    heard_at_ = monotonic_now();
    return {};
  }

  // Nothing: its share is done.
  child* running() const { return child_.get(); }

  std::optional<error> look() {
    while (const auto line = child_->take_line()) hear(*line);
    if (monotonic_now() - heard_at_ > range_.patience.count()) {
      blame("it did not come back within " + duration_text(range_.patience.count()) + " of real time");
      return go_on();
    }
    const auto end = child_->ended();
    if (!end) return {};
    if (end->empty()) return void(child_.reset()), std::nullopt;
    blame("it crashed: " + *end);
    return go_on();
  }

 private:
  void hear(const std::string& line) {
    heard_at_ = monotonic_now();
    if (const auto outcome = read_outcome(line)) {
      next_ = outcome->first + range_.jobs;
      hear_(outcome->first, outcome->second);
    }
  }
  void blame(std::string what) {
    seed_outcome outcome;
    outcome.problems.push_back(std::move(what));
    hear_(next_, outcome);
    next_ += range_.jobs;
  }
  std::optional<error> go_on() {
    child_.reset();
    return begin();
  }

  const simulation& of_;
  const seed_range& range_;
  uint64_t next_;  // The seed that runs, or is the next to.
  const on_outcome& hear_;
  std::unique_ptr<child> child_;
  int64_t heard_at_ = 0;
};

}  // namespace

std::string outcome_line(uint64_t seed, const seed_outcome& o) {
  std::string line = "end\t" + std::to_string(seed) + "\tt" + std::to_string(o.took.count()) + "\tw" + std::to_string(o.wakes) +
                     "\td" + std::to_string(o.digest);
  if (o.code) line += "\tc" + std::to_string(*o.code);
  for (const std::string& p : o.problems) line += "\tp" + escaped(p);
  for (const auto& [name, count] : o.drawn) line += "\tf" + escaped(name) + "=" + std::to_string(count);
  for (const auto& [name, count] : o.struck) line += "\ts" + escaped(name) + "=" + std::to_string(count);
  for (const auto& [plugin, state] : o.ends) line += "\te" + escaped(plugin) + "=" + escaped(state);
  return line;
}

std::optional<std::pair<uint64_t, seed_outcome>> read_outcome(const std::string& line) {
  const auto all = fields(line);
  if (all.size() < 5 || all[0] != "end") return {};
  seed_outcome o;
  for (size_t i = 2; i < all.size(); ++i) {
    if (all[i].empty()) return {};
    const std::string text = all[i].substr(1);
    const auto [key, value] = halves(text);
    switch (all[i][0]) {
      case 't': o.took = duration(number(text)); break;
      case 'w': o.wakes = number(text); break;
      case 'd': o.digest = number(text); break;
      case 'c': o.code = static_cast<int>(std::strtol(text.c_str(), nullptr, 10)); break;
      case 'p': o.problems.push_back(unescaped(text)); break;
      case 'f': o.drawn[unescaped(key)] = static_cast<int>(number(value)); break;
      case 's': o.struck[unescaped(key)] = static_cast<int>(number(value)); break;
      case 'e': o.ends[unescaped(key)] = unescaped(value); break;
      default: return {};
    }
  }
  return std::pair{number(all[1]), std::move(o)};
}

std::optional<error> run_seeds(const simulation& of, const seed_range& range, const on_outcome& hear) {
  std::vector<worker> workers;
  for (unsigned i = 0; i < range.jobs; ++i) {
    workers.emplace_back(of, range, range.first + i, hear);
    if (auto failure = workers.back().begin()) return failure;
  }
  for (;;) {
    std::vector<child*> waiting;
    for (const worker& w : workers)
      if (w.running() != nullptr) waiting.push_back(w.running());
    if (waiting.empty()) return {};
    child::wait_for_any(waiting, std::chrono::milliseconds(100));  // Patience is looked at in between.
    for (worker& w : workers)
      if (w.running() != nullptr)
        if (auto failure = w.look()) return failure;
  }
}

}  // namespace tharsis::runtime
