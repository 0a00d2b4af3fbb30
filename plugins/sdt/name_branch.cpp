#include "plugins/sdt/name_branch.h"

#include <algorithm>
#include <utility>

#include "plugins/sdt/core/resolver_memory.h"
#include "sdk/pure/address.h"
#include "sdk/pure/nat64.h"

namespace tharsis::sdt {
namespace {

constexpr size_t servers_most = 3, addresses_most = 4;

// Addresses that nobody has: of a range for examples, and of the one that is thrown away (RFC 6666).
constexpr std::string_view nobody_v4 = "192.0.2.253", nobody_v6 = "100::fd";

tharsis_address nobody_like(const tharsis_address& at) { return *parse_ip(at.family == 6 ? nobody_v6 : nobody_v4); }

task<void> ask_into(bench& b, name_question q, first_answer* into) { co_await ask_name(b, std::move(q), into); }

bool is_of_earlier_network(const bench& b, const machine_view& view, const tharsis_address& server) {
  std::vector<tharsis_address> here = view.addresses;
  for (const auto& g : view.gateways) here.push_back(g.address);
  return is_left_behind(server, b.asked.older_resolvers, here);
}

}  // namespace

task<void> name_branch::look(machine_view view) {
  task_set all(bench_.place);
  const size_t count = std::min(view.name_servers.size(), servers_most);
  for (size_t i = 0; i < count; ++i) {
    const bool older = is_of_earlier_network(bench_, view, view.name_servers[i]);
    all.spawn(ask_system(view.name_servers[i], record_type::a, older));
    all.spawn(ask_system(view.name_servers[i], record_type::aaaa, older));
  }
  task_set vouching(bench_.place);
  for (const trusted_resolver& r : bench_.asked.resolvers) {
    task_set& among = is_encrypted(r.over) ? vouching : all;
    among.spawn(ask_trusted(r, record_type::a));
    if (!view.addresses.empty() && view.gateway(6) != nullptr) among.spawn(ask_trusted(r, record_type::aaaa));
  }
  if (count > 0) all.spawn(ask_missing(view.name_servers[0]));
  if (count > 0 && bench_.deep() && !bench_.asked.identity_name.empty()) all.spawn(ask_identity(view.name_servers[0]));
  // Hosts files, pins and whatever else this machine believes.
  if (count == 0 || bench_.names.has_service()) all.spawn(ask_host());
  if (const tharsis_address* const at = stranger(view); at != nullptr) all.spawn(ask_strangers(*at));
  co_await all.join(bench_.end);
  all.clear();
  while (wants_truth()) co_await vouched_.wait(bench_.end);
  vouching.clear();
}

// What one of them has told of a kind of address another tells as well: who looks lightly does not wait for him. DoT may take two round trips more
// than DoH, where a server holds its answer back until the session's tickets are confirmed.
bool name_branch::wants_truth() const {
  const bool all_told = std::all_of(truth_.begin(), truth_.end(), [](const auto& kind) { return kind.second; });
  return unanswered_ > 0 && !bench_.over() && (bench_.deep() || !all_told);
}

task<void> name_branch::ask_system(tharsis_address server, record_type type, bool from_older_network) {
  name_question q;
  q.server.at = server;
  q.name = bench_.asked.at.host;
  q.type = type;
  q.late = bench_.deep() ? 250ms : 60ms;
  q.from_older_network = from_older_network;
  first_answer first(bench_.place);
  task_set asking(bench_.place);
  asking.spawn(ask_into(bench_, q, &first));
  const uint32_t told = co_await first.told.wait(later(bench_.place.now(), 700ms));
  if (first.what.came) learn(first.what.addresses, false);
  // Does the same resolver answer over TCP?
  if (told == 0 || (!first.what.came && first.what.failed == failure::timeout)) {
    name_question again = q;
    again.server.over = name_transport::tcp;
    const name_answer over_tcp = co_await ask_name(bench_, again);
    if (over_tcp.came) learn(over_tcp.addresses, false);
  }
  co_await asking.join(bench_.end);
  asking.clear();
  if (first.what.came) learn(first.what.addresses, false);
}

task<void> name_branch::ask_trusted(trusted_resolver server, record_type type) {
  name_question q;
  const bool vouched = is_encrypted(server.over);
  q.role = vouched ? probe_role::truth : probe_role::alternate;
  q.most = 3s;  // Four round trips and more.
  q.server = std::move(server);
  q.name = bench_.asked.at.host;
  q.type = type;
  if (vouched) ++unanswered_, truth_.try_emplace(type, false);
  const name_answer a = co_await ask_name(bench_, q);
  if (!vouched) co_return;
  --unanswered_;
  if (a.came) learn(a.addresses, true);
  if (a.came && (a.rcode == 0 || a.rcode == 3)) truth_[type] = true;
  vouched_.raise();
}

task<void> name_branch::ask_host() {
  auto found = co_await bench_.names.resolve(bench_.asked.at.host, bench_.until(2s));
  if (found) {
    learn(*found, false);
  } else if (bench_.seen.names.empty()) {
    auto p = bench_.start<name_probe>("dns", probe_role::system, bench_.asked.at.host + " of this machine");
    p.over = name_transport::cache;
    p.name = bench_.asked.at.host;
    p.type = "A";
    p.failed = failure_of(found.status());
    p.rcode = found.status() == THARSIS_E_NOT_FOUND ? 3 : -1;
    bench_.finish(bench_.seen.names, std::move(p));
  }
  // Branches that look at what was learned are not of this one.
  co_return;
}

task<void> name_branch::ask_missing(tharsis_address server) {
  name_question q;
  q.role = probe_role::missing;
  q.server.at = server;
  const std::string& host = bench_.asked.at.host;
  const size_t dot = host.rfind('.', host.size() - 2);
  q.name = "sdt-" + random_hex(bench_.tables, 6) + (dot == std::string::npos ? ".com" : host.substr(dot));
  q.late = 0ms;
  co_await ask_name(bench_, q);
}

task<void> name_branch::ask_translator(machine_view view) {
  const bool has_v4 = std::any_of(view.addresses.begin(), view.addresses.end(), [](const tharsis_address& a) { return a.family == 4; });
  if (has_v4 || view.gateway(6) == nullptr || view.name_servers.empty()) co_return;
  name_question q;
  q.role = probe_role::known;
  q.server.at = view.name_servers.front();
  q.name = nat64_name;
  q.type = record_type::aaaa;
  q.late = 0ms;
  const name_answer a = co_await ask_name(bench_, std::move(q));
  auto prefix = find_nat64_prefix(a.addresses);
  if (!prefix) co_return;
  std::fill(prefix->address.ip + prefix->bits / 8, std::end(prefix->address.ip), uint8_t{0});
  for (way_probe& w : bench_.seen.ways)
    if (w.family == 6) w.nat64_prefix = ip_text(prefix->address) + "/" + std::to_string(prefix->bits);
}

const tharsis_address* name_branch::stranger(const machine_view& view) const {
  for (const tharsis_address& control : bench_.asked.controls) {
    const auto is_it = [&](const tharsis_address& server) { return same_ip(server, control); };
    const auto is_trusted = [&](const trusted_resolver& r) { return same_ip(r.at, control); };
    if (std::none_of(view.name_servers.begin(), view.name_servers.end(), is_it) && std::none_of(bench_.asked.resolvers.begin(), bench_.asked.resolvers.end(), is_trusted)) return &control;
  }
  return nullptr;
}

task<void> name_branch::ask_stranger(tharsis_address at, std::string name, bool* came) {
  name_question q;
  q.role = probe_role::stranger;
  q.server.at = at;
  q.server.at.port = 53;
  q.name = std::move(name);
  q.most = 900ms;  // A question that is lost is asked again after 400.
  q.late = 0ms;
  const name_answer a = co_await ask_name(bench_, std::move(q));
  if (came != nullptr) *came = a.came;
}

// A host that is no resolver: who answers for it is on the way. What it says of a name that cannot be tells whether it is after our name, or
// takes all of them. But some hosts that serve pages serve names as well: where one answers, an address that nobody has is asked, too.
task<void> name_branch::ask_strangers(tharsis_address at) {
  bool answers = false;
  co_await ask_stranger(at, bench_.asked.at.host, &answers);
  if (!answers) co_return;
  const std::string made_up = "sdt-" + random_hex(bench_.tables, 6) + ".com";
  const tharsis_address nobody = nobody_like(at);
  task_set more(bench_.place);
  more.spawn(ask_stranger(at, made_up));
  more.spawn(ask_stranger(nobody, bench_.asked.at.host));
  more.spawn(ask_stranger(nobody, made_up));
  co_await more.join(bench_.end);
  more.clear();
}

// Who asks the name's authority: one who proves his name, asked so that nobody can step between; the same one, asked plainly; and this
// network's own. Where that is one and the same, nothing can be told.
task<void> name_branch::ask_identity(tharsis_address network_server) {
  const auto& all = bench_.asked.resolvers;
  const auto proves = [&](const trusted_resolver& r) { return is_encrypted(r.over) && !same_ip(r.at, network_server); };
  const auto proven = std::find_if(all.begin(), all.end(), proves);
  if (proven == all.end()) co_return;
  trusted_resolver plainly, network;
  plainly.at = proven->at;
  plainly.at.port = 53;
  network.at = network_server;
  task_set asking(bench_.place);
  asking.spawn(ask_who(*proven));
  asking.spawn(ask_who(plainly));
  asking.spawn(ask_who(network));
  co_await asking.join(bench_.end);
  asking.clear();
}

task<void> name_branch::ask_who(trusted_resolver server) {
  name_question q;
  q.role = probe_role::identity;
  q.name = bench_.asked.identity_name;
  // Many who prove their name are silent on port 53. A question that is lost is asked again after 400.
  q.most = is_encrypted(server.over) ? 3s : 600ms;
  q.late = 0ms;
  q.server = std::move(server);
  co_await ask_name(bench_, std::move(q));
}

void name_branch::learn(const std::vector<tharsis_address>& addresses, bool truth) {
  for (tharsis_address a : addresses) {
    a.port = bench_.asked.at.port;
    auto known = std::find_if(sources_.begin(), sources_.end(), [&](const source& s) { return s.address == a; });
    if (known == sources_.end()) {
      sources_.push_back({a, false, false, false});
      known = std::prev(sources_.end());
    }
    (truth ? known->truth : known->system) = true;
    const auto tried = std::count_if(sources_.begin(), sources_.end(), [&](const source& s) { return s.tried && s.address.family == a.family; });
    // What is true is tried in any case, else nobody would know whether the server is well.
    if (known->tried || (!truth && tried >= static_cast<std::ptrdiff_t>(addresses_most / 2)) || sources_.size() > 16) continue;
    known->tried = true;
    branches_.spawn(target_.look_at(a));
  }
}

// What only the network's resolver says, where the truth says something else, is not the target but what stands in its place.
void name_branch::name_roles() {
  const bool known = std::any_of(sources_.begin(), sources_.end(), [](const source& s) { return s.truth; });
  if (!known) return;
  for (const source& s : sources_) {
    const bool same_family = std::any_of(sources_.begin(), sources_.end(), [&](const source& t) { return t.truth && t.address.family == s.address.family; });
    if (s.truth || !same_family) continue;
    const std::string text = to_text(s.address);
    const auto rename = [&](auto& list) {
      for (auto& p : list)
        if (p.role == probe_role::target && p.to == text) p.role = probe_role::answered;
    };
    rename(bench_.seen.connects);
    rename(bench_.seen.handshakes);
    rename(bench_.seen.pages);
    rename(bench_.seen.segments);
  }
}

}  // namespace tharsis::sdt
