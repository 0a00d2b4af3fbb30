#include "tests/lab/peers/plain_frame.h"

using namespace tharsis::lab;

TEST(PlainFrame, BytesAreLengthNumberBody) {
  EXPECT_EQ(frame_bytes(0x01020384, "ab"), std::string("\0\0\0\6\1\2\3\x84" "ab", 10));
}

TEST(PlainFrame, FramesComeOutHoweverTheBytesArrive) {
  const std::string stream =
      frame_bytes(1, "first") + frame_bytes(4'000'000'000, "") + frame_bytes(3, std::string(70'000, 'x'));
  for (const size_t piece : {size_t{1}, size_t{7}, stream.size()}) {
    frame_reader reader;
    std::vector<frame> frames;
    for (size_t at = 0; at < stream.size(); at += piece) {
      reader.on_bytes(std::string_view(stream).substr(at, piece));
      while (auto f = reader.take_frame()) frames.push_back(*f);
    }
    ASSERT_EQ(frames.size(), 3u) << "in pieces of " << piece;
    EXPECT_EQ(frames[0].number, 1u);
    EXPECT_EQ(frames[0].body, "first");
    EXPECT_EQ(frames[1].number, 4'000'000'000u);
    EXPECT_EQ(frames[1].body, "");
    EXPECT_EQ(frames[2].body, std::string(70'000, 'x'));
    EXPECT_FALSE(reader.is_broken());
  }
}

TEST(PlainFrame, ALengthThatCannotBeBreaksTheStream) {
  constexpr uint32_t too_long = frame_body_max + 5;
  for (const uint32_t length : {0u, 3u, too_long, 0xffffffffu}) {
    std::string bytes;
    append_u32(bytes, length);
    frame_reader reader;
    reader.on_bytes(bytes + "GET / HTTP/1.1");
    EXPECT_TRUE(reader.is_broken()) << length;
    EXPECT_FALSE(reader.take_frame()) << length;
  }
}
