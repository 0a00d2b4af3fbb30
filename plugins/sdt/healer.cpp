#include "plugins/sdt/healer.h"

#include <algorithm>
#include <utility>

#include "plugins/sdt/core/redact.h"
#include "sdk/abi/dns.h"
#include "sdk/abi/stn_heal.h"
#include "sdk/pure/address.h"
#include "sdk/pure/error.h"
#include "sdk/pure/units.h"
#include "sdk/pure/url.h"
#include "sdk/pure/views.h"

namespace tharsis::sdt {
namespace {

std::string key_of(const remedy& r) { return r.what.text() + '\n' + std::string(name_of(r.cause)) + '\n' + r.target; }

std::string first_argument(const action& a) { return a.args.empty() ? std::string() : a.args.front(); }

uint32_t number_of(const action& a) {
  const auto n = parse_integer(first_argument(a));
  return n && *n > 0 && *n <= 65'535 ? static_cast<uint32_t>(*n) : 0;
}

// For stn; `what` 0: it is none of stn's. Borrows from `r`.
tharsis_stn_remedy for_stn(const remedy& r, const std::string& reason) {
  tharsis_stn_remedy m{};
  m.size = sizeof m;
  m.reason = text_of(reason);
  const std::string& name = r.what.name;
  if (name == "clamp_mss") {
    m.what = THARSIS_STN_HEAL_SEGMENTS;
    m.number = std::clamp<uint32_t>(number_of(r.what), 536, 1460);
  } else if (name == "prefer_v4" || name == "prefer_v6") {
    m.what = THARSIS_STN_HEAL_FAMILY;
    m.number = name == "prefer_v4" ? 4 : 6;
  } else if (name == "ban_address") {
    const auto at = parse_place(first_argument(r.what));
    m.what = at ? uint32_t{THARSIS_STN_HEAL_ADDRESS} : 0;
    if (at) m.address = *at;
  } else if (name == "avoid_udp") {
    m.what = THARSIS_STN_HEAL_DATAGRAMS;
  } else if (name == "change_port") {
    m.what = r.host.empty() || number_of(r.what) == 0 ? 0 : uint32_t{THARSIS_STN_HEAL_PORT};
    m.number = number_of(r.what);
    m.host = text_of(r.host);
  } else if (name == "open_portal") {
    m.what = THARSIS_STN_HEAL_PORTAL;
  }
  return m;
}

// For dns; 0: it is none of its.
uint32_t for_dns(const remedy& r) {
  return r.what.name == "use_doh" ? uint32_t{THARSIS_DNS_USE_DOH} : r.what.name == "open_portal" ? uint32_t{THARSIS_DNS_PORTAL} : 0;
}

// The login's host, for dns; empty where it is the very one that is to be reached: its true address would be kept away from it.
std::string login_of(const remedy& r) {
  const auto u = parse_url(first_argument(r.what));
  return u && u->host != r.host ? u->host : std::string();
}

}  // namespace

void healer::carry_out(const healing::step& s) {
  const std::string key = key_of(s.of);
  if (!s.begins) {
    if (const auto found = done_.find(key); found != done_.end()) {
      const done over = std::move(found->second);
      done_.erase(found);
      if (done* const other = heir(over)) {
        other->id = std::max(other->id, over.id);  // The newest is the one that is in force.
        other->advice = std::max(other->advice, over.advice);
        for (const auto& [lie, id] : over.kept_off) other->kept_off[lie] = std::max(other->kept_off[lie], id);
      } else {
        undo(over);
      }
    }
    return tell(THARSIS_SDT_HEAL_ENDED, s.of, s.why);
  }
  done& d = done_[key];
  d.what = s.of;
  if (settings_.policy != heal_policy::act) return tell_once(d, THARSIS_SDT_HEAL_ADVISED, s.of.sentence);
  tharsis_error why = no_error();
  const tharsis_status status = begin(s.of, d, &why);
  if (status == THARSIS_OK) tell_once(d, THARSIS_SDT_HEAL_BEGUN, s.of.sentence);
  else tell_once(d, THARSIS_SDT_HEAL_REFUSED, error_from(status, why).text);
}

// Where its cause was seen again it lasts longer, and nothing is new, unless who refused it carries it out now, or the other way round.
void healer::tell_once(done& d, uint32_t state, const std::string& sentence) {
  if (std::exchange(d.told, state) != state) tell(state, d.what, sentence);
}

// The same is needed for another cause still.
healer::done* healer::heir(const done& over) {
  const auto same = [&](const auto& one) {
    const remedy& r = one.second.what;
    return r.what.text() == over.what.what.text() && (r.what.name != "change_port" || r.host == over.what.host);
  };
  const auto found = std::find_if(done_.begin(), done_.end(), same);
  return found == done_.end() ? nullptr : &found->second;
}

// OK where one of them does its part.
tharsis_status healer::begin(const remedy& r, done& into, tharsis_error* error) {
  const std::string reason = "sdt: " + r.sentence;
  tharsis_stn_remedy m = for_stn(r, reason);
  m.ttl_ms = static_cast<uint32_t>(std::clamp<int64_t>(milliseconds(settings_.life), 1000, m.what == THARSIS_STN_HEAL_PORTAL ? THARSIS_STN_HEAL_PORTAL_MAX_MS : THARSIS_STN_HEAL_TTL_MAX_MS));
  const auto* const stn = host_.bound<tharsis_stn_heal>(THARSIS_STN_HEAL_ID);
  const auto* const dns = host_.bound<tharsis_dns>(THARSIS_DNS_ID);
  tharsis_status status = fail(error, THARSIS_E_UNSUPPORTED, "nobody is here who could do it");
  if (m.what != 0 && stn != nullptr) status = stn->apply(stn->self, &m, &into.id, error);
  const uint32_t advice = for_dns(r);
  if (advice == 0 || dns == nullptr || !THARSIS_HAS(dns, advise) || dns->advise == nullptr) return status;
  const std::string about = advice == THARSIS_DNS_PORTAL ? login_of(r) : std::string();
  const tharsis_status advised = dns->advise(dns->self, advice, text_of(about), settings_.life.count(), error);
  if (advised == THARSIS_OK) into.advice = advice;
  return status == THARSIS_OK ? status : advised;
}

void healer::avoid_lies(const remedy& r) {
  const auto found = done_.find(key_of(r));
  const auto* const stn = host_.bound<tharsis_stn_heal>(THARSIS_STN_HEAL_ID);
  if (found == done_.end() || stn == nullptr || found->second.advice == 0) return;
  const std::string reason = "sdt: " + r.sentence;
  for (const std::string& lie : r.lies) {
    const auto at = parse_place(lie);
    if (!at) continue;
    tharsis_stn_remedy m{};
    m.size = sizeof m;
    m.what = THARSIS_STN_HEAL_ADDRESS;
    m.address = *at;
    m.reason = text_of(reason);
    m.ttl_ms = static_cast<uint32_t>(std::clamp<int64_t>(milliseconds(settings_.life), 1000, THARSIS_STN_HEAL_TTL_MAX_MS));
    tharsis_handle id = 0;
    if (stn->apply(stn->self, &m, &id, nullptr) == THARSIS_OK) found->second.kept_off[lie] = id;
  }
}

void healer::undo(const done& d) {
  const auto* const stn = host_.bound<tharsis_stn_heal>(THARSIS_STN_HEAL_ID);
  const auto* const dns = host_.bound<tharsis_dns>(THARSIS_DNS_ID);
  if (d.id != 0 && stn != nullptr) stn->undo(stn->self, d.id);
  for (const auto& [lie, id] : d.kept_off)
    if (stn != nullptr) stn->undo(stn->self, id);
  if (d.advice != 0 && dns != nullptr && THARSIS_HAS(dns, advise)) {
    const std::string about = d.advice == THARSIS_DNS_PORTAL ? login_of(d.what) : std::string();
    dns->advise(dns->self, d.advice, text_of(about), 0, nullptr);
  }
}

void healer::close() {
  for (const auto& [key, d] : done_) {
    undo(d);
    tell(THARSIS_SDT_HEAL_ENDED, d.what, "sdt stops");
  }
  done_.clear();
}

void healer::tell(uint32_t state, const remedy& r, const std::string& sentence) const {
  constexpr std::string_view states[] = {"advised", "begun", "refused", "ended"};
  const std::string text = r.what.text(), cause(name_of(r.cause));
  host_.write(THARSIS_LOG_INFO, "remedy " + log_text(r.what, r.host) + " " + std::string(states[state]) + " cause=" + cause + " target=" + r.target + ": " + log_text(sentence, r.host));
  const tharsis_sdt_healing told{state, 0, text_of(text), text_of(cause), text_of(r.target), text_of(sentence)};
  host_.publish(topic_, &told);
}

}  // namespace tharsis::sdt
