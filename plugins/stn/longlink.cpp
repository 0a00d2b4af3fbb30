#include "plugins/stn/longlink.h"

#include "plugins/stn/core/wait_text.h"
#include "plugins/stn/core/link_change.h"
#include "sdk/abi/stn_server.h"
#include "sdk/async/next_turn.h"

namespace tharsis::stn {
namespace {
constexpr const char* stopping = "stn is stopping";
// A busy server says so of each request; once a second is as good a sign.
constexpr duration busy_counts = 1s;

// Is that what a server does, and not the way to it, or ourselves?
bool is_servers_doing(uint32_t why) {
  switch (why) {
    case THARSIS_STN_WHY_UNPROVED:
    case THARSIS_STN_WHY_DECODE:
    case THARSIS_STN_WHY_REMOTE_CLOSED:
    case THARSIS_STN_WHY_RESET: return true;
    default: return false;
  }
}
}

// The connection ends with carry(): from then on nudges are not lost on it.
struct longlink::there {
  ~there() { link.live_.reset(); }
  longlink& link;
};

longlink::longlink(const link_surroundings& around, const link_settings& s, size_t number, const answer_time_settings& times)
    : place_(around.place),
      host_(around.tables),
      ways_(around.ways),
      settings_(s),
      client_id_(around.client_id),
      events_(around.events),
      pushes_(around.pushes),
      counts_(around.count),
      memory_(around.memory),
      book_(around.book),
      auth_(around.auth),
      use_(around.use),
      taker_(around.taker),
      company_(around.company),
      weak_(around.weak),
      counted_(around.counted),
      stream_numbers_(around.streams),
      number_(number),
      dialer_(place_, around.tables, around.ways, settings_, phases_),
      home_(place_, around.tables, around.ways, settings_, [this] { nudge(); }),
      codec_(around.codecs, settings_),
      tasks_(s.name, phases_, counts_.requests, times),
      udp_(around.tables, s.name, around.weakness, counts_, counted_, totals_, tasks_, [this] { nudge(); }, [this] { on_datagrams(); }),
      second_(speech(), host_, ways_, counts_, tasks_, *this),
      lanes_(speech(), around.tables, around.ways, tasks_, counts_, around.weakness, lane_errands()),
      rhythm_(s.heartbeat, &around.use),
      pace_(s.reconnect, around.use),
      demand_(s),
      signals_(s.signalling),
      datagrams_(around.tables),
      moves_(place_, around.tables, around.ways, around.events, around.count, settings_),
      nudge_(place_),
      deadlines_(place_),
      running_(place_) {
  profile_endpoints_ = settings_.endpoints;
  tasks_.spare(around.tasks.rest, around.tasks.budget, ways_.random());
  company_.join(*this);
  running_.spawn(expire());  // Tasks may come before it starts.
}

longlink::~longlink() { company_.leave(*this); }

void longlink::start() {
  down_since_ = place_.now();
  since_ = place_.wall();
  enter(phase::down);
  codec_.open([this] { on_codec(); });
  running_.spawn(run());
}

// A network whose name is not known yet may be the same.
bool longlink::way::is_another(const way& before) const {
  return interface != before.interface || (!network.empty() && !before.network.empty() && network != before.network);
}

void longlink::on_network(const tharsis_network_state& now) {
  if (rhythm_.on_foreground(now.foreground != 0)) nudge();
  if (view(now.account) != account_) {  // Who was refused is not who asks now.
    account_ = view(now.account);
    pace_.forgive();
    pace_.on_account(!account_.empty());
    if (next_) next_->anew();
    lanes_.end({THARSIS_E_CANCELLED, "the account changed"});
    nudge();
  }
  const bool looked_at = std::exchange(foreground_, now.foreground != 0);
  if (foreground_ && !looked_at) {
    pace_.on_return();
    nudge();
  }
  pace_.on_network_there(now.type != THARSIS_NETWORK_NONE);
  home_.on_foreground(now.foreground != 0);
  udp_.on_metered(now.metered > 0);
  second_.on_metered(now.metered > 0);
  lanes_.on_metered(now.metered > 0);
  const bool same = now.generation == way_.generation;
  const way before = std::exchange(way_, {now.generation, std::string(view(now.interface)), std::string(view(now.id))});
  if (before.network != way_.network) recall();
  if (way_.is_another(before)) second_.on_another_network();
  if (!same && before.generation != 0) note_network(now, before);
  if (!same) lanes_.on_network(way_.name());
  if (!same) tasks_.on_network(now.type == THARSIS_NETWORK_NONE, now.type == THARSIS_NETWORK_CELLULAR, place_.now());
  hand_over();
  network_there_ = now.type != THARSIS_NETWORK_NONE;
  costly_ = now.metered > 0 || now.type == THARSIS_NETWORK_CELLULAR;
  if (streams_) streams_->on_network(network_there_, costly_, !same && before.generation != 0);
  if (same || now.type == THARSIS_NETWORK_NONE) return;  // Without a network there is nothing to try.
  pace_.on_network();
  moved_ = true;
  dialer_.give_up();
  home_.on_network();
  if (next_) next_->anew();
  nudge();
}

void longlink::note_network(const tharsis_network_state& now, const way& before) {
  const bool slept = std::exchange(woke_, now.woke) != now.woke;
  if (now.type == THARSIS_NETWORK_NONE) return note(THARSIS_STN_WHY_NETWORK_LOST, "the network was gone");
  because_ = slept ? uint32_t{THARSIS_STN_WHY_WOKE} : uint32_t{THARSIS_STN_WHY_NETWORK_CHANGED};
  if (slept) return note(THARSIS_STN_WHY_WOKE, "the machine slept, and woke");
  note(THARSIS_STN_WHY_NETWORK_CHANGED,
       way_.interface != before.interface
           ? "the network changed from " + (before.interface.empty() ? "none" : before.interface) + " to " + way_.interface
           : "the network behind " + way_.interface + " changed");
}

void longlink::on_healing(const std::string& sentence, bool anew) {
  const remedy* const off = ways_.heals().asked().datagrams(place_.now());
  udp_.keep_off(off == nullptr ? std::string() : "no datagrams on this network for now: " + off->reason, place_.now());
  book_.touch();
  if (up_) return;
  pace_.on_network();
  if (anew) {
    healed_ = sentence;
    moved_ = true;
    dialer_.give_up(sentence);
    if (live_) wish_.emplace(THARSIS_STN_WHY_RECONNECT, THARSIS_E_CANCELLED, sentence);
  }
  nudge();
}

void longlink::on_auth_provider() {
  pace_.forgive();
  if (settings_.auth.when == auth_settings::use::off) return;
  if (next_) next_->anew();
  if (live_ && auth_.there() && !exchange_) return reconnect("there is somebody who authenticates now");
  nudge();
}

void longlink::reconnect(const std::string& sentence) {
  pace_.forgive();
  pace_.on_network();
  demand_.on_wish(place_.now());
  if (live_) wish_.emplace(THARSIS_STN_WHY_RECONNECT, THARSIS_E_CANCELLED, sentence);
  nudge();
}

void longlink::want() {
  demand_.on_wish(place_.now());
  nudge();
}

void longlink::on_question() {
  if (live_->talk().up() || phases_.current() == phase::auth) return;
  enter(phase::auth);
  report(THARSIS_STN_CONNECTING, reason_);
}

std::optional<loss> longlink::follow_auth(live_connection& c) {
  if (!exchange_) return std::nullopt;
  if (auto why = c.follow_auth()) return why;
  if (c.talk().up() && !up_) on_up();
  if (exchange_->running()) {
    auth_told_ = false;
  } else if (exchange_->begun() && !std::exchange(auth_told_, true)) {
    pace_.forgive();
    tell_auth(exchange_->accepted() ? uint32_t{THARSIS_STN_AUTH_EVENT_ACCEPTED} : uint32_t{THARSIS_STN_AUTH_EVENT_NOT_NEEDED}, {});
  }
  return std::nullopt;
}

void longlink::tell_auth(uint32_t outcome, const std::string& sentence) {
  events_.on_auth({settings_.name, user(), sentence, outcome, exchange_ ? exchange_->attempts() : 0, pace_.refused_pause()});
}

// Where the profile requires an authentication that nobody provides there is no use in a connection.
bool longlink::may_connect() {
  if (settings_.auth.when != auth_settings::use::required || auth_.there()) return true;
  if (reason_.why != THARSIS_STN_WHY_AUTH_MISSING)
    report(THARSIS_STN_DOWN, {THARSIS_STN_WHY_AUTH_MISSING, THARSIS_E_DENIED,
                              "links." + settings_.name + ".auth.use is 'required', and nobody provides tharsis.stn.auth/1"});
  return false;
}

// What answers there is not the server, and to try would only say bad things of its addresses.
bool longlink::is_in_portal() {
  const remedy* const portal = ways_.heals().asked().portal(place_.now());
  if (portal == nullptr) return false;
  if (reason_.why != THARSIS_STN_WHY_PORTAL || state_ != THARSIS_STN_DOWN)
    report(THARSIS_STN_DOWN, {THARSIS_STN_WHY_PORTAL, THARSIS_E_NETWORK, "it waits until somebody has signed in to this network: " + portal->reason});
  return true;
}

void longlink::recall() {
  const auto known = [this](bool dozing) { return memory_.recall(settings_.name, way_.network, dozing).value_or(learned_interval()); };
  rhythm_.resume(known(false), known(true));
  remembered_ = {rhythm_.learned(false), rhythm_.learned(true)};
  lanes_.recall(way_.name());
}

void longlink::remember() {
  for (const bool dozing : {false, true}) {
    learned_interval& last = remembered_[dozing ? 1 : 0];
    if (rhythm_.learned(dozing) == last) continue;
    last = rhythm_.learned(dozing);
    memory_.keep(settings_.name, way_.network, last, dozing);
  }
}

task<void> longlink::run() {
  while (!ending_) {
    take_pending();
    if (!has_codec() || !may_connect()) {
      co_await nudge_.wait();
      continue;
    }
    if (!is_needed()) {
      rest();
      co_await nudge_.wait();
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
    if (!adopted_) {
      const bool overtaken = co_await arrive(prove_by);
      if (!overtaken) continue;
      if (!has_successor()) {  // It has died in this very turn.
        on_down(not_reached({}));
        continue;
      }
    }
    live_ = second_.leads() ? take_second() : next_ && next_->up() ? take_next() : take_lane();
    on_down(co_await carry(prove_by));
  }
}

// Its own connection, from the dialling to its end, which has been told. True, and adopted_ is set: a lane that was begun beside it
// was there first, and is to take its place.
task<bool> longlink::arrive(instant prove_by) {
  auto wire = co_await find_way(prove_by);
  if (led_away_ || (!wire && !is_overtaken())) {
    on_down(not_reached(wire ? error{} : wire.failure()));
    co_return false;
  }
  overtaken_ = is_overtaken();
  if (!overtaken_) {
    live_connection::owner& heard = *this;
    live_ = std::make_unique<live_connection>(speech(), heard, std::move(*wire));
    const loss why = co_await carry(prove_by);
    if (!overtaken_) {
      on_down(why);
      co_return false;
    }
    second_.on_down();
    tasks_.on_loss(error(why), place_.now());
    hand_over();
  }
  adopted_ = true;
  co_return true;
}

bool longlink::is_overtaken() const { return !up_ && !adopted_ && !led_away_ && !next_ && lanes_.has_successor(); }

// The dialling, or the proof, is cut short.
void longlink::on_lane_first() {
  if (!is_overtaken()) return;
  dialer_.give_up("another connection to the same server was there first");
  nudge();
}

// What the way home has found is a connection already.
bool longlink::has_successor() const { return second_.leads() || (next_ && next_->up()) || lanes_.has_successor(); }

// Where there are lanes one of them is there for what this connection holds up, as long as they bring anything.
// One that is there already is seen to its end.
instant longlink::second_at() const {
  if (second_.there()) return second_.deadline();
  if (next_) return never;
  return lanes_.has_successor() ? std::max(second_.deadline(), lanes_.silent_at()) : second_.deadline();
}

bool longlink::may_have_second() const { return second_.there() || (!next_ && !(lanes_.has_successor() && lanes_.heard())); }

bool longlink::is_needed() const { return demand_.wants(tasks_.unanswered() > 0 || home_.found() || has_successor(), place_.now()); }

// Until somebody needs it.
void longlink::rest() {
  because_ = THARSIS_STN_WHY_RETRY;
  if (reason_.why == THARSIS_STN_WHY_IDLE) return;
  std::string text = "no task wants it now; it connects when one does";
  if (!reason_.text.empty()) text += ". Before that: " + reason_.text;
  report(THARSIS_STN_DOWN, {THARSIS_STN_WHY_IDLE, THARSIS_E_CANCELLED, std::move(text)});
}

loss longlink::not_reached(error why) const {
  if (pending_) return {THARSIS_STN_WHY_RECONNECT, THARSIS_E_CANCELLED, "the profile says something else of it"};
  if (led_away_) return {THARSIS_STN_WHY_REPLACED, THARSIS_E_CANCELLED, "it is to be reached at " + target().text() + " now"};
  if (!healed_.empty()) return {THARSIS_STN_WHY_RECONNECT, THARSIS_E_CANCELLED, healed_};
  return {moved_ ? uint32_t{THARSIS_STN_WHY_NETWORK_CHANGED} : why_not_reached(phases_.current(), why.status), std::move(why)};
}

// A link that is up may ping, and one that rests may try.
void longlink::on_company() {
  if (foreground_) return;
  if (live_ ? live_->talk().on_company(place_.now()) : pace_.on_company(place_.now())) nudge();
}

void longlink::begin_attempt() {
  if (!foreground_) company_.woke(*this, place_.now());
  if (moves_.take_expired()) go_home();
  adopted_ = has_successor();
  if (adopted_)
    because_ = second_.leads() ? uint32_t{THARSIS_STN_WHY_SECOND} : uint32_t{THARSIS_STN_WHY_REPLACED};
  else
    leave_plan();
  led_away_ = overtaken_ = false;
  healed_.clear();
  if (because_ == THARSIS_STN_WHY_RETRY && (settings_.on_demand || tasks_.unanswered() > 0)) because_ = THARSIS_STN_WHY_WANTED;
  tried_because_ = std::exchange(because_, THARSIS_STN_WHY_RETRY);
  tried_at_ = phases_.at(place_.now());
  pace_.on_attempt(place_.now());
  report(THARSIS_STN_CONNECTING, loss(tried_because_, THARSIS_OK, {}));
  moved_ = asked_ = false;
  dialed_ = way_;
  if (!adopted_ && failures_ == 0) lanes_.on_own_coming(way_.name());
}

// From a backup address straight to where the way home leads.
task<result<std::unique_ptr<stream>>> longlink::find_way(instant deadline) {
  if (home_.found()) {
    dialer_.arrived(home_.address());
    co_return home_.take();
  }
  auto wire = co_await dialer_.reach(target(), deadline);
  co_return std::move(wire);
}

live_connection::surroundings longlink::speech() {
  return {place_, auth_, settings_, codec_, client_id_, counted_, [this]() -> const std::string& { return user(); }, hello_known_};
}

// Moves bytes between the wire and the session until one of them is done; answers why.
task<loss> longlink::carry(instant prove_by) {
  live_connection& c = *live_;
  const there until_then{*this};
  enter(phase::prove);
  touched_ = auth_told_ = heard_ = false;
  moving_by_ = never;  // That was the connection before,
  moves_.on_connection();  // and so was its server.
  live_spoke_ = true;
  wish_.reset();
  if (auto why = adopted_ ? std::nullopt : c.begin(rhythm_, tasks_, prove_by)) co_return std::move(*why);
  exchange_ = c.exchange();
  second_.on_up(c.wire(), dialer_.mss());  // It may die, or stand still, before it has proved itself, too.
  while (!ending_) {
    auto why = turn(c);
    if (why && why->why == THARSIS_STN_WHY_IDLE) co_await say_farewell(c.wire());
    if (why) co_return std::move(*why);
    if (c.more())
      co_await next_turn(place_);
    else
      co_await c.wire().events().wait(std::min(next_look(c.talk()), moving_by_));
  }
  co_await say_farewell(c.wire());
  co_return loss(farewell_);
}

std::optional<loss> longlink::turn(live_connection& c) {
  auto why = receive(c);
  if (!why && is_overtaken()) {
    overtaken_ = true;
    return loss(THARSIS_STN_WHY_REPLACED, THARSIS_E_CANCELLED, "another connection to the same server was there first");
  }
  if (!why) why = follow_network(c.talk());
  if (!why) why = follow_auth(c);
  if (!why) why = c.judge();
  if (!why && wish_) why = std::move(wish_);
  if (!why) follow_moves(c);
  if (!why) why = move_home();
  if (!why && next_ && !second_.leads()) why = move_over(c.wire(), c.talk());
  if (!why) follow_signalling(c.talk());
  if (!why) follow_datagrams(c);
  if (!why) lanes_.step();
  if (!why) why = c.send();
  udp_.flush(place_.now());
  lanes_.flush();
  if (!why) why = follow_second(c);
  if (!why) why = go_idle(c.wire());
  return why;
}

instant longlink::next_look(const session& talk) const {
  return std::min({talk.deadline(), udp_.deadline(), moves_.deadline(), lanes_.deadline(), second_at(), up_ ? std::min(demand_.deadline(), signals_.deadline()) : never});
}

// Datagrams go by themselves only to the server itself, and only once it is known who it is.
void longlink::follow_datagrams(live_connection& c) {
  if (const auto offer = up_ && settings_.udp ? c.talk().take_udp_offer() : std::nullopt) {
    if (dialer_.tunnelled()) udp_.refuse("the connection goes through a proxy");
    else udp_.begin(*offer, c.wire(), way_.name(), place_.now());
  }
  if (udp_.step(place_.now(), [this] { hand_over(); })) c.talk().on_sign_of_life(place_.now());
}

void longlink::on_datagrams() {
  events_.on_datagrams(settings_.name, udp_.report());
  book_.touch();
}

// The server is to have all that was sent.
task<void> longlink::say_farewell(stream& wire) {
  wire.end();
  const instant until = later(place_.now(), farewell);
  while (wire.unsent() > 0 && place_.now() < until) co_await wire.events().wait(until);
}

// Without its codec a link has nothing to say to anybody.
bool longlink::has_codec() {
  const error& why = codec_.trouble();
  if (why.status == THARSIS_OK) return true;
  tasks_.on_loss(why, place_.now());
  if (reason_.text != why.text) report(THARSIS_STN_DOWN, loss(THARSIS_STN_WHY_CODEC, why));
  return false;
}

// Whoever brought the codec waits until it is not used any more.
void longlink::on_codec() {
  const std::string gone = "codec '" + settings_.codec + "' was taken back, or replaced, by its plugin";
  if (live_) live_->talk().on_codec_gone(gone);
  lanes_.on_codec_gone(gone);
  if (next_) next_->on_codec_gone(gone);
  second_.on_codec_gone(gone);
  if (streams_) streams_->on_codec_gone(gone);
  pace_.on_network();  // What was tried before says nothing.
  nudge();
}

void longlink::on_output(size_t bytes) {
  count_output(bytes);
  if (bytes > 0) second_.on_written(bytes);
}

void longlink::on_read(size_t bytes) {
  count_read(bytes);
  if (bytes > 0) heard_ = true, second_.on_heard();
}

void longlink::count_output(size_t bytes) {
  hand_over();
  on_bytes(0, bytes);
}

void longlink::count_read(size_t bytes) {
  hand_over();
  on_bytes(bytes, 0);
}

void longlink::on_bytes(size_t read, size_t written) {
  counts_.bytes_sent.add(written);
  counts_.bytes_received.add(read);
  totals_.bytes_sent += written;
  totals_.bytes_received += read;
  if (written > 0 && !foreground_) company_.woke(*this, place_.now());
  if (read + written > 0) signals_.on_traffic(place_.now());
}

std::optional<loss> longlink::receive(live_connection& c) {
  if (c.talk().failure().status != THARSIS_OK) return c.talk().failure();
  auto why = c.receive();
  if (c.talk().up() && !up_) on_up();
  if (asked_ && c.talk().proven()) {  // What was feared has not come.
    asked_ = false;
    causes_.clear();
  }
  if (round_trip_ != rhythm_.round_trip()) {
    round_trip_ = rhythm_.round_trip();
    book_.touch();
  }
  remember();
  for (const push& p : c.talk().take_pushes())
    if (lanes_.is_new(p)) tell_push(p);
  return why;
}

void longlink::keep_signalling() {
  if (!up_) return;
  demand_.on_use(place_.now());
  signals_.on_wish(place_.now());
  nudge();
}

// A burst goes on over a loss, to wherever the link leads then.
void longlink::follow_signalling(session& talk) {
  if (!up_ || place_.now() < signals_.deadline()) return;
  const bool due = signals_.on_deadline(place_.now());
  if (!signals_.running()) return datagrams_.close();
  if (!due) return;
  if (settings_.signalling.by == signalling_settings::way::udp) {
    std::vector<uint8_t> frame;
    mars::append_frame(frame, {mars::command_keep, 0, {}, {}, {}}, settings_.client_version);
    datagrams_.send(dialer_.address(), frame);
  } else if (!talk.keep_awake()) {
    signals_.end();
    if (!std::exchange(signals_refused_, true))
      host_.warning("links." + settings_.name + ".signalling.by is 'link', and codec '" + settings_.codec +
                    "' has nothing to say that keeps a radio awake; use by: udp");
  }
}

// Through another interface the connection cannot be right any more; through the same it may be: ask.
std::optional<loss> longlink::follow_network(session& talk) {
  const bool touched = std::exchange(touched_, false) && talk.up();
  if (way_.generation == dialed_.generation || way_.interface.empty())
    return !touched || talk.on_doubt(place_.now()) == THARSIS_OK ? std::nullopt : std::optional(talk.failure());
  const way before = std::exchange(dialed_, way_);
  if (way_.is_another(before))
    return loss(THARSIS_STN_WHY_NETWORK_CHANGED, THARSIS_E_NETWORK,
                "the network changed" + (before.interface == way_.interface ? std::string() : " from " + before.interface + " to " + way_.interface));
  asked_ = true;
  udp_.on_network(way_.name(), place_.now());
  note(THARSIS_STN_WHY_DOUBT, "a ping asked whether the connection had lived through it");
  second_.on_doubt(because_ == THARSIS_STN_WHY_WOKE ? second_reason::woke : second_reason::network);
  return talk.on_doubt(place_.now()) == THARSIS_OK ? std::nullopt : std::optional(talk.failure());
}

// When nothing is lost by it.
std::optional<loss> longlink::move_home() {
  if (!home_.found() || tasks_.sent() > 0 || next_) return std::nullopt;
  return loss(THARSIS_STN_WHY_REPLACED, THARSIS_E_CANCELLED, "the server's own address " + to_text(home_.address()) + " works again, so the backup address " +
                                        to_text(dialer_.address()) + " is left");
}

std::optional<loss> longlink::go_idle(const stream& wire) {
  if (!up_ || !demand_.is_over(tasks_.unanswered() > 0 || wire.unsent() > 0, place_.now())) return std::nullopt;
  return loss(THARSIS_STN_WHY_IDLE, THARSIS_E_CANCELLED,
              "nobody has needed it for " + wait_text(settings_.idle_after) + "; it connects when a task wants it");
}

// When what is on its way has been answered, or nobody wants to wait for it any more.
std::optional<loss> longlink::move_over(stream& wire, session& talk) {
  const bool may = next_->up() && talk.up();
  talk.hold(may);
  if (!may) {
    moving_by_ = never;
    return std::nullopt;
  }
  if (moving_by_ == never) moving_by_ = std::max(later(place_.now(), replace_patience), moves_.server_ends() - farewell);
  if ((tasks_.sent() > 0 || wire.unsent() > 0) && place_.now() < moving_by_) return std::nullopt;
  moving_by_ = never;
  wire.end();
  return loss(THARSIS_STN_WHY_REPLACED, THARSIS_E_CANCELLED, "a connection to " + next_->target().text() + " has taken its place");
}

// What may have left on this connection alone stays on it for a while: its answers are still taken.
std::optional<loss> longlink::follow_second(live_connection& c) {
  if (may_have_second()) {
    second_.step(target());
    hand_over();
  }
  if (!second_.leads()) {
    if (!next_ && std::exchange(moving_by_, never) != never) c.talk().hold(false), nudge();  // It has died; what it had is to go here.
    return std::nullopt;
  }
  c.talk().hold(true);
  if (moving_by_ == never) moving_by_ = later(place_.now(), replace_patience);
  if (tasks_.needs_first() && place_.now() < moving_by_) return std::nullopt;
  moving_by_ = never;
  c.wire().end();
  return loss(THARSIS_STN_WHY_SECOND, THARSIS_E_CANCELLED, second_.sentence());
}

// Its server may ask it to go elsewhere; and where it was sent it stays no longer than it was told.
void longlink::follow_moves(live_connection& c) {
  if (const auto asked = c.talk().take_move()) moves_.on_notice(*asked, profile_endpoints_, target(), c.wire());
  if (auto plan = moves_.take_due()) go(std::move(*plan));
  if (moves_.take_expired()) go_home();
}

void longlink::go(move_plan plan) {
  if (pending_) return;  // The profile leads elsewhere at once.
  link_settings next = planned();
  next.endpoints = std::move(plan.to);
  lead_to(std::move(next), true);
}

// None of the endpoints that a server has told is of use. False: they are the profile's.
bool longlink::leave_told() {
  if (!moves_.led()) return false;
  moves_.forget();
  settings_.endpoints = profile_endpoints_;
  turn_ = 0;
  host_.warning("link " + settings_.name + ": where its server sent it nothing can be reached; it goes back to the endpoints of the profile");
  return true;
}

void longlink::go_home() {
  link_settings next = planned();
  next.endpoints = profile_endpoints_;
  if (!pending_) lead_to(std::move(next));
}

void longlink::set_endpoints(std::vector<endpoint> to) {
  moves_.forget();
  link_settings next = planned();
  next.endpoints = std::move(to);
  if (pending_)
    *pending_ = std::move(next);
  else
    lead_to(std::move(next));
}

void longlink::change(link_settings next) {
  if (next.endpoints == profile_endpoints_) {
    next.endpoints = planned().endpoints;  // What was said of them holds on.
  } else {
    moves_.forget();
    profile_endpoints_ = next.endpoints;
  }
  const link_change what = change_of(planned(), next);
  if (what == link_change::none) return;
  if (pending_ || what == link_change::speech) return speak_anew(std::move(next));
  take_numbers(next);
  if (next_ || what == link_change::way) lead_to(std::move(next));
  nudge();
}

// All but where it leads; of what is said on a connection nothing has changed.
void longlink::take_numbers(const link_settings& next) {
  link_settings changed = next;
  take_way(changed, settings_);
  if (changed.heartbeat != settings_.heartbeat && rhythm_.change(changed.heartbeat)) nudge();
  if (changed.reconnect != settings_.reconnect) pace_.change(changed.reconnect);
  second_.change(changed.second_way);
  if (changed.signalling != settings_.signalling) signals_ = signalling(changed.signalling);
  demand_.change(changed);
  home_.change(changed.backup);
  lanes_.change(changed);
  settings_ = std::move(changed);
  if (live_) live_->talk().on_settings();
}

// With other words, or to somebody else: from the next connection on, which is wanted now.
void longlink::speak_anew(link_settings next) {
  next_.reset();
  moving_by_ = never;
  if (live_) live_->talk().hold(false);
  pending_ = std::make_unique<link_settings>(std::move(next));
  led_away_ = true;
  second_.cancel();
  hello_known_ = false;
  leave_lanes();
  if (live_) wish_.emplace(not_reached({}));
  dialer_.give_up();
  pace_.forgive();
  pace_.on_network();
  nudge();
}

// Between two connections.
void longlink::take_pending() {
  if (!pending_) return;
  const link_settings next = std::move(*std::exchange(pending_, nullptr));
  home_.end();
  take_numbers(next);
  settings_ = next;
  turn_ = 0;
  codec_.reopen();
  pace_.on_network();
}

// By the way that `next` names. What is up stays until something better is.
void longlink::lead_to(link_settings next, bool anew) {
  next_.reset();
  next_trouble_.clear();
  moving_by_ = never;
  if (!second_.leads()) second_.cancel();
  if (live_) live_->talk().hold(false);
  nudge();  // What was held may leave.
  if (up_ && !anew && change_of(settings_, next) != link_change::way) return;  // It is there already.
  if (up_) {
    successor::listener& heard = *this;
    next_ = std::make_unique<successor>(speech(), host_, ways_, use_, std::move(next), heard);
    return;
  }
  leave_lanes();
  settings_ = std::move(next);
  turn_ = 0;
  led_away_ = true;
  home_.end();
  dialer_.give_up();
  if (live_) wish_.emplace(not_reached({}));
  pace_.on_network();
}

// They speak, or lead, as is not wanted any more: none of them may become the link's own.
void longlink::leave_lanes() {
  lanes_.end({THARSIS_E_CANCELLED, "the profile says something else of the link"});
  hand_over();
}

// There is nothing left beside which another connection could be made.
void longlink::leave_plan() {
  if (!next_) return;
  settings_ = next_->next();
  next_.reset();
  home_.end();  // It leads to where the link was before.
  turn_ = 0;
}

std::unique_ptr<live_connection> longlink::take_next() {
  auto made = next_->take();
  made->take_over(*this, rhythm_, tasks_);  // What the server has told the successor is taken along.
  settings_ = next_->next();
  turn_ = next_->turn();
  dialer_.arrived(next_->dialled());
  home_.end();
  next_.reset();
  return made;
}

std::unique_ptr<live_connection> longlink::take_second() {
  auto made = second_.take();
  made->take_over(*this, rhythm_, tasks_);
  dialer_.arrived(second_.dialled());
  return made;
}

void longlink::on_second_end(const second_attempt& a) {
  const loss& why = *a.why;
  events_.on_connect({settings_.name, a.to.text(), a.address, why.text, why.status, why.why, THARSIS_STN_WHY_SECOND, 1, a.took});
  book_.touch();
}

// A lane that is up already becomes the link's own connection, with what is out on it.
std::unique_ptr<live_connection> longlink::take_lane() {
  auto made = lanes_.take_successor(dialer_);
  made->take_over(*this, rhythm_, tasks_);
  home_.end();
  return made;
}

link_lanes::errands longlink::lane_errands() {
  link_lanes::errands e;
  e.target = [this] { return target(); };
  e.at = [this]() -> const tharsis_address& { return dialer_.address(); };
  e.hand_over = [this] { hand_over(); };
  e.nudge = [this] { nudge(); };
  e.on_bytes = [this](size_t read, size_t written) { on_bytes(read, written); };
  e.on_push = [this](const push& p) { tell_push(p); };
  e.on_change = [this] { on_lanes(); };
  e.on_late = [this] { weak_.on_late(); };
  e.on_first = [this] { on_lane_first(); };
  return e;
}

void longlink::on_lanes() {
  events_.on_lanes(settings_.name, lanes_.report());
  book_.touch();
}

void longlink::on_attempt(const successor::attempt& a) {
  const bool failed = a.why != nullptr;
  events_.on_connect({settings_.name, a.to.text(), a.address, failed ? a.why->text : std::string(), failed ? a.why->status : THARSIS_OK,
                      failed ? a.why->why : uint32_t{THARSIS_STN_WHY_NONE}, THARSIS_STN_WHY_REPLACED, a.number, a.took});
  if (!failed) {
    pace_.on_alternative();  // Where the old connection is gone by now, nothing is to be waited for.
    return nudge();
  }
  if (std::exchange(next_trouble_, a.why->text) != a.why->text)
    host_.warning("link " + settings_.name + ": " + a.to.text() + " did not come up, so it stays at " + target().text() + " and tries again: " + a.why->text);
}

void longlink::tell_push(const push& p) {
  demand_.on_use(place_.now());
  counts_.pushes_received.add();
  events_.on_push(settings_.name, p);
  pushes_.on_push(settings_.name, p);
}

void longlink::set_heartbeat(duration interval) {
  if (rhythm_.on_wish(interval)) nudge();
  book_.touch();
}

void longlink::on_up() {
  up_ = true;
  if (!dialer_.tunnelled()) ways_.on_server_good(dialer_.address());
  enter(phase::up);
  counts_.links_opened.add();
  counts_.links_up.add(1);
  pace_.on_up(place_.now());
  demand_.on_up();
  up_since_ = place_.now();
  if (!adopted_ || overtaken_) tell_connect({THARSIS_STN_WHY_NONE, THARSIS_OK, {}});  // Else it was told when it came up.
  failures_ = 0;
  causes_.clear();
  const duration gap = totals_.connects++ == 0 ? duration::zero() : place_.now() - down_since_;
  tasks_.on_up(connection(), place_.now());
  lanes_.on_own_up(way_.name(), weak_.now().weak());
  report(THARSIS_STN_UP, {THARSIS_STN_WHY_NONE, THARSIS_OK, {}}, gap);
  if (dialer_.on_backup()) home_.begin(target());
}

bool longlink::is_by_server(const loss& why) { return why.why == THARSIS_STN_WHY_REMOTE_CLOSED || why.why == THARSIS_STN_WHY_RESET; }

// What has ended the link's own connection says nothing about the others; but where the one that took its place ends before
// it has brought anything, the server is gone on all of them, and the rest would only follow one by one.
bool longlink::lanes_live_on(const loss& why) const {
  if (ending_ || pending_ || led_away_ || next_ || (adopted_ && !heard_)) return false;
  if (!up_) return lanes_.has_successor();
  switch (why.why) {
    case THARSIS_STN_WHY_REMOTE_CLOSED:
    case THARSIS_STN_WHY_RESET:
    case THARSIS_STN_WHY_BROKEN: return true;
    case THARSIS_STN_WHY_SECOND:
    case THARSIS_STN_WHY_PONG_MISSED:
    case THARSIS_STN_WHY_SILENCE: return lanes_.heard();  // A server may be silent on all of them.
    default: return false;
  }
}

void longlink::on_down(const loss& why) {
  second_.on_down();
  const bool lived = up_ && place_.now() - up_since_ >= settings_.reconnect.lived;
  if (live_spoke_ && !lived && !moved_ && is_servers_doing(why.why)) on_server_failure(why.text, {});
  live_spoke_ = false;
  udp_.end();
  const bool rested = why.why == THARSIS_STN_WHY_IDLE;
  rhythm_.on_down();
  remember();
  lanes_.on_own_lost(lanes_live_on(why), is_by_server(why));
  tasks_.on_loss(rested ? error{why.status, {}} : error(why), place_.now());
  if (!up_ && !led_away_) dialer_.blame(why.status);
  if (!home_.found() || rested) home_.end();
  if (rested) leave_plan();
  datagrams_.close();
  enter(phase::down);
  hand_over();
  if (!up_) tell_connect(why), ++failures_;
  report(THARSIS_STN_DOWN, why);
  if (up_) note(why.why, why.text);
  if (up_ && (why.why == THARSIS_STN_WHY_SILENCE || why.why == THARSIS_STN_WHY_PONG_MISSED)) weak_.on_silence();
  pace_.on_down(place_.now(), ways_.random(), is_by_server(why) ? stn::reconnect::end::by_server : stn::reconnect::end::otherwise);
  if (rested) pace_.on_network();  // It has lost nothing.
  if (has_successor()) pace_.on_alternative();
  on_refused(why);
  if (!ending_ && !rested) (up_ ? counts_.links_lost : counts_.connects_failed).add();
  if (std::exchange(up_, false)) {
    counts_.links_up.add(-1);
    down_since_ = place_.now();
  } else if (!moved_ && !led_away_ && !second_.leads()) {
    if (++turn_ % settings_.endpoints.size() != 0 || leave_told()) pace_.on_alternative();  // This endpoint is of no use now; the next one may be.
  }
}

void longlink::tell_connect(const loss& why) {
  phase_times took = phases_.at(place_.now());
  for (size_t i = 0; i < phase_count; ++i) took[i] -= tried_at_[i];
  if (why.status == THARSIS_OK)
    weak_.on_connected(took[static_cast<size_t>(phase::connect)], !dialer_.overtook());
  else if (!ending_)
    weak_.on_not_connected();
  const bool known = dialer_.address().family != 0;
  events_.on_connect({settings_.name, target().text(), known ? to_text(dialer_.address()) : std::string(), why.text, why.status, why.why,
                      tried_because_, failures_ + 1, took});
}

// Who was refused pauses, and the application hears of it.
void longlink::on_refused(const loss& why) {
  uint32_t outcome = THARSIS_STN_AUTH_EVENT_REFUSED;
  switch (why.why) {
    case THARSIS_STN_WHY_HELLO_REFUSED:
    case THARSIS_STN_WHY_AUTH_REFUSED: break;
    case THARSIS_STN_WHY_AUTH_LATER: outcome = THARSIS_STN_AUTH_EVENT_LATER; break;
    case THARSIS_STN_WHY_AUTH_UNANSWERED: return tell_auth(THARSIS_STN_AUTH_EVENT_UNANSWERED, why.text);
    default: return;
  }
  pace_.on_refused(place_.now(), exchange_ ? exchange_->retry_after() : duration::zero());
  tell_auth(outcome, why.text);
}

// What has ended at once is told in the next turn.
void longlink::submit(std::unique_ptr<request> r) {
  pace_.on_task(place_.now());
  demand_.on_use(place_.now());
  tasks_.submit(std::move(r), place_.now());
  if (tasks_.deadline() < expires_at_ || tasks_.has_answers()) deadlines_.raise();
  nudge();
}

bool longlink::cancel(uint64_t id) {
  const bool here = tasks_.cancel(id, place_.now());
  hand_over();
  return here;
}

void longlink::on_encoded(uint64_t id, uint32_t connection, result<std::vector<uint8_t>> body, uint32_t why) {
  tasks_.on_encoded(id, connection, std::move(body), place_.now(), why);
  hand_over();
  nudge();
}

void longlink::on_order_free(uint64_t order) {
  tasks_.on_order_free(order, place_.now());
  nudge();
}

void longlink::send_again(const std::string& user) {
  tasks_.send_again(user, place_.now());
  nudge();
}

void longlink::end_tasks(const ending& e, std::string_view user) {
  tasks_.end(e, place_.now(), user);
  hand_over();
}

void longlink::touch() {
  pace_.on_network();
  touched_ = true;
  tasks_.revive(place_.now());
  nudge();
}

// Tasks' deadlines hold with and without a connection, and before the start.
task<void> longlink::expire() {
  while (!ending_) {
    expires_at_ = tasks_.deadline();
    co_await deadlines_.wait(expires_at_);
    tasks_.on_deadline(place_.now());
    hand_over();
    nudge();  // What was parked may want to be sent.
  }
}

void longlink::hand_over() {
  for (const encode_wish& wish : tasks_.take_wishes()) taker_.ask(wish, number_);
  if (tasks_.has_answers()) demand_.on_use(place_.now());
  for (answer& a : tasks_.take_answers()) {
    watch(a);
    taker_.take(std::move(a), number_);
  }
  for (const spared_server& s : tasks_.take_spared()) tell_spared(s);
  if (tasks_.deadline() < expires_at_) deadlines_.raise();
}

// Streams share its line: when answers become slow they give way.
void longlink::watch(const answer& a) {
  if (streams_ && a.status == THARSIS_OK && a.of->began_at != never && a.of->sent_at != instant{}) streams_->on_answer(a.of->began_at - a.of->sent_at);
}

stream_line& longlink::streams(stream_hearer& heard) {
  if (!streams_) {
    const auto planned_now = [this]() -> const link_settings& { return planned(); };
    const auto aside = [this](const push& p) { tell_push(p); };
    streams_ = std::make_unique<stream_line>(stream_line::surroundings{speech(), host_, ways_, use_, stream_numbers_, planned_now, aside}, heard);
    streams_->on_network(network_there_, costly_, false);
  }
  return *streams_;
}

void longlink::end_streams(tharsis_status status, const std::string& why) {
  if (streams_) streams_->end(status, why);
}

// A server that has too much to do, or a link that has repeated itself too often.
void longlink::tell_spared(const spared_server& s) {
  const bool known = dialer_.address().family != 0;
  events_.on_server({settings_.name, known ? to_text(dialer_.address()) : std::string(), s.reason, s.what, s.command, s.wait});
  if (s.what != THARSIS_STN_SERVER_BUSY || !up_ || place_.now() < later(busy_at_, busy_counts)) return;
  busy_at_ = place_.now();
  on_server_failure("it had too much to do", s.wait);
}

// What the server does after the connect: see core/breaker.h. Through a proxy nobody knows whose doing it is.
void longlink::on_server_failure(const std::string& sentence, duration at_least) {
  if (dialer_.tunnelled() || dialer_.address().family == 0) return;
  const std::string words = ways_.on_server_failure(dialer_.address(), sentence, at_least);
  if (words.empty()) return;
  counts_.servers_left_alone.add();
  events_.on_server({settings_.name, to_text(dialer_.address()), words, THARSIS_STN_SERVER_LEFT_ALONE, 0, ways_.left_alone_for(dialer_.address())});
  host_.warning("link " + settings_.name + ": " + to_text(dialer_.address()) + ": " + words);
}

void longlink::nudge() {
  if (live_)
    live_->nudge(), second_.nudge();
  else
    nudge_.raise();
}

void longlink::stop() {
  leave({THARSIS_STN_WHY_STOPPED, THARSIS_E_CANCELLED, stopping}, {THARSIS_E_CANCELLED, THARSIS_STN_STOPPING, stopping});
}

void longlink::leave(const loss& why, const ending& tasks) {
  ending_ = true;
  farewell_ = why;
  home_.end();
  datagrams_.close();
  next_.reset();
  end_streams(THARSIS_E_CANCELLED, why.text);
  lanes_.end(why);
  tasks_.end(tasks, place_.now());
  second_.cancel();
  hand_over();
  nudge();
  deadlines_.raise();
}

task<void> longlink::wait_stopped(instant deadline) {
  if (live_) co_await running_.join(deadline);
  running_.clear();
  lanes_.clear();
  if (state_ != THARSIS_STN_DOWN) report(THARSIS_STN_DOWN, farewell_);
  if (std::exchange(up_, false)) counts_.links_up.add(-1);
}

link_report longlink::snapshot() const {
  link_report r;
  r.name = settings_.name;
  r.state = state_;
  r.phase = phase_number(phases_.current());
  r.why = reason_.why;
  r.reason = reason_.text;
  std::string spared = moves_.words();  // Where it is sent, and which servers are left alone.
  for (const std::string& sentence : ways_.left_alone()) spared += (spared.empty() ? "" : "; ") + sentence;
  if (const std::string asked = ways_.heals().asked().words(place_.now()); !asked.empty()) spared += (spared.empty() ? "" : "; ") + asked;
  if (!spared.empty()) r.reason += (r.reason.empty() ? "" : "; ") + spared;
  r.endpoint = target().text();
  if (dialer_.address().family != 0) r.address = to_text(dialer_.address());
  r.since = since_;
  r.connects = totals_.connects;
  r.waiting = tasks_.unanswered();
  r.bytes_sent = totals_.bytes_sent;
  r.bytes_received = totals_.bytes_received;
  r.rtt = round_trip_;
  r.heartbeat = rhythm_.interval();
  r.heartbeat_from = static_cast<uint32_t>(rhythm_.interval_from());
  r.udp = udp_.report();
  r.second = second_.report();
  r.lanes = lanes_.report();
  r.causes = causes_.all();
  r.incidents.assign(history_.all().begin(), history_.all().end());
  return r;
}

void longlink::report(uint32_t state, loss why, duration gap) {
  state_ = state;
  since_ = place_.wall();
  link_state s;
  s.link = settings_.name;
  s.state = state;
  s.status = why.status;
  s.endpoint = target().text();
  if (dialer_.address().family != 0) s.address = to_text(dialer_.address());
  s.reason = why.text;
  s.why = why.why;
  s.phase = phase_number(phases_.current());
  if (state == THARSIS_STN_DOWN) {
    down_why_ = why.why;
    s.causes = chain_text(causes_.all());
    if (up_ || why.why != THARSIS_STN_WHY_IDLE)
      history_.add({since_, why.why, why.text, s.endpoint, s.address, up_ ? place_.now() - up_since_ : duration::zero(), 1, causes_.all()});
  }
  s.known = why.text == trouble_;
  if (state != THARSIS_STN_CONNECTING) trouble_ = why.text;
  s.connects = static_cast<uint32_t>(totals_.connects);
  s.waiting = tasks_.unanswered();
  s.gap = gap;
  reason_ = std::move(why);
  events_.on_state(s);
  book_.touch();
  taker_.on_state(number_);
}

}  // namespace tharsis::stn
