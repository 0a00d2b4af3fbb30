#include "plugins/gateway/connection.h"

#include <array>
#include <utility>

#include "sdk/pure/address.h"

namespace tharsis::gateway {
namespace {

constexpr size_t chunk_size = 32 * 1024;
// Of streams so much may wait for the wire: what comes behind it, answers among it, waits as long.
constexpr size_t stream_window = 256 * 1024;

}  // namespace

connection::connection(uint64_t id, std::unique_ptr<tcp_stream> wire, const surroundings& around)
    : id_(id), around_(around), peer_(to_text(wire->peer())), since_(around.place.now()), accepted_(std::move(wire)) {}

connection::~connection() {
  around_.place.disarm(finish_);
  around_.shared.on_close(id_);
}

void connection::start(void (*finished)(void*, uint64_t), void* context) {
  finished_ = finished;
  finished_context_ = context;
  finish_ = around_.place.arm(&connection::on_finished, this);
  work_.emplace(run());
  work_->start(around_.place, finish_);
}

void connection::on_finished(void* context) {
  auto* self = static_cast<connection*>(context);
  self->finish_ = 0;
  self->finished_(self->finished_context_, self->id_);
}

task<void> connection::run() {
  tcp_stream* const below = accepted_.get();
  if (around_.tls) {
    const instant deadline = later(since_, around_.numbers.limits.handshake_timeout);
    auto secured = co_await tls_accept(around_.place, std::move(accepted_), *around_.tls, deadline);
    if (!secured) {
      end(secured.failure().text, true);
      co_return;
    }
    wire_ = std::move(*secured);
  } else {
    wire_ = std::move(accepted_);
  }
  tcp_ = below;
  auto frames = open_frames(around_.numbers);
  if (!frames) co_return end(frames.failure().text, true);
  talk_.emplace(around_.numbers.limits, std::move(*frames), around_.place.now());
  around_.shared.on_connect(id_, open_lane());
  around_.tables.info(name() + " begins");
  for (;;) {
    step();
    if (over_) break;
    const bool mute = around_.shared.out(around_.place.now());
    co_await wire_->events().wait(mute ? never : talk_->deadline());
  }
  wire_->end();
}

// All that can be done now without keeping others from their turn.
void connection::step() {
  const instant now = around_.place.now();
  stepping_ = true;
  if (!around_.shared.out(now)) receive(now);
  if (!over_) serve(now);
  if (!over_ && !around_.shared.out(now)) transmit(now);
  stepping_ = false;
}

void connection::receive(instant now) {
  dry_ = peer_ended_;
  while (!dry_ && talk_->wants_bytes()) {
    std::array<uint8_t, chunk_size> chunk;
    size_t count = 0;
    const tharsis_status status = wire_->read(chunk, count);
    if (status == THARSIS_PENDING) {
      dry_ = true;
    } else if (status != THARSIS_OK) {
      const std::string why = wire_->failure();
      return end("the connection broke: " + (why.empty() ? std::string(status_name(status)) : why), false);
    } else if (count == 0) {
      dry_ = peer_ended_ = true;
    } else if (talk_->on_bytes(std::span<const uint8_t>(chunk).first(count), now) != THARSIS_OK) {
      return end("it sent bytes that are no frame: " + talk_->failure().text, true);
    }
  }
}

void connection::serve(instant now) {
  for (int i = 0; i < turn_requests && !around_.shared.out(now); ++i) {
    auto request = talk_->take_request(now);
    if (talk_->failure().status != THARSIS_OK && !request) return end("it sent bytes that are no frame: " + talk_->failure().text, true);
    if (!request) return;
    if (request->command == streams::stream_command) {
      on_stream(request->body);
      if (over_) return;
      continue;
    }
    const std::string line = around_.shared.on_request(id_, std::move(*request), now);
    if (!line.empty()) around_.tables.info(name() + " " + line);
    around_.route();
  }
}

// Who takes none says so.
void connection::refuse_stream(std::span<const uint8_t> body) {
  const auto open = streams::read_message(body);
  if (!open || open->is != streams::message::kind::open) return;
  const auto why = refuse_open(*open, around_.numbers.streams);
  if (!why) return;
  streams::message no;
  no.is = streams::message::kind::reset;
  no.stream = open->stream;
  no.code = why->code;
  no.text = why->text;
  std::vector<uint8_t> said;
  streams::append_message(said, no);
  talk_->send({streams::stream_command, mars::sequence_push, std::move(said), {}, {}});
}

void connection::on_stream(std::span<const uint8_t> body) {
  if (!around_.streams) return refuse_stream(body);
  if (!streams_) streams_ = std::make_unique<stream_desk>(*around_.streams, [this] { nudge(); });
  const error why = streams_->on_message(body);
  if (why.status != THARSIS_OK) end("what it says of streams makes no sense: " + why.text, true);
}

// Behind all else that waits, and no more than leaves soon. Whether there is more.
bool connection::send_streams() {
  if (!streams_) return false;
  const size_t waiting = talk_->waiting();
  const auto push = [this](std::vector<uint8_t> body) { talk_->send({streams::stream_command, mars::sequence_push, std::move(body), {}, {}}); };
  streams_->take_output(push, stream_window - std::min(waiting, stream_window));
  return streams_->has_data();
}

void connection::transmit(instant now) {
  const bool more = send_streams();
  const std::vector<uint8_t> output = talk_->take_output();
  if (!output.empty()) {
    const tharsis_status status = wire_->write(output);
    if (status != THARSIS_OK) return end("the connection broke: " + std::string(status_name(status)), false);
  }
  const size_t unsent = wire_->unsent();
  talk_->on_unsent(unsent, now);
  if (const auto verdict = talk_->judge(now)) return end(verdict->text, true);
  if (peer_ended_ && talk_->drained() && unsent == 0) return end("the client closed it", false);
  if (talk_->has_request(now) || (talk_->wants_bytes() && !dry_) || (more && unsent < stream_window)) nudge();
}

udp_offer connection::open_lane() {
  if (around_.udp) lane_ = around_.udp->admit(id_, *wire_);
  if (!lane_) return {};
  return {around_.udp->address().port, {lane_->id().begin(), lane_->id().end()}};
}

void connection::deliver(const delivery& d) {
  if (!talk_ || over_) return;
  if (d.datagram != 0 && lane_ && lane_->answer(*d.what, d.datagram)) return;
  talk_->send(*d.what);
  if (!stepping_) nudge();
}

void connection::nudge() {
  if (wire_) wire_->events().raise(stream::nudged);
}

void connection::cut() {
  if (tcp_ != nullptr) tcp_->reset_on_close();
}

// The peer learns that nothing was cut off.
void connection::say_goodbye() {
  if (wire_ && !over_) wire_->end();
}

std::string connection::name() const { return "connection " + std::to_string(id_) + " from " + peer_; }

void connection::say_end(const std::string& why, bool blame) const {
  const std::string line = name() + " ends after " + std::to_string(milliseconds(around_.place.now() - since_)) +
                           " ms and " + std::to_string(talk_ ? talk_->requests() : 0) + " requests: " + why;
  blame ? around_.tables.warning(line) : around_.tables.info(line);
}

void connection::end(std::string why, bool blame) {
  over_ = true;
  say_end(why, blame);
}

}  // namespace tharsis::gateway
