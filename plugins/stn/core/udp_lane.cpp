#include "plugins/stn/core/udp_lane.h"

#include <algorithm>

#include "sdk/pure/datagram_message.h"
#include "sdk/pure/views.h"

namespace tharsis::stn {
namespace {

// Commands with large answers; more than an application has.
constexpr size_t large_commands_max = 256;

datagram::message message_of(const request& r) {
  return {datagram::kind::request, 0, r.sequence, r.command, r.key, r.body};
}

}  // namespace

udp_lane::udp_lane(const udp_settings& s, udp_memory::network& known, duration round_trip, instant now)
    : settings_(s), known_(&known), probe_(s, known, round_trip, now), times_(s.copies, round_trip > duration::zero() ? round_trip : s.probe_wait),
      budget_(s.copies), loss_(s, known.loss), window_(s.window_first) {}

void udp_lane::on_lossy() {
  lossy_ = true;
  loss_ = udp_loss(settings_, std::max(known_->loss, settings_.lossy));
  window_ = settings_.window_lossy;
}

bool udp_lane::may_take(const request& r) const {
  if (shut_ || (probe_.now() != udp_probe::state::open && !trusts()) || r.key.empty() || r.has(THARSIS_STN_SEND_ONLY)) return false;
  if (!datagram::fits(message_of(r)) || large_.count(r.command) > 0 || entries_.count(r.sequence) > 0) return false;
  // Where a queue stands one at a time goes on telling how long it is.
  return static_cast<double>(open_) < (times_.queue_stands() ? settings_.window_min : window_);
}

bool udp_lane::take(const request& r, instant now) {
  if (!may_take(r)) return false;
  entry& e = entries_[r.sequence];
  e.content.resize(datagram::size_of(message_of(r)));
  datagram::write(message_of(r), e.content);
  ++open_;
  budget_.on_task(loss_.share());
  begin_round(e, now);
  if (trusts()) {
    e.handed = true;
    for_stream_.push_back(r.sequence);
  }
  return true;
}

// The first datagram of a task is its right; all others are copies.
void udp_lane::begin_round(entry& e, instant now) {
  const bool first = e.rounds++ == 0;
  const bool clear = !times_.queue_stands();
  e.left = first || (clear && budget_.spend(e.content.size())) ? 1 : 0;
  const int most = clear && !budget_.metered() ? loss_.at_a_time() : 1;
  while (e.left > 0 && e.left < most && budget_.spend(e.content.size())) ++e.left;
  e.next = e.left > 0 ? now : later(now, times_.again());  // A copy that was refused asks again soon.
}

// Its datagrams of this round have left and no answer has come.
void udp_lane::go_on(uint32_t sequence, entry& e, instant now) {
  if (e.rounds < settings_.rounds_max) return begin_round(e, now);
  if (e.handed) e.next = never;  // The connection goes on alone.
  else hand_over(sequence, e, now);
}

void udp_lane::hand_over(uint32_t sequence, entry& e, instant now) {
  e.handed = true;
  e.left = 0;
  e.next = never;
  ++totals_.to_stream;
  for_stream_.push_back(sequence);
  if (heard_at_ < e.copies[0].sent_at) probe_.doubt(now);
}

std::optional<udp_output> udp_lane::next_output(uint32_t number, instant now) {
  if (probe_.due(now)) {
    probe_.on_sent(number, now);
    const size_t size = datagram::write({datagram::kind::probe, highest_}, probe_content_);
    return udp_output{std::span<const uint8_t>(probe_content_).first(size)};
  }
  const auto due = std::find_if(entries_.begin(), entries_.end(), [&](const auto& e) { return e.second.left > 0 && e.second.next <= now; });
  if (due == entries_.end()) return std::nullopt;
  entry& e = due->second;
  e.copies[e.sent % e.copies.size()] = {number, now};
  ++totals_.sent;
  const bool is_copy = e.sent++ > 0;
  if (is_copy) ++totals_.copies;
  double wait = 1;
  for (int i = 1; i < e.rounds; ++i) wait *= settings_.backoff;
  if (--e.left > 0) e.next = later(now, settings_.twin_gap);
  else e.next = later(now, std::chrono::duration_cast<duration>(times_.patience() * wait));
  datagram::write_echo(e.content, highest_);
  return udp_output{e.content, due->first, is_copy};
}

std::optional<mars::frame_view> udp_lane::on_content(uint32_t number, std::span<const uint8_t> content, instant now) {
  const auto m = datagram::read_message(content);
  if (!m) return std::nullopt;
  highest_ = std::max(highest_, number);
  heard_at_ = now;
  ++totals_.received;
  if (m->what == datagram::kind::here) {
    if (const auto took = probe_.on_here(m->echo, now)) on_time(*took);
    return std::nullopt;
  }
  const auto found = entries_.find(m->sequence);
  if (found == entries_.end() || m->what == datagram::kind::probe || m->what == datagram::kind::request) return std::nullopt;
  entry& e = found->second;
  copy* const asked = copy_of(e, m->echo);
  if (asked == nullptr) return std::nullopt;
  asked->answered = true;
  on_time(now - asked->sent_at);
  probe_.come_through();
  if (m->what == datagram::kind::stream) {
    if (m->body.empty() && large_.size() < large_commands_max) large_.insert(m->command);
    e.handed = true;
    e.left = 0;
    if (e.open) e.next = never;
    return std::nullopt;
  }
  if (!e.open) return std::nullopt;
  ++totals_.won;
  probe_.on_success();
  close(e, now);
  mars::frame_view answer;
  answer.command = m->command;
  answer.sequence = m->sequence;
  if (m->what == datagram::kind::answer) answer.body = m->body;
  else answer.refusal = m->body.empty() ? std::string_view("refused") : as_text(m->body);
  return answer;
}

// More at a time as long as all goes well, half as many once it does not.
void udp_lane::on_time(duration took) {
  const bool stood = times_.queue_stands();
  times_.on_answer(took);
  if (!times_.queue_stands()) window_ = std::min(settings_.window_max, window_ + 1);
  else if (!stood) window_ = std::max(settings_.window_min, window_ / 2);
}

udp_lane::copy* udp_lane::copy_of(entry& e, uint32_t number) {
  const auto found = std::find_if(e.copies.begin(), e.copies.end(), [&](const copy& c) { return c.number == number && number != 0; });
  return found == e.copies.end() ? nullptr : &*found;
}

void udp_lane::on_gone(uint32_t sequence, instant now) {
  const auto found = entries_.find(sequence);
  if (found == entries_.end() || !found->second.open) return;
  if (found->second.handed) ++totals_.lost;
  close(found->second, now);
}

// What is still on its way may come a little later; then each copy says whether it was lost.
void udp_lane::close(entry& e, instant now) {
  e.open = false;
  e.left = 0;
  e.next = later(now, times_.patience());
  --open_;
}

void udp_lane::judge(entry& e, instant now) {
  for (size_t i = 0; i < std::min(e.sent, e.copies.size()); ++i) {
    // One that nobody gave time to come back says nothing.
    if (e.copies[i].answered || now - e.copies[i].sent_at >= times_.expected()) loss_.on_judged(e.copies[i].answered);
  }
  known_->loss = loss_.share();
}

void udp_lane::give_up(instant now) {
  for (auto& [sequence, e] : entries_) {
    if (!e.open) continue;
    if (e.handed) e.left = 0, e.next = never;
    else hand_over(sequence, e, now);
  }
}

void udp_lane::shut(bool is, instant now) {
  if (std::exchange(shut_, is) != is && is) give_up(now);
}

void udp_lane::on_deadline(instant now) {
  if (probe_.on_deadline(now)) give_up(now);
  for (auto at = entries_.begin(); at != entries_.end();) {
    entry& e = at->second;
    if (!e.open && e.next <= now) {
      judge(e, now);
      at = entries_.erase(at);
      continue;
    }
    if (e.open && e.left == 0 && e.next <= now) go_on(at->first, e, now);
    ++at;
  }
}

instant udp_lane::deadline() const {
  instant soonest = probe_.deadline();
  for (const auto& [sequence, e] : entries_) soonest = std::min(soonest, e.next);
  return soonest;
}

void udp_lane::on_network(udp_memory::network& known, instant now) {
  known_ = &known;
  times_ = copy_times(settings_.copies, times_.expected());
  loss_ = udp_loss(settings_, known.loss);
  window_ = settings_.window_first;
  probe_.begin(known, now);
}

std::string udp_lane::reason() const {
  switch (probe_.now()) {
    case udp_probe::state::open: return {};
    case udp_probe::state::asks: return "asks whether datagrams come through";
    case udp_probe::state::off: break;
  }
  return known_->worked ? "datagrams do not come back any more" : "no datagram came back: this network, or the server's, lets none through";
}

}  // namespace tharsis::stn
