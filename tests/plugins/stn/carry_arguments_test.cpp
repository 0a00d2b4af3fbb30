#include "plugins/stn/core/carry_arguments.h"

#include <gtest/gtest.h>

using namespace tharsis;
using stn::parse_carry_arguments;

namespace {

std::string refused(bool upload, const std::vector<std::string>& words) {
  const auto line = parse_carry_arguments(upload, words);
  return line ? "" : line.failure().text;
}

}  // namespace

TEST(CarryArguments, TellEndpointsFromFiles) {
  const auto up = parse_carry_arguments(true, {"tcps://im.test:1", "some/film.mp4", "tcps://im2.test:2", "--rate", "2MiB/s"});
  ASSERT_TRUE(up) << up.failure().text;
  EXPECT_EQ(up->endpoints.size(), 2u);
  EXPECT_EQ(up->file, "some/film.mp4");
  EXPECT_EQ(up->name, "film.mp4");
  EXPECT_EQ(up->rate, 2u << 20);
  const auto down = parse_carry_arguments(false, {"tcps://im.test:1", "film.mp4", "/tmp/x"});
  ASSERT_TRUE(down);
  EXPECT_EQ(down->name, "film.mp4");
  EXPECT_EQ(down->file, "/tmp/x");
  EXPECT_EQ(parse_carry_arguments(false, {"tcps://im.test:1", "film.mp4"})->file, "film.mp4");
  EXPECT_EQ(parse_carry_arguments(true, {"tcps://im.test:1", "a b.txt", "--name", "ab.txt"})->name, "ab.txt");
}

TEST(CarryArguments, SayWhatIsWrong) {
  EXPECT_NE(refused(true, {"a.txt"}).find("endpoint"), std::string::npos);
  EXPECT_NE(refused(true, {"tcps://im.test:1"}).find("name one file"), std::string::npos);
  EXPECT_NE(refused(true, {"tcps://im.test:1", "a", "b"}).find("name one file"), std::string::npos);
  EXPECT_NE(refused(true, {"tcps://im.test:1", "a b.txt"}).find("--name"), std::string::npos);
  EXPECT_NE(refused(false, {"tcps://im.test:1", "../x", "y"}).find("no name on the server"), std::string::npos);
  EXPECT_NE(refused(true, {"http://im.test:1", "a"}).find("tcps://"), std::string::npos);
  EXPECT_NE(refused(true, {"tcps://im.test:1", "a", "--rate", "fast"}).find("2MiB/s"), std::string::npos);
  EXPECT_NE(refused(true, {"tcps://im.test:1", "a", "--stream-key", std::string(65, 'k')}).find("64 bytes"), std::string::npos);
}

TEST(CarryArguments, TellHowFarItIs) {
  EXPECT_EQ(stn::size_words(999), "999 bytes");
  EXPECT_EQ(stn::size_words(1536), "1.5 KiB");
  EXPECT_EQ(stn::size_words(29u << 20), "29.0 MiB");
  EXPECT_EQ(stn::carry_progress_text("a", 5 << 20, 10 << 20, 0, 5s), "a  50 %, 5.0 MiB of 10.0 MiB, 1.0 MiB/s, 6 s left");
  EXPECT_EQ(stn::carry_progress_text("a", 5 << 20, 10 << 20, 5 << 20, 5s), "a  50 %, 5.0 MiB of 10.0 MiB") << "what was there says nothing of the pace";
  EXPECT_EQ(stn::carry_progress_text("a", 0, 0, 0, {}), "a  0 bytes");
}
