// Any bytes from three clients to the gateway's core: what it answers is always whole frames, a request
// is never answered twice, and nothing grows beyond its limits.
#include <array>
#include <optional>

#include "plugins/gateway/core/exchange.h"
#include "plugins/gateway/core/session.h"
#include "tests/fuzz/harness.h"

namespace {

using namespace tharsis;
using fuzz::require;

gateway::settings small_settings() {
  gateway::settings s;
  s.keep.keys = 4;
  s.keep.clients = 3;
  s.keep.bytes = 4096;
  s.work = 5ms;
  return s;
}

struct client {
  client(uint64_t n, instant now) : id(n), talk({}, std::move(*gateway::open_frames({})), now) {}
  const uint64_t id;
  gateway::session talk;
  mars::frame_reader reader;
  uint64_t asked = 0, answered = 0;
};

class office {
 public:
  explicit office(const gateway::settings& s) : shared_(s) {}

  void on_bytes(size_t place, std::span<const uint8_t> bytes) {
    if (!places_[place]) {
      places_[place].emplace(++last_, now_);  // As the server's, a connection's number is never used again.
      shared_.on_connect(last_);
    }
    client& c = *places_[place];
    c.talk.on_bytes(bytes, now_);
    while (auto request = c.talk.take_request(now_)) {
      ++c.asked;
      shared_.on_request(c.id, std::move(*request), now_);
    }
    deliver();
    if (c.talk.failure().status != THARSIS_OK) close(place);
  }
  void close(size_t place) {
    if (places_[place]) shared_.on_close(places_[place]->id);
    places_[place].reset();
  }
  void pass(duration wait) {
    now_ += wait;
    shared_.on_deadline(now_);
    deliver();
  }

 private:
  void deliver() {
    for (const auto& d : shared_.take_deliveries())
      for (auto& c : places_)
        if (c && c->id == d.connection) c->talk.send(*d.what);
    for (auto& c : places_)
      if (c) read_all(*c);
  }
  static void read_all(client& c) {
    require(c.reader.on_bytes(c.talk.take_output()) == THARSIS_OK, "what the gateway sends is frames");
    while (const auto f = c.reader.take_frame())
      c.answered += f->sequence != mars::sequence_push || f->command != mars::command_push;
    require(c.reader.pending() == 0, "the gateway sends whole frames");
    require(c.answered <= c.asked, "no request is answered twice");
  }

  gateway::exchange shared_;
  std::array<std::optional<client>, 3> places_;
  uint64_t last_ = 0;
  instant now_{};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::reader input(data, size);
  office gate(small_settings());
  while (!input.empty()) {
    const uint8_t what = input.byte();
    const size_t place = what % 3;
    if (what >= 250) {
      gate.close(place);
    } else if (what >= 240) {
      gate.pass(duration(1ms) * input.byte());
    } else {
      gate.on_bytes(place, input.take(1 + input.byte()));
    }
  }
  gate.pass(1s);
  return 0;
}
