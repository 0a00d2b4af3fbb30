// Every number dns uses. plugin.yaml sets them by these names.
#pragma once
#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "plugins/dns/core/consensus.h"
#include "plugins/dns/core/domain_rules.h"
#include "plugins/dns/core/proof_queue.h"
#include "plugins/dns/core/serve_settings.h"
#include "plugins/dns/core/server.h"
#include "plugins/dns/core/source_health.h"
#include "plugins/dns/core/table_key.h"
#include "plugins/dns/core/udp_inquiry.h"
#include "sdk/abi/net.h"
#include "sdk/pure/time.h"

namespace tharsis::dns {

struct settings {
  // A stub resolver asks its second server after 5 s; who waited so long has better things to try.
  duration timeout = 5s;
  // Some hundred bytes each: what a program that asks in a circle may cost.
  size_t questions_max = 4096;

  struct cache_settings {
    // The system's resolver does not tell how long an answer holds. A minute is what services that
    // move use for their own records; longer would keep an address that was taken out of service.
    duration ttl = 60s;
    // Spares the resolver a storm of repeats, yet is over before a person tries again.
    duration negative_ttl = 2s;
    // Of servers' answers, which say how long they hold. Less than this is asked in a circle, more outlives what it is about.
    duration ttl_min = 10s;
    duration ttl_max = 24h;
    duration negative_ttl_max = 300s;
    // What a trusted server said, for when none answers (RFC 8767 has one to three days).
    duration stale_max = 72h;
    // More names than a client talks to; some 300 bytes each.
    size_t entries = 4096;
    size_t memory = 1 << 20;
    // What nobody proved may have moved since; it is used on the network that said it, while nobody answers.
    duration stale_unproven = 1h;
    // A stale answer now is better than a fresh one for which a person has waited (RFC 8767 has 1.8 s; people notice less). Longer than
    // the time for which second answers are listened for: what a near server says is still in time.
    duration stale_wait = 250ms;
    // RFC 8767, 4: so long an answer that was given though it is stale is used before servers are asked again.
    duration again_after = 30s;
    // In the last part of its life an answer that is used is looked up again; where that part begins is drawn by so many points.
    int refresh_percent = 15, refresh_jitter = 5;
    // Of proven answers, between two writes of the file: names come in groups when a program starts.
    bool keep = true;
    duration keep_pause = 5s;
  } cache;
  // Lookups at a time for which nobody waits: a list of names must not drown the questions of people.
  size_t refreshes_max = 8;
  // Names that are looked up at the start and after each change of the network, as canonical_name() writes them.
  std::vector<std::string> prefetch;

  // Addresses come in the order in which it makes sense to try them, by what their users told; else as they were found.
  bool ranked = true;
  // Who is asked; nobody: the system's resolver. All of them at once.
  std::vector<server> servers;
  trust mode = trust::guarded;
  // Strict mode believes those that prove their name; where there are none it would have to believe the system's resolver, or nobody.
  bool believes_nobody() const {
    return mode == trust::strict && std::none_of(servers.begin(), servers.end(), [](const server& to) { return to.vouched(); });
  }
  // For the answers of all servers to one name. People wait for two seconds; who has addresses by then still has to connect.
  duration budget = 1500ms;
  // Once addresses of one family are there, for those of the other (RFC 8305).
  duration other_family = 50ms;
  udp_settings udp;
  // In open mode nobody waits for a second answer.
  udp_settings patience() const { return mode == trust::open ? udp_settings{udp.again, duration::zero()} : udp; }
  struct tls_settings {
    std::string ca;  // A file of authorities that vouch for servers.
    bool system_store = true;
  } tls;

  struct known_settings {
    std::vector<std::string> hosts;  // Files, absolute.
    std::string table_file;          // Empty: a table is handed over, or there is none.
    std::vector<table_key> table_keys;
    std::string region;  // Of the table's addresses that come first; empty: the one that connects fastest.
    // Files are read again when names are used and so much time has gone by: often enough for a table that was delivered, seldom
    // enough to cost nothing.
    duration again = 30s;
  } known;

  // How long a server is waited for that does not answer.
  health_settings health{};

  // By TLS, of addresses that no trusted server gives.
  proof_settings proof{};

  // A resolver for other programs of this machine; where it names no place there is none.
  serve_settings serve{};

  // By name as canonical_name() writes it; ports 0, in the profile's order.
  std::map<std::string, std::vector<tharsis_address>> pins;
  // In the same form: used where all else has failed, and proven by nothing.
  std::map<std::string, std::vector<tharsis_address>> last_resort;

  // What is different for some domains.
  domain_rules domains;
  trust mode_of(std::string_view name) const {
    const domain_rule* const r = domains.find(name);
    return r == nullptr || typed.mode ? mode : r->mode.value_or(mode);
  }
  bool is_local(std::string_view name) const {
    const domain_rule* const r = domains.find(name);
    return r != nullptr && r->local;
  }
  // Is somebody asked over TLS?
  bool needs_trust() const {
    const auto any = [](const std::vector<server>& list) { return std::any_of(list.begin(), list.end(), [](const server& to) { return to.secured(); }); };
    return any(servers) || std::any_of(domains.all().begin(), domains.all().end(), [&](const domain_rule& r) { return any(r.servers); });
  }
  // Whoever typed a command has named them: they hold for all names, whatever a rule says.
  struct typed_settings {
    bool mode = false, servers = false;
    bool table = false;  // And it is looked at as it is, whatever was seen before.
  } typed;
  // These settings as they are for the names of the rule. Somebody is asked there always.
  settings of(const domain_rule& r) const {
    settings s = *this;
    s.mode = typed.mode ? mode : r.mode.value_or(mode);
    if (typed.servers) return s;
    if (r.local) s.servers.clear();
    else if (!r.servers.empty()) s.servers = r.servers;
    if (s.servers.empty()) s.servers.push_back(*parse_server("system"));
    return s;
  }
  settings for_name(std::string_view name) const {
    const domain_rule* const r = domains.find(name);
    return r == nullptr ? *this : of(*r);
  }
};

}  // namespace tharsis::dns
