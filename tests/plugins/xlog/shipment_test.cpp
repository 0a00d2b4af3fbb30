// Goal: whatever is interrupted, lost, slow or a lie, a shipment ends: with the receiver having each file's bytes, or with a reason; and
// the next one goes on where it was.
// Method: the machine against a receiver in memory, with virtual time and a middle that misbehaves by the seed.
#include "plugins/xlog/core/shipment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "tests/plugins/xlog/model_receiver.h"
#include "tests/plugins/xlog/sealing.h"

using namespace tharsis;
using namespace tharsis::xlog;

namespace {

// Files as a sender has them: bytes, in pieces of so many.
struct sender_side {
  struct content {
    std::string name, bytes;
    bool closed = true;
  };
  std::vector<content> files;
  size_t piece = 1000;

  shipping::manifest manifest(size_t i) const {
    shipping::manifest m;
    m.closed = files[i].closed;
    m.whole = true;
    for (size_t at = 0; at < files[i].bytes.size(); at += piece) {
      const std::string part = files[i].bytes.substr(at, piece);
      m.pieces.push_back({static_cast<uint32_t>(part.size()), sha256_of(part)});
    }
    return m;
  }
  std::string body(size_t i, const std::vector<uint32_t>& which) const {
    std::string all;
    for (const uint32_t p : which) {
      const std::string part = files[i].bytes.substr(p * piece, piece);
      shipping::append_piece(all, {static_cast<uint32_t>(part.size()), sha256_of(part)}, part);
    }
    return all;
  }
  std::vector<ship_file> list() const {
    std::vector<ship_file> all;
    for (const content& c : files) all.push_back({c.name, c.name, c.bytes.size(), true});
    return all;
  }
};

using middle = std::function<std::optional<ship_answer>(const ship_request&)>;  // Nothing: no answer comes.

struct ending {
  error outcome;
  shipment::totals counts;
  std::vector<std::string> failures;
  duration took{};
};

// Until it is over; `steps`: killed after so many.
ending run(const sender_side& sender, const middle& between, ship_numbers numbers = {}, uint64_t seed = 1, int steps = 100'000, bool dry = false) {
  instant now = instant_from(1'000'000'000);
  const instant began = now;
  shipment s("me", sender.list(), numbers, seed, now, dry);
  for (; steps > 0; --steps) {
    const auto step = s.next(now);
    if (std::holds_alternative<shipment::over>(step)) break;
    now += 1ms;
    if (const auto* w = std::get_if<shipment::wait>(&step)) {
      EXPECT_GT(w->until, now - 1ms);
      now = w->until;
    } else if (const auto* p = std::get_if<shipment::plan>(&step)) {
      s.on_plan(sender.manifest(p->file));
    } else if (const auto* l = std::get_if<shipment::load>(&step)) {
      s.on_pieces(sender.body(l->file, l->pieces));
    } else if (const auto* a = std::get_if<shipment::ask>(&step)) {
      const auto answer = between(*a->request);
      if (answer) s.on_answer(*answer, now);
      else s.on_no_answer({THARSIS_E_RESET, "the connection broke"}, now += numbers.answer_timeout / 100);
    }
  }
  EXPECT_TRUE(steps > 0 || s.outcome().status == THARSIS_OK) << "it does not end";
  return {s.outcome(), s.counts(), s.failures(), now - began};
}

sender_side some_files(uint64_t seed, size_t count = 3) {
  seeded_random dice(seed);
  sender_side s;
  for (size_t i = 0; i < count; ++i) {
    const auto bytes = dice.data(1 + dice.below(20'000));
    s.files.push_back({"log-" + std::to_string(i) + ".tlog", std::string(bytes.begin(), bytes.end())});
  }
  return s;
}

void expect_same(const model_receiver& r, const sender_side& s) {
  for (const auto& f : s.files) {
    const auto found = r.files.find(f.name);
    ASSERT_TRUE(found != r.files.end()) << f.name;
    EXPECT_EQ(found->second.bytes, f.bytes);
  }
}

}  // namespace

TEST(XlogShipment, AllIsThereAfterwardsAndNothingGoesTwice) {
  model_receiver receiver;
  const sender_side sender = some_files(1);
  const auto honest = [&](const ship_request& r) { return std::optional(receiver.answer(r)); };
  const ending first = run(sender, honest);
  EXPECT_EQ(first.outcome.status, THARSIS_OK);
  EXPECT_EQ(first.counts.files, 3u);
  EXPECT_EQ(first.counts.requests, 1u + 3 * 3) << "asked once, and for each file: offered, sent, offered";
  expect_same(receiver, sender);
  const ending again = run(sender, honest);
  EXPECT_EQ(again.counts.bytes, 0u);
  EXPECT_EQ(again.counts.known, 3u);
  EXPECT_EQ(again.counts.requests, 1u);
}

TEST(XlogShipment, AnInterruptionAtAnyStepCostsOnlyWhatWasUnderWay) {
  const sender_side sender = some_files(2);
  for (int steps = 1; steps < 40; ++steps) {
    model_receiver receiver;
    const auto honest = [&](const ship_request& r) { return std::optional(receiver.answer(r)); };
    const ending killed = run(sender, honest, {}, 1, steps);
    for (const auto& own : sender.files) {
      const auto seen = receiver.files.find(own.name);
      EXPECT_TRUE(seen == receiver.files.end() || seen->second.bytes == own.bytes) << "what is seen is whole";
    }
    const ending rest = run(sender, honest);
    EXPECT_EQ(rest.outcome.status, THARSIS_OK);
    expect_same(receiver, sender);
    uint64_t all = 0;
    for (const auto& f : sender.files) all += f.bytes.size();
    EXPECT_LE(killed.counts.bytes + rest.counts.bytes, all + 20'000) << "at most one request is sent again";
  }
}

TEST(XlogShipment, AReceiverThatFailsNowAndThenGetsEverything) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    seeded_random dice(seed);
    model_receiver receiver;
    const sender_side sender = some_files(seed, 1 + dice.below(5));
    const auto bad = [&](const ship_request& r) -> std::optional<ship_answer> {
      switch (dice.below(12)) {
        case 0: return std::nullopt;                    // It never came,
        case 1: receiver.answer(r); return std::nullopt;  // or the answer did not come back.
        case 2: return ship_answer{503, "", 3s};
        case 3: return ship_answer{200, "<html>welcome to our hotel</html>"};
        case 4: receiver.pieces.clear(); return receiver.answer(r);  // It forgot.
        default: return receiver.answer(r);
      }
    };
    for (int tries = 0; tries < 50; ++tries) {
      const ending e = run(sender, bad, {}, seed);
      if (e.outcome.status == THARSIS_OK && e.failures.empty()) break;
    }
    expect_same(receiver, sender);
  }
}

TEST(XlogShipment, ItWaitsLongerEachTimeAndNotForEver) {
  const sender_side sender = some_files(3);
  int asked = 0;
  const ending e = run(sender, [&](const ship_request&) { return ++asked, std::optional<ship_answer>(); });
  EXPECT_EQ(e.outcome.status, THARSIS_E_TIMEOUT);
  EXPECT_NE(e.outcome.text.find("the connection broke"), std::string::npos);
  EXPECT_LE(e.took, ship_numbers().patience + 1s);
  EXPECT_GT(asked, 4);
  EXPECT_LT(asked, 20);
}

TEST(XlogShipment, AWaitThatTheReceiverAsksForIsHonoured) {
  model_receiver receiver;
  const sender_side sender = some_files(4);
  bool busy = true;
  const ending e = run(sender, [&](const ship_request& r) { return std::exchange(busy, false) ? std::optional(ship_answer{429, "", 10min}) : std::optional(receiver.answer(r)); });
  EXPECT_EQ(e.outcome.status, THARSIS_OK);
  EXPECT_GE(e.took, 10min);
  expect_same(receiver, sender);
}

TEST(XlogShipment, WhatNoTryCanMendEndsIt) {
  const sender_side sender = some_files(5);
  const auto always = [](int status, std::string body) {
    return [status, body](const ship_request&) { return std::optional(ship_answer{status, body}); };
  };
  EXPECT_EQ(run(sender, always(401, "who\x1b[31m are\nyou")).outcome.status, THARSIS_E_DENIED);
  EXPECT_EQ(run(sender, always(401, "who\x1b[31m are\nyou")).outcome.text.find('\x1b'), std::string::npos) << "a stranger's words do not reach the terminal as they are";
  EXPECT_NE(run(sender, always(301, "")).outcome.text.find("elsewhere"), std::string::npos);
  EXPECT_EQ(run(sender, always(404, "")).outcome.status, THARSIS_E_NOT_FOUND);
  EXPECT_EQ(run(sender, always(507, "")).outcome.status, THARSIS_E_FULL);
  EXPECT_EQ(run(sender, always(200, "<html>")).outcome.status, THARSIS_E_PROTOCOL);
  EXPECT_EQ(run(sender, always(200, std::string(1000, '\0'))).outcome.status, THARSIS_E_PROTOCOL);
}

TEST(XlogShipment, AReceiverThatLiesDoesNotKeepIt) {
  const sender_side sender = some_files(6, 2);
  model_receiver receiver;
  const auto wants_ever = [&](const ship_request& r) {
    return std::optional(r.method == "PUT" ? ship_answer{202, "tharsis-missing 1\n0 0\n"} : receiver.answer(r));
  };
  const ending e = run(sender, wants_ever);
  ASSERT_EQ(e.failures.size(), 2u);
  EXPECT_NE(e.failures[0].find("keeps asking"), std::string::npos);
  EXPECT_LT(e.counts.requests, 30u);
  const auto other_list = [&](const ship_request& r) {
    return std::optional(r.method == "PUT" ? ship_answer{202, "tharsis-missing 1\n0 4000000000\n"} : receiver.answer(r));
  };
  EXPECT_EQ(run(sender, other_list).outcome.status, THARSIS_E_PROTOCOL);
  const auto always_another = [&](const ship_request& r) { return std::optional(r.method == "PUT" ? ship_answer{409, ""} : receiver.answer(r)); };
  EXPECT_EQ(run(sender, always_another).failures.size(), 2u);
}

TEST(XlogShipment, FullIsToldAndGoesOnLater) {
  const sender_side sender = some_files(7);
  model_receiver receiver;
  receiver.room = 3000;
  const auto honest = [&](const ship_request& r) { return std::optional(receiver.answer(r)); };
  EXPECT_EQ(run(sender, honest).outcome.status, THARSIS_E_FULL);
  receiver.room = 1'000'000;
  EXPECT_EQ(run(sender, honest).outcome.status, THARSIS_OK);
  expect_same(receiver, sender);
}

TEST(XlogShipment, AFileThatGrewIsReplacedByWhatItIsNow) {
  sender_side sender = some_files(8, 1);
  sender.files[0].closed = false;
  model_receiver receiver;
  const auto honest = [&](const ship_request& r) { return std::optional(receiver.answer(r)); };
  run(sender, honest);
  sender.files[0].bytes += std::string(5000, 'n');
  sender.files[0].closed = true;
  const ending e = run(sender, honest);
  expect_same(receiver, sender);
  EXPECT_LE(e.counts.bytes, 7000u) << "what was there is not sent again";
}

TEST(XlogShipment, AFileThatChangesUnderwayIsPlannedAgainAndNeverMixed) {
  sender_side sender = some_files(12, 2);
  model_receiver receiver;
  size_t changes = 0;
  const auto changing = [&](const ship_request& r) {
    if (r.method == "PUT" && changes < 3) {  // Between the plan and the pieces.
      ++changes;
      sender.files[0].bytes[changes] = 'x';
    }
    return std::optional(receiver.answer(r));
  };
  instant now = instant_from(1);
  shipment s("me", sender.list(), {}, 1, now);
  shipping::manifest planned;
  for (auto step = s.next(now); !std::holds_alternative<shipment::over>(step); step = s.next(now += 1s)) {
    if (const auto* p = std::get_if<shipment::plan>(&step)) s.on_plan(planned = sender.manifest(p->file));
    if (const auto* a = std::get_if<shipment::ask>(&step)) s.on_answer(*changing(*a->request), now);
    if (const auto* l = std::get_if<shipment::load>(&step)) {
      if (sender.manifest(l->file).pieces == planned.pieces) s.on_pieces(sender.body(l->file, l->pieces));
      else s.on_pieces(error{THARSIS_E_GONE, "the file changed while it was shipped"});
    }
  }
  EXPECT_EQ(s.outcome().status, THARSIS_OK);
  EXPECT_EQ(changes, 3u);
  expect_same(receiver, sender);
}

TEST(XlogShipment, AFileThatNeverStaysIsLeftForLater) {
  const sender_side sender = some_files(13, 2);
  model_receiver receiver;
  instant now = instant_from(1);
  shipment s("me", sender.list(), {}, 1, now);
  for (auto step = s.next(now); !std::holds_alternative<shipment::over>(step); step = s.next(now += 1s)) {
    if (const auto* p = std::get_if<shipment::plan>(&step)) s.on_plan(sender.manifest(p->file));
    if (const auto* a = std::get_if<shipment::ask>(&step)) s.on_answer(receiver.answer(*a->request), now);
    if (const auto* l = std::get_if<shipment::load>(&step)) {
      if (l->file == 1) s.on_pieces(sender.body(l->file, l->pieces));
      else s.on_pieces(error{THARSIS_E_GONE, "the file changed while it was shipped"});
    }
  }
  ASSERT_EQ(s.failures().size(), 1u);
  EXPECT_NE(s.failures()[0].find("changed again and again"), std::string::npos);
  EXPECT_TRUE(receiver.files.contains("log-1.tlog"));
}

TEST(XlogShipment, WhatIsSettledIsNotReadAgainWhileTheReceiverHasIt) {
  const sender_side sender = some_files(14, 1);
  model_receiver receiver;
  const auto plans = [&](const std::string& settled) {
    auto list = sender.list();
    list[0].settled = settled;
    shipment s("me", list, {}, 1, instant_from(1));
    s.next(instant_from(1));
    s.on_answer(receiver.answer({"GET", "/v1/logs/me", "", 0}), instant_from(2));
    return std::holds_alternative<shipment::plan>(s.next(instant_from(3)));
  };
  EXPECT_FALSE(plans(ship_file::nothing_wanted));
  receiver.files["log-0.tlog"].what.note = "part";
  EXPECT_TRUE(plans(ship_file::nothing_wanted)) << "somebody else sent something of it";
  EXPECT_TRUE(plans(""));
  EXPECT_TRUE(plans(sha256_of("another")));
  EXPECT_FALSE(plans(receiver.files["log-0.tlog"].what.edition()));
}

TEST(XlogShipment, TheRateIsKept) {
  const sender_side sender = some_files(9, 20);
  model_receiver receiver;
  ship_numbers slow;
  slow.rate = 1000;
  const ending e = run(sender, [&](const ship_request& r) { return std::optional(receiver.answer(r)); }, slow);
  EXPECT_EQ(e.outcome.status, THARSIS_OK);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(e.took).count();
  EXPECT_GE(static_cast<uint64_t>(seconds + 21) * slow.rate, e.counts.bytes) << "but for the last request";
}

TEST(XlogShipment, ADeadlineEndsIt) {
  const sender_side sender = some_files(10, 20);
  model_receiver receiver;
  ship_numbers slow;
  slow.rate = 1000;
  slow.deadline = 30s;
  const ending e = run(sender, [&](const ship_request& r) { return std::optional(receiver.answer(r)); }, slow);
  EXPECT_EQ(e.outcome.status, THARSIS_E_TIMEOUT);
  EXPECT_LE(e.took, 31s);
}

TEST(XlogShipment, ADryRunSendsNothing) {
  const sender_side sender = some_files(11);
  model_receiver receiver;
  const auto asked = [&](const ship_request& r) {
    EXPECT_EQ(r.method, "GET");
    return std::optional(receiver.answer(r));
  };
  const ending e = run(sender, asked, {}, 1, 1000, true);
  EXPECT_EQ(e.counts.files, 3u);
  EXPECT_TRUE(receiver.files.empty());
}
