#include "plugins/dns/explanations.h"

#include <algorithm>
#include <utility>

#include "plugins/dns/core/trace.h"
#include "plugins/dns/trust_file.h"
#include "sdk/pure/dns_name.h"
#include "sdk/pure/views.h"

namespace tharsis::dns {
namespace {

int32_t status_of(findings::kind k) {
  if (k == findings::kind::found) return THARSIS_OK;
  return k == findings::kind::failed ? THARSIS_E_NETWORK : THARSIS_E_NOT_FOUND;
}

ruling ruling_of(const inquiry& asked, const settings& s) {
  const uint16_t kind = asked.asked().kinds[0];
  if (kind == type::a || kind == type::aaaa) return asked.result();
  record_ruling records = judge_records(asked.about(0), s.mode, asked.heard(0));
  ruling r;
  r.status = records.status;
  r.saw = records.proven ? finding::proven : finding::single;
  r.reason = std::move(records.reason);
  for (const auto& a : records.hints) r.candidates.push_back({a, records.source, records.proven, "a hint of a service record"});
  return r;
}

}  // namespace

explanations::explanations(const host& tables, strand& place, const settings& s, const guard& known)
    : host_(tables), place_(place), settings_(s), known_(known), means_{host_, place_, s.udp, {}, {}}, outbox_(place), inbox_(*tables.loop, &explanations::on_letter, this),
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
    l.servers.push_back(std::move(*s));
  }
  if (l.servers.empty()) l.servers = settings_.for_name(*name).servers;
  if (l.servers.empty()) return fail(error, THARSIS_E_NOT_FOUND, "there is no server to ask: name some in dns.servers, or with the question");
  l.strand = host_.loop->current(host_.loop->self);
  if (l.strand == 0) return fail(error, THARSIS_E_INVALID, "dns is asked on a plugin's strand: that is where it answers");
  l.wish.name = *name;
  l.wish.kinds = wish->type == 0 ? std::vector<uint16_t>{type::aaaa, type::a} : std::vector<uint16_t>{static_cast<uint16_t>(wish->type)};
  l.wish.to_the_end = true;
  l.time = wish->deadline > 0 ? std::min(duration(wish->deadline), duration(60s)) : settings_.budget;
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

void explanations::cancel(tharsis_handle id) {
  letter l;
  l.id = id;
  l.withdraws = true;
  (void)inbox_.send(std::move(l));
}

void explanations::on_letter(void* self, letter l) {
  explanations& e = *static_cast<explanations*>(self);
  if (l.withdraws) e.give_up(l.id, "it was withdrawn by its asker");
  else e.begin(std::move(l));
}

void explanations::begin(letter l) {
  const tharsis_handle id = l.id;
  settings own = settings_.for_name(l.wish.name);
  if (!l.servers.empty()) own.servers = l.servers;
  entries_.emplace(id, entry{std::move(l), std::move(own), place_.now(), std::make_shared<signal>(place_)});
  if (closed_) return give_up(id, "dns is stopping");
  work_.spawn(ask(id));
}

// The entry may be gone whenever something was waited for.
task<void> explanations::ask(tharsis_handle id) {
  const auto& servers = entries_.at(id).own.servers;
  if (!has_trust_ && std::any_of(servers.begin(), servers.end(), [](const server& s) { return s.secured(); })) co_await load();
  auto found = entries_.find(id);
  if (found == entries_.end()) co_return;
  entry& e = found->second;
  e.since = place_.now();
  e.from.wish.deadline = later(e.since, e.from.time);
  e.from.wish.known = known_.known().about(e.from.wish.name, e.since);
  e.from.wish.known.rule = settings_.domains.find(e.from.wish.name);
  const std::shared_ptr<signal> over = e.over;
  e.asked = std::make_unique<inquiry>(means_, e.own, e.from.wish, [over] { over->raise(); });
  co_await over->wait();
  found = entries_.find(id);
  if (found == entries_.end()) co_return;
  delivery d;
  d.what = ruling_of(*e.asked, e.own);
  d.verdict = d.what.verdict();
  for (size_t i = 0; i < e.asked->asked().kinds.size(); ++i)
    for (const testimony& t : e.asked->heard(i)) d.heard.emplace_back(e.asked->asked().kinds[i], t);
  send(e, std::move(d));
  entries_.erase(found);
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

void explanations::give_up(tharsis_handle id, const std::string& why) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  delivery d;
  d.what.status = THARSIS_E_CANCELLED;
  d.what.reason = "the question for '" + found->second.from.wish.name + "' is over: " + why;
  d.verdict = "no_answer";
  send(found->second, std::move(d));
  found->second.over->raise();
  entries_.erase(found);
}

void explanations::send(entry& e, delivery d) {
  d.id = e.from.id;
  d.done = e.from.done;
  d.context = e.from.context;
  d.since = e.since;
  d.took = place_.now() - e.since;
  --open_;
  outbox_.send(e.from.strand, std::move(d));
}

void explanations::close() {
  closed_ = true;
  inbox_.drain();
  while (!entries_.empty()) give_up(entries_.begin()->first, "dns is stopping");
  work_.clear();
}

// [caller's strand]
void explanations::delivery::deliver() const {
  std::vector<tharsis_dns_candidate> candidates;
  std::vector<tharsis_dns_refusal> refused;
  std::vector<tharsis_dns_testimony> heard_all;
  std::vector<std::string> sentences;
  for (const candidate& c : what.candidates) candidates.push_back({sizeof(tharsis_dns_candidate), c.proven, c.address, text_of(c.source), text_of(c.why), 0, 0, 0});
  for (const refusal& r : what.refused) refused.push_back({sizeof(tharsis_dns_refusal), 0, r.address, text_of(r.source), text_of(r.why)});
  std::vector<std::tuple<uint16_t, const testimony*, const findings*, bool>> all;
  for (const auto& [kind, t] : heard) {
    for (const findings& f : t.forged) all.emplace_back(kind, &t, &f, true);
    all.emplace_back(kind, &t, &t.what, false);
  }
  for (const auto& [kind, t, f, forged] : all) sentences.push_back(says(*f));
  for (size_t i = 0; i < all.size(); ++i) {
    const auto& [kind, t, f, forged] = all[i];
    heard_all.push_back({sizeof(tharsis_dns_testimony), status_of(f->what), text_of(t->source), text_of(sentences[i]), f->addresses.data(), f->addresses.size(), (t->began - since).count(),
                         (f->came - since).count(), duration(std::chrono::seconds(f->life)).count(), kind, t->vouched, f->what == findings::kind::no_name, forged});
  }
  std::vector<const tharsis_dns_candidate*> each;
  std::vector<const tharsis_dns_refusal*> each_refused;
  std::vector<const tharsis_dns_testimony*> each_heard;
  for (const auto& c : candidates) each.push_back(&c);
  for (const auto& r : refused) each_refused.push_back(&r);
  for (const auto& h : heard_all) each_heard.push_back(&h);
  const tharsis_dns_explanation e{sizeof e, what.status, text_of(what.reason), text_of(verdict), each.data(), each.size(), each_refused.data(), each_refused.size(), each_heard.data(),
                                  each_heard.size(), took.count()};
  done(context, id, &e);
}

}  // namespace tharsis::dns
