#include "plugins/dns/explanations.h"

#include <algorithm>
#include <utility>

#include "plugins/dns/server_keys.h"
#include "plugins/dns/trust_file.h"
#include "sdk/pure/dns_name.h"
#include "sdk/pure/views.h"

namespace tharsis::dns {
namespace {

int32_t status_of(findings::kind k) {
  if (k == findings::kind::found) return THARSIS_OK;
  return k == findings::kind::failed ? THARSIS_E_NETWORK : THARSIS_E_NOT_FOUND;
}

bool is_address(uint16_t kind) { return kind == type::a || kind == type::aaaa; }

// The service record that is believed most; null: there is none.
const service_record* best_of(const record_ruling& r) { return r.services.empty() ? nullptr : &r.services.front(); }

void add_places(const record_ruling& records, ruling places, ruling& to) {
  for (candidate& c : places.candidates) {
    add_service(*best_of(records), c);
    c.proven = c.proven && records.proven;
    c.why = "an address of the service record's target: " + c.why;
    to.candidates.push_back(std::move(c));
  }
  to.refused.insert(to.refused.end(), places.refused.begin(), places.refused.end());
}

}  // namespace

explanations::explanations(const host& tables, strand& place, const settings& s, const guard& known)
    : host_(tables), place_(place), settings_(s), known_(known), means_{host_, place_, s.patience(), {}, {}}, outbox_(place), inbox_(*tables.loop, &explanations::on_letter, this),
      work_(place) {}

// [caller's strand]
tharsis_status explanations::ask(tharsis_handle id, const tharsis_dns_wish* wish, tharsis_dns_explained done, void* context, tharsis_error* error) {
  if (wish == nullptr || done == nullptr || !THARSIS_HAS(wish, deadline)) return fail(error, THARSIS_E_INVALID, "a question needs a wish with `size`, and `done`");
  letter l;
  const auto name = canonical_name(view(wish->name));
  if (!name) return fail(error, name.failure());
  if (parse_ip(*name)) return fail(error, THARSIS_E_INVALID, "'" + *name + "' is an address: nobody has to be asked for it");
  if (wish->type > 0xFFFF) return fail(error, THARSIS_E_INVALID, "a type of records has 16 bits");
  for (size_t i = 0; i < wish->servers_count; ++i) {
    auto s = parse_server(view(wish->servers[i]));
    if (!s) return fail(error, s.failure());
    if (!s->key_file.empty() && !s->key_file.starts_with('/')) return fail(error, THARSIS_E_INVALID, "'" + s->key_file + "' is no absolute path");
    l.asks.servers.push_back(std::move(*s));
  }
  if (l.asks.servers.empty() && settings_.for_name(*name).servers.empty()) return fail(error, THARSIS_E_NOT_FOUND, "there is no server to ask: name some in dns.servers, or with the question");
  l.strand = host_.loop->current(host_.loop->self);
  if (l.strand == 0) return fail(error, THARSIS_E_INVALID, "dns is asked on a plugin's strand: that is where it answers");
  l.asks.name = *name;
  l.asks.kinds = wish->type == 0 ? std::vector<uint16_t>{type::aaaa, type::a} : std::vector<uint16_t>{static_cast<uint16_t>(wish->type)};
  l.asks.time = wish->deadline > 0 ? std::min(duration(wish->deadline), duration(60s)) : settings_.budget;
  l.id = id;
  l.done = done;
  l.context = context;
  if (open_.fetch_add(1) >= open_max) {
    --open_;
    return fail(error, THARSIS_E_BUSY, std::to_string(open_max) + " explanations are under way; ask again after one");
  }
  if (inbox_.send(std::move(l)) == THARSIS_OK) return THARSIS_OK;
  --open_;
  return fail(error, THARSIS_E_GONE, "dns has stopped");
}

void explanations::ask(tharsis_handle id, query q, taker done) {
  ++open_;
  letter l;
  l.id = id;
  l.asks = std::move(q);
  l.here = std::move(done);
  begin(std::move(l));
}

void explanations::cancel(tharsis_handle id) {
  letter l;
  l.id = id;
  l.withdraws = true;
  (void)inbox_.send(std::move(l));
}

void explanations::on_letter(void* self, letter l) {
  explanations& e = *static_cast<explanations*>(self);
  if (l.withdraws) e.give_up(l.id, {THARSIS_E_CANCELLED, "it was withdrawn by its asker"});
  else e.begin(std::move(l));
}

void explanations::begin(letter l) {
  const tharsis_handle id = l.id;
  settings own = settings_.for_name(l.asks.name);
  if (!l.asks.servers.empty()) own.servers = l.asks.servers;
  entries_.emplace(id, entry{std::move(l), std::move(own), place_.now(), std::make_shared<signal>(place_)});
  if (closed_) return give_up(id, {THARSIS_E_CANCELLED, "dns is stopping"});
  work_.spawn(ask(id));
}

// The entry may be gone whenever something was waited for.
task<void> explanations::ask(tharsis_handle id) {
  std::vector<server> servers = entries_.at(id).own.servers;
  // The profile's have theirs.
  error wrong = fine();
  if (!entries_.at(id).from.asks.servers.empty()) wrong = co_await read_server_keys(place_, host_.files, servers);
  if (wrong.status != THARSIS_OK) co_return give_up(id, wrong);
  if (!has_trust_ && std::any_of(servers.begin(), servers.end(), [](const server& s) { return s.secured(); })) co_await load();
  auto found = entries_.find(id);
  if (found == entries_.end()) co_return;
  entry& e = found->second;
  e.own.servers = std::move(servers);
  e.since = place_.now();
  inquiry::wish wish{e.from.asks.name, e.from.asks.kinds, later(e.since, e.from.asks.time), e.from.asks.to_the_end};
  wish.known = known_.about(wish.name);
  const std::shared_ptr<signal> over = e.over;
  e.asked = std::make_unique<inquiry>(means_, e.own, std::move(wish), [over] { over->raise(); });
  co_await over->wait();
  found = entries_.find(id);
  if (found != entries_.end() && !is_address(found->second.from.asks.kinds[0])) {
    const inquiry& all = *found->second.asked;
    found->second.records = judge_records(all.about(0), found->second.own.mode, all.heard(0), all.asked().known);
  }
  if (found != entries_.end() && asks_for_places(found->second)) {
    co_await over->wait();
    found = entries_.find(id);
  }
  if (found == entries_.end()) co_return;
  explained what = made_of(found->second);
  const auto over_now = entries_.extract(found);
  send(over_now.mapped(), std::move(what));
}

// A service record says where its name is served; where it gives no addresses its target has them (RFC 9460, 3).
bool explanations::asks_for_places(entry& e) {
  const uint16_t kind = e.asked->asked().kinds[0];
  if (kind != type::https && kind != type::svcb) return false;
  const service_record* const best = best_of(e.records);
  if (e.records.status != THARSIS_OK || best == nullptr || !hinted(e.records).empty()) return false;
  const auto target = canonical_name(best->target);
  if (!target) return false;
  inquiry::wish w{*target, {type::aaaa, type::a}, later(place_.now(), e.from.asks.time)};
  w.known = known_.about(*target);
  e.places = std::make_unique<inquiry>(means_, e.own, std::move(w), [over = e.over] { over->raise(); });
  return true;
}

explained explanations::made_of(entry& e) const {
  explained all;
  all.mode = e.own.mode;
  all.since = e.since;
  all.took = place_.now() - e.since;
  const auto& kinds = e.asked->asked().kinds;
  for (size_t i = 0; i < kinds.size(); ++i) all.matters.push_back({e.asked->about(i), e.asked->heard(i), e.asked->asked().known});
  if (is_address(kinds[0])) {
    all.what = e.asked->result();
    return all;
  }
  record_ruling& records = e.records;
  all.what.status = records.status;
  all.what.saw = records.proven ? finding::proven : finding::single;
  all.what.candidates = hinted(records);
  all.what.refused = std::move(records.refused);
  if (e.places != nullptr) add_places(records, e.places->result(), all.what);
  all.what.reason = std::move(records.reason);
  all.records = std::move(records.texts);
  return all;
}

task<void> explanations::load() {
  if (!std::exchange(loading_, true)) {
    co_await load_trust(means_, settings_.tls);
    has_trust_ = true;
    co_return;
  }
  signal pause(place_);
  while (!has_trust_) co_await pause.wait(later(place_.now(), 10ms));
}

void explanations::give_up(tharsis_handle id, const error& why) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  explained what;
  what.what.status = why.status;
  what.what.reason = "the question for '" + found->second.from.asks.name + "' is over: " + why.text;
  what.since = found->second.since;
  what.took = place_.now() - what.since;
  const auto over = entries_.extract(found);
  over.mapped().over->raise();
  send(over.mapped(), std::move(what));
}

