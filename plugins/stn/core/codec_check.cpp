#include "plugins/stn/core/codec_check.h"

#include <algorithm>
#include <functional>
#include <random>

#include "plugins/stn/core/codec_sample.h"
#include "sdk/pure/mars_frame.h"

namespace tharsis::stn {
namespace {

using bytes = std::vector<uint8_t>;
using chance_stream = std::mt19937_64;

constexpr size_t body_small = 300;  // Of most trials, so that all cuts can be tried.
constexpr size_t claims_reach = 24;  // Lengths stand near the begin of a frame.

std::string side_name(uint32_t side) { return side == THARSIS_STN_CLIENT ? "client" : "server"; }
uint32_t other(uint32_t side) { return side == THARSIS_STN_CLIENT ? THARSIS_STN_SERVER : THARSIS_STN_CLIENT; }

// Tries one codec; what goes wrong first in a trial is its failure.
class examiner {
 public:
  examiner(const tharsis_stn_codec& codec, const codec_check& how) : codec_(codec), how_(how) {}

  std::vector<codec_trial> examine() {
    trial("opens, and knows its limits", [this] { try_open(); });
    if (!all_.back().passed()) return std::move(all_);
    trial("a setting that it does not have", [this] { try_settings(); });
    trial("round trip of every kind", [this] { by_chance([this](chance_stream& c, uint32_t side) { try_round(c, side, body_small); }); });
    trial("the largest body", [this] { try_largest(); });
    trial("a body that is too large", [this] { try_too_large(); });
    trial("cut at every byte", [this] { both_sides([this](chance_stream& c, uint32_t side) { try_cuts(c, side); }); });
    trial("byte by byte", [this] { both_sides([this](chance_stream& c, uint32_t side) { try_pieces(c, side, [](size_t) { return size_t{1}; }); }); });
    trial("pieces of any size", [this] { by_chance([this](chance_stream& c, uint32_t side) { try_pieces(c, side, [&c](size_t left) { return 1 + c() % left; }); }); });
    trial("many frames glued together", [this] { both_sides([this](chance_stream& c, uint32_t side) { try_glued(c, side); }); });
    trial("two connections at once", [this] { both_sides([this](chance_stream& c, uint32_t side) { try_two(c, side); }); });
    trial("pushes have sequence 0", [this] { try_kind(THARSIS_STN_SERVER, THARSIS_STN_FRAME_PUSH, THARSIS_STN_CARRIES_PUSHES); });
    trial("pings", [this] { try_kind(THARSIS_STN_CLIENT, THARSIS_STN_FRAME_PING, 0); });
    trial("pongs are not kept", [this] { try_kind(THARSIS_STN_SERVER, THARSIS_STN_FRAME_PONG, 0); });
    trial("hello", [this] { try_kind(THARSIS_STN_CLIENT, THARSIS_STN_FRAME_HELLO, THARSIS_STN_CARRIES_HELLO); });
    trial("welcome", [this] { try_kind(THARSIS_STN_SERVER, THARSIS_STN_FRAME_WELCOME, THARSIS_STN_CARRIES_HELLO); });
    trial("signs that keep a radio awake are passed over", [this] { try_keep(); });
    trial("another client version", [this] { both_sides([this](chance_stream& c, uint32_t side) { try_version(c, side); }); });
    trial("lengths that lie: zero, wrong, giant", [this] { both_sides([this](chance_stream& c, uint32_t side) { try_claims(c, side); }); });
    trial("every byte damaged", [this] { both_sides([this](chance_stream& c, uint32_t side) { try_damage(c, side); }); });
    trial("random bytes", [this] { by_chance([this](chance_stream& c, uint32_t side) { try_noise(c, side); }); });
    trial("frames before the damage are not lost", [this] { by_chance([this](chance_stream& c, uint32_t side) { try_noise_behind(c, side); }); });
    if (std::string_view(codec_.name) == "mars") trial("options that are not known are skipped", [this] { try_options(); });
    return std::move(all_);
  }

