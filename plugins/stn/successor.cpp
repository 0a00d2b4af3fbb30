#include "plugins/stn/successor.h"

#include "sdk/async/next_turn.h"

namespace tharsis::stn {

successor::successor(surroundings s, link_settings next, listener& heard)
    : around_(std::move(s)),
      place_(around_.place),
      auth_(around_.auth),
      next_(std::move(next)),
      listener_(heard),
      dialer_(place_, around_.tables, around_.ways, next_, phases_),
      rhythm_(next_.heartbeat),
      no_tasks_(next_.name, phases_),
      pace_(next_.reconnect, around_.use),
      changed_(place_),
      running_(place_) {
  running_.spawn(run());
}

task<void> successor::run() {
  for (;;) {
    while (place_.now() < pace_.due(false, place_.now())) co_await changed_.wait(pace_.due(false, place_.now()));
    pace_.on_attempt(place_.now());
    began_ = phases_.at(place_.now());
    ++attempts_;
    told_ = false;
    const loss why = co_await live();
    dialer_.blame(why.status);
    tell(&why);
    begin_again();
    pace_.on_down(place_.now(), around_.ways.random());
    if (++turn_ % next_.endpoints.size() != 0) pace_.on_alternative();
  }
}

// From the dialling until it dies.
task<loss> successor::live() {
  const instant prove_by = later(place_.now(), next_.connect_timeout);
  auto wire = co_await dialer_.reach(endpoint(target()), prove_by);
  if (!wire) co_return loss(why_not_reached(phases_.current(), wire.status()), wire.failure());
  live_.wire = std::move(*wire);
  phases_.enter(phase::prove, place_.now());
  auto why = co_await talk(prove_by);
  co_return std::move(why);
}

task<loss> successor::talk(instant prove_by) {
  auto frames = around_.codec.begin();
  if (!frames) co_return loss(THARSIS_STN_WHY_CODEC, frames.failure());
  if (around_.settings.auth.when != auth_settings::use::off && auth_.there() && frames->carries(THARSIS_STN_CARRIES_HELLO))
    live_.exchange = std::make_unique<auth_exchange>(around_.settings.auth);
  live_.talk = std::make_unique<session>(around_.settings, std::move(*frames), around_.client_id, rhythm_, no_tasks_, prove_by,
                                               live_.exchange.get(), &around_.counted);
  rhythm_.on_connected(place_.wall());
  bool more = false;
  for (;;) {
    auto why = turn(more);
    if (why) co_return std::move(*why);
    if (more)
      co_await next_turn(place_);
    else
      co_await live_.wire->events().wait(live_.talk->deadline());
  }
}

// `more`: there may be, but others want their turn.
std::optional<loss> successor::turn(bool& more) {
  session& talk = *live_.talk;
  if (talk.failure().status != THARSIS_OK) return talk.failure();
  auto why = receive(more);
  if (!why) why = follow_auth();
  if (!why && place_.now() >= talk.deadline() &&
      talk.on_deadline(place_.now(), live_.wire->unsent() + live_.wire->unconfirmed()) != THARSIS_OK)
    why = talk.failure();
  if (!why) why = send();
  if (!why && up()) tell(nullptr);
  return why;
}

std::optional<loss> successor::receive(bool& more) {
  session& talk = *live_.talk;
  stream& wire = *live_.wire;
  more = false;
  for (size_t total = 0, count = 0; total < read_turn; total += count) {
    const tharsis_status status = wire.read(talk.room(read_piece), count);
    if (status == THARSIS_PENDING) return std::nullopt;
    if (status != THARSIS_OK) return loss(THARSIS_STN_WHY_RESET, status, "the connection to " + to_text(wire.peer()) + " broke: " + std::string(status_name(status)));
    if (count == 0) return loss(THARSIS_STN_WHY_REMOTE_CLOSED, THARSIS_E_RESET, "the server at " + to_text(wire.peer()) + " ended the connection");
    const tharsis_status read = talk.on_received(count, place_.now());
    for (const push& p : talk.take_pushes()) listener_.on_push_aside(p);
    if (read != THARSIS_OK) return talk.failure();
  }
  more = true;
  return std::nullopt;
}

std::optional<loss> successor::follow_auth() {
  auth_exchange* const exchange = live_.exchange.get();
  if (exchange == nullptr) return std::nullopt;
  while (const auto q = exchange->take_question()) {
    phases_.enter(phase::auth, place_.now());
    const tharsis_handle asked = auth_.ask(around_.settings.name, around_.user(), *q, *this);
    question_ = exchange->running() && !exchange->waits_for_server() ? asked : 0;
  }
  return live_.talk->on_auth(place_.now()) == THARSIS_OK ? std::nullopt : std::optional(live_.talk->failure());
}

std::optional<loss> successor::send() {
  stream& wire = *live_.wire;
  wire.events().clear(stream::nudged);
  live_.talk->take_output(output_, write_window, place_.now());
  if (output_.empty()) return std::nullopt;
  const tharsis_status status = wire.write(output_);
  output_.clear();
  if (status == THARSIS_OK) return std::nullopt;
  return loss(THARSIS_STN_WHY_BROKEN, status, "the connection to " + to_text(wire.peer()) + " broke: " + std::string(status_name(status)));
}

void successor::on_word(auth_word w) {
  question_ = 0;
  if (live_.exchange) live_.exchange->on_word(std::move(w));
  if (live_.wire) live_.wire->events().raise(stream::nudged);
}

void successor::tell(const loss* why) {
  if (std::exchange(told_, true)) return;
  attempt a{target(), {}, phases_.at(place_.now()), attempts_, why};
  for (size_t i = 0; i < phase_count; ++i) a.took[i] -= began_[i];
  if (dialer_.address().family != 0) a.address = to_text(dialer_.address());
  phases_.enter(why == nullptr ? phase::up : phase::down, place_.now());
  listener_.on_attempt(a);
}

void successor::begin_again() {
  auth_.drop(std::exchange(question_, 0));
  live_ = {};
}

void successor::anew() {
  running_.clear();
  begin_again();
  pace_.on_network();
  running_.spawn(run());
}

void successor::on_codec_gone(const std::string& sentence) {
  if (!live_.talk) return;
  live_.talk->on_codec_gone(sentence);
  live_.wire->events().raise(stream::nudged);
}

live_wire successor::take() {
  running_.clear();
  return std::move(live_);
}

}  // namespace tharsis::stn
