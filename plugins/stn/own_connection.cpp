#include "plugins/stn/own_connection.h"

#include "plugins/stn/core/wait_text.h"
#include "sdk/async/next_turn.h"

namespace tharsis::stn {

// The connection ends with live(): from then on nudges are not lost on it.
struct own_connection::there {
  ~there() { own.live_.reset(); }
  own_connection& own;
};

void own_connection::begin_attempt(bool adopted) {
  adopted_ = adopted;
  overtaken_ = asked_ = false;
  way_.on_dialled();
}

bool own_connection::give_way() {
  if (!is_overtaken()) return false;
  overtaken_ = true;
  return true;
}

std::optional<loss> own_connection::begin(std::unique_ptr<stream> wire, instant prove_by) {
  live_connection::owner& heard = *this;
  live_ = std::make_unique<live_connection>(around_.speech, heard, std::move(wire));
  auto why = live_->begin(around_.rhythm.beat(), around_.desk.queue(), prove_by);
  if (why) live_.reset();
  return why;
}

// What its server has said beside the old one is taken along.
void own_connection::adopt(std::unique_ptr<live_connection> made) {
  adopted_ = true;
  live_ = std::move(made);
  live_->take_over(*this, around_.rhythm.beat(), around_.desk.queue());
}

// Moves bytes between the wire and the session until one of them is done.
task<loss> own_connection::live() {
  live_connection& c = *live_;
  const there until_then{*this};
  touched_ = heard_ = false;
  wish_.reset();
  around_.proof.on_connection(c.exchange());
  around_.companions.on_own_begun(c.wire());  // It may die, or stand still, before it has proved itself, too.
  while (!farewell_) {
    auto why = turn(c);
    if (why && why->why == THARSIS_STN_WHY_IDLE) co_await say_farewell(c.wire());
    if (why) co_return std::move(*why);
    if (c.more())
      co_await next_turn(place_);
    else
      co_await c.wire().events().wait(next_look(c.talk()));
  }
  co_await say_farewell(c.wire());
  co_return loss(*farewell_);
}

std::optional<loss> own_connection::turn(live_connection& c) {
  auto why = receive(c);
  if (!why && give_way())
    return loss(THARSIS_STN_WHY_REPLACED, THARSIS_E_CANCELLED, "another connection to the same server was there first");
  if (!why) why = follow_network(c.talk());
  if (!why) why = follow_proof(c);
  if (!why) why = c.judge();
  if (!why && wish_) why = std::move(wish_);
  if (!why) why = follow_course(c);
  if (!why && owner_.is_up()) around_.signals.follow(c.talk(), around_.way.address(), place_.now());
  if (!why) around_.companions.before_sending(c, owner_.is_up(), way_.now().name(), place_.now());
  if (!why) why = c.send();
  around_.companions.after_sending(place_.now());
  if (!why) why = around_.companions.follow_second(c);
  if (!why) why = go_idle(c.wire());
  return why;
}

std::optional<loss> own_connection::receive(live_connection& c) {
  if (c.talk().failure().status != THARSIS_OK) return c.talk().failure();
  auto why = c.receive();
  if (c.talk().up() && !owner_.is_up()) owner_.on_up();
  if (asked_ && c.talk().proven()) {  // What was feared has not come.
    asked_ = false;
    around_.journal.calm();
  }
  if (around_.rhythm.take_pong()) owner_.on_pong();
  around_.rhythm.remember(way_.now().network);
  for (const push& p : c.take_pushes()) owner_.on_push(p);
  return why;
}

void own_connection::on_read(size_t bytes) {
  if (bytes > 0) heard_ = true;
  around_.companions.on_own_read(bytes);
}

// Through another interface the connection cannot be right any more; through the same it may be: ask.
std::optional<loss> own_connection::follow_network(session& talk) {
  const auto so_far = [&](tharsis_status now) { return now == THARSIS_OK ? std::nullopt : std::optional(talk.failure()); };
  const bool touched = std::exchange(touched_, false) && talk.up();
  switch (way_.follow()) {
    case way_watch::verdict::stays: return touched ? so_far(talk.on_touch(place_.now())) : std::nullopt;
    case way_watch::verdict::over: return loss(THARSIS_STN_WHY_NETWORK_CHANGED, THARSIS_E_NETWORK, way_.sentence());
    case way_watch::verdict::asked: break;
  }
  asked_ = true;
  around_.journal.note(THARSIS_STN_WHY_DOUBT, "a ping asked whether the connection had lived through it");
  const bool woke = around_.journal.expected() == THARSIS_STN_WHY_WOKE;
  around_.companions.on_own_doubt(way_.now().name(), woke ? second_reason::woke : second_reason::network, place_.now());
  return so_far(talk.on_doubt(place_.now()));
}

std::optional<loss> own_connection::follow_proof(live_connection& c) {
  if (!around_.proof.there()) return std::nullopt;
  if (auto why = c.follow_auth()) return why;
  if (c.talk().up() && !owner_.is_up()) owner_.on_up();
  around_.proof.look();
  return std::nullopt;
}

// Elsewhere, or home.
std::optional<loss> own_connection::follow_course(live_connection& c) {
  around_.course.follow(c.talk(), c.wire());
  if (auto why = move_home()) return why;
  if (!around_.course.next() || around_.companions.second_leads()) return std::nullopt;
  auto why = around_.course.move_over(c.talk(), around_.desk.queue().sent() == 0 && c.wire().unsent() == 0);
  if (why) c.wire().end();
  return why;
}

// When nothing is lost by it.
std::optional<loss> own_connection::move_home() const {
  if (!around_.home.found() || around_.desk.queue().sent() > 0 || around_.course.next()) return std::nullopt;
  return loss(THARSIS_STN_WHY_REPLACED, THARSIS_E_CANCELLED, "the server's own address " + to_text(around_.home.address()) +
                                        " works again, so the backup address " + to_text(around_.way.address()) + " is left");
}

std::optional<loss> own_connection::go_idle(const stream& wire) {
  const bool busy = around_.desk.queue().unanswered() > 0 || wire.unsent() > 0;
  if (!owner_.is_up() || !around_.demand.is_over(busy, place_.now())) return std::nullopt;
  return loss(THARSIS_STN_WHY_IDLE, THARSIS_E_CANCELLED,
              "nobody has needed it for " + wait_text(settings_.idle_after) + "; it connects when a task wants it");
}

instant own_connection::next_look(const session& talk) const {
  const instant of_use = owner_.is_up() ? std::min(around_.demand.deadline(), around_.signals.deadline()) : never;
  return std::min({talk.deadline(), around_.course.deadline(), around_.companions.deadline(), of_use});
}

// The server is to have all that was sent.
task<void> own_connection::say_farewell(stream& wire) {
  wire.end();
  const instant until = later(place_.now(), farewell);
  while (wire.unsent() > 0 && place_.now() < until) co_await wire.events().wait(until);
}

bool own_connection::nudge() {
  if (!live_) return false;
  live_->nudge();
  around_.companions.nudge();
  return true;
}

void own_connection::give_up(loss why) {
  if (live_) wish_.emplace(std::move(why));
}

void own_connection::end(loss why) { farewell_.emplace(std::move(why)); }

}  // namespace tharsis::stn
