#include "plugins/dns/resolve_command.h"

#include <algorithm>
#include <utility>

#include "plugins/dns/read_table_keys.h"
#include "plugins/dns/server_keys.h"
#include "plugins/dns/trust_file.h"
#include "sdk/async/blocking.h"
#include "sdk/pure/address.h"
#include "sdk/pure/dns_name.h"
#include "sdk/pure/views.h"

namespace tharsis::dns {
namespace {

std::string source_name(uint32_t source) {
  switch (source) {
    case THARSIS_DNS_LITERAL: return "literal";
    case THARSIS_DNS_PINNED: return "pinned";
    case THARSIS_DNS_CACHED: return "cached";
    case THARSIS_DNS_SYSTEM: return "system";
    default: return "servers";
  }
}

// What the profile or the question itself says needs no proof.
bool needs_no_proof(uint32_t source) { return source == THARSIS_DNS_LITERAL || source == THARSIS_DNS_PINNED; }

ruling ruling_of(const tharsis_dns_answer& a) {
  ruling r;
  r.status = a.status;
  r.reason = view(a.reason);
  r.saw = needs_no_proof(a.source) ? finding::proven : finding::single;
  const std::string why = a.source == THARSIS_DNS_PINNED ? "dns.pins says so" : a.source == THARSIS_DNS_LITERAL ? "it is an address" : "the system's resolver says so";
  for (uint32_t i = 0; i < a.count; ++i) r.candidates.push_back({a.addresses[i], source_name(a.source), needs_no_proof(a.source), why});
  return r;
}

ruling ruling_of(const answer& known) {
  ruling r;
  r.status = known.status;
  r.reason = known.reason;
  r.saw = finding::proven;
  r.candidates = known.candidates;
  return r;
}

std::vector<uint16_t> kinds_of(const resolve_line& line) {
  if (line.kind != 0) return {line.kind};
  if (line.family != 0) return {line.family == 4 ? type::a : type::aaaa};
  return {type::aaaa, type::a};
}

}  // namespace

void resolve_command::run(const command_call& call) {
  call_ = call;
  traces_ = call.name() == "trace";
  auto line = parse_resolve_line(call.words(), "dns " + call.name());
  if (!line) return call_->refuse(line.failure().text);
  line_ = std::move(*line);
  if (line_.help) {
    call_->print(traces_ ? trace_help : resolve_help);
    return call_->finish(0);
  }
  if (!line_.servers.empty()) settings_.servers = line_.servers;
  if (line_.kind != 0 && settings_.servers.empty())
    return call_->refuse("dns " + call.name() + ": the system's resolver is asked for addresses only; for records of type " + std::string(type_name(line_.kind)) + " name a --server");
  settings_.mode = line_.mode.value_or(settings_.mode);
  settings_.budget = line_.deadline.value_or(settings_.budget);
  if (!line_.ca.empty()) settings_.tls = {call.absolute(line_.ca), false};
  means_.udp = settings_.patience();
  work_.spawn(work());
}

task<void> resolve_command::work() {
  if (settings_.needs_trust()) co_await load_trust(means_, settings_.tls);
  for (server& s : settings_.servers)
    if (!s.key_file.empty()) s.key_file = call_->absolute(s.key_file);
  const auto load_keys = [files = host_.files, list = settings_.servers]() mutable {
    error wrong = load_server_keys(files, list);
    return std::pair(std::move(wrong), std::move(list));
  };
  auto keyed = co_await blocking(place_, load_keys);
  error wrong = keyed ? std::move(keyed->first) : error{THARSIS_E_BUSY, "the host has no thread free to read keys"};
  if (wrong.status == THARSIS_OK) {
    settings_.servers = std::move(keyed->second);
    wrong = co_await load_known();
  }
  if (wrong.status != THARSIS_OK) {
    call_->complain("dns resolve: " + wrong.text);
    call_->finish(1);
    co_return;
  }
  service_.open(0);
  asked_ = place_.now();
  for (const std::string& name : line_.names) {
    rows_.emplace_back();
    rows_.back().report.name = name;
    ask(rows_.back());
  }
  while (!collect()) co_await stirred_.wait();
  print();
}

// Names of files: those of the profile, and those that were typed.
task<error> resolve_command::load_known() {
  settings::known_settings& s = settings_.known;
  for (const std::string& path : line_.hosts) s.hosts.push_back(call_->absolute(path));
  if (!line_.table.empty()) {
    std::vector<std::string> paths;
    for (const std::string& k : line_.table_keys) paths.push_back(call_->absolute(k));
    const auto read = [files = host_.files, paths] { return read_table_keys(files, paths); };
    auto keys = co_await blocking(place_, read);
    if (!keys) co_return error{THARSIS_E_BUSY, "the host has no thread free to read keys"};
    if (!*keys) co_return keys->failure();
    s.table_file = call_->absolute(line_.table);
    s.table_keys = std::move(**keys);
  }
  known_.emplace(place_, host_, settings_, std::string(), [] {});
  co_await known_->load();
  if (line_.table.empty() || known_->complaint().empty()) co_return fine();
  co_return error{THARSIS_E_INVALID, known_->complaint()};
}

// Who is pinned, or known, or an address needs no server.
void resolve_command::ask(row& r) {
  const auto name = canonical_name(r.report.name);
  if (!name) {
    r.report.what.status = name.failure().status;
    r.report.what.reason = name.failure().text;
    r.done = true;
  } else if (auto known = line_.kind == 0 && settings_.pins.count(*name) == 0 ? known_->names().find({*name, line_.family}) : std::nullopt) {
    r.report.what = ruling_of(*known);
    r.report.took = place_.now() - asked_;
    r.done = true;
  } else if (!settings_.servers.empty() && !parse_ip(*name) && settings_.pins.count(*name) == 0) {
    ask_servers(r, *name);
  } else {
    ask_service(r);
  }
}

void resolve_command::ask_servers(row& r, const std::string& name) {
  inquiry::wish w{name, kinds_of(line_), later(place_.now(), settings_.budget), line_.explain || traces_};
  r.own = settings_.for_name(name);
  if (!line_.servers.empty()) r.own.servers = settings_.servers;
  if (line_.mode) r.own.mode = *line_.mode;
  w.known.rule = settings_.domains.find(name);
  r.servers = std::make_unique<inquiry>(means_, r.own, std::move(w), [this] { stirred_.raise(); });
}

void resolve_command::ask_service(row& r) {
  const tharsis_dns& dns = *service_.table();
  tharsis_error why = no_error();
  const tharsis_status status = dns.resolve(dns.self, text_of(r.report.name), line_.family, &resolve_command::on_answer, this, &r.query, &why);
  if (status == THARSIS_OK) return;
  r.report.what.status = status;
  r.report.what.reason = why.text;
  r.done = true;
}

void resolve_command::on_answer(void* self, tharsis_handle query, const tharsis_dns_answer* a) {
  resolve_command& c = *static_cast<resolve_command*>(self);
  for (row& r : c.rows_) {
    if (r.query != query || r.done) continue;
    r.report.what = ruling_of(*a);
    r.report.took = c.place_.now() - c.asked_;
    r.done = true;
  }
  c.stirred_.raise();
}

// Whether all are done.
bool resolve_command::collect() {
  for (row& r : rows_) {
    if (r.done || r.servers == nullptr || !r.servers->over() || asks_for_places(r)) continue;
    r.done = true;
    r.report.took = place_.now() - asked_;
    read(r);
  }
  return std::all_of(rows_.begin(), rows_.end(), [](const row& r) { return r.done; });
}

// A service record says where its name is served; where it gives no addresses its target has them (RFC 9460, 3).
bool resolve_command::asks_for_places(row& r) {
  if (r.places != nullptr) return !r.places->over();
  if (line_.kind != type::https && line_.kind != type::svcb) return false;
  const record_ruling said = judge_records(r.servers->about(0), r.own.mode, r.servers->heard(0));
  const auto& heard = r.servers->heard(0);
  const auto by = std::find_if(heard.begin(), heard.end(), [&](const testimony& t) { return t.source == said.source; });
  if (said.status != THARSIS_OK || !said.hints.empty() || by == heard.end() || by->what.services.empty()) return false;
  const service_record& best = by->what.services.front();
  const auto target = canonical_name(best.target);
  if (!target) return false;
  r.port = best.port;
  inquiry::wish w{*target, {type::aaaa, type::a}, later(place_.now(), settings_.budget)};
  w.known.rule = settings_.domains.find(*target);
  r.places = std::make_unique<inquiry>(means_, r.own, std::move(w), [this] { stirred_.raise(); });
  return true;
}

void resolve_command::read(row& r) const {
  resolve_report& to = r.report;
  to.explain = line_.explain;
  for (size_t i = 0; i < r.servers->asked().kinds.size(); ++i)
    to.heard.insert(to.heard.end(), r.servers->heard(i).begin(), r.servers->heard(i).end());
  if (line_.kind == 0) {
    to.what = r.servers->result();
    return;
  }
  question q;
  q.name = r.servers->asked().name;
  q.kind = line_.kind;
  record_ruling records = judge_records(q, r.own.mode, r.servers->heard(0));
  to.has_records = true;
  to.records = std::move(records.texts);
  to.what.status = records.status;
  to.what.reason = std::move(records.reason);
  to.what.saw = records.proven ? finding::proven : finding::single;
  for (const auto& a : records.hints) to.what.candidates.push_back({a, records.source, records.proven, "a hint of a service record"});
  if (r.places == nullptr) return;
  ruling places = r.places->result();
  for (candidate& c : places.candidates) {
    c.address.port = r.port;
    c.proven = c.proven && records.proven;
    c.why = "an address of the service record's target: " + c.why;
    to.what.candidates.push_back(std::move(c));
  }
  to.what.refused = std::move(places.refused);
}

// Who had no server asked has one step: the answer.
testimony resolve_command::word_of_service(const row& r, uint16_t kind) const {
  testimony t;
  t.began = asked_;
  t.what.came = asked_ + r.report.took;
  t.what.what = findings::kind::no_data;
  t.source = r.report.what.candidates.empty() ? "system" : r.report.what.candidates[0].source;
  for (const candidate& c : r.report.what.candidates) {
    if ((c.address.family == 4) != (kind == type::a)) continue;
    t.what.what = findings::kind::found;
    t.what.addresses.push_back(c.address);
    t.vouched = c.proven;
  }
  return t;
}

trace_report resolve_command::trace_of(const row& r) const {
  trace_report t;
  t.name = r.report.name;
  t.mode = r.servers != nullptr ? r.own.mode : settings_.mode;
  t.began = r.servers != nullptr ? r.servers->began() : asked_;
  t.took = r.report.took;
  t.what = r.report.what;
  t.records = r.report.records;
  for (size_t i = 0; r.servers != nullptr && i < r.servers->asked().kinds.size(); ++i) t.matters.push_back({r.servers->about(i), r.servers->heard(i)});
  if (r.servers == nullptr && r.done)
    for (const uint16_t kind : kinds_of(line_)) t.matters.push_back({{.name = r.report.name, .kind = kind}, {word_of_service(r, kind)}});
  return t;
}

void resolve_command::print() const {
  size_t width = 0;
  for (const row& r : rows_) width = std::max(width, r.report.name.size());
  std::string all;
  const auto shown = [&](const row& r) {
    if (traces_) return line_.json ? trace_of(r).json() : trace_of(r).text();
    return line_.json ? r.report.json() : r.report.text(width);
  };
  for (const row& r : rows_) all += (all.empty() ? "" : "\n") + shown(r);
  call_->print(all);
  call_->finish(std::all_of(rows_.begin(), rows_.end(), [](const row& r) { return r.report.what.status == THARSIS_OK; }) ? 0 : 1);
}

}  // namespace tharsis::dns
