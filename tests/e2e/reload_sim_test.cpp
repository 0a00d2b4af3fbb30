// Goal: whatever fails at whatever moment, a reload is taken whole or not at all, and every plugin ends well.
// Method: small plugins in a simulated world; from the seed come the faults of their steps, the profiles that
// are loaded, when, and when all is stopped.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "runtime/bus_payload.h"
#include "sdk/sim/dice.h"
#include "sdk/sim/fault_injector.h"
#include "tests/e2e/watched_runtime.h"
#include "tests/sdk/sim/seeds.h"

using namespace tharsis;
using runtime::plugin_state;
using runtime::profile;

namespace {

constexpr uint64_t seeds = test::seeds(500);
constexpr duration span = 20s;
// The answer does not wait for the strands that take their settings, which may be stalled or asleep.
constexpr duration commit_takes = 8s;
const std::vector<std::string> ids = {"tunable", "follower", "quiet"};

// A profile and what one sees of it when it runs.
struct variant {
  profile plan;
  std::set<std::string> plugins;
  int64_t live = 0, fixed = 0;
};

profile load(const std::string& plugins) {
  runtime::profile_request request;
  request.file = "one.yaml";
  request.text = "tharsis: 1\nplugins:\n" + plugins;
  request.plugin_folders = {THARSIS_FIXTURES};
  request.data_folder = "/state";
  runtime::diagnostics problems;
  profile plan = runtime::load_profile(request, problems);
  EXPECT_TRUE(problems.empty()) << runtime::render(problems);
  return plan;
}

// Each has numbers of its own. Some refuse what comes next, cannot start, or fail soon after.
std::vector<variant> make_variants() {
  std::vector<variant> all;
  const std::vector<std::string> moods = {"", "", ", refuses: true", ", start: fails", ", fails_when_running: true, restart_wait: 100ms, restart_limit: 2",
                                          ", loop: dedicated", ", restart: always, stop_deadline: 1s"};
  for (const std::string& mood : moods)
    for (const bool follows : {false, true})
      for (const bool quiet : {false, true}) {
        variant v;
        v.live = static_cast<int64_t>(all.size()) + 1;
        v.fixed = v.live / 3;
        v.plugins.insert("tunable");
        if (follows) v.plugins.insert("follower");
        if (quiet) v.plugins.insert("quiet");
        v.plan = load("  tunable: { live: " + std::to_string(v.live) + ", fixed: " + std::to_string(v.fixed) + mood + " }\n" +
                      (follows ? "  follower: {}\n" : "") + (quiet ? "  quiet: { greeting: '" + mood + "' }\n" : ""));
        all.push_back(std::move(v));
      }
  return all;
}

const std::vector<variant>& variants() {
  static const std::vector<variant> all = make_variants();
  return all;
}

sim::fault_rates faults_of_steps() {
  sim::fault_rates rates;
  rates[sim::fault_kind::create_fails].rate = 0.2;
  rates[sim::fault_kind::start_fails].rate = 0.3;
  rates[sim::fault_kind::configure_refused].rate = 0.3;
  rates[sim::fault_kind::vanishes].rate = 0.4;
  rates[sim::fault_kind::stalls].rate = 0.3;
  rates[sim::fault_kind::machine_sleeps] = {0.2, 5s, {}};
  return rates;
}

class story {
 public:
  explicit story(uint64_t seed)
      : chance_(seed), world_(seed), machine_(world_.add_machine("m", {"10.0.0.1"})), now_(&variants()[chance_.below(variants().size())]),
        faults_(world_, {&machine_}, sim::draw_faults(faults_of_steps(), sim::targets_of({&machine_}, {ids}, span), seed)) {
    runtime::runtime::options o;
    o.platform = machine_.platform();
    o.plan = now_->plan;
    o.on_leak = [](const std::string& plugin, const std::string& sentence) { ADD_FAILURE() << plugin << " " << sentence; };
    o.on_ended = [this] { ended_ = true; };
    running_ = std::make_unique<runtime::runtime>(std::move(o));
  }

