#include "plugins/sdt/core/watch.h"

#include <algorithm>

#include "plugins/sdt/core/link_judge.h"
#include "plugins/sdt/core/sentences.h"

namespace tharsis::sdt {
namespace {

// "192.0.2.1:443" or "[2001:db8::1]:443", as stn prints the address it tried.
std::optional<tharsis_address> address_of(const std::string& text) {
  const auto parsed = parse_endpoint("tcp://" + text);
  if (!parsed) return std::nullopt;
  auto address = parse_ip(parsed->host);
  if (!address) return std::nullopt;
  address->port = parsed->port;
  return *address;
}

bool is_failure(const link_state& l) {
  const bool meant = l.status == THARSIS_OK || l.status == THARSIS_E_CANCELLED || l.status == THARSIS_E_GONE;
  return l.state == THARSIS_STN_DOWN && !meant;
}

// stn also tells of its queue; then nothing has happened to the link.
bool same_state(const link_state& a, const link_state& b) {
  return a.state == b.state && a.status == b.status && a.endpoint == b.endpoint;
}

}  // namespace

void watch::on_link(const link_state& told, instant now) {
  const bool news = !last_ || !same_state(*last_, told);
  const bool was_connecting = last_ && last_->state == THARSIS_STN_CONNECTING;
  last_ = told;
  if (!news) return;
  if (const auto server = parse_endpoint(told.endpoint)) target_ = {*server, address_of(told.address)};
  if (told.state == THARSIS_STN_CONNECTING) {
    if (!was_connecting) connecting_since_ = now;
    return;
  }
  connecting_since_ = never;
  if (told.state == THARSIS_STN_UP) return on_up(told, now);
  if (is_failure(told)) on_failure({link_report::kind::failed, told.status, told.reason}, now, now);
  else forget();
}

void watch::on_up(const link_state& told, instant now) {
  const duration gap = told.gap > duration::zero() || failing_since_ == never ? told.gap : now - failing_since_;
  forget();
  if (!std::exchange(bad_, std::nullopt)) return;
  verdicts_.push_back(recovered(target_.server, gap));
}

void watch::forget() {
  failing_since_ = never;
  wanted_ = false;
  round_.reset();
  end_ = end_ || running_.has_value();
  running_.reset();
}

void watch::on_failure(link_report what, instant since, instant now) {
  failing_since_ = std::min(failing_since_, since);
  report_ = std::move(what);
  wanted_ = true;
  start_round(now);
}

// Where a round for this server is under way already, its findings will be judged with what stn says
// now: a link that fails every few milliseconds must not put its verdict off for ever.
void watch::start_round(instant now) {
  const bool readable = !target_.server.host.empty();  // Else stn has told no endpoint yet.
  const bool under_way = running_ && running_->server.text() == target_.server.text();
  if (under_way) running_->link = report_;
  if (!readable || under_way) wanted_ = false;
  if (!wanted_ || !rounds_.take(now)) return;
  wanted_ = false;
  running_ = round{target_.server, report_};
  round_ = target_;
}

void watch::on_findings(findings found, instant now) {
  if (!running_) return;
  const round ended = *std::exchange(running_, std::nullopt);
  const link_verdict v = judge({ended.server, ended.link, std::move(found), now - failing_since_});
  const std::pair told(v.code, place_of(ended.server));
  // FINE while the link is down: what stn met is over already, and the link will tell.
  if (v.code == THARSIS_SDT_FINE || bad_ == told) return;
  bad_ = told;
  verdicts_.push_back(v);
}

void watch::on_deadline(instant now) {
  if (now >= connecting_due()) {
    const instant since = std::exchange(connecting_since_, never);
    on_failure({link_report::kind::connecting, THARSIS_OK, {}}, since, now);
  } else if (wanted_) {
    start_round(now);
  }
}

instant watch::deadline(instant now) {
  return std::min(connecting_due(), wanted_ ? rounds_.next(now) : never);
}

instant watch::connecting_due() const {
  return connecting_since_ == never ? never : later(connecting_since_, settings_.connecting_max);
}

}  // namespace tharsis::sdt
