// Goal: what an operator asks of a source is told until it is done or a week has gone, no line of another is lost, and two who
// write at a time do not undo each other's work.
// Method: lists on the simulated disk, which can fail.
#include "plugins/gateway/wish_list.h"

#include <gtest/gtest.h>

#include "plugins/gateway/core/wish_arguments.h"
#include "sdk/async/file_reader.h"
#include "sdk/pure/utc.h"
#include "sdk/pure/views.h"
#include "sdk/sim/world.h"

using namespace tharsis;
using namespace tharsis::gateway;

namespace {

struct stage {
  stage() {
    files->replace(files->self, text_of("/clock"), {}, nullptr);
    tharsis_file_facts facts{sizeof facts, 0, 0, 0};
    files->describe(files->self, text_of("/clock"), &facts, nullptr);
    now = facts.modified;
  }
  tharsis_status add(const std::string& line, const std::string& source = "me") const { return wishes.add(source, line, now).status; }
  size_t waiting() const { return wishes.of("me", now).size(); }
  std::string content() const {
    const auto text = read_whole(files, path, 1 << 20, "it");
    return text ? *text : "(none)";
  }

  sim::world world{1};
  std::shared_ptr<sim::disk> disk = world.make_disk();
  sim::machine& machine = world.add_machine("server", {"10.0.0.2"}, disk);
  const tharsis_files* const files = machine.platform()->files;
  const wish_list wishes{files, "/logs"};
  const std::string path = "/logs/.wishes/me";
  int64_t now = 0;
};

}  // namespace

TEST(GatewayWishList, AWishIsThereOnceUntilItIsTakenAway) {
  const stage s;
  EXPECT_EQ(s.waiting(), 0u);
  EXPECT_EQ(s.add("level=debug"), THARSIS_OK);
  EXPECT_EQ(s.add("level=debug"), THARSIS_OK) << "it is asked for already";
  EXPECT_EQ(s.add("since=2026-11-26"), THARSIS_OK);
  EXPECT_EQ(s.add("level=error", "another"), THARSIS_OK);
  const auto all = s.wishes.of("me", s.now);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(s.wishes.sources(), (std::vector<std::string>{"another", "me"})) << "the lock is no source";
  EXPECT_EQ(s.wishes.take_away("me", all[0].id, s.now).status, THARSIS_OK);
  EXPECT_EQ(s.wishes.take_away("me", all[0].id, s.now).status, THARSIS_E_NOT_FOUND);
  EXPECT_EQ(s.content(), "since=2026-11-26\n");
  EXPECT_EQ(s.wishes.take_away("me", all[1].id, s.now).status, THARSIS_OK);
  EXPECT_EQ(s.content(), "(none)");
  EXPECT_EQ(s.add("loud"), THARSIS_E_INVALID);
  EXPECT_EQ(s.add("level=debug\nlevel=error"), THARSIS_E_INVALID) << "one line at a time";
}

TEST(GatewayWishList, LinesThatSomebodyWroteStay) {
  const stage s;
  ASSERT_EQ(s.wishes.make_folder().status, THARSIS_OK);
  s.files->replace(s.files->self, text_of(s.path), bytes_of(as_bytes("# for the night\nlast=2h")), nullptr);
  EXPECT_EQ(s.add("level=debug"), THARSIS_OK);
  EXPECT_EQ(s.content(), "# for the night\nlast=2h\nlevel=debug\n");
}

TEST(GatewayWishList, NoMoreThanAreTold) {
  const stage s;
  for (size_t i = 0; i < shipping::wishes_max; ++i) EXPECT_EQ(s.add("last=" + std::to_string(i + 1) + "h"), THARSIS_OK);
  EXPECT_EQ(s.add("last=99h"), THARSIS_E_FULL);
  EXPECT_EQ(s.add("last=1h"), THARSIS_OK) << "it is there";
  EXPECT_EQ(s.waiting(), shipping::wishes_max);
}

