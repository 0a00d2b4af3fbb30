// Goal: the conformance kit finds nothing at good codecs, and each way to be bad. Method: the built-in ones, and
// codecs that are mars or length-prefixed but for one twist, each of which must be caught.
#include "plugins/stn/core/codec_check.h"

#include <algorithm>
#include <cstring>
#include <functional>

#include <gtest/gtest.h>

#include "sdk/pure/views.h"

using namespace tharsis;
using stn::check_codec;
using stn::codec_check;
using stn::codec_trial;

namespace {

codec_check quick(codec_settings settings = {}) {
  codec_check how;
  how.settings = std::move(settings);
  how.seeds = 10;
  return how;
}

std::string failures(const std::vector<codec_trial>& trials) {
  std::string all;
  for (const codec_trial& t : trials)
    if (!t.passed()) all += t.name + ": " + t.failure + "\n";
  return all;
}

// A good codec with a twist in one place.
struct twisted {
  explicit twisted(const char* base) : good(*built_in_codec(base)) { table.self = this; }

  std::function<void(const tharsis_stn_codec_options&, tharsis_stn_codec_facts&)> on_open;
  std::function<tharsis_status(void* state, tharsis_stn_frame f, const tharsis_stn_sink& out)> on_encode;
  // What the good one found, to be changed.
  std::function<tharsis_status(tharsis_status status, tharsis_bytes received, tharsis_stn_decoded& found)> on_decode;
  bool any_setting = false;
  const tharsis_stn_codec& good;
  tharsis_stn_codec table{sizeof(tharsis_stn_codec), 0, nullptr, "twisted", open, close, encode, decode, nullptr, nullptr};

  struct connection {
    twisted* owner;
    void* inner;
  };
  static tharsis_status open(void* self, const tharsis_stn_codec_options* given, void** state, tharsis_stn_codec_facts* facts, tharsis_error* why) {
    auto& t = *static_cast<twisted*>(self);
    tharsis_stn_codec_options options = *given;
    if (t.any_setting) options.settings_count = 0;
    void* inner = nullptr;
    const tharsis_status status = t.good.open(t.good.self, &options, &inner, facts, why);
    if (status != THARSIS_OK) return status;
    if (t.on_open) t.on_open(options, *facts);
    *state = new connection{&t, inner};
    return THARSIS_OK;
  }
  static void close(void* self, void* state) {
    auto* const c = static_cast<connection*>(state);
    static_cast<twisted*>(self)->good.close(static_cast<twisted*>(self)->good.self, c->inner);
    delete c;
  }
  static tharsis_status encode(void* state, const tharsis_stn_frame* f, const tharsis_stn_sink* out, tharsis_error* why) {
    auto* const c = static_cast<connection*>(state);
    if (c->owner->on_encode) return c->owner->on_encode(c->inner, *f, *out);
    return c->owner->good.encode(c->inner, f, out, why);
  }
  static tharsis_status decode(void* state, tharsis_bytes received, tharsis_stn_decoded* found, tharsis_error* why) {
    auto* const c = static_cast<connection*>(state);
    const tharsis_status status = c->owner->good.decode(c->inner, received, found, why);
    return c->owner->on_decode ? c->owner->on_decode(status, received, *found) : status;
  }
};

using change = std::function<void(tharsis_bytes received, tharsis_stn_decoded& found)>;

// What the kit says of a codec whose whole frames are changed so.
std::string with_frames(const char* base, const change& how) {
  twisted t(base);
  t.on_decode = [&](tharsis_status status, tharsis_bytes received, tharsis_stn_decoded& found) {
    if (status == THARSIS_OK) how(received, found);
    return status;
  };
  return failures(check_codec(t.table, quick()));
}

void expect_caught(const std::string& failures, const std::string& part) {
  EXPECT_NE(failures.find(part), std::string::npos) << "wanted: " << part << "\ngot: " << failures;
}

}  // namespace

TEST(CodecCheck, TheBuiltInCodecsPass) {
  EXPECT_EQ(failures(check_codec(*built_in_codec("mars"), quick())), "");
  for (const char* prefix : {"1", "2", "4", "8"})
    for (const char* order : {"big", "little"})
      EXPECT_EQ(failures(check_codec(*built_in_codec("length-prefixed"), quick({{"prefix", prefix}, {"order", order}, {"includes_itself", order[0] == 'b' ? "true" : "false"}}))), "")
          << prefix << " " << order;
}

TEST(CodecCheck, AllTrialsAreHeldAndCounted) {
  const auto trials = check_codec(*built_in_codec("mars"), quick());
  EXPECT_GE(trials.size(), 20u);
  for (const codec_trial& t : trials) EXPECT_GT(t.tries, 0u) << t.name;
}

