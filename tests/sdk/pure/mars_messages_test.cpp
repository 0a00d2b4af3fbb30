#include "sdk/pure/mars_messages.h"

#include <gtest/gtest.h>

#include <random>

using namespace tharsis;
using mars::bytes;

namespace {

template <class Message>
std::string failure_of(const bytes& body) {
  const auto decoded = mars::decode<Message>(body);
  return decoded ? "decoded" : decoded.failure().text;
}

bytes joined(bytes a, const bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

const mars::send_message_request line{"t", "ann", "all", "up", "0"};

// Random bytes that look like messages: small tags and lengths are likely.
bytes noise(std::mt19937_64& random) {
  bytes out(random() % 40);
  for (uint8_t& b : out) b = static_cast<uint8_t>(random() % 3 == 0 ? random() : random() % 0x30);
  return out;
}

template <class Message>
void expect_a_decoded_message_survives_a_round(const bytes& body) {
  const auto first = mars::decode<Message>(body);
  if (!first) {
    EXPECT_EQ(first.status(), THARSIS_E_PROTOCOL);
    EXPECT_FALSE(first.failure().text.empty());
    return;
  }
  const auto again = mars::decode<Message>(mars::encode(*first));
  ASSERT_TRUE(again);
  EXPECT_EQ(mars::encode(*again), mars::encode(*first));
}

}  // namespace

// Worked out by hand from the description of proto2's encoding.
TEST(MarsMessages, EncodeByteForByteAsProto2Does) {
  EXPECT_EQ(mars::encode(mars::hello_request{"ann", "hi", {}}),
            (bytes{0x0A, 3, 'a', 'n', 'n', 0x12, 2, 'h', 'i'}));
  EXPECT_EQ(mars::encode(mars::hello_request{"", "", {0, 255}}), (bytes{0x0A, 0, 0x12, 0, 0x1A, 2, 0, 255}));
  EXPECT_EQ(mars::encode(mars::hello_response{0, "ok", {}}), (bytes{0x08, 0, 0x12, 2, 'o', 'k'}));
  EXPECT_EQ(mars::encode(mars::hello_response{.errmsg = "ok", .heartbeat_ms = 30'000}), (bytes{0x08, 0, 0x12, 2, 'o', 'k', 0xB0, 0x01, 0xB0, 0xEA, 0x01}));
  EXPECT_EQ(mars::decode<mars::hello_response>(bytes{0x08, 0, 0xB0, 0x01, 0xB0, 0xEA, 0x01})->heartbeat_ms, 30'000);
  EXPECT_EQ(mars::encode(mars::hello_response{.errmsg = "ok", .keys_kept_ms = 5, .keys_memory = {1, 2}}), (bytes{0x08, 0, 0x12, 2, 'o', 'k', 0xB8, 0x01, 5, 0xC2, 0x01, 2, 1, 2}));
  EXPECT_EQ(mars::decode<mars::hello_response>(bytes{0x08, 0, 0xB8, 0x01, 5, 0xC2, 0x01, 2, 1, 2})->keys_memory, (bytes{1, 2}));
  EXPECT_EQ(mars::encode(mars::server_move{1, 2, {"a", "b"}, 0, ""}), (bytes{0x08, 1, 0x10, 2, 0x1A, 1, 'a', 0x1A, 1, 'b'}));
  EXPECT_EQ(mars::decode<mars::server_move>(bytes{0x1A, 1, 'a', 0x08, 1, 0x1A, 1, 'b'})->endpoints, (std::vector<std::string>{"a", "b"}));
  EXPECT_FALSE(mars::decode<mars::server_move>(bytes{0x18, 1}));  // An endpoint that is a number.
  EXPECT_EQ(mars::encode(line), (bytes{0x0A, 1,   't',  0x12, 3,   'a', 'n',  'n', 0x1A, 3,
                                       'a',  'l', 'l',  0x22, 2,   'u', 'p',  0x2A, 1,   '0'}));
  EXPECT_EQ(mars::encode(mars::topic_response{-1, ""}),
            (bytes{0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01, 0x12, 0}));
  EXPECT_EQ(mars::encode(mars::statistics_response{300, 1, 0, 0}),
            (bytes{0x08, 0xAC, 0x02, 0x10, 1, 0x18, 0, 0x20, 0}));
  EXPECT_EQ(mars::encode(mars::message_push{"0", "up", "ann"}),
            (bytes{0x0A, 1, '0', 0x12, 2, 'u', 'p', 0x1A, 3, 'a', 'n', 'n'}));
}

TEST(MarsMessages, DecodeWhatTheyEncode) {
  const auto message = mars::decode<mars::send_message_response>(
      mars::encode(mars::send_message_response{-1, "no room", "ann", std::string(300, 'x'), "2"}));
  ASSERT_TRUE(message);
  EXPECT_EQ(message->err_code, -1);
  EXPECT_EQ(message->err_msg, "no room");
  EXPECT_EQ(message->text, std::string(300, 'x'));
  EXPECT_EQ(message->topic, "2");
  const auto counted = mars::decode<mars::statistics_response>(
      mars::encode(mars::statistics_response{~uint64_t{0}, 2, 3, 4}));
  ASSERT_TRUE(counted);
  EXPECT_EQ(counted->executions, ~uint64_t{0});
  EXPECT_EQ(counted->refusals, 4u);
}

TEST(MarsMessages, CutAtAnyByteAreRefusedWithASentence) {
  const bytes whole = mars::encode(line);
  for (size_t size = 0; size < whole.size(); ++size) {
    const bytes part(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size));
    EXPECT_NE(failure_of<mars::send_message_request>(part).find("SendMessageRequest: "), std::string::npos) << size;
  }
  EXPECT_EQ(failure_of<mars::send_message_request>({whole.begin(), whole.end() - 3}),
            "SendMessageRequest: field 'topic' is missing");
}

TEST(MarsMessages, UnknownFieldsOfEveryWireTypeAreSkipped) {
  const bytes extra{0x78, 0x96, 0x01,                                    // 15: varint
                    0x79, 1,    2,    3, 4, 5, 6, 7, 8,                  // 15: fixed64
                    0x7A, 2,    'n',  'o',                               // 15: bytes
                    0x7B, 0x08, 1,    0x13, 0x14, 0x7C,                  // 15: group with a group inside
                    0x7D, 1,    2,    3, 4};                             // 15: fixed32
  const auto message = mars::decode<mars::topic_request>(joined(extra, joined(mars::encode(mars::topic_request{"1"}), extra)));
  ASSERT_TRUE(message);
  EXPECT_EQ(message->topic, "1");
}

TEST(MarsMessages, TheLastOfTwoValuesCounts) {
  const auto message = mars::decode<mars::topic_request>(
      joined(mars::encode(mars::topic_request{"long"}), mars::encode(mars::topic_request{"1"})));
  ASSERT_TRUE(message);
  EXPECT_EQ(message->topic, "1");
}

TEST(MarsMessages, DamageIsNamed) {
  EXPECT_EQ(failure_of<mars::topic_request>({0x08, 1}), "TopicRequest: field 'topic' has the wrong wire type");
  EXPECT_EQ(failure_of<mars::topic_request>({0x0A, 5, 'x'}),
            "TopicRequest: a field is longer than the bytes that are left");
  EXPECT_EQ(failure_of<mars::topic_request>({0x00}), "TopicRequest: a field's number is out of range");
  EXPECT_EQ(failure_of<mars::topic_request>({0x0C}), "TopicRequest: a group ends that has not begun");
  EXPECT_EQ(failure_of<mars::topic_request>({0x7B, 0x14}), "TopicRequest: a group ends that has not begun");
  EXPECT_EQ(failure_of<mars::topic_request>({0x7B, 0x08}), "TopicRequest: the bytes end inside a number");
  EXPECT_EQ(failure_of<mars::topic_request>({0x7B, 0x08, 1}), "TopicRequest: the bytes end inside a group");
  EXPECT_EQ(failure_of<mars::topic_request>({0x7E}), "TopicRequest: a field has an unknown wire type");
  EXPECT_EQ(failure_of<mars::topic_request>(bytes(40, 0x7B)), "TopicRequest: groups are nested too deeply");
}

TEST(MarsMessages, ANumberOfMoreThan64BitsIsRefused) {
  bytes body{0x78};
  body.insert(body.end(), 9, 0xFF);
  EXPECT_EQ(failure_of<mars::topic_request>(joined(body, {0x02})), "TopicRequest: a number has more than 64 bits");
  EXPECT_EQ(failure_of<mars::topic_request>(joined(body, {0x01})), "TopicRequest: field 'topic' is missing");
  bytes length{0x0A};
  length.insert(length.end(), 9, 0xFF);
  EXPECT_EQ(failure_of<mars::topic_request>(joined(length, {0x01})),
            "TopicRequest: a field is longer than the bytes that are left");
}

// Goal: no bytes crash the decoder or make it look beyond its input. Method: many random bodies, each
// in a buffer of exactly its size, so that the address sanitizer sees every step too far.
TEST(MarsMessages, RandomBytesNeitherCrashNorChangeInARound) {
  std::mt19937_64 random(20261125);
  for (int i = 0; i < 40000; ++i) {
    bytes body = noise(random);
    body.shrink_to_fit();
    expect_a_decoded_message_survives_a_round<mars::hello_request>(body);
    expect_a_decoded_message_survives_a_round<mars::topic_response>(body);
    expect_a_decoded_message_survives_a_round<mars::statistics_response>(body);
  }
}

TEST(MarsMessages, OneChangedByteNeverCrashes) {
  const bytes whole = mars::encode(line);
  for (size_t at = 0; at < whole.size(); ++at)
    for (int value = 0; value < 256; ++value) {
      bytes body = whole;
      body[at] = static_cast<uint8_t>(value);
      expect_a_decoded_message_survives_a_round<mars::send_message_request>(body);
    }
}
