#include "runtime/simulation/harder_trials.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "runtime/os_memory.h"
#include "runtime/plugin_host.h"
#include "runtime/simulation/foreign_payload.h"
#include "runtime/simulation/lent_host.h"
#include "runtime/simulation/noise.h"
#include "runtime/simulation/real_life.h"
#include "runtime/topic_pattern.h"
#include "sdk/abi/loop.h"

namespace tharsis::runtime {
namespace {

constexpr uint64_t few_worlds = 4;
constexpr int events_of_each = 100;

// ---- events

bool hears(const plugin_bench& bench, const std::string& topic) {
  const auto& all = bench.manifest().subscribed;
  return std::any_of(all.begin(), all.end(), [&](const placed_name& p) { return topic_matches(p.name, topic); });
}

// ---- the loop of a plugin, with an ear for calls that are not made on its strand

class strict_loop {
 public:
  strict_loop(std::string plugin, std::function<void(const std::string&)> wrong) : plugin_(std::move(plugin)), wrong_(std::move(wrong)) {}
  strict_loop(const strict_loop&) = delete;

  // At the plugin's create().
  const tharsis_loop* before(const tharsis_loop* real) {
    real_ = real;
    strand_ = real->current(real->self);
    table_ = *real;
    table_.self = this;
    table_.now = [](void* self) { return of(self).real_->now(of(self).real_->self); };
    table_.wall = [](void* self) { return of(self).real_->wall(of(self).real_->self); };
    table_.current = [](void* self) { return of(self).real_->current(of(self).real_->self); };
    table_.post = [](void* self, tharsis_handle to, tharsis_wake wake, void* context, tharsis_handle handle) {
      return of(self).real_->post(of(self).real_->self, to, wake, context, handle);
    };
    table_.timer_set = [](void* self, int64_t at, tharsis_wake wake, void* context, tharsis_handle handle, tharsis_handle* timer) {
      return of(self).checked("timer_set").timer_set(of(self).real_->self, at, wake, context, handle, timer);
    };
    table_.timer_cancel = [](void* self, tharsis_handle timer) { return of(self).checked("timer_cancel").timer_cancel(of(self).real_->self, timer); };
    table_.run_blocking = [](void* self, void (*work)(void*), tharsis_wake wake, void* context, tharsis_handle handle) {
      return of(self).checked("run_blocking").run_blocking(of(self).real_->self, work, wake, context, handle);
    };
    table_.ahead_of_utc = [](void* self, int64_t wall) { return of(self).real_->ahead_of_utc(of(self).real_->self, wall); };
    table_.bell_open = [](void* self, tharsis_wake wake, void* context, tharsis_handle handle, tharsis_handle* bell) {
      return of(self).checked("bell_open").bell_open(of(self).real_->self, wake, context, handle, bell);
    };
    table_.bell_ring = [](void* self, tharsis_handle bell) { of(self).real_->bell_ring(of(self).real_->self, bell); };
    return &table_;
  }

 private:
  static strict_loop& of(void* self) { return *static_cast<strict_loop*>(self); }
  const tharsis_loop& checked(const char* function) const {
    if (real_->current(real_->self) != strand_)
      wrong_(wrong_thread_sentence(function, plugin_));
    return *real_;
  }

  const std::string plugin_;
  const std::function<void(const std::string&)> wrong_;
  const tharsis_loop* real_ = nullptr;
  tharsis_handle strand_ = 0;
  tharsis_loop table_{};
};

// ---- files

struct damage {
  const char* how;
  std::string (*of)(const std::string& bytes, dice& chance);
};
const damage damages[] = {
    {"empty", [](const std::string&, dice&) { return std::string(); }},
    {"cut off in the middle", [](const std::string& bytes, dice& chance) { return bytes.substr(0, chance.below(bytes.size() + 1)); }},
    {"with one byte changed",
     [](const std::string& bytes, dice& chance) {
       std::string changed = bytes;
       if (!changed.empty()) changed[chance.below(changed.size())] ^= static_cast<char>(1 + chance.below(255));
       return changed;
     }},
    {"full of noise",
     [](const std::string& bytes, dice& chance) { return noise(chance, bytes.size() + chance.below(64)); }},
};

using kept_files = std::map<std::string, std::string>;

// What it keeps in its data folder after a life with these files in it; null: it did not start with them.
std::unique_ptr<kept_files> life_with(const plugin_bench& bench, uint64_t seed, const kept_files& found, trial_notes& notes) {
  std::unique_ptr<kept_files> left;
  once(bench, seed, notes, [&](sim::world& world, trial_run& run, trial_notes& here) {
    sim::disk& disk = *run.machine().storage();
    for (const auto& [path, bytes] : found) {
      for (size_t slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1)) disk.make_folder(path.substr(0, slash), nullptr);
      disk.replace(path, bytes, nullptr);
    }
    if (!run.start()) {
      if (run.reason().empty()) here.wrong("it does not start with the files of an earlier life, and says not why");
      return;
    }
    world.run_for(10s);
    if (!run.running()) here.wrong("it does not go on with the files of an earlier life: " + run.reason());
    run.stop();
    left = std::make_unique<kept_files>();
    for (const std::string& path : disk.paths())
      if (const auto bytes = disk.content(path); bytes && path.starts_with("/state/" + bench.id())) left->emplace(path, *bytes);
  });
  return left;
}

}  // namespace

