#include "plugins/stn/longlink.h"

#include "plugins/stn/core/wait_text.h"
#include "sdk/abi/stn_measure.h"

namespace tharsis::stn {
namespace {
constexpr const char* stopping = "stn is stopping";

stn::reconnect::end who_ended(const loss& why) {
  return is_by_server(why) ? stn::reconnect::end::by_server : stn::reconnect::end::otherwise;
}
}  // namespace

longlink::longlink(const link_surroundings& around, const link_settings& s, size_t number, const answer_time_settings& times)
    : around_(around),
      place_(around.place),
      settings_(s),
      number_(number),
      dialer_(place_, around.tables, around.ways, settings_, phases_),
      journal_(place_, around.events, settings_, phases_, dialer_),
      codec_(around.codecs, settings_),
      desk_(around, s.name, number, phases_, times, *this),
      tasks_(desk_.queue()),
      keys_(around.ways.random()),
      rhythm_(around.memory, settings_, around.use, [this](const learned_interval& before, const learned_interval& found) { tell_interval(before, found); }),
      pace_(s.reconnect, around.use),
      demand_(s),
      home_(place_, around.tables, around.ways, settings_, [this] { nudge(); }),
      course_(settings_, speech(), around.tables, around.ways, around.use, around.events, around.count, *this),
      proof_(place_, around.auth, around.events, settings_, pace_, [this]() -> const std::string& { return user(); }),
      blame_(place_, around.tables, around.ways, around.events, around.count, settings_, dialer_),
      signals_(around.tables, settings_),
      companions_(speech(), around_, course_, dialer_, desk_, totals_, *this),
      own_({speech(), dialer_, journal_, around.book, desk_, rhythm_, demand_, home_, course_, companions_, proof_, signals_}, *this),
      nudge_(place_),
      running_(place_) {
  around_.company.join(*this);
}

longlink::~longlink() { around_.company.leave(*this); }

void longlink::start() {
  down_since_ = place_.now();
  journal_.start();
  enter(phase::down);
  codec_.open([this] { on_codec(); });
  running_.spawn(run());
}

void longlink::on_network(const tharsis_network_state& now) {
  if (rhythm_.beat().on_foreground(now.foreground != 0)) nudge();
  if (view(now.account) != account_) {  // Who was refused is not who asks now.
    account_ = view(now.account);
    pace_.forgive();
    pace_.on_account(!account_.empty());
    if (course_.next()) course_.next()->anew();
    companions_.leave_lanes({THARSIS_E_CANCELLED, "the account changed"});
    nudge();
  }
  const bool looked_at = std::exchange(foreground_, now.foreground != 0);
  if (foreground_ && !looked_at) {
    pace_.on_return();
    nudge();
  }
  pace_.on_network_there(now.type != THARSIS_NETWORK_NONE);
  home_.on_foreground(now.foreground != 0);
  companions_.on_metered(now.metered > 0);
  const traffic_way before = own_.on_network({now.generation, std::string(view(now.interface)), std::string(view(now.id))});
  const bool same = now.generation == before.generation;
  if (before.network != own_.network().network) recall();
  if (own_.network().is_another(before)) companions_.on_another_network();
  if (!same && before.generation != 0) note_network(now, before);
  if (!same) companions_.on_network(own_.network().name());
  if (!same) tasks_.on_network(now.type == THARSIS_NETWORK_NONE, now.type == THARSIS_NETWORK_CELLULAR, place_.now());
  desk_.hand_over();
  network_there_ = now.type != THARSIS_NETWORK_NONE;
  costly_ = now.metered > 0 || now.type == THARSIS_NETWORK_CELLULAR;
  if (streams_) streams_->on_network(network_there_, costly_, !same && before.generation != 0);
  if (same || now.type == THARSIS_NETWORK_NONE) return;  // Without a network there is nothing to try.
  pace_.on_network();
  moved_ = true;
  dialer_.give_up();
  home_.on_network();
  if (course_.next()) course_.next()->anew();
  nudge();
}

void longlink::note_network(const tharsis_network_state& now, const traffic_way& before) {
  const bool slept = std::exchange(woke_, now.woke) != now.woke;
  if (now.type == THARSIS_NETWORK_NONE) return journal_.note(THARSIS_STN_WHY_NETWORK_LOST, "the network was gone");
  journal_.expect(slept ? uint32_t{THARSIS_STN_WHY_WOKE} : uint32_t{THARSIS_STN_WHY_NETWORK_CHANGED});
  if (slept) return journal_.note(THARSIS_STN_WHY_WOKE, "the machine slept, and woke");
  const std::string& interface = own_.network().interface;
  journal_.note(THARSIS_STN_WHY_NETWORK_CHANGED,
                interface != before.interface ? "the network changed from " + (before.interface.empty() ? "none" : before.interface) + " to " + interface
                                              : "the network behind " + interface + " changed");
}

void longlink::on_healing(const std::string& sentence, bool anew) {
  const remedy* const off = around_.ways.heals().asked().datagrams(place_.now());
  companions_.keep_datagrams_off(off == nullptr ? std::string() : "no datagrams on this network for now: " + off->reason, place_.now());
  around_.book.touch();
  if (up_) return;
  pace_.on_network();
  if (anew) {
    healed_ = sentence;
    moved_ = true;
    dialer_.give_up(sentence);
    own_.give_up({THARSIS_STN_WHY_RECONNECT, THARSIS_E_CANCELLED, sentence});
  }
  nudge();
}

void longlink::on_auth_provider() {
  pace_.forgive();
  if (settings_.auth.when == auth_settings::use::off) return;
  if (course_.next()) course_.next()->anew();
  if (own_.talk() && proof_.wanted()) return reconnect("there is somebody who authenticates now");
  nudge();
}

void longlink::reconnect(const std::string& sentence) {
  pace_.forgive();
  pace_.on_network();
  demand_.on_wish(place_.now());
  own_.give_up({THARSIS_STN_WHY_RECONNECT, THARSIS_E_CANCELLED, sentence});
  nudge();
}

void longlink::want() {
  demand_.on_wish(place_.now());
  nudge();
}

void longlink::on_question() {
  if (own_.talk()->up() || phases_.current() == phase::auth) return;
  enter(phase::auth);
  report(THARSIS_STN_CONNECTING, journal_.reason());
}

// Where the profile requires an authentication that nobody provides there is no use in a connection.
bool longlink::may_connect() {
  if (!proof_.missing()) return true;
  if (journal_.reason().why != THARSIS_STN_WHY_AUTH_MISSING)
    report(THARSIS_STN_DOWN, {THARSIS_STN_WHY_AUTH_MISSING, THARSIS_E_DENIED,
                              "links." + settings_.name + ".auth.use is 'required', and nobody provides tharsis.stn.auth/1"});
  return false;
}

// What answers there is not the server, and to try would only say bad things of its addresses.
bool longlink::is_in_portal() {
  const remedy* const portal = around_.ways.heals().asked().portal(place_.now());
  if (portal == nullptr) return false;
  if (journal_.reason().why != THARSIS_STN_WHY_PORTAL || state() != THARSIS_STN_DOWN)
    report(THARSIS_STN_DOWN, {THARSIS_STN_WHY_PORTAL, THARSIS_E_NETWORK, "it waits until somebody has signed in to this network: " + portal->reason});
  return true;
}

void longlink::recall() {
  rhythm_.recall(own_.network().network);
  companions_.recall(own_.network().name());
}

task<void> longlink::run() {
  while (!ending_) {
    take_pending();
    follow_aside();
    if (!has_codec() || !may_connect()) {
      co_await nudge_.wait();
      continue;
    }
    if (!is_needed()) {
      rest();
      co_await nudge_.wait(course_.aside_deadline());
      continue;
    }
    if (!has_successor() && is_in_portal()) {
      co_await nudge_.wait();
      continue;
    }
    const instant due = pace_.due(tasks_.unanswered() > 0, place_.now());
    if (place_.now() < due) {
      co_await nudge_.wait(due);
      continue;
    }
    begin_attempt();
    const instant prove_by = later(place_.now(), settings_.connect_timeout);
    if (!own_.adopted()) {
      const bool overtaken = co_await arrive(prove_by);
      if (!overtaken) continue;
      if (!has_successor()) {  // It has died in this very turn.
        on_down(not_reached({}));
        continue;
      }
    }
    take_successor();
    on_connection();
    on_down(co_await own_.live());
  }
}

// Its own connection, from the dialling to its end, which has been told. True: a lane that was begun beside it was there first,
// and is to take its place.
task<bool> longlink::arrive(instant prove_by) {
  auto wire = co_await find_way(prove_by);
  if (course_.led_away() || (!wire && !own_.is_overtaken())) {
    on_down(not_reached(wire ? error{} : wire.failure()));
    co_return false;
  }
  if (own_.give_way()) co_return true;
  on_connection();
  auto why = own_.begin(std::move(*wire), prove_by);
  if (!why) why.emplace(co_await own_.live());
  if (!own_.overtaken()) {
    on_down(*why);
    co_return false;
  }
  companions_.on_own_overtaken();
  tasks_.on_loss(error(*why), place_.now());
  desk_.hand_over();
  co_return true;
}

// There is one, of whose server nothing is known.
void longlink::on_connection() {
  enter(phase::prove);
  course_.on_connection();
  blame_.on_connection();
}

// The dialling, or the proof, is cut short.
void longlink::on_lane_first() {
  if (!own_.is_overtaken()) return;
  dialer_.give_up("another connection to the same server was there first");
  nudge();
}

// What the way home has found is a connection already.
bool longlink::is_needed() const { return demand_.wants(tasks_.unanswered() > 0 || home_.found() || has_successor(), place_.now()); }

// Until somebody needs it.
void longlink::rest() {
  journal_.expect(THARSIS_STN_WHY_RETRY);
  if (journal_.reason().why == THARSIS_STN_WHY_IDLE) return;
  std::string text = "no task wants it now; it connects when one does";
  if (!journal_.reason().text.empty()) text += ". Before that: " + journal_.reason().text;
  report(THARSIS_STN_DOWN, {THARSIS_STN_WHY_IDLE, THARSIS_E_CANCELLED, std::move(text)});
}

loss longlink::not_reached(error why) const {
  if (course_.has_pending()) return {THARSIS_STN_WHY_RECONNECT, THARSIS_E_CANCELLED, "the profile says something else of it"};
  if (course_.led_away()) return {THARSIS_STN_WHY_REPLACED, THARSIS_E_CANCELLED, "it is to be reached at " + target().text() + " now"};
  if (!healed_.empty()) return {THARSIS_STN_WHY_RECONNECT, THARSIS_E_CANCELLED, healed_};
  return {moved_ ? uint32_t{THARSIS_STN_WHY_NETWORK_CHANGED} : why_not_reached(phases_.current(), why.status), std::move(why)};
}

// A link that is up may ping, and one that rests may try.
void longlink::on_company() {
  if (foreground_) return;
  if (own_.talk() ? own_.talk()->on_company(place_.now()) : pace_.on_company(place_.now())) nudge();
}

void longlink::begin_attempt() {
  if (!foreground_) around_.company.woke(*this, place_.now());
  course_.begin_attempt();
  const bool adopts = has_successor();
  if (adopts)
    journal_.expect(companions_.second_leads() ? uint32_t{THARSIS_STN_WHY_SECOND} : uint32_t{THARSIS_STN_WHY_REPLACED});
  else
    leave_plan();
  healed_.clear();
  const uint32_t because = journal_.on_attempt(settings_.on_demand || tasks_.unanswered() > 0);
  pace_.on_attempt(place_.now());
  own_.begin_attempt(adopts);
  report(THARSIS_STN_CONNECTING, loss(because, THARSIS_OK, {}));
  moved_ = false;
  if (!adopts && failures() == 0) companions_.on_own_coming(own_.network().name());
}

// From a backup address straight to where the way home leads.
task<result<std::unique_ptr<stream>>> longlink::find_way(instant deadline) {
  if (home_.found()) {
    dialer_.arrived(home_.address());
    co_return home_.take();
  }
  auto wire = co_await dialer_.reach(target(), deadline, course_.has_others());
  co_return std::move(wire);
}

live_connection::surroundings longlink::speech() {
  return {place_, around_.auth, settings_, codec_, around_.client_id, around_.counted, [this]() -> const std::string& { return user(); }, hello_known_, connections_};
}

// Without its codec a link has nothing to say to anybody.
bool longlink::has_codec() {
  const error& why = codec_.trouble();
  if (why.status == THARSIS_OK) return true;
  tasks_.on_loss(why, place_.now());
  if (journal_.reason().text != why.text) report(THARSIS_STN_DOWN, loss(THARSIS_STN_WHY_CODEC, why));
  return false;
}

// Whoever brought the codec waits until it is not used any more.
void longlink::on_codec() {
  const std::string gone = "codec '" + settings_.codec + "' was taken back, or replaced, by its plugin";
  if (own_.talk()) own_.talk()->on_codec_gone(gone);
  companions_.on_codec_gone(gone);
  if (course_.next()) course_.next()->on_codec_gone(gone);
  if (streams_) streams_->on_codec_gone(gone);
  pace_.on_network();  // What was tried before says nothing.
  nudge();
}

void longlink::on_moved(size_t read, size_t written) {
  around_.count.bytes_sent.add(written);
  around_.count.bytes_received.add(read);
  totals_.bytes_sent += written;
  totals_.bytes_received += read;
  if (written > 0 && !foreground_) around_.company.woke(*this, place_.now());
  if (read + written > 0) signals_.on_traffic(place_.now());
}

void longlink::keep_signalling() {
  if (!up_) return;
  demand_.on_use(place_.now());
  signals_.on_wish(place_.now());
  nudge();
}

// All but where it leads; of what is said on a connection nothing has changed.
void longlink::take_numbers(const link_settings& next) {
  link_settings changed = next;
  take_way(changed, settings_);
  if (changed.heartbeat != settings_.heartbeat && rhythm_.change(changed.heartbeat)) nudge();
  if (changed.reconnect != settings_.reconnect) pace_.change(changed.reconnect);
  companions_.change(changed);
  if (changed.signalling != settings_.signalling) signals_.change(changed.signalling);
  demand_.change(changed);
  home_.change(changed.backup);
  settings_ = std::move(changed);
  if (own_.talk()) own_.talk()->on_settings();
}

// The next connection is wanted now.
void longlink::on_speech() {
  if (own_.talk()) own_.talk()->hold(false);
  companions_.on_plan(true);
  hello_known_ = false;
  leave_lanes();
  own_.give_up(not_reached({}));
  dialer_.give_up();
  pace_.forgive();
  pace_.on_network();
  nudge();
}

// Between two connections.
void longlink::take_pending() {
  auto next = course_.take_pending();
  if (!next) return;
  home_.end();
  take_numbers(*next);
  course_.settle(std::move(*next));
  codec_.reopen();
  pace_.on_network();
}

void longlink::on_plan() {
  companions_.on_plan(false);
  if (own_.talk()) own_.talk()->hold(false);
  nudge();  // What was held may leave.
}

void longlink::on_led_away() {
  leave_lanes();
  home_.end();
  dialer_.give_up();
  own_.give_up(not_reached({}));
  pace_.on_network();
}

// Where the old connection is gone by now, nothing is to be waited for.
void longlink::on_successor() {
  pace_.on_alternative();
  nudge();
}

// Its streams are still there, and go after it when it has found somebody where they were sent.
void longlink::follow_aside() {
  if (!course_.follow_aside()) return;
  server_ends_ = course_.moves().server_ends();
  want();
}

void longlink::leave_lanes() { companions_.leave_lanes({THARSIS_E_CANCELLED, "the profile says something else of the link"}); }

void longlink::leave_plan() {
  if (course_.leave_plan()) home_.end();  // It leads to where the link was before.
}

void longlink::take_successor() {
  if (!companions_.second_leads() && course_.has_successor()) return take_next();
  const bool lane = !companions_.second_leads();
  own_.adopt(companions_.take());
  if (lane) home_.end();
}

void longlink::take_next() {
  successor& next = *course_.next();
  own_.adopt(next.take());
  dialer_.arrived(next.dialled());
  server_ends_ = course_.moves().server_ends();
  course_.arrive();
  home_.end();
}

void longlink::on_pong() {
  around_.book.touch();
  around_.events.on_pong(settings_.name, dialer_.address_text(), rhythm_.round_trip());
}

// By whichever of its connections.
void longlink::on_push(const push& p) {
  if (settings_.pushes_once && !twins_.is_new(p.connection, p.made_at, p.command, as_text(p.body), place_.now())) return on_twin(p);
  demand_.on_use(place_.now());
  around_.count.pushes_received.add();
  around_.events.on_push(settings_.name, p);
  around_.pushes.on_push(settings_.name, p);
}

void longlink::on_twin(const push& p) const {
  around_.count.pushes_twice.add();
  around_.events.on_measure({settings_.name, "another connection of the link has brought push " + std::to_string(p.command) + " before, byte for byte",
                             THARSIS_STN_MEASURE_PUSH_TWICE, p.body.size(), {}});
}

void longlink::set_heartbeat(duration interval) {
  if (rhythm_.beat().on_wish(interval)) nudge();
  around_.book.touch();
}

void longlink::on_up() {
  up_ = true;
  blame_.on_up();
  enter(phase::up);
  around_.count.links_opened.add();
  around_.count.links_up.add(1);
  pace_.on_up(place_.now());
  demand_.on_up();
  up_since_ = place_.now();
  if (!own_.adopted() || own_.overtaken()) tell_connect({THARSIS_STN_WHY_NONE, THARSIS_OK, {}});  // Else it was told when it came up.
  journal_.on_up();
  const duration gap = totals_.connects++ == 0 ? duration::zero() : place_.now() - down_since_;
  const server_memory& memory = own_.talk()->memory();
  tasks_.on_memory(memory, keys_);
  tasks_.on_up(connection(), place_.now());
  companions_.on_own_up(own_.network().name(), around_.weak.now().weak(), memory.name);
  report(THARSIS_STN_UP, {THARSIS_STN_WHY_NONE, THARSIS_OK, {}}, gap);
  if (dialer_.on_backup()) home_.begin(target());
  if (streams_) streams_->on_link_up(std::exchange(server_ends_, instant{}));
}

// What has ended the link's own connection says nothing about the others; but where the one that took its place ends before
// it has brought anything, the server is gone on all of them, and the rest would only follow one by one.
void longlink::on_down(const loss& why) {
  const bool elsewhere = course_.has_pending() || course_.led_away() || course_.next();
  companions_.on_own_lost(why, up_, !ending_ && !elsewhere && (!own_.adopted() || own_.heard()));
  const bool lived = up_ && place_.now() - up_since_ >= settings_.reconnect.lived;
  blame_.on_down(why, lived || moved_);
  const bool rested = why.why == THARSIS_STN_WHY_IDLE;
  rhythm_.beat().on_down();
  rhythm_.remember(own_.network().network);
  tasks_.on_loss(rested ? error{why.status, {}} : error(why), place_.now());
  if (!up_ && !course_.led_away()) dialer_.blame(why.status);
  if (!home_.found() || rested) home_.end();
  if (rested) leave_plan();
  signals_.close();
  enter(phase::down);
  desk_.hand_over();
  if (!up_) tell_connect(why), journal_.on_failed();
  report(THARSIS_STN_DOWN, why);
  if (up_) journal_.note(why.why, why.text);
  if (up_ && (why.why == THARSIS_STN_WHY_SILENCE || why.why == THARSIS_STN_WHY_PONG_MISSED)) around_.weak.on_silence();
  pace_.on_down(place_.now(), around_.ways.random(), who_ended(why));
  if (rested) pace_.on_network();  // It has lost nothing.
  if (has_successor()) pace_.on_alternative();
  proof_.on_down(why);
  if (!ending_ && !rested) (up_ ? around_.count.links_lost : around_.count.connects_failed).add();
  if (std::exchange(up_, false)) {
    around_.count.links_up.add(-1);
    down_since_ = place_.now();
  } else if (!moved_ && !course_.led_away() && !companions_.second_leads()) {
    if (course_.on_failed()) pace_.on_alternative();  // This endpoint is of no use now; the next one may be.
  }
  if (!ending_) tell_spread(why);
}

void longlink::tell_spread(const loss& why) const {
  const duration wait = pace_.spread();
  if (wait == duration::zero() || tasks_.unanswered() > 0 || !is_needed()) return;
  around_.count.reconnects_spread.add();
  around_.events.on_measure({settings_.name, why.text + "; perhaps all clients of the server have lost it, so this one comes back when chance says",
                             THARSIS_STN_MEASURE_SPREAD, 0, wait});
}

void longlink::tell_interval(const learned_interval& before, const learned_interval& now) const {
  const std::string found = now.interval > before.interval   ? "pings were answered after " + wait_text(before.interval) + " without a byte, so the next ones come later"
                            : now.interval < before.interval ? "pings were not answered after " + wait_text(before.interval) + " without a byte, so the next ones come sooner"
                            : now.settled                    ? "pings were answered after " + wait_text(now.interval) + " without a byte, and nothing longer is tried"
                                                               : std::string("it is tried again how long the path may be idle");
  around_.count.intervals_learned.add();
  around_.events.on_measure({settings_.name, found + (now.settled && now.interval != before.interval ? ", and it stays so" : ""), THARSIS_STN_MEASURE_INTERVAL, 0, now.interval});
}

void longlink::tell_connect(const loss& why) {
  if (why.status == THARSIS_OK)
    around_.weak.on_connected(journal_.attempt_times()[static_cast<size_t>(phase::connect)], !dialer_.overtook());
  else if (!ending_)
    around_.weak.on_not_connected();
  journal_.tell_attempt(why, target().text());
}

void longlink::submit(std::unique_ptr<request> r) {
  pace_.on_task(place_.now());
  demand_.on_use(place_.now());
  desk_.submit(std::move(r));
}

void longlink::touch() {
  pace_.on_network();
  own_.touch();
  tasks_.revive(place_.now());
  nudge();
}

// Streams share its line: when answers become slow they give way.
void longlink::on_task_answer(const answer& a) {
  demand_.on_use(place_.now());
  if (streams_ && a.status == THARSIS_OK && a.of->began_at != never && a.of->sent_at != instant{}) streams_->on_answer(a.of->began_at - a.of->sent_at);
}

stream_line& longlink::streams(stream_hearer& heard) {
  if (!streams_) {
    const auto planned_now = [this]() -> const link_settings& { return course_.planned(); };
    const auto aside = [this](const push& p) { on_push(p); };
    const auto on_move = [this](std::span<const uint8_t> words, const endpoint& at, const stream& wire) {
      if (up_) return;  // It is told itself.
      course_.on_told_aside(words, at, wire);
      nudge();
    };
    streams_ = std::make_unique<stream_line>(stream_line::surroundings{speech(), around_.tables, around_.ways, around_.use, around_.streams, around_.count, planned_now, aside, on_move}, heard);
    streams_->on_network(network_there_, costly_, false);
  }
  return *streams_;
}

void longlink::end_streams(tharsis_status status, const std::string& why) {
  if (streams_) streams_->end(status, why);
}

void longlink::nudge() {
  if (!own_.nudge()) nudge_.raise();
}

void longlink::stop() {
  leave({THARSIS_STN_WHY_STOPPED, THARSIS_E_CANCELLED, stopping}, {THARSIS_E_CANCELLED, THARSIS_STN_STOPPING, stopping});
}

void longlink::leave(const loss& why, const ending& tasks) {
  ending_ = true;
  farewell_ = why;
  own_.end(why);
  home_.end();
  signals_.close();
  course_.stay();
  end_streams(THARSIS_E_CANCELLED, why.text);
  companions_.end(why);
  tasks_.end(tasks, place_.now());
  companions_.cancel_second();
  desk_.hand_over();
  nudge();
  desk_.close();
}

task<void> longlink::wait_stopped(instant deadline) {
  if (own_.talk()) co_await running_.join(deadline);
  running_.clear();
  companions_.clear();
  if (state() != THARSIS_STN_DOWN) report(THARSIS_STN_DOWN, farewell_);
  if (std::exchange(up_, false)) around_.count.links_up.add(-1);
}

link_report longlink::snapshot() const {
  link_report r;
  journal_.report(r);
  std::string spared = course_.moves().words();  // Where it is sent, and which servers are left alone.
  for (const std::string& sentence : around_.ways.left_alone()) spared += (spared.empty() ? "" : "; ") + sentence;
  if (const std::string asked = around_.ways.heals().asked().words(place_.now()); !asked.empty()) spared += (spared.empty() ? "" : "; ") + asked;
  if (!spared.empty()) r.reason += (r.reason.empty() ? "" : "; ") + spared;
  r.endpoint = target().text();
  r.connects = totals_.connects;
  r.waiting = tasks_.unanswered();
  r.bytes_sent = totals_.bytes_sent;
  r.bytes_received = totals_.bytes_received;
  r.rtt = rhythm_.round_trip();
  if (up_ && own_.talk()) r.remembers = own_.talk()->memory().kept;
  r.heartbeat = rhythm_.beat().interval();
  r.heartbeat_from = static_cast<uint32_t>(rhythm_.beat().interval_from());
  r.udp = companions_.datagrams();
  r.second = companions_.second();
  r.lanes = companions_.lanes();
  return r;
}

void longlink::report(uint32_t state, loss why, duration gap) {
  const auto lived = up_ ? std::optional(place_.now() - up_since_) : std::nullopt;
  journal_.tell(state, std::move(why), {target().text(), totals_.connects, tasks_.unanswered(), lived, gap});
  around_.book.touch();
  around_.taker.on_state(number_);
}

}  // namespace tharsis::stn
