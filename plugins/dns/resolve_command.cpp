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

// As the service tells it.
answer answer_from(const tharsis_dns_answer& told) {
  answer a;
  a.status = told.status;
  a.source = told.source;
  a.reason = view(told.reason);
  a.verdict = view(told.verdict);
  a.no_name = told.no_name != 0;
  a.unbelieved = told.unbelieved != 0;
  for (uint32_t i = 0; i < told.count; ++i) {
    const tharsis_dns_candidate& c = *told.candidates[i];
    a.addresses.push_back(c.address);
    a.candidates.push_back({c.address, std::string(view(c.source)), c.proven != 0, std::string(view(c.why))});
    a.stale = a.stale || c.stale != 0;
  }
  for (size_t i = 0; i < told.refused_count; ++i) a.refused.push_back({told.refused[i]->address, std::string(view(told.refused[i]->source)), std::string(view(told.refused[i]->why))});
  return a;
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
  if (line_.deadline) {
    settings_.budget = *line_.deadline;
    settings_.timeout = std::max(settings_.timeout, settings_.budget * 10 / 9 + 1ms);  // The servers have what a question leaves them.
  }
  settings_.typed = {line_.mode.has_value(), !line_.servers.empty(), !line_.table.empty()};
  if (!line_.ca.empty()) settings_.tls = {call.absolute(line_.ca), false};
  work_.spawn(work());
}

task<void> resolve_command::work() {
  error wrong = co_await read_server_keys(place_, host_.files, *call_, settings_.servers);
  if (wrong.status == THARSIS_OK) wrong = co_await read_keys();
  if (wrong.status == THARSIS_OK) {
    service_.emplace(host_, place_, settings_, state_folder(folder_, true));
    if (source_ != nullptr) service_->use(*source_);
    service_->open(0);
    co_await service_->begun();
    if (settings_.typed.table && !service_->complaint().empty()) wrong = {THARSIS_E_INVALID, service_->complaint()};
  }
  if (wrong.status != THARSIS_OK) {
    call_->complain("dns " + call_->name() + ": " + wrong.text);
    call_->finish(1);
    co_return;
  }
  if (believes_nobody()) co_return call_->refuse("dns " + call_->name() + ": --mode strict believes only servers of tls:// and https://; name one with --server");
  asked_ = place_.now();
  for (const std::string& name : line_.names) {
    rows_.emplace_back();
    rows_.back().report.name = name;
    ask(rows_.back());
  }
  while (!std::all_of(rows_.begin(), rows_.end(), [](const row& r) { return r.done; })) co_await stirred_.wait();
  print();
}

// Somebody has to be asked for a name, and there is only the system's resolver, which proves nothing.
bool resolve_command::believes_nobody() {
  return std::any_of(line_.names.begin(), line_.names.end(), [this](const std::string& text) {
    const auto name = canonical_name(text);
    if (!name || service_->is_sure({*name, line_.family})) return false;
    const settings own = settings_.for_name(*name);
    return own.mode == trust::strict && own.servers.empty();
  });
}

// Names of files: those of the profile, and those that were typed.
task<error> resolve_command::read_keys() {
  settings::known_settings& s = settings_.known;
  for (const std::string& path : line_.hosts) s.hosts.push_back(call_->absolute(path));
  if (line_.table.empty()) co_return fine();
  std::vector<std::string> paths;
  for (const std::string& k : line_.table_keys) paths.push_back(call_->absolute(k));
  const auto read = [files = host_.files, paths] { return read_table_keys(files, paths); };
  auto keys = co_await blocking(place_, read);
  if (!keys) co_return error{THARSIS_E_BUSY, "the host has no thread free to read keys"};
  if (!*keys) co_return keys->failure();
  s.table_file = call_->absolute(line_.table);
  s.table_keys = std::move(**keys);
  co_return fine();
}

// It is answered as a plugin is, unless somebody wants to hear the servers. Who is pinned, or known, or an address needs none.
void resolve_command::ask(row& r) {
  const auto name = canonical_name(r.report.name);
  if (!name) {
    fail(r, name.failure());
  } else if (line_.kind != 0 || (wants_servers() && !service_->is_sure({*name, line_.family}))) {
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
  to.what = answer_of(what.what);
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
  if (status != THARSIS_OK) fail(r, error_from(status, why));
}

void resolve_command::fail(row& r, const error& why) {
  r.report.what.status = why.status;
  r.report.what.reason = why.text;
  describe(r.report.what, {}, false, {});
  r.done = true;
}

void resolve_command::on_answer(void* self, tharsis_handle query, const tharsis_dns_answer* a) {
  resolve_command& c = *static_cast<resolve_command*>(self);
  for (row& r : c.rows_) {
    if (r.query != query || r.done) continue;
    r.report.what = answer_from(*a);
    r.report.took = c.place_.now() - c.asked_;
    r.done = true;
  }
  c.stirred_.raise();
}

// Where no server was asked there is no step, only what came of it.
trace_report resolve_command::trace_of(const row& r) const {
  trace_report t;
  t.name = r.report.name;
  t.mode = r.told ? r.told->mode : settings_.mode;
  t.began = r.told ? r.told->since : asked_;
  t.took = r.report.took;
  t.what = r.report.what;
  t.records = r.report.records;
  if (r.told) t.matters = r.told->matters;
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
