#include "plugins/sdt/core/sentences.h"

#include <cstdio>

#include "sdk/pure/error.h"

namespace tharsis::sdt {
namespace {

// A trouble that has only just begun has no length that would tell a person anything.
constexpr duration worth_telling = 1s;

// By code.
constexpr std::string_view advice[] = {
    "",
    "Check the spelling of the name in the profile, and the name servers of this network",
    "Check that this machine has a network and a route to the server, VPN included",
    "Start the server, or correct the port in the profile",
    "Look for a firewall that drops packets, a wrong address, or a server that is down",
    "Look at the server's log, and for a proxy or firewall on the way that resets connections",
    "Check the server's certificate, tls.ca in the profile, and this machine's clock",
    "Look at the server: it is overloaded or hangs, or something on the way answers in its place",
    "Check that endpoint, port and codec in the profile belong together",
};
static_assert(std::size(advice) == std::size(code_names));

// Every address that met this: "192.0.2.1 and 2001:db8::1".
std::string addresses_that(const evidence& e, tharsis_status met) {
  std::string all;
  for (const dial_check& d : e.found.dials)
    if (d.status == met) all += (all.empty() ? "" : " and ") + ip_text(d.to);
  return all.empty() ? e.server.host : all;
}

std::string time_that(const evidence& e, tharsis_status met) {
  for (const dial_check& d : e.found.dials)
    if (d.status == met) return time_text(d.took);
  return "time";
}

bool any(const evidence& e, tharsis_status met) {
  for (const dial_check& d : e.found.dials)
    if (d.status == met) return true;
  return false;
}

// stn's sentence without the full stop, or this one.
std::string reason_or(const evidence& e, std::string_view otherwise) {
  std::string_view reason = e.link.reason.empty() ? otherwise : std::string_view(e.link.reason);
  while (reason.ends_with('.')) reason.remove_suffix(1);
  return std::string(reason);
}

std::string name_headline(const evidence& e) {
  const std::string& name = e.server.host;
  if (!e.found.name.asked || e.found.name.status == THARSIS_E_NOT_FOUND) return name + " has no address: no resolver knows the name";
  if (e.found.name.status == THARSIS_E_TIMEOUT)
    return name + " cannot be resolved: no resolver answered within " + time_text(e.found.name.took);
  return name + " cannot be resolved: the resolver failed (" + std::string(status_name(e.found.name.status)) + ")";
}

std::string cut_headline(const evidence& e) {
  if (any(e, THARSIS_OK))
    return " takes connections and cuts them: " + reason_or(e, "the link was reset");
  if (any(e, THARSIS_E_RESET)) return " cuts connections: connecting to " + addresses_that(e, THARSIS_E_RESET) + " is reset";
  return " cuts connections: " + reason_or(e, "the link was reset");
}

std::string plain_headline(uint32_t code, const evidence& e) {
  switch (code) {
    case THARSIS_SDT_FINE:
      return " answers: connecting to " + addresses_that(e, THARSIS_OK) + " takes " + time_that(e, THARSIS_OK);
    case THARSIS_SDT_UNREACHABLE:
      if (e.found.offline) return " is unreachable: no network: no default route leads out of this machine";
      return " is unreachable: no route leads to " +
             addresses_that(e, any(e, THARSIS_E_UNREACHABLE) ? THARSIS_E_UNREACHABLE : THARSIS_E_NETWORK);
    case THARSIS_SDT_REFUSED:
      return " refuses connections: the host " + addresses_that(e, THARSIS_E_REFUSED) +
             " is up but nothing listens on port " + std::to_string(e.server.port);
    case THARSIS_SDT_CUT: return cut_headline(e);
    case THARSIS_SDT_UNTRUSTED: return " cannot prove who it is: " + reason_or(e, "its certificate does not verify");
    case THARSIS_SDT_SILENT:
      return " is silent: " + addresses_that(e, THARSIS_OK) + " takes connections in " + time_that(e, THARSIS_OK) +
             " and says nothing on them";
    case THARSIS_SDT_PROTOCOL: return " is not understood: " + reason_or(e, "its bytes mean nothing to stn");
    default:
      return " does not answer: connecting to " + addresses_that(e, THARSIS_E_TIMEOUT) + " gets no answer in " +
             time_that(e, THARSIS_E_TIMEOUT);
  }
}

}  // namespace

std::string_view advice_for(uint32_t code) { return code < std::size(advice) ? advice[code] : ""; }

std::string headline_of(uint32_t code, const evidence& e) {
  const std::string sentence =
      code == THARSIS_SDT_NAME_UNRESOLVED ? name_headline(e) : place_of(e.server) + plain_headline(code, e);
  return e.failing_for >= worth_telling ? sentence + " (for " + time_text(e.failing_for) + ")" : sentence;
}

std::string evidence_text(const evidence& e) {
  std::string all;
  const auto add = [&](const std::string& what) { all += (all.empty() ? "" : "; ") + what; };
  if (e.link.said == link_report::kind::connecting) add("stn: connecting for too long");
  if (e.link.said == link_report::kind::failed)
    add("stn: " + std::string(status_name(e.link.status)) + (e.link.reason.empty() ? "" : " (" + reason_or(e, "") + ")"));
  if (e.found.offline) add("network: no default route");
  if (e.found.name.asked) add("dns: " + name_text(e.found.name));
  for (const dial_check& d : e.found.dials) add("tcp " + to_text(d.to) + ": " + dial_text(d));
  return all;
}

std::string place_of(const endpoint& server) {
  const bool six = server.host.find(':') != std::string::npos;
  return (six ? "[" + server.host + "]" : server.host) + ":" + std::to_string(server.port);
}

std::string time_text(duration d) {
  char text[32];
  if (d < 1s) std::snprintf(text, sizeof text, "%lld ms", static_cast<long long>(milliseconds(d)));
  else std::snprintf(text, sizeof text, "%.1f s", static_cast<double>(d.count()) / 1e9);
  return text;
}

std::string dial_text(const dial_check& d) {
  const std::string how = d.status == THARSIS_OK          ? "connected"
                          : d.status == THARSIS_E_TIMEOUT ? "no answer"
                                                          : std::string(status_name(d.status));
  return how + " in " + time_text(d.took);
}

std::string name_text(const name_check& n) {
  if (n.status != THARSIS_OK) return std::string(n.status == THARSIS_E_TIMEOUT ? "no answer" : status_name(n.status)) + " in " + time_text(n.took);
  std::string all;
  for (const tharsis_address& a : n.addresses) all += (all.empty() ? "" : ", ") + ip_text(a);
  return all + " in " + time_text(n.took);
}

}  // namespace tharsis::sdt
