// Which remedies are in force: what a report asks for begins, and ends when its cause is gone.
//
// A cause is gone when a report about the same target, looked at as deeply as then and able to see it, does not have it any more; when
// traffic takes another way; or when nobody has seen it for `life`. A report that ended before (no way out of here, no bytes left) says
// nothing of it. So that somebody looks, what is in force is looked at again each `recheck`, never deeper than medium and for an address lightly. In a portal
// nobody dials, so that no traffic would notice that it opens: there a page that is known is asked for, each `knock` at first. An advice
// (policy advise) holds nothing back, so nobody looks for its sake: whatever else is diagnosed ends it, or its life.
//
// Pure: the owner carries the steps out, and runs the rechecks.
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "plugins/sdt/core/settings.h"
#include "plugins/sdt/core/verdict.h"
#include "sdk/pure/time.h"

namespace tharsis::sdt {

struct remedy {
  action what;
  verdict_code cause = verdict_code::healthy;
  std::string target;  // What it was found about, as it was given;
  std::string host;    // its host.
  depth how_deep = depth::light;
  std::string sentence;  // What is wrong, for a person.
  std::vector<std::string> lies;  // Addresses, IP:PORT, that a resolver gave and the truth does not.
};

class healing {
 public:
  struct step {
    bool begins = false;  // Or its cause was seen again, and it lasts longer. Else it ends.
    remedy of;
    std::string why;  // Of an end.
  };
  struct look {
    std::string target;
    depth how_deep = depth::light;
  };

  explicit healing(const settings::heal_settings& s) : settings_(s) {}

  void on_report(const report& r, instant now);
  // Traffic takes another way.
  void on_network();
  // A page whose answer is known came as it is: no portal keeps anything back any more.
  void on_known_page();
  void on_deadline(instant now);
  instant deadline() const;

  std::vector<step> take_steps() { return std::exchange(steps_, {}); }
  // Somebody should look whether this is still so.
  std::optional<look> take_look() { return std::exchange(look_, std::nullopt); }
  // A page that is known should be asked for.
  bool take_knock() { return std::exchange(knock_, false); }

 private:
  struct force {
    remedy what;
    instant until{}, look_at{}, knock_at = never;
    instant since{};
  };
  void begin(remedy what, instant now);
  // When something is to be looked at that is in force; an advice is not.
  instant due(duration after, instant now) const { return settings_.policy == heal_policy::act ? later(now, after) : never; }
  void end(size_t index, std::string why);

  const settings::heal_settings settings_;
  std::vector<force> in_force_;
  std::vector<step> steps_;
  std::optional<look> look_;
  bool knock_ = false;
};

// Is it one of those that a program can carry out?
bool is_remedy(const action& a);

}  // namespace tharsis::sdt
