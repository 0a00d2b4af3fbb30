// Any bytes as what the other end of streams says: what is read is written the same, and the lane of streams, with some open, takes
// all of it without losing its footing: memory stays bounded, each stream ends at most once.
#include <map>
#include <vector>

#include "plugins/stn/core/stream_lane.h"
#include "tests/fuzz/harness.h"

using namespace tharsis;
using fuzz::require;
using stn::stream_event;

namespace {

void read_as_message(std::span<const uint8_t> bytes) {
  const auto m = streams::read_message(bytes);
  if (!m) return;
  std::vector<uint8_t> again;
  streams::append_message(again, *m);
  require(std::equal(bytes.begin(), bytes.end(), again.begin(), again.end()), "what was read is written the same");
}

class user {
 public:
  user() {
    for (uint64_t id = 1; id <= 3; ++id) {
      stn::stream_order o;
      o.id = id;
      o.direction = static_cast<streams::direction>(id);
      o.name = "a";
      o.key = {1};
      if (id == 1) o.size = 100'000;
      lane.open(std::move(o), now);
      if (id != 1) lane.read(id, 50'000, now);
    }
    lane.on_up();
  }
  void serve() {
    for (const stream_event& e : lane.take_events()) {
      require(!ended[e.stream], "nothing is told after the end");
      if (e.what == stream_event::about::end) ended[e.stream] = true;
      if (e.what == stream_event::about::piece) lane.on_given(e.stream, e.bytes.size(), now);
      const std::vector<uint8_t> bytes(std::min<size_t>(e.room, 3000), 7);
      if (e.what == stream_event::about::room) lane.write(e.stream, e.offset, bytes, e.offset > 200'000, now);
    }
    lane.take_output([](std::span<const uint8_t> body) { read_as_message(body); }, 1 << 20, now);
  }

  instant now = instant{} + 1h;
  stn::stream_lane lane{stn::stream_settings{}};
  std::map<uint64_t, bool> ended;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  read_as_message({data, size});
  fuzz::reader input(data, size);
  user u;
  u.serve();
  while (!input.empty()) {
    u.now += std::chrono::milliseconds(input.byte());
    const uint8_t length = input.byte();
    const error why = length == 255 ? error{THARSIS_E_RESET, "cut"} : u.lane.on_message(input.take(length), u.now);
    if (why.status != THARSIS_OK) u.lane.on_down(why, u.now), u.lane.on_up();
    u.lane.on_deadline(u.now);
    u.serve();
    require(u.lane.memory_left() <= 16 << 20, "no memory is given back twice");
  }
  return 0;
}
