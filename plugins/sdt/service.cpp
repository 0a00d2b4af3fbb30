#include "plugins/sdt/service.h"

#include <algorithm>
#include <cmath>

#include "plugins/sdt/core/judge.h"
#include "plugins/sdt/core/link_trouble.h"
#include "plugins/sdt/core/redact.h"
#include "plugins/sdt/core/report_json.h"
#include "plugins/sdt/diagnose_line.h"
#include "plugins/sdt/http_probe.h"
#include "plugins/sdt/survey.h"
#include "plugins/sdt/trust_store.h"
#include "sdk/abi/stn.h"
#include "sdk/abi/stn_links.h"
#include "sdk/async/next_turn.h"
#include "sdk/pure/error.h"
#include "sdk/pure/views.h"

namespace tharsis::sdt {
namespace {

constexpr size_t at_once = 8;  // More on one machine measure each other.
constexpr duration dns_hears_within = 20ms;
constexpr duration knock_most = 1500ms;  // A lost SYN is sent again after a second.
constexpr duration servers_are_known_within = 5s;  // From the change of a network: DHCP, and whoever writes them down.
constexpr duration look_past_most = 4s;  // A name, a connection and a handshake, each of them slow.

}  // namespace

service::counts::counts(const host& h)
    : begun(h.count<counter>("diagnoses", "1", "Diagnoses that were begun")),
      ended(h.count<counter>("diagnoses_ended", "1", "Diagnoses that came to their report")),
      cancelled(h.count<counter>("diagnoses_cancelled", "1", "Diagnoses that were given up")),
      by_itself(h.count<counter>("diagnoses_by_itself", "1", "Diagnoses that nobody had asked for")),
      time(h.count<histogram>("diagnosis_time", "ns", "From the begin of a diagnosis to its report")),
      bytes(h.count<histogram>("diagnosis_bytes", "By", "What a diagnosis sent and received")) {}

service::service(const host& tables, strand& place, resolver& names, const settings& s)
    : host_(tables),
      place_(place),
      names_(names),
      settings_(s),
      usual_(*wish_from(s.diagnose)),
      counts_(tables),
      triggers_(s.automatic),
      healing_(s.heal),
      healer_(tables, s.heal),
      verdicts_(tables),
      stirred_(place),
      network_(*tables.network),
      inbox_(*tables.loop, &service::on_letter, this),
      outbox_(place),
      endings_(place),
      knocks_(place),
      looks_past_(place),
      errands_(place),
      looks_around_(place) {
  table_ = {sizeof table_, this, &service::diagnose, &service::cancel};
}

template <class Event, void (service::*take)(const Event&)>
tharsis_status service::follow(const char* topic, tharsis_error* error) {
  const auto hear = [](void* self, const tharsis_event* event) {
    service& s = *static_cast<service*>(self);
    (s.*take)(*static_cast<const Event*>(event->payload));
    s.stirred_.raise();
  };
  const tharsis_subscription wanted{sizeof wanted, THARSIS_DROP_OLDEST, 0, hear, this};
  tharsis_handle id = 0;
  const tharsis_status status = host_.bus->subscribe(host_.bus->self, topic, &wanted, &id, error);
  if (status == THARSIS_OK) subscriptions_.push_back(id);
  return status;
}

tharsis_status service::open(const topics& told, tharsis_error* error) {
  topic_ = told.report;
  healer_.open(told.heal);
  verdicts_.open(told.verdict);
  closed_ = false;
  serving_.emplace(serve()).start(place_);
  network_.open([this](const tharsis_network_state& now) {
    triggers_.on_network(std::string(view(now.id)), now.generation);
    if (generation_ != 0 && generation_ != now.generation) {
      healing_.on_network();
      knocks_.clear();  // What comes of them is about the network before.
      looks_past_.clear();
    }
    if (generation_ != now.generation)
      for (auto& [link, p] : links_) p.rtt_ms.reset(), p.rtt_min_ms.reset(), p.why.clear(), p.failed = failure::none;
    if (generation_ != now.generation) {
      network_id_ = view(now.id);
      looks_around_.clear();
      looks_around_.spawn(note_name_servers());
    }
    generation_ = now.generation;
    stirred_.raise();
  });
  // Also where no diagnosis begins by itself: those that are asked for, and sdt.verdict, know of links from here.
  tharsis_status status = follow<tharsis_stn_link, &service::on_link>(THARSIS_STN_LINK_TOPIC, error);
  if (status == THARSIS_OK) status = follow<tharsis_stn_task_event, &service::on_task>(THARSIS_STN_TASK_TOPIC, error);
  if (status == THARSIS_OK) status = follow<tharsis_stn_weak, &service::on_weak>(THARSIS_STN_WEAK_TOPIC, error);
  if (status == THARSIS_OK) status = follow<tharsis_stn_pong, &service::on_pong>(THARSIS_STN_PONG_TOPIC, error);
  if (status == THARSIS_OK) status = follow<tharsis_dns_hijack, &service::on_lie>(THARSIS_DNS_HIJACK_TOPIC, error);
  return status;
}

void service::close() {
  closed_ = true;
  for (const tharsis_handle id : subscriptions_) host_.bus->unsubscribe(host_.bus->self, id);
  subscriptions_.clear();
  network_.close();
  serving_.reset();
  inbox_.drain();
  while (!works_.empty()) give_up(works_.begin()->first);
  endings_.clear();
  knocks_.clear();
  looks_past_.clear();
  errands_.clear();
  looks_around_.clear();
  healer_.close();
}

// ---- what sets one off

void service::on_link(const tharsis_stn_link& told) {
  constexpr std::string_view states[] = {"down", "connecting", "up"};
  passive_probe& p = links_[std::string(view(told.link))];
  p.id = "live:" + std::string(view(told.link));
  p.target = view(told.endpoint);
  p.link = view(told.link);
  p.link_state = told.state < std::size(states) ? states[told.state] : "suspended";
  p.state = told.state == THARSIS_STN_UP ? probe_state::pass : probe_state::warn;
  // One that was silent before has come to nothing yet.
  if (told.state != THARSIS_STN_UP || p.why != link_silent) {
    note_trouble(p, told);
    verdicts_.on_link(told, place_.now());
  }
  last_target_ = view(told.endpoint);
  attempt& a = attempts_[p.link];
  a.target = last_target_;
  if (told.state != THARSIS_STN_CONNECTING) a.due = never;
  else if (a.due == never) a.due = later(place_.now(), settings_.connecting_max);
  if (told.state != THARSIS_STN_DOWN || told.status == THARSIS_OK || told.status == THARSIS_E_CANCELLED) return;
  // Where the connection stands and what is written on it gets no answer, it may be its size.
  const bool silent = told.why == THARSIS_STN_WHY_SILENCE || told.why == THARSIS_STN_WHY_UNPROVED || told.why == THARSIS_STN_WHY_TLS;
  triggers_.on_cause(THARSIS_SDT_LINK_FAILED, last_target_, silent);
}

// While it connects again, what it met last still holds.
void service::note_trouble(passive_probe& p, const tharsis_stn_link& told) {
  if (told.state == THARSIS_STN_CONNECTING) return;
  const std::string_view why = told.state == THARSIS_STN_DOWN ? link_trouble(told.why, told.status, view(told.reason)) : "";
  const std::string_view at = why.empty() ? std::string_view() : view(told.endpoint);
  p.failures = why.empty() ? 0 : p.why == why && p.met_at == at ? p.failures + 1 : 1;
  p.why = why;
  p.met_at = at;
  p.said = view(told.reason);
  p.failed = why.empty() ? failure::none : failure_of(told.status);
}

// The link has brought something: only now it is up.
void service::end_silence(passive_probe& p) {
  if (p.why != link_silent) return;
  tharsis_stn_link up{};
  up.link = text_of(p.link);
  up.endpoint = text_of(p.target);
  up.state = THARSIS_STN_UP;
  note_trouble(p, up);
  if (p.link_state == "up") verdicts_.on_link(up, place_.now());
}

void service::on_task(const tharsis_stn_task_event& told) {
  const bool good = told.why == THARSIS_STN_ANSWERED;
  const auto link = links_.find(std::string(view(told.link)));
  if (good && link != links_.end()) end_silence(link->second);
  // What the caller, or the server, decided says nothing about the network.
  const bool of_network = good || told.why == THARSIS_STN_NO_TIME || told.why == THARSIS_STN_NO_FIRST_BYTE || told.why == THARSIS_STN_STALLED ||
                          told.why == THARSIS_STN_NOT_WHOLE || told.why == THARSIS_STN_LOST || told.why == THARSIS_STN_NO_ANSWER;
  if (of_network) triggers_.on_task(told.channel, good, last_target_);
  // How long an answer took to begin: the live link's own echo, with the server's work in it, and for nothing.
  if (!good || told.sends != 1 || told.first_byte <= 0 || link == links_.end()) return;
  passive_probe& p = link->second;
  const double ms = static_cast<double>(told.first_byte) / 1e6;
  p.rtt_min_ms = std::min(p.rtt_min_ms.value_or(ms), ms);
  p.rtt_ms = p.rtt_ms.value_or(ms) * 0.8 + ms * 0.2;
}

void service::on_weak(const tharsis_stn_weak& told) {
  if (told.weak != 0) triggers_.on_cause(THARSIS_SDT_NETWORK_WEAK, last_target_);
}

void service::on_pong(const tharsis_stn_pong& told) {
  if (const auto link = links_.find(std::string(view(told.link))); link != links_.end()) end_silence(link->second);
  for (auto& [id, one] : works_) one.session_->on_pong(std::string(view(told.link)), std::string(view(told.address)));
}

// About stn's own server it is asked as stn knows it; a name of somebody else's by itself.
void service::on_lie(const tharsis_dns_hijack& told) {
  const auto at = parse_aim(last_target_);
  const std::string name(view(told.name));
  triggers_.on_cause(THARSIS_SDT_NAMES_LIE, at && at->host == name ? last_target_ : name);
}

wish service::wish_of(const std::string& target, depth how_deep) const {
  wish w = usual_;
  w.go(how_deep);
  if (auto at = parse_aim(target)) w.at = std::move(*at);
  return w;
}

// ---- the work

task<void> service::serve() {
  for (;;) {
    if (auto r = triggers_.take(place_.now())) start(r->target, r->measures ? depth::medium : depth::light, r->why);
    heal();
    const instant next = std::min({triggers_.deadline(place_.now()), healing_.deadline(), look_at_attempts()});
    co_await stirred_.wait(next);
    healing_.on_deadline(place_.now());
  }
}

void service::start(const std::string& target, depth how_deep, uint32_t why) {
  if (works_.size() >= at_once) return;
  counts_.by_itself.add();
  ++open_;
  begin(++last_id_, wish_of(target, how_deep), caller(), why);
}

// Answers when the next link will have been connecting for too long; one that has sets a diagnosis off.
instant service::look_at_attempts() {
  instant next = never;
  for (auto& [link, a] : attempts_) {
    if (a.due <= place_.now()) {
      a.due = never;
      triggers_.on_cause(THARSIS_SDT_LINK_FAILED, a.target);
      stirred_.raise();
    }
    next = std::min(next, a.due);
  }
  return next;
}

void service::heal() {
  if (auto look = healing_.take_look()) start(look->target, look->how_deep, THARSIS_SDT_RECHECK);
  if (healing_.take_knock()) {
    if (knocks_.empty()) knocks_.spawn(look_for_opening(knows_page, knock_most));
    // Who forges pages for ever, and lets TLS pass, is no portal: on a long way his pages come before any handshake can end.
    if (looks_past_.empty()) looks_past_.spawn(look_for_opening(proves_itself, look_past_most));
  }
  for (const healing::step& s : healing_.take_steps()) {
    healer_.carry_out(s);
    if (s.begins && !s.of.lies.empty()) errands_.spawn(avoid_lies(s.of));
  }
}

// While this network lasts, so that who is asked on a later one is known to be of this one. Of one that does not last that long nobody knows.
task<void> service::note_name_servers() {
  signal pause(place_);
  co_await pause.wait(later(place_.now(), servers_are_known_within));
  const machine_view seen = co_await look_around(place_, *host_.network);
  resolvers_.on_seen(network_id_, seen.name_servers);
}

// Asked anew at once, dns would give what it remembers: it hears of the remedy on a strand of its own.
task<void> service::avoid_lies(remedy of) {
  signal pause(place_);
  co_await pause.wait(later(place_.now(), dns_hears_within));
  healer_.avoid_lies(of);
}

// Has the portal opened? The first known page's server is asked; who has no such page waits for the recheck.
task<void> service::look_for_opening(task<bool> (*asks)(bench& b, canary c), duration within) {
  wish asked = wish_of({}, depth::light);
  if (asked.canaries.empty()) co_return;
  asked.deadline = within;
  bench b(host_, place_, names_, trust_, asked);
  canary first = asked.canaries.front();
  const bool opened = co_await asks(b, std::move(first));
  if (!opened) co_return;
  healing_.on_known_page();
  stirred_.raise();
}

void service::begin(tharsis_handle id, wish w, caller to, uint32_t why) {
  counts_.begun.add();
  bool metered = false;
  network_.ask([&](const tharsis_network_state& now) { metered = now.metered == 1; });
  if (metered && w.budget != 0) w.budget = std::max<uint64_t>(1, w.budget / 3);  // 0 would be any number.
  for (const auto& [link, p] : links_) w.live.push_back(p);
  w.older_resolvers = resolvers_.older_than(network_id_);
  work& one = works_[id];
  one.to = to;
  one.why = why;
  one.begun = place_.now();
  one.session_ = std::make_unique<session>(host_, place_, names_, trust_, std::move(w));
  one.running.emplace(run(id)).start(place_);
}

task<void> service::run(tharsis_handle id) {
  if (!trusts_) {
    trust read = co_await read_trust(place_, host_, settings_.diagnose.tls);
    // Once it holds something it stays where it is: other sessions point to it. Without anything it is read again next time.
    if (!trusts_) trust_ = std::move(read);
    trusts_ = trust_.http1.has_value();
  }
  observations seen = co_await works_.at(id).session_->run();
  end(id, std::move(seen), THARSIS_OK);
}

namespace {

task<void> bury(strand& place, std::unique_ptr<session> over, std::optional<task<void>> running) {
  // Its own task may be the one that is here: it goes in a turn of its own.
  co_await next_turn(place);
  running.reset();
  over.reset();
}

}  // namespace

void service::end(tharsis_handle id, observations seen, tharsis_status status) {
  const auto found = works_.find(id);
  if (found == works_.end()) return;
  work one = std::move(found->second);
  works_.erase(found);
  --open_;
  seen.about.cancelled = status != THARSIS_OK;
  (status == THARSIS_OK ? counts_.ended : counts_.cancelled).add();
  counts_.time.record(static_cast<uint64_t>((place_.now() - one.begun).count()));
  counts_.bytes.record(seen.about.sent + seen.about.received);
  const report made = judge(std::move(seen));
  const verdict& first = made.headline();
  const auto what = std::make_shared<outcome>();
  *what = {made.seen.about.target, std::string(name_of(first.code)), std::string(name_of(first.who)), std::string(name_of(first.how)), first.sentence, first.detail, first.act.text(), render_json(redacted(made)), {}};
  tharsis_sdt_report& told = what->told;
  told.target = text_of(what->target);
  told.why = one.why;
  told.status = status;
  told.code = text_of(what->code);
  told.blame = text_of(what->blame);
  told.certainty = text_of(what->certainty);
  told.confidence = static_cast<uint32_t>(std::lround(first.confidence * 100));
  told.sentence = text_of(what->sentence);
  told.detail = text_of(what->detail);
  told.action = text_of(what->action);
  told.json = text_of(what->json);
  told.took = (place_.now() - one.begun).count();
  told.bytes = made.seen.about.sent + made.seen.about.received;
  const uint32_t level = first.code == verdict_code::healthy || status != THARSIS_OK ? THARSIS_LOG_INFO : THARSIS_LOG_WARNING;
  if (host_.logs(level))
    host_.write(level, "diagnosis target=" + what->target + " code=" + what->code + " blame=" + what->blame + " confidence=" +
                           std::to_string(told.confidence) + " took_ms=" + std::to_string(milliseconds(place_.now() - one.begun)) + " bytes=" +
                           std::to_string(told.bytes) + ": " + log_text(what->sentence, made.seen.about.host) + (what->action.empty() ? "" : " [" + log_text(first.act, made.seen.about.host) + "]"));
  if (status == THARSIS_OK) host_.publish(topic_, &told), verdicts_.on_report(made, one.why, place_.now() - one.begun);
  if (status == THARSIS_OK) healing_.on_report(made, place_.now());
  stirred_.raise();
  if (one.to.done != nullptr) outbox_.send(one.to.strand, delivery{one.to, id, what});
  // Not here: this may be its own task.
  endings_.spawn(bury(place_, std::move(one.session_), std::move(one.running)));
}

// ---- the door

// [caller's strand]
tharsis_status service::diagnose(void* self, const tharsis_sdt_wish* wanted, tharsis_sdt_done done, void* context, tharsis_handle* id,
                                 tharsis_error* error) {
  service& s = *static_cast<service*>(self);
  if (wanted == nullptr || done == nullptr || id == nullptr) return fail(error, THARSIS_E_INVALID, "a diagnosis needs a wish, `done` and a place for its id");
  if (wanted->depth > THARSIS_SDT_HEAVY) return fail(error, THARSIS_E_INVALID, "there are the depths 0 (passive) to 3 (heavy)");
  letter l;
  l.asked = s.usual_;
  l.asked.go(static_cast<depth>(wanted->depth));
  if (wanted->deadline > 0) l.asked.deadline = duration(wanted->deadline);
  if (wanted->budget > 0) l.asked.budget = wanted->budget;
  if (wanted->target.size > 0) {
    auto at = parse_aim(view(wanted->target));
    if (!at) return fail(error, at.status(), at.failure().text);
    l.asked.at = std::move(*at);
  }
  l.to = {s.host_.loop->current(s.host_.loop->self), done, context};
  if (l.to.strand == 0) return fail(error, THARSIS_E_INVALID, "sdt is asked on a plugin's strand: that is where it answers");
  if (s.closed_) return fail(error, THARSIS_E_GONE, "sdt is stopping");
  if (s.open_.fetch_add(1) >= at_once) {
    --s.open_;
    return fail(error, THARSIS_E_BUSY, std::to_string(at_once) + " diagnoses are under way; ask again when one has ended");
  }
  *id = l.id = ++s.last_id_;
  if (s.inbox_.send(std::move(l)) == THARSIS_OK) return THARSIS_OK;
  --s.open_;
  return fail(error, THARSIS_E_GONE, "sdt has stopped");
}

// [caller's strand]
void service::cancel(void* self, tharsis_handle id) {
  letter l;
  l.withdrawal = true;
  l.id = id;
  (void)static_cast<service*>(self)->inbox_.send(std::move(l));
}

void service::on_letter(void* self, letter l) {
  service& s = *static_cast<service*>(self);
  if (l.withdrawal) return s.give_up(l.id);
  s.begin(l.id, std::move(l.asked), l.to, THARSIS_SDT_ASKED);
  // It was asked for while sdt stopped, and nobody else would answer.
  if (s.closed_) s.give_up(l.id);
}

void service::give_up(tharsis_handle id) {
  const auto found = works_.find(id);
  if (found == works_.end()) return;
  observations seen = found->second.session_->take_so_far();
  found->second.running.reset();
  end(id, std::move(seen), THARSIS_E_CANCELLED);
}

}  // namespace tharsis::sdt
