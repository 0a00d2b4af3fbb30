#include "plugins/dns/service.h"

#include <algorithm>
#include <cstring>

#include "plugins/dns/core/name.h"
#include "plugins/dns/trust_file.h"
#include "sdk/pure/address.h"
#include "sdk/pure/views.h"

namespace tharsis::dns {
namespace {

bool needs_trust(const settings& s) {
  return std::any_of(s.servers.begin(), s.servers.end(), [](const server& to) { return to.vouched(); });
}

std::string file_in(const std::string& folder, const char* name) { return folder.empty() ? folder : folder + "/" + name; }

}  // namespace

service::counts::counts(const host& h)
    : refused(h.count<shared_counter>("questions_refused", "1", "Questions that were not taken: wrong, or too many are open")),
      questions(h.count<counter>("questions", "1", "Questions that were taken; each gets one answer")),
      answers(h.count<counter>("answers", "1", "Questions that got addresses")),
      failures(h.count<counter>("failures", "1", "Questions that got none, in time or at all")),
      cancelled(h.count<counter>("cancelled", "1", "Questions that their caller, or the end of dns, withdrew")),
      cache_hits(h.count<counter>("cache_hits", "1", "Questions whose answer was remembered")),
      lookups(h.count<counter>("lookups", "1", "Times that servers or the system's resolver were asked")),
      time(h.count<histogram>("question_time", "ns", "From the question to its answer")) {}

service::service(const host& tables, strand& place, const settings& s, std::string folder)
    : host_(tables),
      log_(tables.log),
      place_(place),
      counts_(tables),
      settings_(s),
      known_(place, tables, s, file_in(folder, "table"), [this] { stirred_.raise(); }),
      desk_(s, &known_.names()),
      means_{host_, place_, s.patience(), {}, {}},
      outbox_(place),
      ranking_(place, tables, s, file_in(folder, "addresses")),
      inbox_(*tables.loop, &service::on_letter, this),
      outcomes_(*tables.loop, &service::on_outcome, this),
      stirred_(place),
      network_(*tables.network) {
  table_ = {sizeof table_, this, &service::resolve, &service::cancel, &service::feedback, &service::set_table};
}

void service::open(tharsis_handle topic) {
  topic_ = topic;
  if (topic_ != 0) host_.publish(topic_, &told_);
  ranking_.open();
  serving_.emplace(serve()).start(place_);
  network_.open([this](const tharsis_network_state& now) { on_network(now); });
}

void service::close() {
  closed_ = true;
  network_.close();
  serving_.reset();
  desk_.on_stop();
  carry_out();
  begin();
  inbox_.drain();
  outcomes_.drain();
}

task<void> service::keep(instant deadline) {
  co_await known_.close(deadline);
  co_await ranking_.close(deadline);
}

void service::on_outcome(void* self, dial_outcome o) {
  service& s = *static_cast<service*>(self);
  if (o.status == THARSIS_OK) s.known_.names().on_connected(o.address, o.connect);
  s.ranking_.on_outcome(o);
}

void service::on_network(const tharsis_network_state& now) {
  ranking_.on_network(now);
  const uint64_t generation = now.generation;
  if (generation_ != 0 && generation != generation_) {
    known_.names().on_network();
    desk_.on_network();
    stirred_.raise();
  }
  generation_ = generation;
}

// Each turn: whatever came in has been given to the desk; what the desk decided is carried out.
task<void> service::serve() {
  co_await known_.load();
  begin();
  if (needs_trust(settings_)) co_await load_trust(means_, settings_.tls);
  for (;;) {
    collect();
    carry_out();
    co_await stirred_.wait(desk_.deadline());
    desk_.on_deadline(place_.now());
  }
}

void service::begin() {
  ready_ = true;
  for (letter& l : std::exchange(early_, {})) on_letter(this, std::move(l));
}

void service::carry_out() {
  for (const subject& about : desk_.take_given_up()) give_up(about);
  for (const subject& about : desk_.take_lookups()) start_lookup(about);
  for (desk::reply& reply : desk_.take_replies()) send(reply);
  tell_stats();
}

// [caller's strand]
tharsis_status service::resolve(void* self, tharsis_text name, uint32_t family, tharsis_dns_done done, void* context,
                                tharsis_handle* query, tharsis_error* error) {
  service& s = *static_cast<service*>(self);
  if (done == nullptr || query == nullptr)
    return refuse(s, error, THARSIS_E_INVALID, "a question needs `done` and a place for its id");
  if (family != 0 && family != 4 && family != 6)
    return refuse(s, error, THARSIS_E_INVALID, "the family of a question is 4, 6 or 0 for both, not " + std::to_string(family));
  const auto canonical = canonical_name(view(name));
  if (!canonical) return refuse(s, error, canonical.failure().status, canonical.failure().text);
  const tharsis_handle strand = s.host_.loop->current(s.host_.loop->self);
  if (strand == 0) return refuse(s, error, THARSIS_E_INVALID, "dns is asked on a plugin's strand: that is where it answers");
  if (s.closed_) return refuse(s, error, THARSIS_E_GONE, "dns is stopping");
  if (s.open_.fetch_add(1) >= s.settings_.questions_max) {
    --s.open_;
    return refuse(s, error, THARSIS_E_BUSY, std::to_string(s.settings_.questions_max) + " questions are open (dns.questions_max); ask again after an answer");
  }
  const tharsis_handle id = ++s.last_id_;
  *query = id;
  if (s.inbox_.send({id, false, {*canonical, family}, strand, done, context}) == THARSIS_OK) return THARSIS_OK;
  return refuse(s, error, THARSIS_E_GONE, "dns has stopped");
}

tharsis_status service::refuse(service& s, tharsis_error* error, tharsis_status status, const std::string& reason) {
  s.counts_.refused.add();
  return fail(error, status, reason);
}

// [caller's strand]
void service::cancel(void* self, tharsis_handle query) {
  (void)static_cast<service*>(self)->inbox_.send({query, true, {}, 0, nullptr, nullptr});
}

// [any thread]
void service::feedback(void* self, const tharsis_dns_feedback* what) {
  service& s = *static_cast<service*>(self);
  if (what == nullptr || !THARSIS_HAS(what, connect) || (what->address.family != 4 && what->address.family != 6) || s.closed_) return;
  (void)s.outcomes_.send({what->status, what->address, std::string(view(what->network)), duration(what->connect)});
}

void service::on_letter(void* self, letter l) {
  service& s = *static_cast<service*>(self);
  if (!s.ready_) return s.early_.push_back(std::move(l));
  if (l.withdraws) {
    s.desk_.on_cancel(l.id);
  } else {
    s.known_.look();
    s.counts_.questions.add();
    s.callers_[l.id] = {l.strand, l.done, l.context, s.place_.now()};
    s.desk_.on_question(l.id, l.about, s.place_.now());
  }
  if (s.closed_) s.carry_out();
  else s.stirred_.raise();
}

// What the servers said of names is enough, or their time is up.
void service::collect() {
  for (auto i = inquiries_.begin(); i != inquiries_.end();) {
    if (!i->second->over()) {
      ++i;
      continue;
    }
    answer what = answer_of(i->second->result());
    if (what.verdict == word(finding::hijack) || what.verdict == word(finding::injection))
      log_.warning("a server lies about a name name={name} verdict={verdict} refused={refused} first={first}", i->first.name, what.verdict,
                   what.refused.size(), what.refused.empty() ? std::string() : ip_text(what.refused[0].address) + " from " + what.refused[0].source);
    desk_.on_answer(i->first, std::move(what), place_.now());
    i = inquiries_.erase(i);
  }
}

void service::ask_servers(const subject& about) {
  std::vector<uint16_t> kinds;
  if (about.family != 4) kinds.push_back(type::aaaa);
  if (about.family != 6) kinds.push_back(type::a);
  // What they have said by then is an answer; the question's own end is none.
  const duration budget = std::min(settings_.budget, settings_.timeout * 9 / 10);
  inquiry::wish w{about.name, std::move(kinds), later(place_.now(), budget)};
  inquiries_[about] = std::make_unique<inquiry>(means_, settings_, std::move(w), [this] { stirred_.raise(); });
}

void service::start_lookup(const subject& about) {
  counts_.lookups.add();
  if (!settings_.servers.empty()) return ask_servers(about);
  tharsis_handle lookup = 0;
  tharsis_error reason = no_error();
  const tharsis_status status = host_.net->resolve(host_.net->self, text_of(about.name), about.family,
                                                   &service::on_resolved, this, &lookup, &reason);
  if (status == THARSIS_OK) {
    lookups_[lookup] = about;
    return;
  }
  log_.warning("the system's resolver was not asked for name={name} status={status} reason={reason}", about.name,
               status_name(status), reason.text);
  desk_.on_looked_up(about, status, {}, place_.now());
}

void service::on_resolved(void* self, tharsis_handle lookup, tharsis_status status, const tharsis_address* list,
                          size_t count) {
  service& s = *static_cast<service*>(self);
  const auto found = s.lookups_.find(lookup);
  if (found == s.lookups_.end()) return;
  const subject about = std::move(found->second);
  s.lookups_.erase(found);
  if (s.log_.logs(THARSIS_LOG_DEBUG))
    s.log_.debug("looked up name={name} status={status} addresses={addresses} first={first}", about.name, status_name(status),
                 count, count > 0 ? ip_text(list[0]) : std::string());
  s.desk_.on_looked_up(about, status, std::vector<tharsis_address>(list, list + count), s.place_.now());
  s.stirred_.raise();
}

void service::give_up(const subject& about) {
  inquiries_.erase(about);
  for (auto l = lookups_.begin(); l != lookups_.end(); ++l) {
    if (!(l->second == about)) continue;
    host_.net->close(host_.net->self, l->first);
    lookups_.erase(l);
    return;
  }
}

void service::send(desk::reply& reply) {
  const auto found = callers_.find(reply.id);
  const caller to = found->second;
  callers_.erase(found);
  --open_;
  count(reply.what, place_.now() - to.since);
  reply.what.addresses = ranking_.order(std::move(reply.what.addresses));
  // A strand that was closed meanwhile has nobody who waits.
  outbox_.send(to.strand, {to, reply.id, std::move(reply.what), place_.now()});
}

void service::count(const answer& what, duration took) const {
  counts_.time.record(static_cast<uint64_t>(took.count()));
  if (what.source == THARSIS_DNS_CACHED) counts_.cache_hits.add();
  if (what.status == THARSIS_OK) return counts_.answers.add();
  (what.status == THARSIS_E_CANCELLED ? counts_.cancelled : counts_.failures).add();
}

// [caller's strand]
void service::delivery::deliver() const {
  std::vector<tharsis_dns_candidate> candidates;
  std::vector<tharsis_dns_refusal> refused;
  std::vector<const tharsis_dns_candidate*> each;
  std::vector<const tharsis_dns_refusal*> each_refused;
  for (const auto& address : what.addresses) {
    const auto known = std::find_if(what.candidates.begin(), what.candidates.end(), [&](const candidate& c) { return same_ip(c.address, address); });
    const bool is = known != what.candidates.end();
    candidates.push_back({sizeof(tharsis_dns_candidate), is && known->proven, address, text_of(is ? known->source : std::string_view()),
                          text_of(is ? known->why : std::string_view()), (now - what.learned).count(), what.stale, 0});
  }
  for (const refusal& r : what.refused)
    refused.push_back({sizeof(tharsis_dns_refusal), 0, r.address, text_of(r.source), text_of(r.why)});
  for (const auto& c : candidates) each.push_back(&c);
  for (const auto& r : refused) each_refused.push_back(&r);
  const tharsis_dns_answer a{sizeof a,
                             what.status,
                             what.source,
                             static_cast<uint32_t>(what.addresses.size()),
                             what.addresses.data(),
                             text_of(what.reason),
                             each.data(),
                             each_refused.data(),
                             each_refused.size(),
                             text_of(what.verdict)};
  to.done(to.context, id, &a);
}

void service::tell_stats() {
  if (topic_ == 0 || std::memcmp(&told_, &desk_.stats(), sizeof told_) == 0) return;
  told_ = desk_.stats();
  host_.publish(topic_, &told_);
}

}  // namespace tharsis::dns
