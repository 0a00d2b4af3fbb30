#include "plugins/dns/service.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "plugins/dns/core/proven_file.h"
#include "plugins/dns/found_answer.h"
#include "plugins/dns/trust_file.h"
#include "sdk/pure/address.h"
#include "sdk/pure/dns_name.h"
#include "sdk/pure/views.h"

namespace tharsis::dns {
namespace {

error wrong_family(uint32_t family) {
  return {THARSIS_E_INVALID, "the family of a question is 4, 6 or 0 for both, not " + std::to_string(family)};
}
bool is_about_addresses(uint32_t advice) { return advice == THARSIS_DNS_FAMILY || advice == THARSIS_DNS_AVOID; }
bool is_family(uint32_t family) { return family == 0 || family == 4 || family == 6; }

// The question as it is known inside, or what is wrong with it.
result<subject> subject_of(tharsis_text name, uint32_t family, const domain_rules& rules) {
  if (!is_family(family)) return wrong_family(family);
  auto canonical = canonical_name(view(name));
  if (!canonical) return canonical.failure();
  const domain_rule* const rule = family == 0 ? rules.find(*canonical) : nullptr;
  return subject{std::move(*canonical), rule == nullptr ? family : rule->family};
}

}  // namespace

service::counts::counts(const host& h)
    : refused(h.count<shared_counter>("questions_refused", "1", "Questions that were not taken: wrong, or too many are open")),
      questions(h.count<counter>("questions", "1", "Questions that were taken; each gets one answer")),
      answers(h.count<counter>("answers", "1", "Questions that got addresses")),
      failures(h.count<counter>("failures", "1", "Questions that got none, in time or at all")),
      cancelled(h.count<counter>("cancelled", "1", "Questions that their caller, or the end of dns, withdrew")),
      cache_hits(h.count<counter>("cache_hits", "1", "Questions whose answer was remembered")),
      refreshes(h.count<counter>("refreshes", "1", "Lookups for which nobody waited at first")),
      stale_answers(h.count<counter>("stale_answers", "1", "Answers that were older than they held")),
      readings(h.count<counter>("readings", "1", "Times that what is remembered was read without a question")),
      restored(h.count<counter>("restored", "1", "Proven names of the last start")),
      names(h.count<gauge>("names", "1", "Names that are remembered")),
      bytes(h.count<gauge>("names_size", "By", "The memory that they take")),
      time(h.count<histogram>("question_time", "ns", "From the question to its answer")) {}

service::service(const host& tables, strand& place, const settings& s, const state_folder& kept)
    : host_(tables),
      log_(tables.log),
      place_(place),
      counts_(tables),
      settings_(s),
      known_(place, tables, s, s.typed.table ? state_folder() : kept,
             [this] {
               desk_.on_known_changed(place_.now());
               stirred_.raise();
             }),
      desk_(s, &known_.names()),
      began_(place),
      health_(s.health),
      means_{host_, place_, s.patience(), {}, {}},
      guard_(tables, means_, settings_, kept, [this](const std::string& name, const tharsis_address& at) { desk_.on_doubted(name, at, place_.now()); }),
      explanations_(tables, place, settings_, guard_),
      translation_(host_, place,
                   [this] {
                     desk_.known().on_network(place_.now());
                     stirred_.raise();
                   }),
      stirred_(place),
      lookups_(tables, place, settings_, {means_, guard_, translation_, desk_, stirred_}),
      outbox_(place),
      ranking_(place, tables, s, kept),
      proven_(place, tables,
              {.path = s.cache.keep ? kept.file("proven") : std::string(),
               .what = "a file of proven names",
               .loss = "not all proven names of the last start are there",
               .never_kept = "proven names cannot be kept for the next start",
               .size_max = proven_file_max,
               .pause = s.cache.keep_pause},
              kept.content({.read = [this](std::string_view text) { return restore(text); },
                            .write = [this] { return write_proven(desk_.known(), guard_.proofs(), place_.now(), place_.wall() / 1'000'000'000); }})),
      inbox_(*tables.loop, &service::on_letter, this),
      outcomes_(*tables.loop, &service::on_outcome, this),
      advices_(*tables.loop, &service::on_advice, this),
      network_(*tables.network) {
  means_.kept = &connections_;
  means_.health = &health_;
  explanations_.use(health_);
  guard_.tell_of_proofs([this] { proven_.change(); });
  guard_.tell_of_login([this](const std::string& host) { desk_.known().forget(host); });
  table_ = {sizeof table_,      this, &service::resolve,          &service::cancel,   &service::feedback, &service::set_table,
            &service::lookup, &service::resolve_blocking, &service::prefetch, &service::forget,   &service::explain,
            &service::advise, &service::rank};
}

void service::open(tharsis_handle topic) {
  thread_ = std::this_thread::get_id();  // Who asks before serve() has loaded what it needs is refused there already.
  topic_ = topic;
  if (topic_ != 0) host_.publish(topic_, &told_);
  ranking_.open();
  guard_.open();
  if (proven_.kept()) forgotten_.emplace();
  proven_.open([this] { forgotten_.reset(); });
  serving_.emplace(serve()).start(place_);
  network_.open([this](const tharsis_network_state& now) { on_network(now); });
}

void service::close() {
  closed_ = true;
  network_.close();
  serving_.reset();
  guard_.close();
  translation_.close();
  explanations_.close();
  desk_.on_stop();
  carry_out();
  connections_.close();
  begin();
  inbox_.drain();
  outcomes_.drain();
  advices_.drain();
}

task<void> service::keep(instant deadline) {
  co_await known_.close(deadline);
  co_await ranking_.close(deadline);
  co_await proven_.close(deadline);
  co_await guard_.keep(deadline);
}

void service::on_network(const tharsis_network_state& now) {
  ranking_.on_network(now);
  guard_.on_network(now);
  if (!settings_.servers.empty()) translation_.on_network(now);
  const uint64_t generation = now.generation;
  if (generation != generation_) health_.on_network(std::string(view(now.id)));
  if (generation_ != 0 && generation != generation_) {
    known_.names().on_network();
    desk_.on_network(place_.now());
    connections_.drop();
    stirred_.raise();
  }
  generation_ = generation;
  reorder();
}

// Each turn: whatever came in has been given to the desk; what the desk decided is carried out.
task<void> service::serve() {
  co_await known_.load();
  co_await ranking_.ready();
  begin();
  if (settings_.needs_trust()) co_await load_trust(means_, settings_.tls);
  for (;;) {
    thread_ = std::this_thread::get_id();
    lookups_.collect();
    carry_out();
    const instant other_order = ranking_.deadline();
    co_await stirred_.wait(std::min(desk_.deadline(), other_order));
    desk_.on_deadline(place_.now());
    if (place_.now() >= other_order) reorder();
  }
}

void service::begin() {
  ready_ = true;
  began_.raise();
  desk_.on_start(place_.now());
  for (letter& l : std::exchange(early_, {})) on_letter(this, std::move(l));
}

void service::carry_out() {
  for (const subject& about : desk_.take_given_up()) lookups_.give_up(about);
  for (const subject& about : desk_.take_lookups()) lookups_.start(about);
  desk_.known().order_new([this](auto list) { return ranking_.known(std::move(list)); });
  for (desk::reply& reply : desk_.take_replies()) send(reply);
  if (desk_.known().take_changed()) proven_.change();
  desk_.known().sweep();
  count_known();
  tell_stats();
}

// [caller's strand]
tharsis_status service::resolve(void* self, tharsis_text name, uint32_t family, tharsis_dns_done done, void* context,
                                tharsis_handle* query, tharsis_error* error) {
  service& s = *static_cast<service*>(self);
  const auto about = subject_of(name, family, s.settings_.domains);
  if (!about) return refuse(s, error, about.failure().status, about.failure().text);
  letter l;
  l.about = *about;
  return s.ask(std::move(l), done, context, query, error);
}

// [caller's strand]
tharsis_status service::rank(void* self, const tharsis_address* list, size_t count, tharsis_dns_done done, void* context, tharsis_handle* query, tharsis_error* error) {
  service& s = *static_cast<service*>(self);
  if (list == nullptr || count == 0 || count > THARSIS_DNS_RANKED_MAX)
    return refuse(s, error, THARSIS_E_INVALID, "there are from 1 to " + std::to_string(THARSIS_DNS_RANKED_MAX) + " addresses to put in order, not " + std::to_string(list == nullptr ? 0 : count));
  if (!std::all_of(list, list + count, [](const tharsis_address& a) { return a.family == 4 || a.family == 6; }))
    return refuse(s, error, THARSIS_E_INVALID, "one of the addresses is of neither family, 4 nor 6");
  letter l;
  l.what = letter::wish::rank;
  l.list.assign(list, list + count);
  return s.ask(std::move(l), done, context, query, error);
}

// [caller's strand]
tharsis_status service::ask(letter l, tharsis_dns_done done, void* context, tharsis_handle* query, tharsis_error* error) {
  if (done == nullptr || query == nullptr) return refuse(*this, error, THARSIS_E_INVALID, "a question needs `done` and a place for its id");
  l.strand = host_.loop->current(host_.loop->self);
  if (l.strand == 0) return refuse(*this, error, THARSIS_E_INVALID, "dns is asked on a plugin's strand: that is where it answers");
  l.done = done;
  l.context = context;
  return take_question(std::move(l), *query, error);
}

tharsis_status service::take_question(letter l, tharsis_handle& id, tharsis_error* error) {
  if (closed_) return refuse(*this, error, THARSIS_E_GONE, "dns is stopping");
  if (open_.fetch_add(1) >= settings_.questions_max) {
    --open_;
    return refuse(*this, error, THARSIS_E_BUSY, std::to_string(settings_.questions_max) + " questions are open (dns.questions_max); ask again after an answer");
  }
  id = l.id = ++last_id_;
  return hand_over(std::move(l), error);
}

tharsis_status service::hand_over(letter l, tharsis_error* error) {
  if (closed_) return refuse(*this, error, THARSIS_E_GONE, "dns is stopping");
  if (inbox_.send(std::move(l)) == THARSIS_OK) return THARSIS_OK;
  return refuse(*this, error, THARSIS_E_GONE, "dns has stopped");
}

tharsis_status service::refuse(service& s, tharsis_error* error, tharsis_status status, const std::string& reason) {
  s.counts_.refused.add();
  return fail(error, status, reason);
}

// [caller's strand]
void service::cancel(void* self, tharsis_handle query) {
  static_cast<service*>(self)->explanations_.cancel(query);
  letter l;
  l.what = letter::wish::withdrawal;
  l.id = query;
  (void)static_cast<service*>(self)->inbox_.send(std::move(l));
}

// [any thread]
tharsis_status service::lookup(void* self, tharsis_text name, uint32_t family, tharsis_dns_found* into) {
  service& s = *static_cast<service*>(self);
  if (!can_take(into) || !is_family(family)) return THARSIS_E_INVALID;
  if (s.closed_.load(std::memory_order_relaxed)) return THARSIS_E_GONE;
  std::array<char, 256> room;
  const std::string_view canonical = quick_canonical_name(view(name), room);
  if (!canonical.empty()) {
    const domain_rule* const rule = family == 0 ? s.settings_.domains.find(canonical) : nullptr;
    return s.look(canonical, rule == nullptr ? family : rule->family, *into);
  }
  clear_found(*into);
  const auto literal = parse_ip(view(name));
  if (!literal) return THARSIS_E_INVALID;
  if (family != 0 && literal->family != family) return into->known = 1, THARSIS_E_NOT_FOUND;
  fill_literal(*into, *literal);
  return THARSIS_OK;
}

// What is remembered; whoever first uses what is to be looked up again tells the strand of it.
tharsis_status service::look(std::string_view name, uint32_t family, tharsis_dns_found& into) {
  const instant now = place_.now();
  const cache& known = desk_.known();
  tharsis_status status = THARSIS_E_NOT_FOUND;
  const cache::glance g = known.peek(name, family, now, [&](const known_answer& what, bool stale) {
    fill_found(into, what, known.texts(), stale, now);
    status = what.status();
  });
  if (g.as == cache::use::nothing) clear_found(into);
  if (g.tell) {
    letter l;
    l.what = letter::wish::refresh;
    l.about = {std::string(name), family};
    (void)inbox_.send(std::move(l));
  }
  return status == THARSIS_OK && g.as == cache::use::stale ? THARSIS_PENDING : status;
}

// [any thread that is no strand's]
tharsis_status service::resolve_blocking(void* self, tharsis_text name, uint32_t family, int64_t timeout, tharsis_dns_found* into,
                                         tharsis_error* error) {
  service& s = *static_cast<service*>(self);
  if (!can_take(into)) return refuse(s, error, THARSIS_E_INVALID, "resolve_blocking needs a found with its sizes and room for candidates");
  if (s.thread_.load() == std::this_thread::get_id())
    return refuse(s, error, THARSIS_E_INVALID, "resolve_blocking was called on the thread that has to answer it, which would wait for itself; use resolve() there");
  auto about = subject_of(name, family, s.settings_.domains);
  if (!about) return refuse(s, error, about.failure().status, about.failure().text);
  if (timeout < 0) return refuse(s, error, THARSIS_E_INVALID, "the timeout of a question is not negative");
  if (s.lookup(self, name, family, into) == THARSIS_OK) return THARSIS_OK;
  letter l;
  l.about = std::move(*about);
  l.waits = std::make_shared<blocking_question>();
  const auto waits = l.waits;
  tharsis_handle id = 0;
  if (const tharsis_status status = s.take_question(std::move(l), id, error); status != THARSIS_OK) return status;
  return s.wait_for(*waits, id, timeout == 0 ? s.settings_.timeout : duration(timeout), *into, error);
}

tharsis_status service::wait_for(blocking_question& q, tharsis_handle id, duration timeout, tharsis_dns_found& into, tharsis_error* error) {
  clear_found(into);
  if (!q.there.try_acquire_for(std::chrono::nanoseconds(timeout))) {
    cancel(this, id);
    return fail(error, THARSIS_E_TIMEOUT, "no answer came within " + std::to_string(milliseconds(timeout)) + " ms");
  }
  fill_found(into, *q.what, desk_.known().texts(), q.what->stale(), place_.now());
  return q.what->status() == THARSIS_OK ? THARSIS_OK : fail(error, q.what->status(), q.reason);
}

// [any thread]
tharsis_status service::prefetch(void* self, tharsis_text name, uint32_t family, tharsis_error* error) {
  service& s = *static_cast<service*>(self);
  auto about = subject_of(name, family, s.settings_.domains);
  if (!about) return refuse(s, error, about.failure().status, about.failure().text);
  letter l;
  l.what = letter::wish::refresh;
  l.about = std::move(*about);
  return s.hand_over(std::move(l), error);
}

// [any thread]
tharsis_status service::forget(void* self, tharsis_text name, tharsis_error* error) {
  service& s = *static_cast<service*>(self);
  letter l;
  l.what = letter::wish::oblivion;
  if (name.size > 0) {
    auto about = subject_of(name, 0, {});
    if (!about) return refuse(s, error, about.failure().status, about.failure().text);
    l.about = std::move(*about);
  }
  return s.hand_over(std::move(l), error);
}

// [any thread]
void service::feedback(void* self, const tharsis_dns_feedback* what) {
  service& s = *static_cast<service*>(self);
  if (what == nullptr || !THARSIS_HAS(what, connect) || (what->address.family != 4 && what->address.family != 6) || s.closed_) return;
  dial_outcome o{{what->status, what->address, std::string(view(what->network)), duration(what->connect), {}}};
  if (THARSIS_HAS(what, name)) {
    o.proved = what->proved;
    o.name = view(what->name);
  }
  if (THARSIS_HAS(what, rest)) o.of.rest = duration(what->rest);
  (void)s.outcomes_.send(std::move(o));
}

void service::on_outcome(void* self, dial_outcome o) {
  service& s = *static_cast<service*>(self);
  const address_memory::outcome& of = o.of;
  if (of.status == THARSIS_OK) s.known_.names().on_connected(of.address, of.connect);
  const bool here = of.network.empty() || of.network == s.guard_.network();
  if (!s.closed_ && here) s.guard_.on_dialled(o.name, of.address, o.proved);
  s.ranking_.on_outcome(of);
  s.reorder(&of.address);
}

void service::reorder(const tharsis_address* touched) {
  desk_.known().order_all([this](auto list) { return ranking_.known(std::move(list)); }, touched);
}

void service::on_letter(void* self, letter l) {
  service& s = *static_cast<service*>(self);
  if (!s.ready_) {
    // Questions are counted where they are asked; wishes that nobody waits for are not.
    if (l.what != letter::wish::refresh || s.early_.size() < s.settings_.questions_max) s.early_.push_back(std::move(l));
    return;
  }
  switch (l.what) {
    case letter::wish::question: s.on_question(l); break;
    case letter::wish::withdrawal: s.desk_.on_cancel(l.id); break;
    case letter::wish::refresh: s.on_refresh(l.about); break;
    case letter::wish::oblivion: (void)s.forget_now(l.about.name); break;
    case letter::wish::rank: s.on_rank(l); break;
  }
  if (s.closed_) s.carry_out();
  else s.stirred_.raise();
}

void service::on_question(letter& l) {
  known_.look();
  counts_.questions.add();
  callers_[l.id] = {l.strand, l.done, l.context, place_.now(), std::move(l.waits)};
  desk_.on_question(l.id, l.about, place_.now());
}

// Nobody has to be asked, only what users told.
void service::on_rank(letter& l) {
  counts_.questions.add();
  callers_[l.id] = {l.strand, l.done, l.context, place_.now(), {}};
  desk::reply reply{l.id, {}};
  reply.what.status = closed_ ? THARSIS_E_CANCELLED : THARSIS_OK;
  reply.what.source = THARSIS_DNS_LITERAL;
  if (closed_) reply.what.reason = "dns is stopping";
  else reply.what.addresses = std::move(l.list);
  reply.what.learned = place_.now();
  describe(reply.what, "literal", true, "it is an address");
  send(reply);
}

void service::on_refresh(const subject& about) {
  known_.look();
  desk_.on_prefetch(about, place_.now());
}

bool service::is_sure(const subject& about) {
  return parse_ip(about.name) || settings_.pins.contains(about.name) || known_.names().find(about);
}

// Who is told that it is forgotten does not find it again after the next start, however this one ends.
bool service::forget_now(const std::string& name) {
  const bool known = name.empty() || desk_.known().forget(name);
  if (name.empty()) desk_.known().clear();
  const bool proofs = guard_.forget(name);
  if (forgotten_) forgotten_->push_back(name), proven_.change();
  log_.info("remembered names were forgotten on demand name={name}", name.empty() ? "(all)" : name);
  if (desk_.known().take_changed()) proven_.change();
  proven_.hurry();
  desk_.on_start(place_.now());
  if (!closed_) stirred_.raise();
  return known || proofs;
}

// Lines that are true are good, whatever is wrong with the others.
error service::restore(std::string_view text) {
  proven_records kept = read_proven(text, place_.now(), place_.wall() / 1'000'000'000);
  // Somebody was quicker than the disk.
  const auto is_forgotten = [this](const std::string& name) {
    return std::any_of(forgotten_->begin(), forgotten_->end(), [&](const std::string& f) { return f.empty() || f == name; });
  };
  std::erase_if(kept.whole, [&](const cache::proof& p) { return is_forgotten(p.about.name); });
  std::erase_if(kept.shown, [&](const tls_proof& p) { return is_forgotten(p.name); });
  // Whom the profile does not trust any more has proved nothing.
  keep_vouched(kept, place_.now(), [this](const std::string& name, const std::string& source) {
    const std::vector<server>& known = lookups_.settings_for(name).servers;
    return std::any_of(known.begin(), known.end(), [&](const server& to) { return to.vouched() && to.text == source; });
  });
  for (const tls_proof& p : kept.shown) guard_.restore(p);
  desk_.on_restored(kept.whole, place_.now());
  counts_.restored.add(kept.whole.size());
  stirred_.raise();
  return std::move(kept.damage);
}

// [caller's strand]
tharsis_status service::explain(void* self, const tharsis_dns_wish* wish, tharsis_dns_explained done, void* context, tharsis_handle* query, tharsis_error* error) {
  service& s = *static_cast<service*>(self);
  if (query == nullptr) return fail(error, THARSIS_E_INVALID, "a question needs a place for its id");
  if (s.closed_) return fail(error, THARSIS_E_GONE, "dns is stopping");
  *query = ++s.last_id_;
  return s.explanations_.ask(*query, wish, done, context, error);
}

// [any thread]
tharsis_status service::advise(void* self, uint32_t code, tharsis_text about, int64_t life, tharsis_error* error) {
  service& s = *static_cast<service*>(self);
  if (code < THARSIS_DNS_USE_DOH || code > THARSIS_DNS_AVOID)
    return fail(error, THARSIS_E_INVALID, std::to_string(code) + " is no advice; there are use_doh (1), quarantine (2), portal (3), family (4) and avoid (5)");
  if (is_about_addresses(code) && !address_memory::makes_sense(code, view(about)))
    return fail(error, THARSIS_E_INVALID, "'" + std::string(view(about)) + (code == THARSIS_DNS_FAMILY ? "' is no family; there are 4 and 6" : "' is no address; one looks like 192.0.2.7 or [2001:db8::7]:443"));
  if (s.closed_ || s.advices_.send({code, std::string(view(about)), std::max(duration(life), duration::zero())}) != THARSIS_OK) return fail(error, THARSIS_E_GONE, "dns is stopping");
  return THARSIS_OK;
}

void service::on_advice(void* self, advice a) {
  service& s = *static_cast<service*>(self);
  if (s.closed_) return;
  if (is_about_addresses(a.code)) {
    s.ranking_.on_advice(a.code, a.about, a.life);
    s.reorder();
    return s.stirred_.raise();
  }
  const bool before = s.guard_.doh_only();
  s.guard_.on_advice(a.code, a.about, a.life);
  // What is remembered was said by those who are not believed any more; what is proven stays.
  if (!before && s.guard_.doh_only()) s.desk_.known().on_network(s.place_.now());
}

void service::send(desk::reply& reply) {
  const auto found = callers_.find(reply.id);
  const caller to = std::move(found->second);
  callers_.erase(found);
  --open_;
  count(reply.what, place_.now() - to.since);
  order_to_dial(reply.what);
  std::vector<known_address> known;
  for (const tharsis_address& a : reply.what.addresses) known.push_back(ranking_.about(a));
  if (to.waits) {
    const instant now = place_.now();
    auto packed = known_answer::pack(reply.what, {now, now, now}, desk_.known().texts_for_owner());
    packed->tell(known);
    return to.waits->answer_with(std::move(packed), reply.what.reason);
  }
  // A strand that was closed meanwhile has nobody who waits.
  outbox_.send(to.strand, {to.done, to.context, reply.id, std::move(reply.what), std::move(known), ranking_.usual(), place_.now()});
}

// A table has explorations of its own, by region, and its owner's wish which one is the first.
void service::order_to_dial(answer& what) {
  address_score::allowed may;
  if (what.source != THARSIS_DNS_TABLE) may = [this](const tharsis_address& a) { return !guard_.is_doubted(a); };
  ranking::turn turn = ranking_.to_dial(std::move(what.addresses), may);
  what.addresses = std::move(turn.list);
  if (!turn.explored) return;
  for (candidate& c : what.candidates)
    if (same_ip(c.address, what.addresses[0])) c.why += "; it comes first for once, so that it is known how it does";
}

void service::count(const answer& what, duration took) const {
  counts_.time.record(static_cast<uint64_t>(took.count()));
  if (what.source == THARSIS_DNS_CACHED) counts_.cache_hits.add();
  if (what.status == THARSIS_OK) return counts_.answers.add();
  (what.status == THARSIS_E_CANCELLED ? counts_.cancelled : counts_.failures).add();
}

void service::count_known() {
  const auto tell = [](const counter& to, uint64_t now, uint64_t& told) {
    if (now > told) to.add(now - std::exchange(told, now));
  };
  tell(counts_.refreshes, desk_.refreshes(), told_refreshes_);
  tell(counts_.stale_answers, desk_.stale_answers(), told_stale_);
  tell(counts_.readings, desk_.known().readings(), told_readings_);
  counts_.names.set(static_cast<int64_t>(desk_.known().size()));
  counts_.bytes.set(static_cast<int64_t>(desk_.known().bytes()));
}

void service::tell_stats() {
  if (topic_ == 0 || std::memcmp(&told_, &desk_.stats(), sizeof told_) == 0) return;
  told_ = desk_.stats();
  host_.publish(topic_, &told_);
}

}  // namespace tharsis::dns
