#include "plugins/dns/resolve_command.h"

#include <algorithm>
#include <utility>

#include "plugins/dns/read_table_keys.h"
#include "plugins/dns/server_keys.h"
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

void resolve_command::close() {
  work_.clear();
  if (service_) service_->close();
  rows_.clear();
}

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
  settings_.typed = {line_.mode.has_value(), !line_.servers.empty()};
  if (!line_.ca.empty()) settings_.tls = {call.absolute(line_.ca), false};
  work_.spawn(work());
}

task<void> resolve_command::work() {
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
  service_.emplace(host_, place_, settings_, folder_);
  if (source_ != nullptr) service_->use(*source_);
  service_->open(0);
  asked_ = place_.now();
  for (const std::string& name : line_.names) {
    rows_.emplace_back();
    rows_.back().report.name = name;
    ask(rows_.back());
  }
  while (!std::all_of(rows_.begin(), rows_.end(), [](const row& r) { return r.done; })) co_await stirred_.wait();
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
  service_->explain({name, kinds_of(line_), {}, settings_.budget, line_.explain || traces_}, [this, &r](explained what) { on_told(r, std::move(what)); });
}

void resolve_command::on_told(row& r, explained what) {
  resolve_report& to = r.report;
  to.explain = line_.explain;
  for (const trace_matter& m : what.matters) to.heard.insert(to.heard.end(), m.heard.begin(), m.heard.end());
  to.what = what.what;
  to.has_records = line_.kind != 0;
  to.records = what.records;
  to.took = place_.now() - asked_;
  r.told = std::move(what);
  r.done = true;
  stirred_.raise();
}

void resolve_command::ask_service(row& r) {
  const tharsis_dns& dns = *service_->table();
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
  t.mode = r.told ? r.told->mode : settings_.mode;
  t.began = r.told ? r.told->since : asked_;
  t.took = r.report.took;
  t.what = r.report.what;
  t.records = r.report.records;
  if (r.told) t.matters = r.told->matters;
  else if (r.done)
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
