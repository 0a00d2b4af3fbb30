// Carries remedies out: asks stn (tharsis.stn.heal/1) and dns (tharsis.dns/1), takes them back, and tells of each step.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "plugins/sdt/core/healing.h"
#include "sdk/abi/sdt.h"
#include "sdk/async/host.h"

namespace tharsis::sdt {

class healer {
 public:
  healer(const host& tables, const settings::heal_settings& s) : host_(tables), settings_(s) {}
  healer(const healer&) = delete;

  // `topic` is sdt.heal; 0: nobody is told.
  void open(tharsis_handle topic) { topic_ = topic; }
  void carry_out(const healing::step& s);
  // Has stn keep off what a resolver lied, so that a link that dials it asks for its name anew; each time that the cause was seen, so that
  // it lasts as long as the cause. Behind carry_out(), when dns has had the time to hear of it.
  void avoid_lies(const remedy& r);
  // Takes back what is in force.
  void close();

 private:
  struct done {
    tharsis_handle id = 0;   // Of stn; 0: none.
    uint32_t advice = 0;     // THARSIS_DNS_*; 0: none.
    std::map<std::string, tharsis_handle> kept_off{};  // Of stn, too: lies, by address.
    remedy what{};
    std::optional<uint32_t> told{};  // The state that was told last, THARSIS_SDT_HEAL_*.
  };
  tharsis_status begin(const remedy& r, done& into, tharsis_error* error);
  done* heir(const done& over);
  void undo(const done& d);
  void tell_once(done& d, uint32_t state, const std::string& sentence);
  void tell(uint32_t state, const remedy& r, const std::string& sentence) const;

  const host host_;
  const settings::heal_settings settings_;
  tharsis_handle topic_ = 0;
  std::map<std::string, done> done_;  // By action, cause and target.
};

}  // namespace tharsis::sdt
