// A look at what dns remembers, as a host's threads have it: libtharsis, a guard, lookup(). Its reference is what one would write
// oneself: a hash map of names under a shared mutex.
#include <benchmark/benchmark.h>
#include <sys/stat.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <memory>
#include <shared_mutex>
#include <stdexcept>
#include <thread>
#include <unordered_map>

#include "sdk/abi/dns.h"
#include "sdk/abi/runtime.h"
#include "tests/bench/dns/groups.h"
#include "tests/bench/dns/names.h"

namespace tharsis::bench {
namespace {

// dns with a thousand names of its last start.
class host_of_names {
 public:
  host_of_names() {
    const std::string folder = std::string(THARSIS_BENCH_STATE) + "/names";
    std::filesystem::create_directories(folder + "/dns");
    std::ofstream(folder + "/dns/proven") << names_file(std::time(nullptr) - 60);
    const char* folders[] = {THARSIS_PLUGINS};
    const std::string profile = std::string("tharsis: 1\nplugins:\n  dns: { servers: ['") + names_source + "'], budget: 100ms }\n";
    tharsis_runtime_options options{};
    options.size = sizeof options;
    options.text = profile.c_str();
    options.state = folder.c_str();
    options.plugin_folders = folders;
    options.plugin_folders_count = 1;
    tharsis_error why{};
    why.size = sizeof why;
    if (tharsis_runtime_create(&options, &runtime_, &why) != THARSIS_OK || tharsis_runtime_bind(runtime_, THARSIS_DNS_ID, &guard_, &why) != THARSIS_OK ||
        tharsis_runtime_start(runtime_, &why) != THARSIS_OK)
      throw std::runtime_error(why.text);
    const void* table = nullptr;
    while ((table = tharsis_guard_enter(guard_)) == nullptr) tharsis_runtime_run_once(runtime_, 1'000'000);
    dns_ = static_cast<const tharsis_dns*>(table);
    for (size_t i = 0; i < names_count; ++i) names_.push_back(name_of(i));
    settle();
  }
  host_of_names(const host_of_names&) = delete;
  ~host_of_names() {
    tharsis_guard_leave(guard_);
    tharsis_runtime_stop(runtime_, 10'000'000'000);
    tharsis_runtime_destroy(runtime_);
  }

  void look(size_t n, size_t from = 0) const {
    tharsis_dns_candidate room[8];
    tharsis_dns_found found{};
    found.size = sizeof found;
    found.candidate_size = sizeof room[0];
    found.room = 8;
    found.candidates = room;
    for (size_t i = 0; i < n; ++i) {
      const std::string& name = names_[(from + i * 7) % names_count];
      const tharsis_status s = dns_->lookup(dns_->self, {name.data(), name.size()}, 0, &found);
      if (s != THARSIS_OK || found.count != 4) throw std::runtime_error("a name is not known");
      benchmark::DoNotOptimize(found);
    }
  }

 private:
  // Names of the last start are looked up again at their first use: in vain here, after which they are as they were.
  void settle() const {
    for (int turn = 0; turn < 200; ++turn) {
      try {
        look(names_count);
      } catch (const std::exception&) {
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }

  tharsis_runtime* runtime_ = nullptr;
  tharsis_guard* guard_ = nullptr;
  const tharsis_dns* dns_ = nullptr;
  std::vector<std::string> names_;
};

class own_map {
 public:
  own_map() {
    for (size_t i = 0; i < names_count; ++i) {
      names_.push_back(name_of(i));
      map_[names_.back()] = answer_of_name(i).addresses;
    }
  }
  void look(size_t n) const {
    tharsis_address room[8];
    for (size_t i = 0; i < n; ++i) {
      const std::shared_lock lock(mutex_);
      const auto found = map_.find(names_[i * 7 % names_count]);
      if (found == map_.end()) throw std::runtime_error("a name is not known");
      std::copy(found->second.begin(), found->second.end(), room);
      benchmark::DoNotOptimize(room);
    }
  }

 private:
  std::vector<std::string> names_;
  std::unordered_map<std::string, std::vector<tharsis_address>> map_;
  mutable std::shared_mutex mutex_;
};

template <class Look>
void on_two(size_t n, const Look& look) {
  std::thread other([&] { look(n / 2, 500); });
  look(n - n / 2, 0);
  other.join();
}

}  // namespace

std::vector<figure> lookup_figures() {
  const auto names = std::make_shared<host_of_names>();
  const auto map = std::make_shared<own_map>();
  const auto look = [names](size_t n, size_t from = 0) { names->look(n, from); };
  const auto one = [look](size_t n) { look(n); };
  const auto two = [look](size_t n) { on_two(n, look); };
  return {
      {"cached lookup, four addresses", "ns", nanoseconds_each(one), {}, at_most(150), {}},
      {"cached lookup, beside a map under a shared mutex", "ns", nanoseconds_each(one), nanoseconds_each([map](size_t n) { map->look(n); }), at_most(10), {}},
      {"cached lookups on one thread", "1/s", each_second(one), {}, at_least(5e6), {}},
      {"cached lookups on two threads, beside one", "1/s", each_second(two), each_second(one), at_least(1.6), {}},
  };
}

}  // namespace tharsis::bench
