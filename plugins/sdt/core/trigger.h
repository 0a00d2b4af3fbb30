// Decides when a diagnosis begins that nobody has asked for.
//
// Mars looked at the eight results of tasks before the newest and at the eight before those, so that the newest never
// counted, and once in an hour for all networks. Here the newest counts, and each network has a bucket of its own: what a
// network did is no reason to leave the next one alone.
//
// Pure.
#pragma once
#include <bit>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "plugins/sdt/core/settings.h"
#include "plugins/sdt/core/token_bucket.h"
#include "sdk/abi/sdt.h"

namespace tharsis::sdt {

// Results of tasks over one kind of link, good until there are others.
class success_window {
 public:
  // True: what was good has turned bad with this one: of the newest eight less than three are good, of the eight before
  // more than five were.
  bool on_result(bool good) {
    results_ = results_ << 1 | (good ? 1u : 0u);
    const bool turned = std::popcount(results_ & 0xFFu) < 3 && std::popcount(results_ >> 8 & 0xFFu) > 5;
    return turned && !std::exchange(told_, turned) ? true : (told_ = told_ && turned, false);
  }

 private:
  uint32_t results_ = ~uint32_t{0};
  bool told_ = false;  // This turn.
};

class trigger_desk {
 public:
  struct run {
    uint32_t why = THARSIS_SDT_LINK_FAILED;  // THARSIS_SDT_*
    std::string target;                      // Empty: the network as a whole.
    bool measures = false;                   // Sizes and losses, too.
  };

  explicit trigger_desk(const settings::auto_settings& s) : settings_(s) {}

  // `generation` (sdk/abi/network.h): where it is another one traffic takes another way, and what was wanted of the one before is no
  // question any more. Whatever else has changed (who is logged in, the foreground, the network's name that is known now) leaves it.
  void on_network(const std::string& id, uint64_t generation) {
    if (std::exchange(generation_, generation) != generation) wanted_.reset();
    buckets(id);
    network_ = id;
  }
  // A link that fails, or a name that is lied about, shows it at once; what is slow, is lost or goes silent has to be measured.
  void on_cause(uint32_t why, std::string target, bool silent = false) {
    const bool measures = silent || (why != THARSIS_SDT_LINK_FAILED && why != THARSIS_SDT_NAMES_LIE);
    // The first that is wanted stays: later ones are its consequences. Only a lie, which may be about anything, gives way.
    const bool gives_way = wanted_ && wanted_->why == THARSIS_SDT_NAMES_LIE && why != THARSIS_SDT_NAMES_LIE;
    if (settings_.on && (!wanted_ || gives_way)) wanted_.emplace(run{why, std::move(target), measures});
  }
  void on_task(uint32_t channel, bool good, const std::string& target) {
    if (windows_[channel % 4].on_result(good)) on_cause(THARSIS_SDT_TASKS_FAIL, target);
  }
  // A diagnosis that may begin now.
  std::optional<run> take(instant now) {
    if (!wanted_ || !bucket_of_wanted().take(now)) return std::nullopt;
    return std::exchange(wanted_, std::nullopt);
  }
  // When take() may have something.
  instant deadline(instant now) { return wanted_ ? bucket_of_wanted().next(now) : never; }

 private:
  static constexpr size_t networks_most = 32;

  // Who lies makes a word of each question, the diagnosis' own ones too: lies have a bucket of one, so that they leave a link that
  // fails its own.
  struct pair {
    token_bucket causes, lies;
  };
  pair& buckets(const std::string& id) {
    auto found = buckets_.find(id);
    if (found != buckets_.end()) return found->second;
    if (buckets_.size() >= networks_most) buckets_.erase(buckets_.begin());
    return buckets_.emplace(id, pair{token_bucket(settings_.burst, settings_.every, settings_.last_after), token_bucket(1, settings_.every)}).first->second;
  }
  token_bucket& bucket_of_wanted() {
    pair& both = buckets(network_);
    return wanted_->why == THARSIS_SDT_NAMES_LIE ? both.lies : both.causes;
  }

  const settings::auto_settings settings_;
  success_window windows_[4];
  std::map<std::string, pair> buckets_;
  std::string network_;
  uint64_t generation_ = 0;
  std::optional<run> wanted_;
};

}  // namespace tharsis::sdt
