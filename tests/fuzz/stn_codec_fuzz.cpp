// Any bytes to the decoder of each codec, cut anywhere: it never breaks its contract, never waits for more than its
// limit, and what it gives can be written again and read as the same.
#include <array>

#include "plugins/stn/core/codec_sample.h"
#include "tests/fuzz/harness.h"

namespace {

using namespace tharsis;
using fuzz::require;

struct dialect {
  const char* codec;
  codec_settings settings;
};

const std::array<dialect, 5>& dialects() {
  static const std::array<dialect, 5> all = {{{"mars", {}},
                                              {"length-prefixed", {}},
                                              {"length-prefixed", {{"prefix", "1"}, {"includes_itself", "true"}}},
                                              {"length-prefixed", {{"prefix", "2"}, {"order", "little"}}},
                                              {"length-prefixed", {{"prefix", "8"}, {"max", "4KiB"}}}}};
  return all;
}

framing open(const dialect& d, uint32_t side) { return std::move(*framing::open(*built_in_codec(d.codec), side, 200, d.settings)); }

// What one side heard, the other one can say.
void say_again(const dialect& d, uint32_t side, const stn::sample_frame& f) {
  framing from = open(d, side == THARSIS_STN_CLIENT ? THARSIS_STN_SERVER : THARSIS_STN_CLIENT), to = open(d, side);
  std::vector<uint8_t> wire;
  error why;
  if (from.append(wire, f.view(), why) != THARSIS_OK) return require(why.status == THARSIS_E_INVALID, "what cannot be said is said to be so");
  const stn::hearing heard = stn::hear(to, wire, [](size_t left) { return left; });
  require(heard.frames.size() == 1 && stn::difference(f, heard.frames[0]).empty(), "it is heard as it was");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::reader input(data, size);
  const dialect& d = dialects()[input.byte() % dialects().size()];
  const uint32_t side = input.byte() % 2;
  const size_t piece = input.byte() + 1u;
  framing from = open(d, side);
  const auto wire = input.take(size);
  const stn::hearing heard = stn::hear(from, wire, [piece](size_t) { return piece; });
  require(!heard.defective(), "the codec keeps its contract");
  require(heard.pending <= from.facts().frame_max, "no more is waited for than one frame");
  require((heard.end.status == THARSIS_PENDING) == heard.end.text.empty(), "a failure has a sentence");
  for (const stn::sample_frame& f : heard.frames) say_again(d, side, f);
  return 0;
}
