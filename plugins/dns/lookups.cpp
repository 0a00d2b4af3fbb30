#include "plugins/dns/lookups.h"

#include <algorithm>
#include <utility>

#include "plugins/dns/core/address_rules.h"
#include "plugins/dns/system_files.h"
#include "sdk/pure/address.h"
#include "sdk/pure/views.h"

namespace tharsis::dns {
namespace {

constexpr size_t warned_max = 256;

std::vector<settings> settings_by_domain(const settings& s) {
  std::vector<settings> all;
  for (const domain_rule& r : s.domains.all()) all.push_back(s.of(r));
  return all;
}

}  // namespace

lookups::lookups(const host& tables, strand& place, const settings& s, const tools& t)
    : host_(tables),
      log_(tables.log),
      place_(place),
      settings_(s),
      by_domain_(settings_by_domain(s)),
      count_(tables.count<counter>("lookups", "1", "Times that servers or the system's resolver were asked")),
      means_(t.asks),
      guard_(t.watches),
      translation_(t.translates),
      desk_(t.hears),
      stirred_(t.stirred),
      work_(place) {}

// What the servers said of names is enough, or their time is up.
void lookups::collect() {
  for (auto i = inquiries_.begin(); i != inquiries_.end();) {
    if (!i->second->over()) {
      ++i;
      continue;
    }
    guard_.on_heard(*i->second);
    answer what = answer_of(i->second->result());
    if (what.verdict == word(finding::hijack) || what.verdict == word(finding::injection)) tell_lie(i->first.name, what);
    const auto own = translation_.apply(i->first.family, what);
    guard_.on_translated(i->first.name, own, what);
    settle_translated(i->first.name, settings_for(i->first.name).mode, own, what);
    tell_answer(i->first, what, i->second->began());
    desk_.on_answer(i->first, std::move(what), place_.now());
    i = inquiries_.erase(i);
  }
}

void lookups::start(const subject& about) {
  count_.add();
  const settings& own = settings_for(about.name);
  if (!own.servers.empty()) {
    if (!wait_for_login(about)) ask_servers(about);
  } else if (own.mode == trust::strict) {  // The system's resolver proves nothing.
    refuse(about, THARSIS_E_DENIED, "not_trusted", "strict mode believes only servers of tls:// and https://, and dns.servers names none");
  } else {
    ask_system(about);
  }
}

// Nobody is asked.
void lookups::refuse(const subject& about, tharsis_status status, const char* verdict, const std::string& why) {
  answer what;
  what.source = THARSIS_DNS_SERVERS;
  what.status = status;
  what.verdict = verdict;
  what.reason = "the name '" + about.name + "' was not resolved: " + why;
  desk_.on_answer(about, std::move(what), place_.now());
}

// Before the login of a captive portal a network answers everything with itself, if at all. What belongs to it is asked of its own
// resolver; all else fails at once.
bool lookups::wait_for_login(const subject& about) {
  if (!guard_.portal() || settings_.mode_of(about.name) == trust::open) return false;
  if (guard_.is_for_portal(about.name)) ask_system(about);
  else refuse(about, THARSIS_E_NETWORK, "portal", "the network wants a login first (captive portal)");
  return true;
}

void lookups::ask_servers(const subject& about) {
  std::vector<uint16_t> kinds;
  if (about.family != 4) kinds.push_back(type::aaaa);
  if (about.family != 6 || translation_.active()) kinds.push_back(type::a);
  // What they have said by then is an answer; the question's own end is none.
  const duration budget = std::min(settings_.budget, settings_.timeout * 9 / 10);
  inquiry::wish w{about.name, std::move(kinds), later(place_.now(), budget)};
  guard_.prepare(w);
  inquiries_[about] = std::make_unique<inquiry>(means_, settings_for(about.name), std::move(w), [this] { stirred_.raise(); });
}

void lookups::ask_system(const subject& about) {
  tharsis_handle lookup = 0;
  tharsis_error reason = no_error();
  const tharsis_status status = host_.net->resolve(host_.net->self, text_of(about.name), about.family,
                                                   &lookups::on_resolved, this, &lookup, &reason);
  if (status == THARSIS_OK) {
    of_system_[lookup] = {about, place_.now()};
    return;
  }
  log_.warning("the system's resolver was not asked for name={name} status={status} reason={reason}", about.name,
               status_name(status), reason.text);
  desk_.on_looked_up(about, status, {}, place_.now());
}

void lookups::on_resolved(void* self, tharsis_handle lookup, tharsis_status status, const tharsis_address* list,
                          size_t count) {
  lookups& s = *static_cast<lookups*>(self);
  const auto found = s.of_system_.find(lookup);
  if (found == s.of_system_.end()) return;
  const subject about = std::move(found->second.about);
  const instant since = found->second.since;
  s.of_system_.erase(found);
  if (s.log_.logs(THARSIS_LOG_DEBUG))
    s.log_.debug("looked up name={name} status={status} addresses={addresses} first={first}", about.name, status_name(status),
                 count, count > 0 ? ip_text(list[0]) : std::string());
  system_word said{about, since, status, {list, list + count}};
  if (!s.is_weighed(said)) return s.take(std::move(said), nullptr);
  const uint64_t number = s.weighing_[about] = ++s.last_weighing_;
  s.work_.spawn(s.weigh(std::move(said), number));
}

// Before a login the network's own names are asked of it alone, and nobody weighs them; nor what could be a public name's.
bool lookups::is_weighed(const system_word& said) const {
  const std::string& name = said.about.name;
  if (settings_.mode_of(name) == trust::open || is_local_name(name) || settings_.is_local(name) || (guard_.portal() && guard_.is_for_portal(name))) return false;
  return std::any_of(said.addresses.begin(), said.addresses.end(), [](const auto& a) { return !bogus(a).empty() && !is_of_an_intranet(a); });
}

task<void> lookups::weigh(system_word said, uint64_t number) {
  const own_words own = co_await read_own_words(place_, host_.files);
  const auto mine = weighing_.find(said.about);
  if (mine == weighing_.end() || mine->second != number) co_return;
  weighing_.erase(mine);
  take(std::move(said), &own);
}

// `own`: null where nothing is weighed; what the name's domain does not allow is refused all the same.
void lookups::take(system_word said, const own_words* own) {
  const std::string& name = said.about.name;
  const domain_rule* const rule = settings_.domains.find(name);
  answer told;
  std::erase_if(said.addresses, [&](const tharsis_address& a) {
    std::string why = why_forbidden(rule, a);
    if (why.empty() && own != nullptr) why = own->why_not(name, rule, a);
    if (why.empty()) return false;
    told.refused.push_back({a, "system", std::move(why)});
    guard_.tell_bogus(name, told.refused.back());
    return true;
  });
  told.status = said.status == THARSIS_OK && said.addresses.empty() ? THARSIS_E_NOT_FOUND : said.status;
  told.addresses = said.addresses;
  told.reason = told.status == THARSIS_OK ? "" : "the system's resolver has none (" + std::string(status_name(told.status)) + ")";
  if (!told.refused.empty()) told.verdict = word(finding::hijack), tell_lie(name, told);
  describe(told, "system", false, "the system's resolver says so");
  tell_answer(said.about, told, said.since);
  desk_.on_looked_up(said.about, told.status, std::move(said.addresses), place_.now(), std::move(told.refused));
  stirred_.raise();
}

// Who lies does so about many names; one warning of each is enough for a person.
void lookups::tell_lie(const std::string& name, const answer& what) {
  const std::string by = what.refused.empty() ? std::string() : what.refused[0].source;
  const std::string first = what.refused.empty() ? std::string() : ip_text(what.refused[0].address) + " from " + by;
  if (warned_of_.size() >= warned_max) warned_of_.clear();
  if (warned_of_.emplace(guard_.network(), by).second)
    log_.warning("a server lies about a name name={name} verdict={verdict} refused={refused} first={first}", name, what.verdict, what.refused.size(), first);
  else
    log_.info("a server lies about a name, too name={name} verdict={verdict} refused={refused} first={first}", name, what.verdict, what.refused.size(), first);
}

void lookups::tell_answer(const subject& about, const answer& what, instant since) const {
  if (topic_ == 0) return;
  std::string addresses;
  for (const auto& a : what.addresses) addresses += (addresses.empty() ? "" : " ") + ip_text(a);
  const std::string source = what.candidates.empty() ? std::string() : what.candidates[0].source;
  const tharsis_dns_answered event{text_of(about.name), what.status, about.family, text_of(what.verdict), text_of(addresses), text_of(source), text_of(what.reason), what.refused.size(),
                                   (place_.now() - since).count()};
  host_.publish(topic_, &event);
}

void lookups::give_up(const subject& about) {
  inquiries_.erase(about);
  weighing_.erase(about);
  for (auto l = of_system_.begin(); l != of_system_.end(); ++l) {
    if (!(l->second.about == about)) continue;
    host_.net->close(host_.net->self, l->first);
    of_system_.erase(l);
    return;
  }
}

}  // namespace tharsis::dns
