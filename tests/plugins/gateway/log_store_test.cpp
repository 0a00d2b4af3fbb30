// Goal: the store has whole files or none, within its limits, whatever was sent and whenever it was killed.
// Method: the store over the simulated disk, which can lose power and run full.
#include "plugins/gateway/log_store.h"

#include <gtest/gtest.h>

#include "sdk/pure/sha256.h"
#include "sdk/pure/views.h"
#include "sdk/sim/world.h"
#include "tests/plugins/xlog/failing_files.h"

using namespace tharsis;
using namespace tharsis::gateway;

namespace {

struct stage {
  explicit stage(const log_limits& l = {}) : world(1), disk(world.make_disk()), machine(world.add_machine("server", {"10.0.0.2"}, disk)), store(machine.platform()->files, "/logs", l) {
    const tharsis_files* const files = machine.platform()->files;
    files->replace(files->self, text_of("/clock"), {}, nullptr);
    tharsis_file_facts facts{sizeof facts, 0, 0, 0};
    files->describe(files->self, text_of("/clock"), &facts, nullptr);
    now = facts.modified;
    store.sweep(now);
  }
  log_reply ask(log_call::verb is, const std::string& name, std::string_view body = {}) { return store.answer({is, "me", name}, body, now); }
  log_reply offer(const shipping::manifest& m, const std::string& name = "a.tlog") { return ask(log_call::verb::offer, name, shipping::text_of(m)); }
  shipping::standing standing() { return *shipping::parse_standing(ask(log_call::verb::tell, "").body); }
  std::string content(const std::string& path) const {
    const tharsis_files* const files = machine.platform()->files;
    tharsis_handle file = 0;
    if (files->open(files->self, text_of(path), THARSIS_FILES_READ, &file, nullptr) != THARSIS_OK) return "(none)";
    std::string bytes(1 << 20, '\0');
    size_t count = 0;
    files->read(files->self, file, 0, reinterpret_cast<uint8_t*>(bytes.data()), bytes.size(), &count, nullptr);
    files->close(files->self, file);
    return bytes.substr(0, count);
  }

  sim::world world;
  std::shared_ptr<sim::disk> disk;
  sim::machine& machine;
  log_store store;
  int64_t now = 0;
};

shipping::manifest manifest_of(const std::vector<std::string>& pieces) {
  shipping::manifest m;
  m.whole = true;
  for (const std::string& p : pieces) m.pieces.push_back({static_cast<uint32_t>(p.size()), sha256_of(p)});
  return m;
}
std::string body_of(const std::vector<std::string>& pieces) {
  std::string body;
  for (const std::string& p : pieces) shipping::append_piece(body, {static_cast<uint32_t>(p.size()), sha256_of(p)}, p);
  return body;
}

}  // namespace

TEST(GatewayLogStore, AFileIsThereWhenAllItsPiecesAre) {
  stage s;
  const auto m = manifest_of({"one", "two", "one"});
  const log_reply first = s.offer(m);
  EXPECT_EQ(first.status, 202);
  EXPECT_EQ(first.body, "tharsis-missing 1\n0 2\n");
  EXPECT_EQ(s.ask(log_call::verb::post, "", body_of({"two"})).status, 200);
  EXPECT_EQ(s.offer(m).body, "tharsis-missing 1\n0 0\n2 2\n");
  EXPECT_EQ(s.content("/logs/me/a.tlog"), "(none)");
  EXPECT_EQ(s.ask(log_call::verb::post, "", body_of({"one"})).status, 200);
  EXPECT_EQ(s.offer(m).status, 200);
  EXPECT_EQ(s.content("/logs/me/a.tlog"), "onetwoone");
  EXPECT_EQ(s.offer(m).status, 200) << "said twice, it is there";
  ASSERT_EQ(s.standing().files.size(), 1u);
  EXPECT_EQ(s.standing().files[0].edition, m.edition());
  EXPECT_EQ(s.store.bytes(), 9u) << "the pieces are gone";
}