TEST(CodecCheck, WrongSettingsAreSaidAndNothingMoreIsTried) {
  const auto trials = check_codec(*built_in_codec("length-prefixed"), quick({{"prefix", "3"}}));
  ASSERT_EQ(trials.size(), 1u);
  expect_caught(trials[0].failure, "prefix is 1, 2, 4 or 8 bytes");
}

TEST(CodecCheck, NoProgressIsCaught) {
  expect_caught(with_frames("mars", [](tharsis_bytes, tharsis_stn_decoded& f) { f.used = 0; }), "said that a frame is 0 of");
}

TEST(CodecCheck, EatingMoreThanAFrameIsCaught) {
  expect_caught(with_frames("mars", [](tharsis_bytes given, tharsis_stn_decoded& f) { f.used = given.size; }), "glued together");
  expect_caught(with_frames("mars", [](tharsis_bytes, tharsis_stn_decoded& f) { f.used += 1; }), "round trip");
}

TEST(CodecCheck, EatingLessThanAFrameIsCaught) {
  expect_caught(with_frames("mars", [](tharsis_bytes, tharsis_stn_decoded& f) { f.used -= 1; }), "round trip");
}

TEST(CodecCheck, LostBitsOfNumbersAreCaught) {
  expect_caught(with_frames("mars", [](tharsis_bytes, tharsis_stn_decoded& f) { f.frame.sequence &= 0xFFFF; }), "its sequence was");
  expect_caught(with_frames("mars", [](tharsis_bytes, tharsis_stn_decoded& f) { f.frame.command &= 0xFFFF; }), "its command was");
}

TEST(CodecCheck, LostBodiesAndKeysAreCaught) {
  expect_caught(with_frames("mars", [](tharsis_bytes, tharsis_stn_decoded& f) { f.frame.key = {}; }), "its key of");
  expect_caught(with_frames("mars", [](tharsis_bytes, tharsis_stn_decoded& f) { f.frame.refusal = {}; }), "its refusal");
  expect_caught(with_frames("mars", [](tharsis_bytes, tharsis_stn_decoded& f) { f.frame.body.size = std::min<size_t>(f.frame.body.size, 65535); }), "the largest body");
}

TEST(CodecCheck, KindsThatAreMixedUpAreCaught) {
  expect_caught(with_frames("mars", [](tharsis_bytes, tharsis_stn_decoded& f) {
                  if (f.frame.kind == THARSIS_STN_FRAME_PUSH) f.frame.kind = THARSIS_STN_FRAME_ANSWER;
                }), "pushes have sequence 0");
  expect_caught(with_frames("mars", [](tharsis_bytes, tharsis_stn_decoded& f) {
                  if (f.frame.kind == THARSIS_STN_FRAME_PING) f.frame.kind = THARSIS_STN_FRAME_REQUEST;
                }), "pings");
  expect_caught(with_frames("length-prefixed", [](tharsis_bytes, tharsis_stn_decoded& f) {
                  if (f.frame.kind == THARSIS_STN_FRAME_PIECE) f.frame.kind = THARSIS_STN_FRAME_NONE;
                }), "its kind was 3");
}

TEST(CodecCheck, WaitingForTooMuchIsCaught) {
  twisted t("mars");
  t.on_decode = [](tharsis_status status, tharsis_bytes, tharsis_stn_decoded& found) {
    if (status == THARSIS_PENDING && found.needed > 20) found.needed += 1;
    return status;
  };
  expect_caught(failures(check_codec(t.table, quick())), "cut at every byte");
}

TEST(CodecCheck, BelievingAGiantIsCaught) {
  twisted t("length-prefixed");
  t.on_decode = [](tharsis_status status, tharsis_bytes, tharsis_stn_decoded& found) {
    if (status == THARSIS_E_PROTOCOL) return found.needed = size_t{1} << 30, tharsis_status{THARSIS_PENDING};
    return status;
  };
  expect_caught(failures(check_codec(t.table, quick())), "lengths that lie");
  t.on_decode = [](tharsis_status status, tharsis_bytes, tharsis_stn_decoded& found) {
    if (status == THARSIS_E_PROTOCOL) return found.needed = 0, tharsis_status{THARSIS_PENDING};
    return status;
  };
  expect_caught(failures(check_codec(t.table, quick())), "waits for more than its limit");
}

TEST(CodecCheck, OneMemoryForAllConnectionsIsCaught) {
  twisted t("mars");
  std::vector<uint8_t> shared;  // What is not whole yet, of whichever connection.
  t.on_decode = [&shared](tharsis_status status, tharsis_bytes received, tharsis_stn_decoded& found) {
    if (status == THARSIS_PENDING) shared.assign(received.data, received.data + received.size);
    if (status == THARSIS_OK && !shared.empty() && std::memcmp(shared.data(), received.data, std::min(shared.size(), received.size)) != 0) found.frame.sequence ^= 1;
    if (status == THARSIS_OK) shared.clear();
    return status;
  };
  expect_caught(failures(check_codec(t.table, quick())), "two connections at once");
}

