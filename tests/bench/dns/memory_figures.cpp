// What remembered names take, how soon those of the last start are there, and what many who ask for one name cost.
#include <malloc.h>

#include <chrono>
#include <ctime>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>

#include "plugins/dns/core/desk.h"
#include "tests/bench/dns/groups.h"
#include "tests/bench/dns/names.h"

namespace tharsis::bench {
namespace {

constexpr instant t0{1h};

// By the allocator's own account; the names themselves are not counted.
double bytes_each() {
  constexpr size_t count = 4000;
  std::vector<dns::answer> all;
  for (size_t i = 0; i < count; ++i) all.push_back(answer_of_name(i));
  size_t names = 0;
  for (size_t i = 0; i < count; ++i) names += name_of(i).size();
  dns::settings::cache_settings s;
  s.memory = size_t{64} << 20;
  const size_t before = mallinfo2().uordblks;
  const auto c = std::make_unique<dns::cache>(s);
  for (size_t i = 0; i < count; ++i) (void)c->put({name_of(i), 0}, all[i], t0, true);
  c->order_new([](auto list) { return unknown_addresses(list); });
  const size_t used = mallinfo2().uordblks - before;
  if (c->size() != count) throw std::runtime_error("names were dropped");
  return static_cast<double>(used - names) / count;
}

double cold_start_ms() {
  const std::string path = std::string(THARSIS_BENCH_STATE) + "/proven";
  const int64_t wall = std::time(nullptr);
  std::ofstream(path) << names_file(wall - 60);
  dns::settings s;
  dns::desk d(s);
  const auto began = std::chrono::steady_clock::now();
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  const dns::proven_records r = dns::read_proven(text.view(), t0, wall);
  d.on_restored(r.whole, t0);
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - began;
  if (d.known().size() != names_count) throw std::runtime_error("names are missing");
  return took.count();
}

// How many lookups ten thousand questions for one name begin.
double lookups_of_a_herd() {
  dns::settings s;
  s.questions_max = 20'000;
  dns::desk d(s);
  for (tharsis_handle id = 1; id <= 10'000; ++id) d.on_question(id, {"im.example.com", 0}, t0);
  const size_t lookups = d.take_lookups().size();
  d.on_answer({"im.example.com", 0}, answer_of_name(1), t0);
  if (d.take_replies().size() != 10'000) throw std::runtime_error("an answer is missing");
  return static_cast<double>(lookups);
}

}  // namespace

std::vector<figure> memory_figures() {
  return {
      {"memory of a name with four addresses, beside the name", "B", bytes_each, {}, at_most(300), {}},
      {"1,000 names of the last start, from their file to the first answer", "ms", cold_start_ms, {}, at_most(5), {}},
      {"lookups for 10,000 questions at once for one name", "1", lookups_of_a_herd, {}, at_most(1), {}},
  };
}

}  // namespace tharsis::bench
