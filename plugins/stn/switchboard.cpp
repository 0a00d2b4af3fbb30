#include "plugins/stn/switchboard.h"

#include <algorithm>

#include "sdk/async/any_number.h"
#include "sdk/pure/address.h"

namespace tharsis::stn {
namespace {

// What Mars gives its resolver for this.
constexpr duration translation_timeout = 2s;

// What a server may ask for with ban().
constexpr duration rest_of_the_banned = 30min;

std::vector<known_address> with_port(const std::vector<tharsis_address>& list, uint16_t port) {
  std::vector<known_address> all = unknown_addresses(list);
  for (known_address& a : all)
    if (a.at.port == 0) a.at.port = port;
  return all;
}

bool is_address(const tharsis_address& a) { return a.family == 4 || a.family == 6; }

}  // namespace

switchboard::switchboard(strand& place, const host& tables, const link_names& links, const counts& c, std::string segments, const breaker_settings& b, const extra_settings& e)
    : place_(place),
      host_(tables),
      links_(links),
      names_(place, *tables.net, tables.registry, tables.random),
      heals_(place, tables, names_),
      paths_(place, tables, names_, heals_.asked(), std::move(segments)),
      breakers_(b),
      extras_(e),
      client_(random() | 1),
      inbox_(*tables.loop, &switchboard::on_letter, this) {
  sessions_.told = [&c](bool resumed, bool early) {
    if (resumed) c.tls_resumed.add();
    if (early) c.tls_early.add();
  };
}

task<void> switchboard::close(instant deadline) {
  closing_ = true;
  inbox_.drain();
  heals_.close();
  co_await paths_.close(deadline);
}

void switchboard::on_network(const tharsis_network_state& now) {
  heals_.on_network(now);
  names_.on_network(now);
  paths_.on_network(now);
  extras_.on_metered(now.metered > 0);
  foreground_ = now.foreground != 0;
  proxies_.on_network(view(now.proxy), now.generation);
  families_ = now.families;
  generation_ = now.generation;
}

tharsis_status switchboard::set(tharsis_text link, uint32_t kind, const tharsis_address* list, size_t count, tharsis_error* error) {
  const std::string name(view(link));
  if (links_.find(name) == link_names::none)
    return fail(error, THARSIS_E_NOT_FOUND, "there is no link '" + name + "'; the profile names its links under stn.links");
  if (kind > THARSIS_STN_ADDRESSES_BACKUP)
    return fail(error, THARSIS_E_INVALID, "addresses are of the application's kind, debug, or backup; " + std::to_string(kind) + " is none");
  if (count > THARSIS_STN_ADDRESSES_MAX)
    return fail(error, THARSIS_E_INVALID, "a list has at most " + std::to_string(THARSIS_STN_ADDRESSES_MAX) + " addresses, not " + std::to_string(count));
  letter l{name, kind, {list, list + count}, false};
  if (!std::all_of(l.list.begin(), l.list.end(), is_address))
    return fail(error, THARSIS_E_INVALID, "one of the addresses is of neither family, 4 nor 6");
  return send(std::move(l), error);
}

tharsis_status switchboard::ban(const tharsis_address* address, tharsis_error* error) {
  if (address == nullptr || !is_address(*address)) return fail(error, THARSIS_E_INVALID, "what is to be banned is no address");
  return send({{}, 0, {*address}, true}, error);
}

tharsis_status switchboard::send(letter l, tharsis_error* error) {
  if (!closing_ && inbox_.send(std::move(l)) == THARSIS_OK) return THARSIS_OK;
  return fail(error, THARSIS_E_GONE, "stn is stopping");
}

void switchboard::on_letter(void* context, letter l) {
  auto& self = *static_cast<switchboard*>(context);
  if (l.ban) self.paths_.on_banned(l.list.front(), rest_of_the_banned);
  else if (l.list.empty()) self.lists_.erase({l.link, l.kind});
  else self.lists_[{l.link, l.kind}] = std::move(l.list);
}

address_lists switchboard::given(const link_settings& link, uint16_t port) const {
  const auto said = [&](uint32_t kind, const std::vector<tharsis_address>& otherwise) {
    const auto found = lists_.find({link.name, kind});
    return with_port(found == lists_.end() ? otherwise : found->second, port);
  };
  address_lists lists;
  lists.debug = said(THARSIS_STN_ADDRESSES_DEBUG, link.debug_addresses);
  lists.application = said(THARSIS_STN_ADDRESSES_APPLICATION, {});
  lists.backup = said(THARSIS_STN_ADDRESSES_BACKUP, link.backup.addresses);
  return lists;
}

task<choice> switchboard::choose(address_lists lists, bool ranked, const link_settings& link) {
  choice c;
  for (auto* const list : {&lists.debug, &lists.application, &lists.backup}) translate(*list);
  // What users told is of the addresses that they dialled, not of those that the name has.
  if (translate(lists.resolved)) ranked = false;
  const auto given = resolver::order::given;
  const auto wanted = link.dial.by == dial_settings::rank::given ? given : resolver::order::best_first;
  co_await rank(&lists.debug, given, &c.usual);
  co_await rank(&lists.application, wanted, &c.usual);
  if (ranked) names_.heed(lists.resolved);  // With their ports, which the name does not have.
  else co_await rank(&lists.resolved, wanted, &c.usual);
  co_await rank(&lists.backup, given, &c.usual);
  const choice_terms terms{foreground_, random()};
  c.all = choose_addresses(lists, link.dial, terms);
  // What this network does not carry comes last, for what is known of it may be wrong.
  if (families_ != 0)
    std::stable_partition(c.all.begin(), c.all.end(), [&](const candidate& one) {
      return is_loopback(one.address) || (families_ & (one.address.family == 6 ? THARSIS_NETWORK_V6 : THARSIS_NETWORK_V4)) != 0;
    });
  breakers_.sift(c.all, [](const candidate& one) { return one.address; }, place_.now());
  co_return std::move(c);
}

void switchboard::settle(resolver::known_addresses& of, const link_settings& link) const {
  if (of.meant || link.dial.ties == dial_settings::order::given || link.dial.by == dial_settings::rank::given) return;
  of.list = unknown_addresses(own_order(addresses_of(of.list), client_));
  of.ranked = false;
}

task<void> switchboard::rank(std::vector<known_address>* list, resolver::order by, duration* usual) {
  if (list->empty()) co_return;
  resolver::known_addresses known = co_await names_.rank(addresses_of(*list), by);
  *usual = std::max(*usual, known.usual);
  *list = std::move(known.list);
}

std::string switchboard::on_server_failure(const tharsis_address& a, std::string why, duration at_least) {
  const bool opened = breakers_.on_failure(a, std::move(why), at_least, random(), place_.now());
  return opened ? breakers_.words(a, place_.now()) : std::string();
}

std::vector<target> switchboard::targets(const link_settings& link, const endpoint& to) const {
  const address_lists lists = given(link, to.port);
  std::vector<target> all;
  const auto add = [&](const std::vector<known_address>& list, address_source source) {
    for (const known_address& a : list) all.push_back({ip_text(a.at), a.at.port, source});
  };
  add(lists.debug, address_source::debug);
  if (!all.empty()) return all;
  add(lists.application, address_source::application);
  if (all.empty()) all.push_back({to.host, to.port, address_source::resolver});
  add(lists.backup, address_source::backup);
  return all;
}

task<void> switchboard::learn_translation(address_lists lists, instant deadline) {
  const auto any_v4 = [](const std::vector<known_address>& list) {
    return std::any_of(list.begin(), list.end(), [](const known_address& a) { return a.at.family == 4 && !is_loopback(a.at); });
  };
  const bool wanted = any_v4(lists.debug) || any_v4(lists.application) || any_v4(lists.resolved) || any_v4(lists.backup);
  if (!wanted || families_ != THARSIS_NETWORK_V6 || translated_in_ == generation_) co_return;
  const uint64_t asked_in = generation_;
  const auto known = co_await names_.resolve(nat64_name, std::min(deadline, later(place_.now(), translation_timeout)));
  if (!known && known.status() != THARSIS_E_NOT_FOUND) co_return;  // Asked again next time.
  translation_ = known ? find_nat64_prefix(*known) : std::nullopt;
  translated_in_ = asked_in;
}

// As this network carries them. True: some are other ones now.
bool switchboard::translate(std::vector<known_address>& list) const {
  if (families_ != THARSIS_NETWORK_V6 || !translation_ || translated_in_ != generation_) return false;
  bool any = false;
  for (known_address& a : list) {
    if (a.at.family != 4 || is_loopback(a.at)) continue;
    a.at = through_nat64(*translation_, a.at);
    any = true;
  }
  return any;
}

uint64_t switchboard::random() const { return any_number(*host_.random); }

}  // namespace tharsis::stn