  void go() {
    tharsis_error why = no_error();
    running_->events().subscribe("(test)", "tunable.settings", THARSIS_DROP_OLDEST, 1000, [](bool) {}, &inbox_, &why);
    ASSERT_FALSE(running_->start());
    for (uint64_t i = 0, count = chance_.below(6); i < count; ++i)
      world_.at(later(world_.now(), chance_.up_to(span)), [this] { reload(); });
    const duration until_stop = chance_.up_to(2 * span);
    look_until([] { return false; }, until_stop);
    running_->stop();
    look_until([this] { return ended_; }, 120s);
    audit();
    running_.reset();
    for (const int answers : answers_) EXPECT_EQ(answers, 1);
  }

  size_t taken = 0, refused = 0;

 private:
  void reload() {
    const variant* const next = &variants()[chance_.below(variants().size())];
    answers_.push_back(0);
    running_->reload(next->plan, [this, next, which = answers_.size() - 1](const auto& answer) {
      ++answers_[which];
      answer.taken ? ++taken : ++refused;
      if (answer.taken) now_ = next;
      --under_way_;
      answered_at_ = world_.now();
    });
    ++under_way_;
  }

  void look_until(const std::function<bool()>& done, duration within) {
    const instant limit = later(world_.now(), within);
    world_.run_until([&] { return look(), done(); }, limit);
  }

  // After every step of the world.
  void look() {
    while (const auto next = running_->events().take(inbox_)) {
      const std::string json = runtime::event_json(next->event);
      seen_live_ = number_in(json, "live");
      seen_fixed_ = number_in(json, "fixed");
    }
    const auto report = running_->report();
    const auto state = [&](const std::string& id) {
      const auto found = std::find_if(report.begin(), report.end(), [&](const auto& r) { return r.id == id; });
      return found == report.end() ? plugin_state::stopped : found->state;
    };
    const plugin_state follower = state("follower"), tunable = state("tunable");
    if (follower == plugin_state::running || follower == plugin_state::starting) {
      EXPECT_TRUE(tunable == plugin_state::running) << "follower is " << name(follower) << " while tunable is " << name(tunable);
    }
    if (under_way_ > 0) return;
    for (const auto& r : report)
      EXPECT_TRUE(now_->plugins.contains(r.id) || r.state != plugin_state::running) << r.id << " runs and is not in the profile";
    if (tunable != plugin_state::running || world_.now() < later(answered_at_, commit_takes)) return;
    EXPECT_EQ(seen_live_, now_->live);
    EXPECT_EQ(seen_fixed_, now_->fixed);
  }

  static int64_t number_in(const std::string& json, const std::string& key) {
    const size_t at = json.find("\"" + key + "\":");
    return at == std::string::npos ? -1 : std::stoll(json.substr(at + key.size() + 3));
  }

  void audit() {
    EXPECT_TRUE(ended_) << "it hangs";
    for (const auto& r : running_->report()) {
      EXPECT_FALSE(runtime::is_in_step(r.state)) << r.id << " is " << name(r.state);
      EXPECT_FALSE(r.stuck) << r.id << ": " << r.reason;
      EXPECT_NE(r.state, plugin_state::running) << r.id;
      EXPECT_TRUE((r.state != plugin_state::failed && r.state != plugin_state::waiting) || !r.reason.empty()) << r.id;
    }
  }

  sim::dice chance_;
  sim::world world_;
  sim::machine& machine_;
  const variant* now_;  // What it should run.
  sim::fault_injector faults_;
  std::unique_ptr<runtime::runtime> running_;
  tharsis_handle inbox_ = 0;
  std::vector<int> answers_;
  int under_way_ = 0;
  instant answered_at_{};
  int64_t seen_live_ = -1, seen_fixed_ = -1;
  bool ended_ = false;
};

}  // namespace

TEST(ReloadInSimulation, IsWholeOrNothingWhateverFailsWhenever) {
  size_t taken = 0, refused = 0;
  test::for_each_seed(seeds, [&](uint64_t seed) {
    story s(seed);
    s.go();
    taken += s.taken;
    refused += s.refused;
  });
  if (!test::all_seeds()) return;
  EXPECT_GT(taken, seeds / 5) << "the seeds say something about both";
  EXPECT_GT(refused, seeds / 5);
}