TEST(GatewayWishList, AfterAWeekNobodyIsTold) {
  stage s;
  ASSERT_EQ(s.add("level=debug"), THARSIS_OK);
  s.now += wishes_kept_for.count() - 1;
  EXPECT_EQ(s.waiting(), 1u);
  s.now += 2;
  EXPECT_EQ(s.waiting(), 0u);
  EXPECT_EQ(s.add("level=error"), THARSIS_OK);
  EXPECT_EQ(s.content(), "level=error\n") << "what nobody is told any more does not come back";
}

TEST(GatewayWishList, WhoeverChangesAListIsAlone) {
  const stage s;
  ASSERT_EQ(s.add("level=debug"), THARSIS_OK);
  tharsis_handle lock = 0;
  ASSERT_EQ(s.files->lock(s.files->self, text_of("/logs/.wishes/.lock"), &lock, nullptr), THARSIS_OK);
  EXPECT_EQ(s.add("level=error"), THARSIS_E_IN_USE);
  EXPECT_EQ(s.wishes.take_away("me", s.wishes.of("me", s.now)[0].id, s.now).status, THARSIS_E_IN_USE);
  EXPECT_EQ(s.waiting(), 1u) << "reading needs no lock";
  s.files->close(s.files->self, lock);
  EXPECT_EQ(s.add("level=error"), THARSIS_OK);
}

TEST(GatewayWishArguments, ALineMeansTheSameWheneverItIsRead) {
  const int64_t now = 1'795'000'000'000'000'000;
  const auto line = [&](const std::vector<std::string>& words) { return parse_wish_arguments(words, now)->line(); };
  EXPECT_EQ(line({"--last", "2h", "phone-7", "--level", "debug"}), "since=" + moment_text(now - 7'200'000'000'000) + " level=debug");
  EXPECT_EQ(line({"phone-7", "--since=2026-11-26T10:00", "--until=2026-11-26T11:00"}), "since=2026-11-26T10:00:00.000000Z until=2026-11-26T11:00:00.000000Z");
  for (const int64_t later : {int64_t{0}, int64_t{1'000'000'000'000}}) {
    const auto wish = parse_wishes(line({"--last", "2h", "phone-7"}), now + later);
    ASSERT_EQ(wish.size(), 1u);
    EXPECT_EQ(wish[0].since, now - 7'200'000'000'000);
  }
}

TEST(GatewayWishArguments, WhatMakesNoSenseIsSaid) {
  const auto why = [](const std::vector<std::string>& words) {
    const auto parsed = parse_wish_arguments(words, 1'795'000'000'000'000'000);
    return parsed ? std::string() : parsed.failure().text;
  };
  EXPECT_EQ(why({"--list"}), "");
  EXPECT_EQ(why({"--list", "phone-7"}), "");
  EXPECT_EQ(why({"--help"}), "");
  EXPECT_EQ(why({"--cancel", "abc", "phone-7"}), "");
  EXPECT_NE(why({}).find("say of whom"), std::string::npos);
  EXPECT_NE(why({"--last", "2h"}).find("say of whom"), std::string::npos);
  EXPECT_NE(why({"phone-7"}).find("say which lines"), std::string::npos);
  EXPECT_NE(why({"../me", "--last", "2h"}).find("no name of a source"), std::string::npos);
  EXPECT_NE(why({"a", "b", "--last", "2h"}).find("one source at a time"), std::string::npos);
  EXPECT_NE(why({"a", "--last", "2"}).find("no duration"), std::string::npos);
  EXPECT_NE(why({"a", "--level", "loud"}).find("no level"), std::string::npos);
  EXPECT_NE(why({"a", "--since", "soon"}).find("no time"), std::string::npos);
  EXPECT_NE(why({"a", "--since", "1h", "--until", "2h"}).find("no line is from"), std::string::npos);
  EXPECT_NE(why({"a", "--level", "debug", "--cancel", "x"}).find("one at a time"), std::string::npos);
}
