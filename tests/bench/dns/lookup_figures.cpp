// A look at what dns remembers, as a host's threads have it: libtharsis, a guard, lookup(). Its reference is what one would write
// oneself: a hash map of names under a shared mutex. What a second thread gains is told by the CPU time of the threads, which others
// that take the processors do not change, and by the clock beside maps that share nothing, which the others slow down alike.
#include <benchmark/benchmark.h>

#include <atomic>
#include <chrono>
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
#include "sdk/pure/address.h"
#include "tests/bench/dns/groups.h"
#include "tests/bench/dns/names.h"

namespace tharsis::bench {
namespace {

// dns with a thousand names of a hosts file: nobody is asked for them, so nothing else runs meanwhile.
class host_of_names {
 public:
  host_of_names() {
    const std::string folder = std::string(THARSIS_BENCH_STATE) + "/names";
    std::filesystem::create_directories(folder);
    std::ofstream hosts(folder + "/hosts");
    for (size_t i = 0; i < names_count; ++i)
      for (const tharsis_address& a : answer_of_name(i).addresses) hosts << ip_text(a) << " " << name_of(i) << "\n";
    hosts.close();
    const char* folders[] = {THARSIS_PLUGINS};
    const std::string profile = "tharsis: 1\nplugins:\n  dns: { hosts: ['" + folder + "/hosts'], cache: { memory: 4MiB } }\n";
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
    for (const std::string& name : names_) learn(name);
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
  void learn(const std::string& name) const {
    tharsis_dns_found found{};
    found.size = sizeof found;
    found.candidate_size = sizeof(tharsis_dns_candidate);
    tharsis_error why{};
    why.size = sizeof why;
    if (dns_->prefetch(dns_->self, {name.data(), name.size()}, 0, &why) != THARSIS_OK) throw std::runtime_error(why.text);
    while (dns_->lookup(dns_->self, {name.data(), name.size()}, 0, &found) != THARSIS_OK) tharsis_runtime_run_once(runtime_, 100'000);
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
    for (size_t i = 0; i < n; ++i) {
      const std::shared_lock lock(mutex_);
      look_once(i);
    }
  }
  // Nobody else does.
  void look_alone(size_t n) const {
    for (size_t i = 0; i < n; ++i) look_once(i);
  }

 private:
  void look_once(size_t i) const {
    tharsis_address room[8];
    const auto found = map_.find(names_[i * 7 % names_count]);
    if (found == map_.end()) throw std::runtime_error("a name is not known");
    std::copy(found->second.begin(), found->second.end(), room);
    benchmark::DoNotOptimize(room);
  }

  std::vector<std::string> names_;
  std::unordered_map<std::string, std::vector<tharsis_address>> map_;
  mutable std::shared_mutex mutex_;
};

// What one would have if nothing were shared: each thread has its own.
class own_maps {
 public:
  void look(size_t n, size_t from) const { (from == 0 ? first_ : second_).look_alone(n); }

 private:
  own_map first_, second_;
};

template <class Look>
void on_two(size_t n, const Look& look) {
  std::thread other([&] { look(n / 2, 500); });
  look(n - n / 2, 0);
  other.join();
}

constexpr size_t looks = 400'000;  // On each thread; some 40 ms.

double cpu_now() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

// CPU time of one look, while another thread looks too, or not.
template <class Look>
double cpu_each(const Look& look, bool beside_another) {
  std::atomic<bool> over = false;
  std::thread other;
  if (beside_another)
    other = std::thread([&] {
      while (!over.load(std::memory_order_relaxed)) look(1000, 500);
    });
  look(1000, 0);
  const double began = cpu_now();
  look(looks, 0);
  const double took = cpu_now() - began;
  over = true;
  if (other.joinable()) other.join();
  return took / looks;
}

// How much more two threads do than one, by the clock.
template <class Look>
double gain_of_two(const Look& look) {
  const auto timed = [](const auto& run) {
    const auto began = std::chrono::steady_clock::now();
    run();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  };
  const double one = timed([&] { look(looks, 0); }), two = timed([&] { on_two(2 * looks, look); });
  return 2 * one / two;
}

}  // namespace

std::vector<figure> lookup_figures() {
  const auto names = std::make_shared<host_of_names>();
  const auto map = std::make_shared<own_map>();
  const auto maps = std::make_shared<own_maps>();
  const auto look = [names](size_t n, size_t from = 0) { names->look(n, from); };
  const auto one = [look](size_t n) { look(n); };
  const auto two = [look](size_t n) { on_two(n, look); };
  return {
      {"cached lookup, four addresses", "ns", nanoseconds_each(one), {}, at_most(150), {}},
      {"cached lookup, beside a map under a shared mutex", "ns", nanoseconds_each(one), nanoseconds_each([map](size_t n) { map->look(n); }), at_most(10), {}},
      {"cached lookups on one thread", "1/s", each_second(one), {}, at_least(5e6), {}},
      {"CPU time of a cached lookup beside another thread's, beside alone", "ns", [look] { return cpu_each(look, true); }, [look] { return cpu_each(look, false); }, at_most(2 / 1.6), {}},
      {"gain of a second thread, beside maps that share nothing", "x", [look] { return gain_of_two(look); }, [maps] { return gain_of_two([maps](size_t n, size_t from) { maps->look(n, from); }); }, at_least(0.9), {}},
      {"cached lookups on two threads, beside one", "1/s", each_second(two), each_second(one), at_least(1.6), {}},
  };
}

}  // namespace tharsis::bench
