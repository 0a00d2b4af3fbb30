#include "plugins/stn/stream_service.h"

#include <cstddef>
#include <iterator>
#include <utility>

#include "sdk/pure/topic.h"
#include "sdk/pure/views.h"

namespace tharsis::stn {
namespace {

constexpr const char* why_streams_end = "stn is stopping";

constexpr const char* stream_states[] = {"waits", "opens", "runs", "paused", "ended"};
constexpr tharsis_field stream_fields[] = {
    {"link", THARSIS_FIELD_TEXT, offsetof(tharsis_stn_stream_event, link), nullptr, 0},
    {"name", THARSIS_FIELD_TEXT, offsetof(tharsis_stn_stream_event, name), nullptr, 0},
    {"reason", THARSIS_FIELD_TEXT, offsetof(tharsis_stn_stream_event, reason), nullptr, 0},
    {"stream", THARSIS_FIELD_U64, offsetof(tharsis_stn_stream_event, stream), nullptr, 0},
    {"state", THARSIS_FIELD_ENUM, offsetof(tharsis_stn_stream_event, state), stream_states, std::size(stream_states)},
    {"status", THARSIS_FIELD_I32, offsetof(tharsis_stn_stream_event, status), nullptr, 0},
    {"opens", THARSIS_FIELD_U32, offsetof(tharsis_stn_stream_event, opens), nullptr, 0},
    {"up", THARSIS_FIELD_U64, offsetof(tharsis_stn_stream_event, up), nullptr, 0},
    {"down", THARSIS_FIELD_U64, offsetof(tharsis_stn_stream_event, down), nullptr, 0},
};
constexpr tharsis_topic stream_topic = topic_of<tharsis_stn_stream_event>(THARSIS_TOPIC_EVENT, THARSIS_STN_STREAM_TOPIC, stream_fields);

// What is wrong with it; null: nothing.
const char* fault_of(const tharsis_stn_stream_order& o) {
  const bool way = o.direction >= THARSIS_STN_STREAM_UP && o.direction <= THARSIS_STN_STREAM_BOTH;
  if (!way) return "a stream's direction is THARSIS_STN_STREAM_UP, _DOWN or _BOTH";
  const bool up = o.direction != THARSIS_STN_STREAM_DOWN, down = o.direction != THARSIS_STN_STREAM_UP;
  if (o.done == nullptr) return "a stream needs a `done` that is called at its end";
  if ((up || o.have > 0) && o.on_room == nullptr) return "a stream that goes up, or has bytes already, needs an `on_room`";
  if (down && o.on_piece == nullptr) return "a stream that comes down needs an `on_piece`";
  if (up && o.have > 0) return "`have` is of streams that only come down";
  if (o.have > streams::offset_max || (o.up_size > streams::offset_max && o.up_size != THARSIS_STN_STREAM_SIZE_UNKNOWN)) return "no stream is so long";
  if (o.name.size == 0 || o.name.size > streams::name_max) return "a stream's name has 1 to 255 bytes";
  if (!streams::is_text(view(o.name))) return "a stream's name is UTF-8 without control characters";  // A server cuts all streams off for another.
  if (o.key.size > streams::key_max) return "a stream's key has at most 64 bytes";
  if ((o.flags & ~uint32_t{THARSIS_STN_STREAM_ANY_NETWORK}) != 0) return "a stream's flags are THARSIS_STN_STREAM_ANY_NETWORK, or 0";
  if (o.priority < THARSIS_STN_PRIORITY_MIN || o.priority > THARSIS_STN_PRIORITY_MAX) return "a stream's priority is THARSIS_STN_PRIORITY_MIN to _MAX";
  return nullptr;
}

}  // namespace

stream_service::stream_service(strand& place, const host& tables, dispatcher& to, const stream_settings& s)
    : place_(place),
      host_(tables),
      to_(to),
      settings_(s),
      opened_(tables.count<counter>("streams_opened", "1", "Streams that applications opened")),
      topic_(tables.declare(stream_topic)),
      table_{sizeof(tharsis_stn_streams), this,
             [](void* self, const tharsis_stn_stream_order* order, tharsis_handle* stream, tharsis_error* error) {
               return static_cast<stream_service*>(self)->submit(*order, stream, error);
             },
             [](void* self, tharsis_handle stream, uint64_t offset, tharsis_bytes bytes, int32_t last) {
               stream_letter l{last != 0 ? stream_letter::about::last : stream_letter::about::write, stream};
               l.number = offset;
               l.bytes.assign(view(bytes).begin(), view(bytes).end());
               static_cast<stream_service*>(self)->inbox_.send(std::move(l));
             },
             [](void* self, tharsis_handle stream, uint64_t bytes) {
               stream_letter l{stream_letter::about::read, stream};
               l.number = bytes;
               static_cast<stream_service*>(self)->inbox_.send(std::move(l));
             },
             [](void* self, tharsis_handle stream) { static_cast<stream_service*>(self)->inbox_.send({stream_letter::about::pause, stream}); },
             [](void* self, tharsis_handle stream) { static_cast<stream_service*>(self)->inbox_.send({stream_letter::about::resume, stream}); },
             [](void* self, tharsis_handle stream) { static_cast<stream_service*>(self)->inbox_.send({stream_letter::about::cancel, stream}); }},
      inbox_(*tables.loop, &stream_service::on_letter, this),
      door_(std::make_shared<stream_back_door>(inbox_)),
      outbox_(place) {}

std::unique_ptr<stream_order> stream_service::order_of(const tharsis_stn_stream_order& asked) const {
  auto o = std::make_unique<stream_order>();
  o->direction = static_cast<streams::direction>(asked.direction);
  o->priority = static_cast<int8_t>(asked.priority);
  o->command = asked.command;
  o->name = view(asked.name);
  o->key.assign(view(asked.key).begin(), view(asked.key).end());
  if (o->key.empty()) {
    o->key.resize(16);
    host_.random->fill(host_.random->self, o->key.data(), o->key.size());
  }
  if (asked.up_size != THARSIS_STN_STREAM_SIZE_UNKNOWN) o->size = asked.up_size;
  o->have = asked.have;
  o->any_network = (asked.flags & THARSIS_STN_STREAM_ANY_NETWORK) != 0;
  if (asked.timeout_ms > 0) o->deadline = later(place_.now(), std::chrono::milliseconds(asked.timeout_ms));
  o->rate = asked.rate;
  return o;
}

tharsis_status stream_service::submit(const tharsis_stn_stream_order& asked, tharsis_handle* id, tharsis_error* error) {
  if (const char* fault = fault_of(asked)) return fail(error, THARSIS_E_INVALID, fault);
  const tharsis_handle strand = host_.loop->current(host_.loop->self);
  if (strand == 0) return fail(error, THARSIS_E_INVALID, "streams are opened on a strand, where their callbacks can go");
  const std::string link(asked.link.size == 0 ? std::string_view("main") : view(asked.link));
  if (to_.names().look(link) == nullptr) return fail(error, THARSIS_E_NOT_FOUND, "there is no link '" + link + "'; the profile names its links under stn.links");
  if (!settings_.use) return fail(error, THARSIS_E_UNSUPPORTED, "there are no streams: the profile says stn.streams.use: off");
  if (stopping_) return fail(error, THARSIS_E_GONE, why_streams_end);
  if (open_.fetch_add(1) >= settings_.streams_max) {
    --open_;
    return fail(error, THARSIS_E_BUSY, std::to_string(settings_.streams_max) + " streams are open already (stn.streams.streams_max); try again after one has ended");
  }
  const uint64_t number = ++last_id_;
  stream_letter l{stream_letter::about::open, number};
  l.link = link;
  l.order = order_of(asked);
  l.order->id = number;
  l.from = {strand, asked.context, asked.on_room, asked.on_piece, asked.on_progress, asked.done};
  if (id != nullptr) *id = number;  // Before anything can come on another thread.
  if (inbox_.send(std::move(l)) == THARSIS_OK) return THARSIS_OK;
  --open_;
  return fail(error, THARSIS_E_GONE, why_streams_end);
}

void stream_service::on_letter(void* context, stream_letter l) {
  auto& self = *static_cast<stream_service*>(context);
  if (l.what == stream_letter::about::open) return self.accept(std::move(l));
  const auto found = self.streams_.find(l.id);
  longlink* const link = found == self.streams_.end() ? nullptr : self.to_.links().at(found->second.link);
  if (link == nullptr) return;
  stream_line& line = link->streams(self);
  self.follow(line.lane(), l);
  line.look();
}

void stream_service::follow(stream_lane& lane, const stream_letter& l) {
  const instant now = place_.now();
  switch (l.what) {
    case stream_letter::about::write: return lane.write(l.id, l.number, l.bytes, false, now);
    case stream_letter::about::last: return lane.write(l.id, l.number, l.bytes, true, now);
    case stream_letter::about::read: return lane.read(l.id, l.number, now);
    case stream_letter::about::given: return lane.on_given(l.id, l.number, now);
    case stream_letter::about::pause: return lane.pause(l.id, true, now);
    case stream_letter::about::resume: return lane.pause(l.id, false, now);
    case stream_letter::about::cancel: return lane.cancel(l.id, now);
    case stream_letter::about::open: return;
  }
}

void stream_service::accept(stream_letter l) {
  longlink* const link = to_.links().named(l.link);
  if (stopping_) return refuse(l, THARSIS_E_CANCELLED, why_streams_end);
  if (link == nullptr) return refuse(l, THARSIS_E_CANCELLED, "link '" + l.link + "' is in the profile no more");
  streams_[l.id] = {l.from, link->number(), link->name(), l.order->name};
  opened_.add();
  stream_line& line = link->streams(*this);
  line.lane().open(std::move(*l.order), place_.now());
  line.look();
}

void stream_service::refuse(const stream_letter& l, tharsis_status status, std::string why) {
  streams_[l.id] = {l.from, link_directory::none, l.link, l.order->name};
  stream_event e;
  e.what = stream_event::about::end;
  e.stream = l.id;
  e.status = status;
  e.reason = std::move(why);
  on_stream(std::move(e));
}

void stream_service::on_stream(stream_event e) {
  const auto found = streams_.find(e.stream);
  if (found == streams_.end()) return;
  open_stream& of = found->second;
  const stream_caller to = of.from;
  const stream_progress& p = e.progress;
  if (e.what == stream_event::about::progress && (p.state != of.told || p.trouble != of.trouble)) {
    publish(of, e, p.state, p.trouble, p.reason);
    of.told = p.state;
    of.trouble = p.trouble;
  }
  if (e.what == stream_event::about::progress && to.on_progress == nullptr) return;
  if (e.what == stream_event::about::end) {
    publish(of, e, THARSIS_STN_STREAM_ENDED, e.status, e.reason);
    streams_.erase(found);
    --open_;
  }
  outbox_.send(to.strand, {std::move(e), to, door_});
}

void stream_service::publish(const open_stream& of, const stream_event& e, uint32_t state, tharsis_status status, const std::string& reason) const {
  const stream_progress& p = e.progress;
  const tharsis_stn_stream_event payload{text_of(of.link_name), text_of(of.name), text_of(reason), e.stream, state, status, p.opens, 0, p.up, p.down};
  host_.publish(topic_, &payload);
}

void stream_service::stop() {
  stopping_ = true;
  inbox_.drain();
  for (longlink* link : to_.links().all()) link->end_streams(THARSIS_E_CANCELLED, why_streams_end);
}

}  // namespace tharsis::stn