void foreign_payloads(const plugin_bench& bench, uint64_t seed, trial_notes& notes) {
  if (bench.manifest().subscribed.empty()) return notes.skipped("it subscribes to nothing");
  std::set<std::string> topics;
  for (uint64_t s = seed; s < seed + few_worlds; ++s) {
    const auto publish_all = [&](sim::world& world, trial_run& run, trial_notes& here) {
      if (!run.start()) return here.wrong("it does not start: " + run.reason());
      dice chance(s);
      for (const bus::declared& topic : run.events().topics()) {
        if (topic.owner == bench.id() || !hears(bench, topic.facts->name)) continue;
        topics.insert(topic.facts->name);
        notes.at(with_seed(s, "foreign payloads of " + std::string(topic.facts->name)));
        for (int i = 0; i < events_of_each; ++i) {
          const foreign_payload payload(*topic.facts, chance);
          run.events().publish(topic.owner, topic.id, payload.bytes());
          world.run_for(10ms);
        }
        if (!run.running()) return here.wrong("it does not bear what may be published as " + std::string(topic.facts->name) + ": " + run.reason());
      }
      world.run_for(10s);
    };
    once(bench, s, notes, publish_all, true);
  }
  if (topics.empty()) return notes.skipped("nobody is found who publishes what it subscribes to");
  notes.note(std::to_string(topics.size()) + " topics, " + std::to_string(events_of_each) + " events of each in " + std::to_string(few_worlds) + " worlds");
}

void wrong_threads(const plugin_bench& bench, uint64_t seed, trial_notes& notes) {
  for (uint64_t s = seed; s < seed + few_worlds; ++s) {
    notes.at(with_seed(s, "calls of its loop"));
    once(bench, s, notes, [&](sim::world& world, trial_run& run, trial_notes& here) {
      strict_loop loop(bench.id(), here.wrong);
      lent_host host([&](const std::string& id, const void* table) {
        return id == THARSIS_LOOP_ID && table != nullptr ? static_cast<const void*>(loop.before(static_cast<const tharsis_loop*>(table))) : table;
      }, false);
      host.stand_on(run.machine(), bench.id());
      if (!run.start()) here.wrong("it does not start: " + run.reason());
      world.run_for(30s);
      run.stop();
    });
  }
  notes.at("calls on real threads");
  real_life life(bench);
  if (const auto failure = life.begin(); failure) return notes.note("not tried on real threads: " + *failure);
  life.go_on(300ms);
  life.end();
  for (const std::string& line : life.logged())
    if (is_of_wrong_thread(line, bench.id())) notes.wrong(line);
}

