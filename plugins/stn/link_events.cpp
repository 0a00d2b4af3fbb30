#include "plugins/stn/link_events.h"

#include <iterator>

#include "plugins/stn/core/links_report.h"
#include "sdk/abi/stn_datagrams.h"
#include "sdk/abi/stn_lanes.h"
#include "sdk/abi/stn_measure.h"
#include "sdk/abi/stn_server.h"
#include "sdk/pure/error.h"
#include "sdk/pure/topic.h"

namespace tharsis::stn {
namespace {

struct why_names {
  const char* all[std::size(reasons)];
  constexpr why_names() : all{} {
    for (size_t i = 0; i < std::size(reasons); ++i) all[i] = reasons[i].name;
  }
};
constexpr why_names whys;

constexpr tharsis_field link_fields[] = {
    {"link", THARSIS_FIELD_TEXT, offsetof(tharsis_stn_link, link), nullptr, 0},
    {"state", THARSIS_FIELD_ENUM, offsetof(tharsis_stn_link, state), state_names, std::size(state_names)},
    {"status", THARSIS_FIELD_I32, offsetof(tharsis_stn_link, status), nullptr, 0},
    {"endpoint", THARSIS_FIELD_TEXT, offsetof(tharsis_stn_link, endpoint), nullptr, 0},
    {"address", THARSIS_FIELD_TEXT, offsetof(tharsis_stn_link, address), nullptr, 0},
    {"reason", THARSIS_FIELD_TEXT, offsetof(tharsis_stn_link, reason), nullptr, 0},
    {"connects", THARSIS_FIELD_U32, offsetof(tharsis_stn_link, connects), nullptr, 0},
    {"waiting", THARSIS_FIELD_U32, offsetof(tharsis_stn_link, waiting), nullptr, 0},
    {"gap", THARSIS_FIELD_DURATION, offsetof(tharsis_stn_link, gap), nullptr, 0},
    {"why", THARSIS_FIELD_ENUM, offsetof(tharsis_stn_link, why), whys.all, std::size(whys.all)},
    {"phase", THARSIS_FIELD_ENUM, offsetof(tharsis_stn_link, phase), phase_names, std::size(phase_names)},
    {"causes", THARSIS_FIELD_TEXT, offsetof(tharsis_stn_link, causes), nullptr, 0},
};
constexpr tharsis_topic link_topic = topic_of<tharsis_stn_link>(THARSIS_TOPIC_STATE, THARSIS_STN_LINK_TOPIC, link_fields);

constexpr tharsis_field push_fields[] = {
    {"link", THARSIS_FIELD_TEXT, offsetof(tharsis_stn_push, link), nullptr, 0},
    {"command", THARSIS_FIELD_U32, offsetof(tharsis_stn_push, command), nullptr, 0},
    {"body", THARSIS_FIELD_BYTES, offsetof(tharsis_stn_push, body), nullptr, 0},
};
constexpr tharsis_topic push_topic = topic_of<tharsis_stn_push>(THARSIS_TOPIC_EVENT, THARSIS_STN_PUSH_TOPIC, push_fields);

constexpr const char* channel_names[] = {"none", "long", "short", "both", "minor"};

constexpr tharsis_field task_fields[] = {
    {"link", THARSIS_FIELD_TEXT, offsetof(tharsis_stn_task_event, link), nullptr, 0},
    {"reason", THARSIS_FIELD_TEXT, offsetof(tharsis_stn_task_event, reason), nullptr, 0},
    {"task", THARSIS_FIELD_U64, offsetof(tharsis_stn_task_event, task), nullptr, 0},
    {"command", THARSIS_FIELD_U32, offsetof(tharsis_stn_task_event, command), nullptr, 0},
    {"status", THARSIS_FIELD_I32, offsetof(tharsis_stn_task_event, status), nullptr, 0},
    {"why", THARSIS_FIELD_U32, offsetof(tharsis_stn_task_event, why), nullptr, 0},
    {"code", THARSIS_FIELD_I32, offsetof(tharsis_stn_task_event, code), nullptr, 0},
    {"sends", THARSIS_FIELD_U32, offsetof(tharsis_stn_task_event, sends), nullptr, 0},
    {"connection", THARSIS_FIELD_U32, offsetof(tharsis_stn_task_event, connection), nullptr, 0},
    {"http_status", THARSIS_FIELD_U32, offsetof(tharsis_stn_task_event, http_status), nullptr, 0},
    {"channel", THARSIS_FIELD_ENUM, offsetof(tharsis_stn_task_event, channel), channel_names, std::size(channel_names)},
    {"priority", THARSIS_FIELD_I32, offsetof(tharsis_stn_task_event, priority), nullptr, 0},
    {"weak", THARSIS_FIELD_U32, offsetof(tharsis_stn_task_event, weak), nullptr, 0},
    {"request_size", THARSIS_FIELD_U64, offsetof(tharsis_stn_task_event, request_size), nullptr, 0},
    {"answer_size", THARSIS_FIELD_U64, offsetof(tharsis_stn_task_event, answer_size), nullptr, 0},
    {"took", THARSIS_FIELD_DURATION, offsetof(tharsis_stn_task_event, took), nullptr, 0},
    {"queued", THARSIS_FIELD_DURATION, offsetof(tharsis_stn_task_event, queued), nullptr, 0},
    {"resolve", THARSIS_FIELD_DURATION, offsetof(tharsis_stn_task_event, resolve), nullptr, 0},
    {"connect", THARSIS_FIELD_DURATION, offsetof(tharsis_stn_task_event, connect), nullptr, 0},
    {"tls", THARSIS_FIELD_DURATION, offsetof(tharsis_stn_task_event, tls), nullptr, 0},
    {"prove", THARSIS_FIELD_DURATION, offsetof(tharsis_stn_task_event, prove), nullptr, 0},
    {"first_byte", THARSIS_FIELD_DURATION, offsetof(tharsis_stn_task_event, first_byte), nullptr, 0},
    {"rest", THARSIS_FIELD_DURATION, offsetof(tharsis_stn_task_event, rest), nullptr, 0},
    {"lost", THARSIS_FIELD_DURATION, offsetof(tharsis_stn_task_event, lost), nullptr, 0},
};
// Inline: there may be hundreds of thousands in a second, and as a rule nobody listens.
constexpr tharsis_topic task_topic = topic_of<tharsis_stn_task_event>(THARSIS_TOPIC_EVENT, THARSIS_STN_TASK_TOPIC, task_fields, 0, THARSIS_TOPIC_INLINE);

constexpr tharsis_field weak_fields[] = {
    {"weak", THARSIS_FIELD_BOOL, offsetof(tharsis_stn_weak, weak), nullptr, 0},
    {"because", THARSIS_FIELD_ENUM, offsetof(tharsis_stn_weak, because), weak_names, std::size(weak_names)},
    {"lasted", THARSIS_FIELD_DURATION, offsetof(tharsis_stn_weak, lasted), nullptr, 0},
};
constexpr tharsis_topic weak_topic = topic_of<tharsis_stn_weak>(THARSIS_TOPIC_STATE, THARSIS_STN_WEAK_TOPIC, weak_fields);

constexpr const char* auth_names[] = {"accepted", "not_needed", "refused", "later", "unanswered"};

constexpr tharsis_field auth_fields[] = {
    {"link", THARSIS_FIELD_TEXT, offsetof(tharsis_stn_auth_event, link), nullptr, 0},
    {"user", THARSIS_FIELD_TEXT, offsetof(tharsis_stn_auth_event, user), nullptr, 0},
    {"reason", THARSIS_FIELD_TEXT, offsetof(tharsis_stn_auth_event, reason), nullptr, 0},
    {"outcome", THARSIS_FIELD_ENUM, offsetof(tharsis_stn_auth_event, outcome), auth_names, std::size(auth_names)},
    {"attempts", THARSIS_FIELD_U32, offsetof(tharsis_stn_auth_event, attempts), nullptr, 0},
    {"pause", THARSIS_FIELD_DURATION, offsetof(tharsis_stn_auth_event, pause), nullptr, 0},
};
constexpr tharsis_topic auth_topic = topic_of<tharsis_stn_auth_event>(THARSIS_TOPIC_EVENT, THARSIS_STN_AUTH_TOPIC, auth_fields);

constexpr tharsis_field connect_fields[] = {
    {"link", THARSIS_FIELD_TEXT, offsetof(tharsis_stn_connect, link), nullptr, 0},
    {"endpoint", THARSIS_FIELD_TEXT, offsetof(tharsis_stn_connect, endpoint), nullptr, 0},
    {"address", THARSIS_FIELD_TEXT, offsetof(tharsis_stn_connect, address), nullptr, 0},
    {"reason", THARSIS_FIELD_TEXT, offsetof(tharsis_stn_connect, reason), nullptr, 0},
    {"status", THARSIS_FIELD_I32, offsetof(tharsis_stn_connect, status), nullptr, 0},
    {"why", THARSIS_FIELD_ENUM, offsetof(tharsis_stn_connect, why), whys.all, std::size(whys.all)},
    {"because", THARSIS_FIELD_ENUM, offsetof(tharsis_stn_connect, because), whys.all, std::size(whys.all)},
    {"attempt", THARSIS_FIELD_U32, offsetof(tharsis_stn_connect, attempt), nullptr, 0},
    {"resolve", THARSIS_FIELD_DURATION, offsetof(tharsis_stn_connect, resolve), nullptr, 0},
    {"connect", THARSIS_FIELD_DURATION, offsetof(tharsis_stn_connect, connect), nullptr, 0},
    {"tls", THARSIS_FIELD_DURATION, offsetof(tharsis_stn_connect, tls), nullptr, 0},
    {"prove", THARSIS_FIELD_DURATION, offsetof(tharsis_stn_connect, prove), nullptr, 0},
    {"auth", THARSIS_FIELD_DURATION, offsetof(tharsis_stn_connect, auth), nullptr, 0},
};
constexpr tharsis_topic connect_topic = topic_of<tharsis_stn_connect>(THARSIS_TOPIC_EVENT, THARSIS_STN_CONNECT_TOPIC, connect_fields);

constexpr tharsis_field datagram_fields[] = {
    {"link", THARSIS_FIELD_TEXT, offsetof(tharsis_stn_datagrams, link), nullptr, 0},
    {"reason", THARSIS_FIELD_TEXT, offsetof(tharsis_stn_datagrams, reason), nullptr, 0},
    {"state", THARSIS_FIELD_ENUM, offsetof(tharsis_stn_datagrams, state), udp_state_names, std::size(udp_state_names)},
    {"loss_permille", THARSIS_FIELD_U32, offsetof(tharsis_stn_datagrams, loss_permille), nullptr, 0},
    {"sent", THARSIS_FIELD_U64, offsetof(tharsis_stn_datagrams, sent), nullptr, 0},
    {"copies", THARSIS_FIELD_U64, offsetof(tharsis_stn_datagrams, copies), nullptr, 0},
    {"won", THARSIS_FIELD_U64, offsetof(tharsis_stn_datagrams, won), nullptr, 0},
    {"lost", THARSIS_FIELD_U64, offsetof(tharsis_stn_datagrams, lost), nullptr, 0},
    {"dropped", THARSIS_FIELD_U64, offsetof(tharsis_stn_datagrams, dropped), nullptr, 0},
};
constexpr tharsis_topic datagram_topic = topic_of<tharsis_stn_datagrams>(THARSIS_TOPIC_EVENT, THARSIS_STN_DATAGRAMS_TOPIC, datagram_fields);

constexpr tharsis_field lane_fields[] = {
    {"link", THARSIS_FIELD_TEXT, offsetof(tharsis_stn_lanes, link), nullptr, 0},
    {"reason", THARSIS_FIELD_TEXT, offsetof(tharsis_stn_lanes, reason), nullptr, 0},
    {"state", THARSIS_FIELD_ENUM, offsetof(tharsis_stn_lanes, state), lane_use_names, std::size(lane_use_names)},
    {"lanes", THARSIS_FIELD_U32, offsetof(tharsis_stn_lanes, lanes), nullptr, 0},
    {"late_permille", THARSIS_FIELD_U32, offsetof(tharsis_stn_lanes, late_permille), nullptr, 0},
    {"opened", THARSIS_FIELD_U64, offsetof(tharsis_stn_lanes, opened), nullptr, 0},
    {"failed", THARSIS_FIELD_U64, offsetof(tharsis_stn_lanes, failed), nullptr, 0},
    {"copies", THARSIS_FIELD_U64, offsetof(tharsis_stn_lanes, copies), nullptr, 0},
    {"copy_bytes", THARSIS_FIELD_U64, offsetof(tharsis_stn_lanes, copy_bytes), nullptr, 0},
    {"won", THARSIS_FIELD_U64, offsetof(tharsis_stn_lanes, won), nullptr, 0},
    {"late", THARSIS_FIELD_U64, offsetof(tharsis_stn_lanes, late), nullptr, 0},
    {"refused", THARSIS_FIELD_U64, offsetof(tharsis_stn_lanes, refused), nullptr, 0},
};
constexpr tharsis_topic lane_topic = topic_of<tharsis_stn_lanes>(THARSIS_TOPIC_EVENT, THARSIS_STN_LANES_TOPIC, lane_fields);

constexpr const char* server_word_names[] = {"move", "move_refused", "busy", "left_alone", "no_budget"};

constexpr tharsis_field server_fields[] = {
    {"link", THARSIS_FIELD_TEXT, offsetof(tharsis_stn_server_event, link), nullptr, 0},
    {"address", THARSIS_FIELD_TEXT, offsetof(tharsis_stn_server_event, address), nullptr, 0},
    {"reason", THARSIS_FIELD_TEXT, offsetof(tharsis_stn_server_event, reason), nullptr, 0},
    {"what", THARSIS_FIELD_ENUM, offsetof(tharsis_stn_server_event, what), server_word_names, std::size(server_word_names)},
    {"command", THARSIS_FIELD_U32, offsetof(tharsis_stn_server_event, command), nullptr, 0},
    {"wait", THARSIS_FIELD_DURATION, offsetof(tharsis_stn_server_event, wait), nullptr, 0},
};
constexpr tharsis_topic server_topic = topic_of<tharsis_stn_server_event>(THARSIS_TOPIC_EVENT, THARSIS_STN_SERVER_TOPIC, server_fields);

constexpr const char* measure_names[] = {"raced", "spread", "interval", "deduplicated", "push_twice", "kept", "kept_again"};
static_assert(std::size(measure_names) == THARSIS_STN_MEASURE_COUNT);

constexpr tharsis_field measure_fields[] = {
    {"link", THARSIS_FIELD_TEXT, offsetof(tharsis_stn_measure, link), nullptr, 0},
    {"reason", THARSIS_FIELD_TEXT, offsetof(tharsis_stn_measure, reason), nullptr, 0},
    {"what", THARSIS_FIELD_ENUM, offsetof(tharsis_stn_measure, what), measure_names, std::size(measure_names)},
    {"bytes", THARSIS_FIELD_U64, offsetof(tharsis_stn_measure, bytes), nullptr, 0},
    {"time", THARSIS_FIELD_DURATION, offsetof(tharsis_stn_measure, time), nullptr, 0},
};
constexpr tharsis_topic measure_topic = topic_of<tharsis_stn_measure>(THARSIS_TOPIC_EVENT, THARSIS_STN_MEASURE_TOPIC, measure_fields);

constexpr tharsis_field pong_fields[] = {
    {"link", THARSIS_FIELD_TEXT, offsetof(tharsis_stn_pong, link), nullptr, 0},
    {"address", THARSIS_FIELD_TEXT, offsetof(tharsis_stn_pong, address), nullptr, 0},
    {"round_trip", THARSIS_FIELD_DURATION, offsetof(tharsis_stn_pong, round_trip), nullptr, 0},
};
constexpr tharsis_topic pong_topic = topic_of<tharsis_stn_pong>(THARSIS_TOPIC_EVENT, THARSIS_STN_PONG_TOPIC, pong_fields);

}  // namespace

void link_events::declare() {
  states_ = host_.declare(link_topic);
  pushes_ = host_.declare(push_topic);
  auths_ = host_.declare(auth_topic);
  connects_ = host_.declare(connect_topic);
  tasks_ = host_.declare(task_topic);
  weak_ = host_.declare(weak_topic);
  datagrams_ = host_.declare(datagram_topic);
  lanes_ = host_.declare(lane_topic);
  servers_ = host_.declare(server_topic);
  measures_ = host_.declare(measure_topic);
  pongs_ = host_.declare(pong_topic);
}

void link_events::on_pong(const std::string& link, const std::string& address, duration round_trip) const {
  const tharsis_stn_pong payload{text_of(link), text_of(address), round_trip.count()};
  host_.publish(pongs_, &payload);
}

void link_events::on_measure(const measure& m) const {
  const tharsis_stn_measure payload{text_of(m.link), text_of(m.reason), m.what, 0, m.bytes, m.time.count()};
  host_.publish(measures_, &payload);
}

void link_events::on_server(const server_word& w) const {
  const tharsis_stn_server_event payload{text_of(w.link), text_of(w.address), text_of(w.reason), w.what, w.command, w.wait.count()};
  host_.publish(servers_, &payload);
}

void link_events::on_state(const link_state& s) const {
  tharsis_stn_link payload{};
  payload.link = text_of(s.link);
  payload.state = s.state;
  payload.status = s.status;
  payload.endpoint = text_of(s.endpoint);
  payload.address = text_of(s.address);
  payload.reason = text_of(s.reason);
  payload.connects = s.connects;
  payload.waiting = static_cast<uint32_t>(s.waiting);
  payload.gap = s.gap.count();
  payload.why = s.why;
  payload.phase = s.phase;
  payload.causes = text_of(s.causes);
  host_.publish(states_, &payload);
  log_state(s);
  if (ear_ != nullptr) ear_->on_state(s);
}

void link_events::log_state(const link_state& s) const {
  if (s.state == THARSIS_STN_CONNECTING)
    return log_.info("link {link} connecting endpoint={endpoint} address={address} waiting={waiting} why={why}", s.link,
                     s.endpoint, s.address, s.waiting, reason_name(s.why));
  if (s.state == THARSIS_STN_UP)
    return log_.info("link {link} up endpoint={endpoint} address={address} waiting={waiting} connects={connects} gap={gap}",
                     s.link, s.endpoint, s.address, s.waiting, s.connects, s.gap);
  static constexpr auto down =
      "link {link} down endpoint={endpoint} address={address} waiting={waiting} status={status} why={why}: {reason}{causes}";
  const bool trouble = s.status != THARSIS_OK && s.status != THARSIS_E_CANCELLED && !s.known;
  const std::string causes = s.causes.empty() ? "" : "; before that: " + s.causes;
  if (trouble)
    log_.warning(down, s.link, s.endpoint, s.address, s.waiting, status_name(s.status), reason_name(s.why), s.reason, causes);
  else
    log_.info(down, s.link, s.endpoint, s.address, s.waiting, status_name(s.status), reason_name(s.why), s.reason, causes);
}

void link_events::on_auth(const auth_outcome& a) const {
  const tharsis_stn_auth_event payload{text_of(a.link), text_of(a.user), text_of(a.reason), a.outcome, a.attempts, a.pause.count()};
  host_.publish(auths_, &payload);
}

void link_events::on_connect(const connect_profile& c) const {
  const auto took = [&](phase p) { return c.times[static_cast<size_t>(p)].count(); };
  const tharsis_stn_connect payload{text_of(c.link),  text_of(c.endpoint), text_of(c.address), text_of(c.reason), c.status,
                                    c.why,            c.because,           c.attempt,          took(phase::resolve),
                                    took(phase::connect), took(phase::tls), took(phase::prove), took(phase::auth)};
  host_.publish(connects_, &payload);
}

void link_events::on_task(const request& r, const task_profile& p) const {
  const task_times& t = r.times;
  const tharsis_stn_task_event payload{text_of(p.link), text_of(p.reason), r.id,           r.command,        p.status,
                                       p.why,           p.code,            r.sends,        r.connection,     r.http.status,
                                       p.channel,       r.priority,        p.weak ? 1u : 0u, r.body.size(),  p.answer_size,
                                       p.took.count(),  t.queued.count(),  t.resolve.count(), t.connect.count(), t.tls.count(),
                                       t.prove.count(), t.first_byte.count(), t.rest.count(), t.lost.count()};
  host_.publish(tasks_, &payload);
}

void link_events::on_weak(bool weak, uint32_t because, duration lasted) const {
  tharsis_stn_weak payload{};
  payload.weak = weak ? 1 : 0;
  payload.because = because;
  payload.lasted = lasted.count();
  host_.publish(weak_, &payload);
  if (weak)
    log_.info("the network is weak: {because}", weak_names[because]);
  else if (because != THARSIS_STN_WEAK_NOTHING)
    log_.info("the network is well again after {lasted}", lasted);
}

void link_events::on_datagrams(const std::string& link, const udp_report& r) const {
  const udp_totals& t = r.totals;
  const tharsis_stn_datagrams payload{text_of(link), text_of(r.reason), static_cast<uint32_t>(r.state), static_cast<uint32_t>(r.loss_permille),
                                      t.sent, t.copies, t.won, t.lost, r.dropped};
  host_.publish(datagrams_, &payload);
  log_.info("link {link} datagrams {text}", link, udp_text(r));
}

void link_events::on_lanes(const std::string& link, const lane_report& r) const {
  const lane_totals& t = r.totals;
  const tharsis_stn_lanes payload{text_of(link), text_of(r.reason), static_cast<uint32_t>(r.use), static_cast<uint32_t>(r.lanes),
                                  static_cast<uint32_t>(r.late_permille), t.opened, t.failed, t.copies, t.copy_bytes, t.won, t.late, t.refused};
  host_.publish(lanes_, &payload);
  log_.info("link {link} lanes {text}", link, lane_text(r));
}

void link_events::on_push(const std::string& link, const push& p) const {
  const tharsis_stn_push payload{text_of(link), p.command, 0, bytes_of(p.body)};
  host_.publish(pushes_, &payload);
  if (ear_ != nullptr) ear_->on_push(link, p);
}

}  // namespace tharsis::stn