 private:
  void trial(std::string name, const std::function<void()>& work) {
    now_ = {};
    now_.name = std::move(name);
    work();
    all_.push_back(std::move(now_));
  }
  void complain(std::string what, std::span<const uint8_t> shown = {}) {
    if (!now_.passed()) return;
    now_.failure = std::move(what);
    now_.seed = seed_;
    now_.bytes.assign(shown.begin(), shown.begin() + static_cast<std::ptrdiff_t>(std::min(shown.size(), codec_trial_bytes)));
  }
  // With this seed and the other side's, until one fails.
  void both_sides(const std::function<void(chance_stream&, uint32_t)>& work) {
    for (const uint32_t side : {THARSIS_STN_CLIENT, THARSIS_STN_SERVER}) {
      chance_stream chance(seed_ * 2 + side);
      if (now_.passed()) ++now_.tries, work(chance, side);
    }
  }
  void by_chance(const std::function<void(chance_stream&, uint32_t)>& work) {
    for (seed_ = how_.first_seed; seed_ < how_.first_seed + how_.seeds && now_.passed(); ++seed_) both_sides(work);
    seed_ = how_.first_seed;
  }

  framing begin(uint32_t side, uint32_t version_more = 0) const {
    return std::move(*framing::open(codec_, side, how_.client_version + version_more, how_.settings));
  }
  bytes write(framing& to, const std::vector<sample_frame>& frames) {
    bytes out;
    error why;
    for (const sample_frame& f : frames)
      if (to.append(out, f.view(), why) != THARSIS_OK) complain("the " + side_name(side_) + " cannot send kind " + std::to_string(f.kind) + ": " + why.text);
    return out;
  }
  // Frames of this side, and their bytes.
  std::pair<std::vector<sample_frame>, bytes> draw(chance_stream& chance, uint32_t side, size_t body_most) {
    side_ = side;
    framing from = begin(side);
    auto frames = draw_samples(side, from, std::min<size_t>(body_most, static_cast<size_t>(from.facts().body_max)), chance);
    bytes wire = write(from, frames);
    return {std::move(frames), std::move(wire)};
  }
  // What was sent is heard first; with `everything` nothing else is, and nothing is left over.
  void expect(const hearing& heard, const std::vector<sample_frame>& sent, bool everything, std::span<const uint8_t> wire) {
    if (heard.defective()) return complain(heard.end.text, wire);
    if (everything && heard.end.status != THARSIS_PENDING) return complain("good bytes are refused: " + heard.end.text, wire);
    for (size_t i = 0; i < std::min(sent.size(), heard.frames.size()); ++i)
      if (const std::string what = difference(sent[i], heard.frames[i]); !what.empty()) return complain("frame " + std::to_string(i + 1) + ": " + what, wire);
    if (heard.frames.size() < sent.size() || (everything && heard.frames.size() > sent.size()))
      return complain(std::to_string(sent.size()) + " frames were sent, and " + std::to_string(heard.frames.size()) + " came", wire);
    if (everything && heard.pending > 0) complain(std::to_string(heard.pending) + " bytes are left over behind whole frames", wire);
  }
  // Nothing but the contract is asked of it.
  void expect_sound(const hearing& heard, std::span<const uint8_t> wire) {
    if (heard.defective()) complain(heard.end.text, wire);
  }
  static size_t all_at_once(size_t left) { return left; }

