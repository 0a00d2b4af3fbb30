#include "plugins/stn/stream_line.h"

#include <algorithm>
#include <utility>

#include "plugins/stn/core/link_change.h"
#include "sdk/pure/views.h"

namespace tharsis::stn {
namespace {
// What stands around a stream's bytes in its frame.
constexpr size_t data_head = 16;
// A broken message may be chance, of a proxy perhaps; one on each of so many connections is the server's.
constexpr int nonsense_max = 5;
}  // namespace

stream_line::stream_line(surroundings s, stream_hearer& heard)
    : around_(std::move(s)),
      place_(around_.speech.place),
      hearer_(heard),
      lane_(around_.numbers),
      settings_(around_.planned()),
      side_(around_.speech, around_.tables, around_.ways, settings_, phases_, *this, *this),
      pace_(settings_.reconnect, around_.use),
      move_(around_.numbers.move_patience),
      changed_(place_),
      looked_(place_),
      ticking_(place_),
      running_(place_) {
  running_.spawn(run());
  ticking_.spawn(tick());
}

void stream_line::look() {
  hand_over();
  side_.nudge();
  changed_.raise();
  looked_.raise();
}

void stream_line::hand_over() {
  for (stream_event& e : lane_.take_events()) hearer_.on_stream(std::move(e));
}

// Connects while somebody wants it.
task<void> stream_line::run() {
  for (size_t turn = 0;;) {
    if (!network_there_ || !lane_.wants(place_.now())) {
      co_await changed_.wait();
      continue;
    }
    const instant due = pace_.due(true, place_.now());
    if (place_.now() < due) {
      co_await changed_.wait(due);
      continue;
    }
    stay();
    settings_ = around_.planned();
    pace_.on_attempt(place_.now());
    at_ = settings_.endpoints[turn % settings_.endpoints.size()];
    const loss why = co_await side_.live(endpoint(at_));
    const bool was_up = lane_.up();
    if (!was_up) side_.dialled().blame(why.status);
    side_.drop();
    pace_.on_down(place_.now(), around_.ways.random());
    const bool others = !was_up && ++turn % settings_.endpoints.size() != 0;
    if (others) pace_.on_alternative();
    if (std::exchange(trouble_, why).text != why.text && !was_up)
      around_.tables.warning("link " + settings_.name + ": streams do not reach " + at_.text() + ": " + why.text);
    lane_.on_down(others ? error{THARSIS_E_NETWORK, why.text} : error(why), place_.now());
    look();
  }
}

// What happens by time alone; and the end of a connection that nobody wants.
task<void> stream_line::tick() {
  for (;;) {
    const instant now = place_.now();
    lane_.on_deadline(now);
    hand_over();
    if (!lane_.up() || lane_.wants(now)) idle_since_ = never;
    else if (idle_since_ == never) idle_since_ = now;
    if (idle_since_ != never && now >= later(idle_since_, around_.numbers.idle_after)) close();
    if (move_.due(lane_.busy(), now)) go();
    if (nonsense_) {
      pace_.on_down(now, around_.ways.random());
      anew();
    }
    side_.nudge();
    changed_.raise();
    const instant idle_until = idle_since_ == never ? never : later(idle_since_, around_.numbers.idle_after);
    const instant next = std::min(std::min(lane_.deadline(place_.now()), idle_until), move_.deadline());
    co_await looked_.wait(next);
  }
}

void stream_line::close() {
  idle_since_ = never;
  around_.tables.debug("link " + settings_.name + ": the connection of its streams is closed; none wants it");
  pace_.on_network();  // It has lost nothing.
  anew();
}

// The link has arrived somewhere, and what was dialled before leads there or not.
void stream_line::on_link_up(instant ends) {
  const link_change what = change_of(settings_, around_.planned());
  if (what != link_change::way && what != link_change::speech) return stay();
  if (!lane_.up() || what == link_change::speech) return go();
  move_.on_elsewhere(ends == instant{} ? ends : ends - farewell, place_.now());
  lane_.hold(move_.holds());
  looked_.raise();
}

// Where the link is now; what is in the middle goes on there.
void stream_line::go() {
  const std::string to = around_.planned().endpoints[0].text();
  if (lane_.up()) around_.tables.info("link " + settings_.name + ": its streams go to " + to + ", as the link has" + (lane_.busy() ? ", and go on there" : ""));
  trouble_ = {THARSIS_E_NETWORK, "the link goes to " + to + " now, and the stream goes on there"};
  stay();
  pace_.on_network();
  anew();
}

// The connection of now, or the next one, is the right one.
void stream_line::stay() {
  move_.on_there();
  lane_.hold(false);
}

void stream_line::on_side_read(size_t bytes) {
  around_.count.stream_received.add(bytes);
  if (const auto words = side_.take_move()) around_.on_move(*words, at_, side_.wire());
  hand_over();
}

// Not from inside run().
void stream_line::anew() {
  running_.clear();
  nonsense_ = false;
  if (lane_.up()) lane_.on_down(trouble_, place_.now());
  side_.drop();
  hand_over();
  running_.spawn(run());
}

void stream_line::on_side_up() {
  trouble_ = fine();
  around_.count.stream_connections.add();
  pace_.on_up(place_.now());
  lane_.on_up();
}

void stream_line::on_side_push(const push& p) {
  if (p.command != streams::stream_command) return around_.push_aside(p);
  if (nonsense_) return;
  const error why = lane_.on_message(p.body, place_.now());
  looked_.raise();
  if (why.status == THARSIS_OK) return;
  around_.tables.warning("link " + settings_.name + ": what the server says of streams makes no sense: " + why.text);
  trouble_ = why;
  nonsense_ = true;
  if (std::exchange(moved_before_, lane_.moved()) != lane_.moved()) nonsense_times_ = 0;
  if (++nonsense_times_ < nonsense_max) return;
  nonsense_times_ = 0;
  lane_.end_all(THARSIS_E_PROTOCOL, "what the server says of streams makes no sense, on " + std::to_string(nonsense_max) + " connections in a row: " + why.text, place_.now());
}

bool stream_line::write_next(std::vector<uint8_t>& out, framing& frames, instant now) {
  if (!frames.carries(THARSIS_STN_CARRIES_PUSHES)) {
    lane_.end_all(THARSIS_E_UNSUPPORTED, "codec '" + settings_.codec + "' carries no pushes, and without them there are no streams", now);
    looked_.raise();
    return false;
  }
  const size_t before = out.size();
  error failure = fine();
  const auto say = [&](std::span<const uint8_t> body) {
    tharsis_stn_frame f = frame_of(THARSIS_STN_FRAME_REQUEST);
    f.command = streams::stream_command;
    f.sequence = sequence_ = sequence_ % mars::sequence_task_max + 1;
    f.body = bytes_of(body);
    error why = fine();
    if (frames.append(out, f, why) != THARSIS_OK) failure = std::move(why);
  };
  const uint64_t most = frames.facts().body_max - std::min<uint64_t>(frames.facts().body_max, data_head);
  lane_.take_output(say, write_window, now, static_cast<size_t>(std::min<uint64_t>(most, streams::data_max)));
  if (failure.status != THARSIS_OK) lane_.end_all(failure.status, failure.text, now);
  return out.size() > before;
}

void stream_line::on_network(bool there, bool costly, bool another) {
  network_there_ = there;
  lane_.on_network(costly, place_.now());
  if (another && !ended_) {
    trouble_ = {THARSIS_E_NETWORK, "the network changed"};
    pace_.on_network();
    anew();
  }
  look();
}

void stream_line::end(tharsis_status status, const std::string& why) {
  ended_ = true;
  lane_.end_all(status, why, place_.now());
  running_.clear();
  ticking_.clear();
  side_.drop();
  hand_over();
}

}  // namespace tharsis::stn