void explanations::send(const entry& e, explained what) {
  --open_;
  if (e.from.here) return e.from.here(std::move(what));
  outbox_.send(e.from.strand, {e.from.id, e.from.done, e.from.context, std::move(what)});
}

void explanations::close() {
  closed_ = true;
  inbox_.drain();
  while (!entries_.empty()) give_up(entries_.begin()->first, {THARSIS_E_CANCELLED, "dns is stopping"});
  work_.clear();
}

// [caller's strand]
void explanations::delivery::deliver() const {
  std::vector<tharsis_dns_candidate> candidates;
  std::vector<tharsis_dns_refusal> refused;
  std::vector<tharsis_dns_testimony> heard_all;
  std::vector<std::string> sentences;
  const ruling& made = what.what;
  const std::string verdict = made.verdict();
  for (const candidate& c : made.candidates)
    candidates.push_back({sizeof(tharsis_dns_candidate), c.proven, c.address, text_of(c.source), text_of(c.why), 0, 0, 0, 0, 0, 0, text_of(c.alpn), bytes_of(c.ech)});
  for (const refusal& r : made.refused) refused.push_back({sizeof(tharsis_dns_refusal), 0, r.address, text_of(r.source), text_of(r.why)});
  std::vector<std::tuple<uint16_t, const testimony*, const findings*, bool>> all;
  for (const trace_matter& m : what.matters)
    for (const testimony& t : m.heard) {
      for (const findings& f : t.forged) all.emplace_back(m.what.kind, &t, &f, true);
      all.emplace_back(m.what.kind, &t, &t.what, false);
    }
  for (const auto& [kind, t, f, forged] : all) sentences.push_back(says(*f) + (t->health.empty() || forged ? std::string() : "; before, " + t->health));
  for (size_t i = 0; i < all.size(); ++i) {
    const auto& [kind, t, f, forged] = all[i];
    heard_all.push_back({sizeof(tharsis_dns_testimony), status_of(f->what), text_of(t->source), text_of(sentences[i]), f->addresses.data(), f->addresses.size(), (t->began - what.since).count(),
                         (f->came - what.since).count(), duration(std::chrono::seconds(f->life)).count(), kind, t->vouched, f->what == findings::kind::no_name, forged});
  }
  std::vector<const tharsis_dns_candidate*> each;
  std::vector<const tharsis_dns_refusal*> each_refused;
  std::vector<const tharsis_dns_testimony*> each_heard;
  for (const auto& c : candidates) each.push_back(&c);
  for (const auto& r : refused) each_refused.push_back(&r);
  for (const auto& h : heard_all) each_heard.push_back(&h);
  const tharsis_dns_explanation e{sizeof e, made.status, text_of(made.reason), text_of(verdict), each.data(), each.size(), each_refused.data(), each_refused.size(), each_heard.data(),
                                  each_heard.size(), what.took.count()};
  done(context, id, &e);
}

}  // namespace tharsis::dns