TEST(GatewayLogStore, ALaterEditionTakesItsPlaceFromWhatIsThere) {
  stage s;
  auto m = manifest_of({"one", "two"});
  s.ask(log_call::verb::post, "", body_of({"one", "two"}));
  ASSERT_EQ(s.offer(m).status, 200);
  auto grown = manifest_of({"one", "two and more"});
  EXPECT_EQ(s.offer(grown).status, 409) << "it does not say over what";
  grown.over = m.edition();
  EXPECT_EQ(s.offer(grown).body, "tharsis-missing 1\n1 1\n");
  s.ask(log_call::verb::post, "", body_of({"two and more"}));
  EXPECT_EQ(s.content("/logs/me/a.tlog"), "onetwo");
  EXPECT_EQ(s.offer(grown).status, 200);
  EXPECT_EQ(s.content("/logs/me/a.tlog"), "onetwo and more");
  auto stale = manifest_of({"one"});
  stale.over = m.edition();
  EXPECT_EQ(s.offer(stale).status, 409) << "a sender that was overtaken changes nothing";
}

TEST(GatewayLogStore, ALieIsNotKept) {
  stage s;
  std::string body = body_of({"one", "two"});
  body.back() = 'x';
  EXPECT_EQ(s.ask(log_call::verb::post, "", body).status, 422);
  EXPECT_EQ(s.offer(manifest_of({"one", "two"})).body, "tharsis-missing 1\n1 1\n");
  EXPECT_EQ(s.ask(log_call::verb::post, "", "nonsense").status, 400);
  EXPECT_EQ(s.ask(log_call::verb::offer, "a.tlog", "nonsense").status, 400);
}

TEST(GatewayLogStore, APieceThatTheDiskSpoiltIsAskedForAgain) {
  stage s;
  const auto m = manifest_of({"one", "two"});
  s.ask(log_call::verb::post, "", body_of({"one", "two"}));
  const tharsis_files* const files = s.machine.platform()->files;
  const std::string path = "/logs/.state/me/pieces/" + sha256_of("two");
  ASSERT_EQ(files->replace(files->self, text_of(path), bytes_of(as_bytes("twx")), nullptr), THARSIS_OK);
  EXPECT_EQ(s.offer(m).body, "tharsis-missing 1\n1 1\n");
  s.ask(log_call::verb::post, "", body_of({"two"}));
  EXPECT_EQ(s.offer(m).status, 200);
  EXPECT_EQ(s.content("/logs/me/a.tlog"), "onetwo");
}

TEST(GatewayLogStore, ItsLimitsHold) {
  log_limits l;
  l.bytes_per_source = 10;
  l.sources = 1;
  l.files_per_source = 1;
  stage s(l);
  EXPECT_EQ(s.offer(manifest_of({"12345678901"})).status, 507) << "before a byte of it is sent";
  EXPECT_EQ(s.ask(log_call::verb::post, "", body_of({"12345", "67890", "1"})).status, 507);
  EXPECT_EQ(s.store.answer({log_call::verb::post, "you", ""}, body_of({"1"}), s.now).status, 507);
  EXPECT_EQ(s.offer(manifest_of({"12345"})).status, 200) << "what fits is still taken";
  EXPECT_EQ(s.offer(manifest_of({"67890"}), "b.tlog").status, 507);
}

TEST(GatewayLogStore, WhatMadeRoomDoesNotComeAgain) {
  log_limits l;
  l.keep_bytes = 5;
  stage s(l);
  const auto m = manifest_of({"one", "two"});
  s.ask(log_call::verb::post, "", body_of({"one", "two"}));
  ASSERT_EQ(s.offer(m).status, 200);
  EXPECT_EQ(s.store.sweep(s.now).files, 1u);
  EXPECT_EQ(s.content("/logs/me/a.tlog"), "(none)");
  ASSERT_EQ(s.standing().files.size(), 1u);
  EXPECT_EQ(s.standing().files[0].is, shipping::stored_file::state::gone);
  EXPECT_EQ(s.offer(m).status, 200);
  EXPECT_EQ(s.content("/logs/me/a.tlog"), "(none)");
  EXPECT_EQ(s.store.bytes(), 0u);
}

