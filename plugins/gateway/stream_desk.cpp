#include "plugins/gateway/stream_desk.h"

#include <algorithm>

namespace tharsis::gateway {
namespace {
// A client that opens what is refused again and again reads the answers first.
constexpr size_t refusals_max = 256;
}  // namespace

using streams::message;
using streams::reset_code;

std::optional<stream_refusal> stream_desk::refuse(const message& m) const {
  if (auto why = refuse_open(m, shelf_.settings())) return why;
  const bool full = guests_.size() >= static_cast<size_t>(shelf_.settings().streams) || shelf_.open_streams >= shelf_.settings().streams_in_all;
  return full ? std::optional(stream_refusal{reset_code::later, "too many streams are open; some must end before"}) : std::nullopt;
}

error stream_desk::on_message(std::span<const uint8_t> body) {
  const auto m = streams::read_message(body);
  if (!m) return m.failure();
  if (m->is != message::kind::open) {
    if (m->stream > last_) return {THARSIS_E_PROTOCOL, "it speaks of a stream that was not opened"};
    if (const auto found = guests_.find(m->stream); found != guests_.end()) found->second->on_message(*m);
    tell_();
    return fine();
  }
  if (m->stream <= last_) return {THARSIS_E_PROTOCOL, "it gives a second stream the same number"};
  last_ = m->stream;
  if (const auto why = refuse(*m)) {
    if (refusals_.size() >= refusals_max) return {THARSIS_E_BUSY, "it opens streams and does not read why they are refused"};
    shelf_.counts.refused.add();
    message no;
    no.is = message::kind::reset;
    no.stream = m->stream;
    no.code = why->code;
    no.text = why->text;
    streams::append_message(refusals_.emplace_back(), no);
    tell_();
    return fine();
  }
  guests_.emplace(m->stream, std::make_unique<stream_guest>(shelf_, *m, tell_));
  return fine();
}

// The highest priority; of equal ones the one that had its turn longest ago.
stream_guest* stream_desk::next() const {
  stream_guest* best = nullptr;
  for (const auto& [number, g] : guests_) {
    if (!g->has_data()) continue;
    const bool before = best == nullptr || g->priority() > best->priority() || (g->priority() == best->priority() && g->turn < best->turn);
    if (before) best = g.get();
  }
  return best;
}

bool stream_desk::has_data() const {
  return std::any_of(guests_.begin(), guests_.end(), [](const auto& g) { return g.second->has_data(); });
}

void stream_desk::take_output(const std::function<void(std::vector<uint8_t>)>& say, size_t room) {
  for (auto& body : std::exchange(refusals_, {})) say(std::move(body));
  for (const auto& [number, g] : guests_)
    while (auto body = g->take_control()) say(std::move(*body));
  size_t said = 0;
  while (said < room) {
    stream_guest* const g = next();
    auto body = g != nullptr ? g->take_data() : std::nullopt;
    if (!body) break;
    g->turn = ++turns_;
    said += body->size();
    say(std::move(*body));
  }
  std::erase_if(guests_, [](const auto& g) { return g.second->over(); });
}

}  // namespace tharsis::gateway
