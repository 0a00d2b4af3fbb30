// Ships files to a receiver: what to ask it next, and what its answers mean. plugins/xlog/SHIPPING.md has the protocol.
//
// It remembers nothing between two calls: what the receiver has, the receiver says. So an interruption at any moment costs
// what was under way.
//
// Pure: the owner carries out next(), tells what came of it, and asks again.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "plugins/xlog/core/ship_settings.h"
#include "sdk/pure/error.h"
#include "sdk/pure/shipping.h"

namespace tharsis::xlog {

struct ship_request {
  std::string method, target, body;
  size_t answer_max = 0;  // A longer answer is none.
};
struct ship_answer {
  int status = 0;
  std::string body;
  std::optional<duration> retry_after = {};
};

struct ship_file {
  std::string name;         // For the receiver.
  std::string shown;        // For a person.
  uint64_t size = 0;
  bool of_frames = false;   // It may be written anew with the same lines: once the receiver has all of it, it is done.
  // The edition that a shipment of the very same file with the same selection came to (nothing_wanted: to none): while the receiver
  // has that, the file need not be read. Empty: nobody knows.
  std::string settled = {};
  static constexpr const char* nothing_wanted = "-";
};

class shipment {
 public:
  // `seed`: of the pauses. `dry`: nothing is sent.
  shipment(std::string source, std::vector<ship_file> files, const ship_numbers& numbers, uint64_t seed, instant now, bool dry = false);

  struct ask {  // Then on_answer() or on_no_answer().
    const ship_request* request;
    instant until;  // Then there is no answer.
  };
  struct plan {  // Then on_plan(). `note`: what the receiver has of it.
    size_t file;
    std::string note;
  };
  struct load {  // Then on_pieces(), with the body of a request that brings them.
    size_t file;
    std::vector<uint32_t> pieces;
  };
  struct wait {
    instant until;
  };
  struct over {};
  using step = std::variant<ask, plan, load, wait, over>;
  step next(instant now);

  void on_answer(const ship_answer& a, instant now);
  void on_no_answer(const error& why, instant now);
  void on_plan(const result<shipping::manifest>& m);
  // A failure is that the file is not what it was when it was planned.
  void on_pieces(result<std::string> body);
  void give_up(error why);

  struct totals {
    uint64_t files = 0;         // That the receiver has now as they are here, by this.
    uint64_t known = 0;         // That it had already, or does not want again.
    uint64_t unselected = 0;    // Of which nothing is wanted.
    uint64_t failed = 0;
    uint64_t bytes = 0;         // Of pieces that it took; dry: of files that would be offered.
    uint64_t requests = 0;
    uint64_t retries = 0;
  };
  const totals& counts() const { return totals_; }
  // THARSIS_OK: the receiver has all that could be shipped, but for failures().
  const error& outcome() const { return outcome_; }
  const std::vector<std::string>& failures() const { return failures_; }
  // What each file came to, as in ship_file::settled.
  const std::vector<std::string>& settled() const { return settled_; }
  const std::vector<shipping::wish>& wishes() const { return wishes_; }
  // What goes on, on one line, for a person.
  std::string progress() const;

 private:
  enum class state { standing, planning, offering, loading, posting, over };

  void on_standing(const ship_answer& a, instant now);
  void on_offer(const ship_answer& a, instant now);
  void on_post(const ship_answer& a, instant now);
  void begin_file();
  void end_file();
  void fail_file(const std::string& why);
  void offer();
  void request(std::string method, std::string target, std::string body, size_t answer_max);
  void on_progress(instant now);
  void nonsense(const std::string& why, instant now);
  void retry(const std::string& why, duration least, instant now);
  bool stops_all(const ship_answer& a);
  void again();

  const std::string source_;
  const std::vector<ship_file> files_;
  const ship_numbers numbers_;
  const bool dry_;
  const instant deadline_;
  uint64_t dice_;
  state state_ = state::standing;
  ship_request request_;
  std::vector<shipping::wish> wishes_;
  std::map<std::string, shipping::stored_file> known_;  // By name.
  size_t file_ = 0;
  const shipping::stored_file* stored_ = nullptr;
  std::optional<shipping::manifest> manifest_;
  std::vector<uint32_t> missing_;  // Of the file, in order;
  size_t taken_ = 0;               // how many of them the receiver took,
  size_t batch_ = 0;               // and how many are under way.
  size_t least_missing_ = 0;
  int stuck_ = 0;
  int plans_ = 0;
  int nonsense_ = 0;
  duration pause_;
  instant patience_;
  instant not_before_{};
  instant paid_{};  // When the rate allows the next bytes.
  totals totals_;
  error outcome_{THARSIS_OK, {}};
  std::vector<std::string> failures_;
  std::vector<std::string> settled_;
  std::string trouble_;
};

}  // namespace tharsis::xlog