// Settings that were prepared and taken back change nothing: it goes on as one that was never asked.
void reloads_given_up(const plugin_bench& bench, uint64_t seed, trial_notes& notes) {
  constexpr int times = 40, warm = 10;
  constexpr uint64_t growth_most = 1024, wakes_spared = 100;
  int prepared = 0;
  const auto refusing = [&](trial_run& run) {
    run.machine().interpose([&](const std::string& who, const std::string& step, const tharsis_host*&, tharsis_error* error) {
      if (who != bench.id() || step != "prepared") return tharsis_status{THARSIS_OK};
      ++prepared;
      return fail(error, THARSIS_E_REFUSED, "the bench refuses, as another plugin might");
    });
  };
  std::vector<profile> live;  // Those that it takes while it runs.
  for (size_t setting = 0; setting < bench.settings(); ++setting) {
    notes.at("another setting while it runs, number " + std::to_string(setting));
    auto next = bench.plan_with(setting, seed);
    if (!next) continue;
    const int before = prepared;
    once(bench, seed, notes, [&](sim::world&, trial_run& run, trial_notes&) {
      refusing(run);
      if (run.start()) run.reload(*next);
      run.stop();
      run.machine().interpose({});
    });
    if (prepared > before) live.push_back(std::move(*next));
  }
  if (live.empty()) return notes.skipped("it takes no settings while it runs");
  const auto wakes_of_a_minute = [&](uint64_t s, bool asked) {
    uint64_t wakes = 0, at_warm = 0;
    once(bench, s, notes, [&](sim::world& world, trial_run& run, trial_notes& here) {
      refusing(run);
      if (!run.start()) return here.wrong("it does not start: " + run.reason());
      for (int i = 0; i < times; ++i) {
        if (asked) run.reload(live[static_cast<size_t>(i) % live.size()]);
        if (i == warm) at_warm = allocated_bytes();
      }
      const uint64_t now = allocated_bytes(), grown = now > at_warm ? (now - at_warm) / (times - warm) : 0;
      if (asked && grown > growth_most) here.wrong("each time that new settings are taken back " + std::to_string(grown) + " bytes of memory stay");
      if (!run.running()) return here.wrong("it does not run after new settings were taken back: " + run.reason());
      const auto so_far = [&] { return run.machine().wakes()[bench.id()]; };
      const uint64_t before = so_far();
      world.run_for(60s);
      wakes = so_far() - before;
      run.stop();
      run.machine().interpose({});
    });
    return wakes;
  };
  for (uint64_t s = seed; s < seed + few_worlds; ++s) {
    notes.at(with_seed(s, "new settings that are taken back"));
    const uint64_t never_asked = wakes_of_a_minute(s, false), asked = wakes_of_a_minute(s, true);
    if (asked > 2 * never_asked + wakes_spared || never_asked > 2 * asked + wakes_spared)
      notes.wrong(with_seed(s, "new settings that were taken back have changed it: it wakes " + std::to_string(asked) + " times a minute afterwards, " + std::to_string(never_asked) + " times otherwise"));
  }
  notes.note(std::to_string(live.size()) + " of " + std::to_string(bench.settings()) + " settings are taken while it runs");
}

// What one life hands over to the next: the same from the same life, taken by the next one, and no danger when it is damaged.
void own_files(const plugin_bench& bench, uint64_t seed, trial_notes& notes) {
  notes.at("a first life");
  const auto first = life_with(bench, seed, {}, notes), again = life_with(bench, seed, {}, notes);
  if (!first || !again) return;
  if (first->empty()) return notes.skipped("it leaves no files");
  if (*first != *again) notes.wrong("two equal lives leave different files");
  notes.at("a second life with the files of the first");
  if (!life_with(bench, seed + 1, *first, notes)) notes.wrong("it does not start with the files that it left itself");
  dice chance(seed);
  for (const auto& [path, bytes] : *first)
    for (const damage& d : damages)
      for (uint64_t s = seed; s < seed + few_worlds; ++s) {
        notes.at(with_seed(s, "a life with '" + path + "' " + d.how));
        kept_files found = *first;
        found[path] = d.of(bytes, chance);
        life_with(bench, s, found, notes);
      }
  notes.note(std::to_string(first->size()) + " files, each damaged in " + std::to_string(std::size(damages)) + " ways");
}

void real_sockets(const plugin_bench& bench, uint64_t seed, trial_notes& notes) {
  constexpr int lives = 6, warm = 2, strangers = 40;
  size_t descriptors = 0, listeners = 0;
  dice chance(seed);
  for (int i = 0; i < lives; ++i) {
    notes.at("life " + std::to_string(i + 1) + " on the machine underneath");
    {
      real_life life(bench);
      if (const auto failure = life.begin(); failure) {
        life.end();
        if (i == 0) return notes.skipped("it does not start here: " + *failure);
        return notes.wrong("start " + std::to_string(i + 1) + " on real threads fails: " + *failure);
      }
      listeners = std::max(listeners, life.let_strangers_connect(strangers, chance));
      life.go_on(100ms);
      if (!life.running()) notes.wrong("it does not outlive strangers who connect: " + life.reason());
      if (!life.end()) return notes.wrong("it has not stopped on real threads within 30 s: " + life.reason());
      for (const std::string& leak : life.leaks()) notes.wrong(leak);
    }
    if (i == warm) descriptors = open_descriptors();
  }
  if (const size_t now = open_descriptors(); now > descriptors + 1)  // One may be a resolver's, for the time being.
    notes.wrong("each start and stop leaves descriptors open: " + std::to_string(now - descriptors) + " after " + std::to_string(lives - 1 - warm) + " more lives");
  notes.note(std::to_string(lives) + " lives" + (listeners == 0 ? ", no listener" : ", " + std::to_string(listeners) + " listeners, " + std::to_string(strangers) + " strangers each time"));
}

}  // namespace tharsis::runtime