TEST(CodecCheck, AnotherVersionReadAsSomethingElseIsCaught) {
  twisted t("mars");
  uint32_t version = 0;
  t.on_open = [&version](const tharsis_stn_codec_options& o, tharsis_stn_codec_facts&) { version = o.client_version; };
  t.on_decode = [&version](tharsis_status status, tharsis_bytes received, tharsis_stn_decoded& found) {
    if (status != THARSIS_E_PROTOCOL || version != 201) return status;
    found.used = received.size;
    found.frame.kind = THARSIS_STN_FRAME_NONE;
    return tharsis_status{THARSIS_OK};
  };
  expect_caught(failures(check_codec(t.table, quick())), "another client version");
}

TEST(CodecCheck, LimitsThatAreNotKeptAreCaught) {
  twisted large("mars");
  large.on_open = [](const tharsis_stn_codec_options&, tharsis_stn_codec_facts& facts) { facts.body_max = facts.frame_max; };
  expect_caught(failures(check_codec(large.table, quick())), "the largest body");
  twisted overrun("mars");
  overrun.on_encode = [](void*, tharsis_stn_frame f, const tharsis_stn_sink& out) {
    out.append(out.self, f.body.data, f.body.size);
    return tharsis_status{THARSIS_OK};
  };
  expect_caught(failures(check_codec(overrun.table, quick())), "a body that is too large");
}

TEST(CodecCheck, SettingsThatAreSwallowedAreCaught) {
  twisted t("mars");
  t.any_setting = true;
  expect_caught(failures(check_codec(t.table, quick())), "a setting that it does not have");
}

TEST(CodecCheck, RefusingWhatItsOwnSideSaysIsCaught) {
  twisted t("mars");
  t.on_decode = [](tharsis_status status, tharsis_bytes, tharsis_stn_decoded& found) {
    return status == THARSIS_OK && found.frame.body.size == 0 ? tharsis_status{THARSIS_E_PROTOCOL} : status;
  };
  expect_caught(failures(check_codec(t.table, quick())), "good bytes are refused");
}

TEST(CodecCheck, AStatusThatIsNoneIsCaught) {
  twisted t("mars");
  t.on_decode = [](tharsis_status status, tharsis_bytes, tharsis_stn_decoded&) { return status == THARSIS_E_PROTOCOL ? tharsis_status{9} : status; };
  expect_caught(failures(check_codec(t.table, quick())), "answered status 9");
}

TEST(CodecCheck, AFailureComesAgainWithItsSeed) {
  twisted t("mars");
  t.on_decode = [](tharsis_status status, tharsis_bytes, tharsis_stn_decoded& found) {
    if (status == THARSIS_OK && found.frame.sequence % 7 == 3) found.frame.sequence = 0;
    return status;
  };
  const auto failed = [](const std::vector<codec_trial>& all) {
    return *std::find_if(all.begin(), all.end(), [](const codec_trial& c) { return c.name == "round trip of every kind"; });
  };
  const codec_trial first = failed(check_codec(t.table, quick()));
  ASSERT_FALSE(first.passed());
  codec_check once = quick();
  once.first_seed = first.seed;
  once.seeds = 1;
  const codec_trial again = failed(check_codec(t.table, once));
  EXPECT_EQ(again.failure, first.failure);
  EXPECT_EQ(again.bytes, first.bytes);
}

TEST(CodecCheck, TheReportsTellWhatFailedAndHow) {
  std::vector<codec_trial> trials(3);
  trials[0].name = "good", trials[0].tries = 5;
  trials[1].name = "not carried";
  trials[2] = {"bad", 1, "it lost a byte", 7, {0xAB, 0x01}};
  const std::string table = stn::trials_table("acme", trials), json = stn::trials_json("acme", trials);
  EXPECT_NE(table.find("good         ok      5\n"), std::string::npos) << table;
  EXPECT_NE(table.find("bad          FAILED\n    it lost a byte\n    seed 7, bytes ab01\n"), std::string::npos) << table;
  EXPECT_NE(table.find("codec acme: 1 of 3 trials failed"), std::string::npos) << table;
  EXPECT_EQ(json.find("{\"codec\":\"acme\",\"ok\":false,\"trials\":[{\"name\":\"good\",\"ok\":true,\"tries\":5},"), 0u) << json;
  EXPECT_NE(json.find("\"failure\":\"it lost a byte\",\"seed\":7,\"bytes\":\"ab01\"}"), std::string::npos) << json;
}
