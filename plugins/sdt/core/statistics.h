// How often things work, by day, network and server: attempts, latencies, why they fail, and what sdt concluded.
//
// Small for ever: at most `rows_max` rows of a day on one network with one server, the oldest go first; within a row the
// reasons are few and the latencies are a histogram. The network is the runtime's id of it, hashed, never a name.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/pure/error.h"
#include "sdk/pure/time.h"

namespace tharsis::sdt {

class statistics {
 public:
  static constexpr size_t rows_max = 256;
  static constexpr size_t reasons_max = 8;   // Others are counted as "other".
  static constexpr size_t steps = 34;        // Of latency: each half as long again, from 1 ms to 15 minutes.

  // Days since 1970, UTC.
  static int64_t day_of(int64_t wall_ns);

  struct row {
    int64_t day = 0;
    std::string network, server;
    uint64_t tries = 0, good = 0;
    std::map<std::string, uint64_t> reasons;   // Of those that failed.
    std::map<std::string, uint64_t> verdicts;  // Headlines of diagnoses.
    std::array<uint32_t, steps> took{};        // Of those that were good.

    double rate() const { return tries == 0 ? 1 : static_cast<double>(good) / static_cast<double>(tries); }
    // A latency that so great a share took at most; 0: none was good.
    double ms_at(double share) const;
  };

  // One task or connection. `reason` is of one that failed; `took` of one that did not.
  void on_try(int64_t wall_ns, std::string_view network, std::string_view server, bool good, std::string_view reason, duration took);
  void on_verdict(int64_t wall_ns, std::string_view network, std::string_view server, std::string_view code);

  // Newest day first, in it the server with most failures.
  std::vector<row> rows() const;
  // All servers and networks of each day, newest first.
  std::vector<row> days() const;

  // For the file, and from it. A text that means nothing is refused and changes nothing; what is known already stays.
  std::string text() const;
  error read(std::string_view text);

 private:
  row& at(int64_t wall_ns, std::string_view network, std::string_view server);
  static void count(std::map<std::string, uint64_t>& in, std::string_view word, uint64_t times = 1);
  void trim();

  std::vector<row> rows_;
};

// For a person and for a program.
std::string render_text(const statistics& all);
std::string render_json(const statistics& all);

}  // namespace tharsis::sdt
