// What its server has asked of a link, to go elsewhere, and when the link does it: core/move_rules.h decides, this keeps the
// plan and tells of it. The way there is link_course::lead_to().
#pragma once
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "plugins/stn/core/move_rules.h"
#include "plugins/stn/counts.h"
#include "plugins/stn/link_events.h"
#include "plugins/stn/switchboard.h"
#include "sdk/async/stream.h"

namespace tharsis::stn {

class server_moves {
 public:
  // All of them outlive it.
  server_moves(strand& place, const host& tables, switchboard& ways, const link_events& events, const counts& c, const link_settings& s)
      : place_(place), host_(tables), ways_(ways), events_(events), counts_(c), settings_(s), rules_(s.moves) {}

  // The server of the connection has said so. `wire`: its. False: that is not followed.
  bool on_notice(std::span<const uint8_t> bytes, const std::vector<endpoint>& profile, const endpoint& current, const stream& wire);
  // A plan whose moment has come: once.
  std::optional<move_plan> take_due();
  // What a server has told holds no more: once.
  bool take_expired();
  // Where the link leads now was said by somebody else, or is the profile's again.
  void forget();

  // Does the link lead to where a server has told?
  bool led() const { return valid_until_ != never; }
  // The server of the connection ends then; the past where it has not said that.
  instant server_ends() const { return ends_; }
  // There is another connection.
  void on_connection() { ends_ = instant{}; }
  // When one of the take_...() has something, at the earliest.
  instant deadline() const { return std::min(plan_ ? plan_->at : never, valid_until_); }
  // Of take_due() alone.
  instant plan_due() const { return plan_ ? plan_->at : never; }
  // For a person; empty: nothing was asked.
  std::string words() const;

 private:
  void tell(uint32_t what, const std::string& where, const std::string& sentence, duration wait);
  void refuse(const error& why, const endpoint& current);

  strand& place_;
  const host& host_;
  switchboard& ways_;
  const link_events& events_;
  const counts& counts_;
  const link_settings& settings_;
  move_rules rules_;
  std::optional<move_plan> plan_;
  instant valid_until_ = never;
  instant ends_{};
  std::string told_;          // The last sentence,
  instant told_at_ = never;   // and when it was told.
};

}  // namespace tharsis::stn
