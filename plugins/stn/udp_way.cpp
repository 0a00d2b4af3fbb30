#include "plugins/stn/udp_way.h"

#include <array>
#include <cmath>
#include <utility>

#include "sdk/pure/datagram_message.h"

namespace tharsis::stn {
namespace {

// Datagrams in one turn; then others on this strand have theirs.
constexpr int turn_datagrams = 256;
// Less is not worth a write.
constexpr double kept_step = 0.03;

udp_totals both(udp_totals a, const udp_totals& b) {
  a.sent += b.sent, a.copies += b.copies, a.received += b.received;
  a.won += b.won, a.lost += b.lost, a.to_stream += b.to_stream;
  return a;
}

uint64_t all_drops(const datagram::drops& d) { return d.foreign + d.repeated + d.forged; }

// Asking whether anything comes through keeps a way known, as a heartbeat does.
bool is_probe(std::span<const uint8_t> content) {
  const auto m = datagram::read_message(content);
  return m && m->what == datagram::kind::here;
}

udp_state state_of(udp_probe::state s) {
  return s == udp_probe::state::open ? udp_state::open : s == udp_probe::state::asks ? udp_state::asks : udp_state::off;
}

}  // namespace

udp_way::udp_way(const host& tables, std::string link, weak_memory& memory, const counts& count, traffic& counted, link_totals& moved, task_queue& tasks,
                 std::function<void()> nudge, std::function<void()> on_change)
    : host_(tables), counts_(count), counted_(counted), moved_(moved), tasks_(tasks), nudge_(std::move(nudge)), on_change_(std::move(on_change)),
      link_(std::move(link)), memory_(memory) {}

udp_memory::network& udp_way::recall(const std::string& network) {
  known_ = memory_.of(link_ + ' ' + network);
  kept_ = known_->datagrams;
  return known_->datagrams;
}

// For the next process.
void udp_way::keep() {
  const udp_memory::network& now = known_->datagrams;
  if (now.worked == kept_.worked && std::abs(now.loss - kept_.loss) < kept_step) return;
  kept_ = now;
  memory_.change();
}

void udp_way::begin(const udp_offer& offer, const stream& wire, const std::string& server, const std::string& network, bool lossy, instant now) {
  std::array<uint8_t, datagram::exported_size> exported;
  if (!wire.export_secret(datagram::exporter_label, offer.id, exported)) return refuse("the connection exports no keys: it is not TLS 1.3");
  const datagram::keys keys = datagram::keys_of(exported);
  auto from = datagram::sealer::make(offer.id, keys.to_server);
  auto to = datagram::opener::make(offer.id, keys.to_client);
  if (!from || !to) return refuse("this machine's OpenSSL has no AES-128-GCM");
  tharsis_address at = wire.peer();
  at.port = offer.port;
  there_ = std::make_unique<connected>(host_, nudge_, recall(network), at, std::move(*from), std::move(*to), now);
  server_ = server;
  there_->lane.share_budget(memory_.debt("datagrams", network, server_));
  there_->lane.on_metered(metered_);
  if (lossy) there_->lane.on_lossy();
  there_->lane.shut(!kept_off_.empty(), now);
  tharsis_address any{};
  any.family = at.family;
  tharsis_error why = no_error();
  if (there_->socket.open(any, &why) != THARSIS_OK) {
    there_.reset();
    return refuse(std::string("there is no socket for datagrams: ") + why.text);
  }
  refusal_.clear();
  tasks_.use(&there_->lane);
  follow();
}

void udp_way::refuse(std::string reason) { refusal_ = std::move(reason); }

void udp_way::keep_off(std::string reason, instant now) {
  if (std::exchange(kept_off_, reason) == reason || !there_) return;
  there_->lane.shut(!reason.empty(), now);
  nudge_();
  on_change_();
}

void udp_way::end() {
  refusal_.clear();
  if (!there_) return;
  follow();
  tasks_.use(nullptr);
  before_ = both(before_, there_->lane.totals());
  dropped_ += all_drops(there_->opener.dropped());
  told_ = {};
  told_dropped_ = 0;
  there_.reset();
  state_ = udp_state::none;
}

void udp_way::on_network(const std::string& network, instant now) {
  if (!there_) return;
  there_->lane.share_budget(memory_.debt("datagrams", network, server_));
  there_->lane.on_network(recall(network), now);
}

void udp_way::on_metered(bool metered) {
  metered_ = metered;
  if (there_) there_->lane.on_metered(metered);
}

bool udp_way::step(instant now, const std::function<void()>& hand_over) {
  if (!there_) return false;
  const bool heard = receive(now, hand_over);
  there_->lane.on_deadline(now);
  for (const uint32_t sequence : there_->lane.take_for_stream()) tasks_.carry_too(sequence);
  return heard;
}

bool udp_way::receive(instant now, const std::function<void()>& hand_over) {
  std::array<uint8_t, datagram::size_max + 1> bytes;  // One that fills it is too long.
  std::array<uint8_t, datagram::size_max> room;
  tharsis_address from{};
  bool heard = false;
  for (int i = 0; i < turn_datagrams; ++i) {
    const auto size = there_->socket.receive(bytes, from);
    if (!size) return heard;
    const auto opened = there_->opener.open(std::span(bytes).first(*size), room);
    heard = heard || opened;
    if (opened) on_received(is_probe(opened->content) ? traffic_class::heartbeats : traffic_class::tasks, *size);
    const auto answer = opened ? there_->lane.on_content(opened->number, opened->content, now) : std::nullopt;
    if (!answer) continue;
    tasks_.accept(*answer, now);
    hand_over();
  }
  nudge_();
  return heard;
}

// What became due while requests were written goes too: a task that was taken leaves in the same turn.
void udp_way::flush(instant now) {
  if (!there_) return;
  std::array<uint8_t, datagram::size_max> sealed;
  while (const auto next = there_->lane.next_output(there_->sealer.number() + 1, now)) {
    const size_t size = there_->sealer.seal(next->content, sealed);
    if (size == 0) {
      there_->lane.give_up(now);
      for (const uint32_t sequence : there_->lane.take_for_stream()) tasks_.carry_too(sequence);
      end();
      nudge_();
      return refuse("this connection's numbers are used up");
    }
    there_->socket.send(there_->to, std::span(sealed).first(size));
    if (next->is_copy) tasks_.on_copy(next->sequence);
    on_sent(next->is_copy ? traffic_class::repeated : next->sequence != 0 ? traffic_class::tasks : traffic_class::heartbeats, size);
  }
  const auto too = there_->lane.take_for_stream();
  for (const uint32_t sequence : too) tasks_.carry_too(sequence);
  if (!too.empty()) nudge_();
  follow();
}

void udp_way::on_sent(traffic_class what, size_t bytes) {
  counted_.on_sent(what, bytes);
  counts_.bytes_sent.add(bytes);
  moved_.bytes_sent += bytes;
}

void udp_way::on_received(traffic_class what, size_t bytes) {
  counted_.on_received(what, bytes);
  counts_.bytes_received.add(bytes);
  moved_.bytes_received += bytes;
}

// Tells counts and the owner what is new.
void udp_way::follow() {
  const udp_totals& t = there_->lane.totals();
  counts_.udp_sent.add(t.sent - told_.sent);
  counts_.udp_copies.add(t.copies - told_.copies);
  counts_.udp_won.add(t.won - told_.won);
  counts_.udp_lost.add(t.lost - told_.lost);
  told_ = t;
  const uint64_t dropped = all_drops(there_->opener.dropped());
  counts_.udp_dropped.add(dropped - std::exchange(told_dropped_, dropped));
  keep();
  const udp_state now = state_of(there_->lane.state());
  if (std::exchange(state_, now) != now) on_change_();
}

udp_report udp_way::report() const {
  udp_report r;
  r.reason = refusal_;
  r.totals = before_;
  r.dropped = dropped_;
  if (!there_) return r;
  r.state = state_of(there_->lane.state());
  r.reason = there_->lane.reason();
  if (!kept_off_.empty()) {
    r.state = udp_state::off;
    r.reason = kept_off_;
  }
  r.totals = both(r.totals, there_->lane.totals());
  r.dropped += all_drops(there_->opener.dropped());
  r.loss_permille = static_cast<uint64_t>(there_->lane.loss() * 1000);
  r.queue_stands = there_->lane.queue_stands();
  return r;
}

}  // namespace tharsis::stn