  void try_open() {
    for (const uint32_t side : {THARSIS_STN_CLIENT, THARSIS_STN_SERVER}) {
      ++now_.tries;
      const auto opened = framing::open(codec_, side, how_.client_version, how_.settings);
      if (!opened) return complain("as a " + side_name(side) + ": " + opened.failure().text);
      if (opened->facts().body_max == 0) complain("it says that it carries no body at all");
    }
  }
  void try_settings() {
    codec_settings more = how_.settings;
    more.emplace_back("no-codec-has-this", "1");
    ++now_.tries;
    const auto opened = framing::open(codec_, THARSIS_STN_CLIENT, how_.client_version, more);
    if (opened) complain("it opens with a setting 'no-codec-has-this', so nobody learns that one is misspelt");
  }
  void try_round(chance_stream& chance, uint32_t side, size_t body_most) {
    const auto [frames, wire] = draw(chance, side, body_most);
    framing to = begin(other(side));
    expect(hear(to, wire, all_at_once), frames, true, wire);
  }
  void try_largest() {
    for (const uint32_t side : {THARSIS_STN_CLIENT, THARSIS_STN_SERVER}) {
      ++now_.tries;
      side_ = side;
      framing from = begin(side), to = begin(other(side));
      sample_frame f{side == THARSIS_STN_CLIENT ? uint32_t{THARSIS_STN_FRAME_REQUEST} : uint32_t{THARSIS_STN_FRAME_ANSWER}, 100, 7, bytes(static_cast<size_t>(from.facts().body_max), 'b'), {}, {}};
      if (side == THARSIS_STN_CLIENT && from.carries(THARSIS_STN_CARRIES_KEYS)) f.key.assign(64, 'k');
      const bytes wire = write(from, {f});
      expect(hear(to, wire, [](size_t) { return size_t{64 * 1024}; }), {f}, true, wire);
    }
  }
  void try_too_large() {
    ++now_.tries;
    framing from = begin(THARSIS_STN_CLIENT), to = begin(THARSIS_STN_SERVER);
    const sample_frame f{THARSIS_STN_FRAME_REQUEST, 100, 7, bytes(static_cast<size_t>(from.facts().frame_max) + 1, 'b'), {}, {}};
    bytes wire;
    error why;
    const tharsis_status status = from.append(wire, f.view(), why);
    if (status == THARSIS_E_INTERNAL) return complain(why.text);
    if (status == THARSIS_OK) expect(hear(to, wire, all_at_once), {f}, true, wire);
  }
  void try_cuts(chance_stream& chance, uint32_t side) {
    const auto [frames, wire] = draw(chance, side, 40);
    for (size_t cut = 1; cut < wire.size() && now_.passed(); ++cut, ++now_.tries) {
      framing to = begin(other(side));
      bool first = true;
      expect(hear(to, wire, [&](size_t left) { return std::exchange(first, false) ? cut : left; }), frames, true, wire);
    }
  }
  template <class Piece>
  void try_pieces(chance_stream& chance, uint32_t side, Piece piece) {
    const auto [frames, wire] = draw(chance, side, body_small);
    framing to = begin(other(side));
    expect(hear(to, wire, piece), frames, true, wire);
  }
  void try_glued(chance_stream& chance, uint32_t side) {
    std::vector<sample_frame> all;
    bytes wire;
    for (int i = 0; i < 200; ++i) {
      auto [frames, more] = draw(chance, side, body_small);
      all.insert(all.end(), frames.begin(), frames.end());
      wire.insert(wire.end(), more.begin(), more.end());
    }
    framing to = begin(other(side));
    expect(hear(to, wire, all_at_once), all, true, wire);
  }
  // A byte here, a byte there: what one connection has heard is nothing to the other.
  void try_two(chance_stream& chance, uint32_t side) {
    const auto [first, first_wire] = draw(chance, side, 60);
    const auto [second, second_wire] = draw(chance, side, 60);
    framing one = begin(other(side)), two = begin(other(side));
    hearing heard[2];
    const auto give = [&](framing& to, const bytes& wire, size_t at, hearing& into) {
      if (at >= wire.size() || into.end.status != THARSIS_PENDING) return;
      hearing more = hear(to, std::span(wire).subspan(at, 1), all_at_once);
      into.frames.insert(into.frames.end(), more.frames.begin(), more.frames.end());
      into.end = more.end;
      into.pending = more.pending;
    };
    for (size_t at = 0; at < std::max(first_wire.size(), second_wire.size()); ++at) {
      give(one, first_wire, at, heard[0]);
      give(two, second_wire, at, heard[1]);
    }
    expect(heard[0], first, true, first_wire);
    expect(heard[1], second, true, second_wire);
  }
  // Ten thousand of one kind: each is heard as what it is, and nothing piles up.
  void try_kind(uint32_t side, uint32_t kind, uint32_t needs) {
    framing from = begin(side), to = begin(other(side));
    if (needs != 0 && !from.carries(needs)) return;
    side_ = side;
    const bool bare = kind == THARSIS_STN_FRAME_PING || kind == THARSIS_STN_FRAME_PONG;
    const sample_frame f{kind, bare ? 0u : 77u, 0, bare ? bytes{} : bytes{'x', 'y'}, {}, {}};
    for (; now_.tries < 10'000 && now_.passed(); ++now_.tries) {
      const bytes wire = write(from, {f});
      expect(hear(to, wire, all_at_once), {f}, true, wire);
    }
  }
  // Before, between and behind what means something.
  void try_keep() {
    framing from = begin(THARSIS_STN_CLIENT), to = begin(THARSIS_STN_SERVER);
    if (!from.carries(THARSIS_STN_CARRIES_KEEP)) return;
    side_ = THARSIS_STN_CLIENT;
    const sample_frame keep{THARSIS_STN_FRAME_KEEP, 0, 0, {}, {}, {}}, ping{THARSIS_STN_FRAME_PING, 0, 0, {}, {}, {}};
    const bytes wire = write(from, {keep, ping, keep, keep, ping, keep});
    ++now_.tries;
    expect(hear(to, wire, all_at_once), {ping, ping}, true, wire);
  }
  // Refused, or read as the same: never as something else.
  void try_version(chance_stream& chance, uint32_t side) {
    const auto [frames, wire] = draw(chance, side, 40);
    framing to = begin(other(side), 1);
    const hearing heard = hear(to, wire, all_at_once);
    if (heard.frames.empty() && heard.end.status == THARSIS_E_PROTOCOL) return;
    expect(heard, frames, true, wire);
  }
  // Numbers of each size, at each place of a frame's begin. Whoever believes one waits, but not for ever.
  void try_claims(chance_stream& chance, uint32_t side) {
    const auto [frames, wire] = draw(chance, side, 40);
    const bytes silence(static_cast<size_t>(begin(side).facts().frame_max) + 1, 0);
    for (size_t at = 0; at < std::min(claims_reach, wire.size()); ++at)
      for (const size_t size : {1u, 2u, 4u, 8u})
        for (const uint8_t fill : bytes{0x00, 0x01, 0x7F, 0xFF}) {
          bytes lie = wire;
          std::fill_n(lie.begin() + static_cast<std::ptrdiff_t>(at), std::min(size, lie.size() - at), fill);
          framing to = begin(other(side));
          hearing heard = hear(to, lie, all_at_once);
          if (heard.end.status == THARSIS_PENDING && heard.pending > 0) heard = hear(to, silence, [](size_t) { return size_t{256 * 1024}; });
          ++now_.tries;
          expect_sound(heard, lie);
          if (!now_.passed()) return;
        }
  }
  void try_damage(chance_stream& chance, uint32_t side) {
    const auto [frames, wire] = draw(chance, side, 40);
    for (size_t at = 0; at < wire.size() && now_.passed(); ++at)
      for (const uint8_t change : bytes{0x01, 0x80, 0xFF}) {
        bytes damaged = wire;
        damaged[at] ^= change;
        framing to = begin(other(side));
        ++now_.tries;
        expect_sound(hear(to, damaged, all_at_once), damaged);
      }
  }
  static bytes noise(chance_stream& chance) {
    bytes all(1 + chance() % 2000);
    const bool low = chance() % 2 == 0;  // Lengths that may be.
    for (uint8_t& b : all) b = static_cast<uint8_t>(low && chance() % 4 > 0 ? chance() % 3 : chance());
    return all;
  }
  void try_noise(chance_stream& chance, uint32_t side) {
    const bytes wire = noise(chance);
    framing to = begin(side);
    expect_sound(hear(to, wire, [&chance](size_t left) { return 1 + chance() % left; }), wire);
  }
  void try_noise_behind(chance_stream& chance, uint32_t side) {
    auto [frames, wire] = draw(chance, side, body_small);
    const bytes behind = noise(chance);
    wire.insert(wire.end(), behind.begin(), behind.end());
    framing to = begin(other(side));
    expect(hear(to, wire, [&chance](size_t left) { return 1 + chance() % left; }), frames, false, wire);
  }
  // Between Mars' 20 bytes and head_length.
  void try_options() {
    for (const uint8_t size : bytes{0, 1, 40}) {
      ++now_.tries;
      bytes wire;
      mars::append_frame(wire, mars::frame{100, 7, {'b'}, {}, {}}, how_.client_version);
      bytes option(4 + size, 'o');
      option[0] = 0x77, option[1] = 0x77, option[2] = 0, option[3] = size;
      wire[3] = static_cast<uint8_t>(mars::head_size + option.size());
      wire.insert(wire.begin() + mars::head_size, option.begin(), option.end());
      framing to = begin(THARSIS_STN_CLIENT);
      expect(hear(to, wire, all_at_once), {{THARSIS_STN_FRAME_ANSWER, 100, 7, {'b'}, {}, {}}}, true, wire);
    }
  }

  const tharsis_stn_codec& codec_;
  const codec_check& how_;
  std::vector<codec_trial> all_;
  codec_trial now_;
  uint64_t seed_ = how_.first_seed;
  uint32_t side_ = THARSIS_STN_CLIENT;
};

}  // namespace

std::vector<codec_trial> check_codec(const tharsis_stn_codec& codec, const codec_check& how) { return examiner(codec, how).examine(); }

}  // namespace tharsis::stn
