#include "plugins/stn/core/move_rules.h"

#include <algorithm>

#include "plugins/stn/core/foreign_text.h"
#include "plugins/stn/core/settings.h"
#include "plugins/stn/core/wait_text.h"

namespace tharsis::stn {
namespace {

error not_followed(std::string why) { return {THARSIS_E_DENIED, "the server asks its clients to go elsewhere, and that is not followed: " + std::move(why)}; }

duration told_wait(int32_t ms) { return std::chrono::milliseconds(ms); }

// A scheme, the longest name that there is, and a port.
constexpr size_t endpoint_size_max = 280;

// The last quarter is left for making the connection.
instant moment_within(duration within, uint64_t random, instant now) {
  const auto most = static_cast<uint64_t>(within.count() / 4 * 3);
  return later(now, duration(static_cast<int64_t>(random % (most + 1))));
}

}  // namespace

// A name says who the server is, so only names that are known already count; and what was encrypted stays so.
result<endpoint> move_rules::checked(const std::string& text, const move_situation& here) const {
  if (text.size() > endpoint_size_max) return not_followed("an endpoint has " + std::to_string(text.size()) + " bytes, at most " + std::to_string(endpoint_size_max) + " are taken");
  const auto to = link_endpoint(text, here.terms, here.at);
  if (!to) return not_followed(foreign_text(to.failure().text));
  if (to->port == 0) return not_followed("'" + foreign_text(text) + "' has port 0");
  if (here.current.scheme == "tcps" && to->scheme != "tcps")
    return not_followed("'" + foreign_text(text) + "' would send unencrypted what " + here.current.text() + " encrypts");
  const auto names_it = [&](const endpoint& e) { return e.host == to->host; };
  const auto opens_it = [&](const endpoint& e) { return names_it(e) && e.scheme == to->scheme; };
  const bool named = std::any_of(here.profile.begin(), here.profile.end(), names_it);
  if (named && to->scheme != "tcps" && std::none_of(here.profile.begin(), here.profile.end(), opens_it))
    return not_followed("'" + foreign_text(text) + "' would send unencrypted what the profile encrypts for that host");
  if (!named && !(here.current.scheme == "tcps" && here.vouched && here.vouched(to->host)))
    return not_followed("neither the profile nor the certificate of " + here.current.text() + " names the host '" + foreign_text(to->host) + "'");
  return to;
}

bool move_rules::too_often(instant now) {
  while (!followed_.empty() && now - followed_.front() >= settings_.per) followed_.pop_front();
  return static_cast<int64_t>(followed_.size()) >= settings_.most;
}

result<move_plan> move_rules::on_notice(std::span<const uint8_t> bytes, const move_situation& here, uint64_t random, instant now) {
  if (!settings_.follow) return not_followed(here.at + ".moves.follow is false");
  const auto told = mars::decode<mars::server_move>(bytes);
  if (!told) return error{THARSIS_E_PROTOCOL, "the server asks its clients to go elsewhere in words that mean nothing: " + told.failure().text};
  if (told->within_ms < 0 || told->valid_ms < 0) return error{THARSIS_E_PROTOCOL, "the server asks its clients to go elsewhere within less than no time"};
  if (told_wait(told->within_ms) > settings_.within_max)
    return not_followed("it gives them " + wait_text(told_wait(told->within_ms)) + ", and " + here.at + ".moves.within_max is " + wait_text(settings_.within_max));
  if (told->endpoints.size() > endpoints_max)
    return not_followed("it names " + std::to_string(told->endpoints.size()) + " endpoints, at most " + std::to_string(endpoints_max) + " are taken");
  if (told->endpoints.empty() && told->ends == 0) return not_followed("it names no endpoint and does not end either");
  move_plan plan;
  plan.why = foreign_text(told->why.substr(0, 256));
  for (const std::string& text : told->endpoints) {
    auto to = checked(text, here);
    if (!to) return to.failure();
    if (*to == here.current || std::find(plan.to.begin(), plan.to.end(), *to) != plan.to.end()) continue;
    plan.to.push_back(std::move(*to));
  }
  plan.told = !plan.to.empty();
  if (!plan.told && told->ends == 0) return not_followed("it leads to " + here.current.text() + ", where the link is already");
  if (!plan.told) {
    for (const endpoint& e : here.profile)
      if (!(e == here.current)) plan.to.push_back(e);
    plan.to.push_back(here.current);  // Behind its name there may be others.
  }
  if (too_often(now))
    return error{THARSIS_E_BUSY, "the server asks its clients to go elsewhere again, and that is not followed: " + std::to_string(settings_.most) + " times within " +
                                     wait_text(settings_.per) + " are the most (" + here.at + ".moves.most)"};
  followed_.push_back(now);
  plan.at = moment_within(told_wait(told->within_ms), random, now);
  if (told->ends != 0) plan.ends = later(now, told_wait(told->within_ms));
  const duration valid = told->valid_ms > 0 ? std::min(told_wait(told->valid_ms), settings_.valid_max) : settings_.valid_max;
  if (plan.told) plan.valid_until = later(plan.at, valid);
  return plan;
}

}  // namespace tharsis::stn