TEST(GatewayLogStore, AWishIsToldUntilItIsFulfilled) {
  stage s;
  const tharsis_files* const files = s.machine.platform()->files;
  const std::string folder = "/logs/.wishes", path = folder + "/me";
  ASSERT_EQ(files->make_folder(files->self, text_of(folder), nullptr), THARSIS_OK);
  ASSERT_EQ(files->replace(files->self, text_of(path), bytes_of(as_bytes("last=2h level=debug\nlast=1h\n")), nullptr), THARSIS_OK);
  const auto wishes = s.standing().wishes;
  ASSERT_EQ(wishes.size(), 2u);
  EXPECT_EQ(s.ask(log_call::verb::fulfil, wishes[0].id).status, 200);
  EXPECT_EQ(s.ask(log_call::verb::fulfil, wishes[0].id).status, 404);
  EXPECT_EQ(s.standing().wishes.size(), 1u);
  EXPECT_EQ(s.ask(log_call::verb::fulfil, wishes[1].id).status, 200);
  EXPECT_EQ(s.content(path), "(none)");
}

// What a store that was killed while it put a file together left beside it, is no beginning of the next one.
TEST(GatewayLogStore, WhatADeadOneLeftIsNotInTheFile) {
  stage s;
  s.ask(log_call::verb::post, "", body_of({"one"}));
  const tharsis_files* const files = s.machine.platform()->files;
  const std::string path = "/logs/.state/me/making";
  ASSERT_EQ(files->replace(files->self, text_of(path), bytes_of(as_bytes("half of another")), nullptr), THARSIS_OK);
  EXPECT_EQ(s.offer(manifest_of({"one"})).status, 200);
  EXPECT_EQ(s.content("/logs/me/a.tlog"), "one");
}

// Goal: whichever call of the disk is the last one, or fails alone, what is seen is an edition, and who asks again gets all done.
// Method: each call in turn, of a sender's whole conversation about two editions.
TEST(GatewayLogStore, ADeathAtAnyCallOfTheDiskShowsNothingHalf) {
  for (const uint64_t count : {uint64_t{1}, ~uint64_t{0}})
    for (uint64_t last = 0, calls = 1; last < calls; ++last) {
      stage s;
      auto one = manifest_of({"one", "two"}), two = manifest_of({"one", "two", "three"});
      two.over = one.edition();
      xlog::failing_files disk(s.machine.platform()->files);
      disk.first = last;
      disk.count = count;
      const auto talk = [&](const tharsis_files* files) {
        log_store store(files, "/logs", {});
        store.sweep(s.now);
        const auto ask = [&](log_call::verb is, const std::string& body) {
          const log_reply r = store.answer({is, "me", "a.tlog"}, body, s.now);
          const std::string seen = s.content("/logs/me/a.tlog");
          EXPECT_TRUE(seen == "(none)" || seen == "onetwo" || seen == "onetwothree") << seen << " at call " << last;
          return r.status;
        };
        ask(log_call::verb::tell, "");
        ask(log_call::verb::post, body_of({"one", "two"}));
        if (s.content("/logs/me/a.tlog") != "onetwothree") ask(log_call::verb::offer, shipping::text_of(one));
        ask(log_call::verb::post, body_of({"three"}));
        return ask(log_call::verb::offer, shipping::text_of(two));
      };
      talk(&disk.table);
      calls = disk.operations;
      int status = 0;
      for (int tries = 0; tries < 3 && status != 200; ++tries) {
        const auto standing = s.standing();
        two.over = standing.files.empty() ? "" : standing.files[0].edition;
        status = talk(s.machine.platform()->files);
      }
      ASSERT_EQ(status, 200) << "at call " << last;
      ASSERT_EQ(s.content("/logs/me/a.tlog"), "onetwothree");
    }
}
