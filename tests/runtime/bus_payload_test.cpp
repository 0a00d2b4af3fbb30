#include "runtime/bus_payload.h"

#include <gtest/gtest.h>

#include "runtime/topic_pattern.h"
#include "sdk/pure/views.h"

using namespace tharsis;
using namespace tharsis::runtime;

namespace {

struct payload {
  uint8_t small;
  uint8_t flag;
  uint16_t port;
  uint32_t kind;
  int64_t wait;
  double load;
  tharsis_text name;
  tharsis_text token;
  tharsis_bytes blob;
};
constexpr const char* kinds[] = {"tcp", "udp"};
constexpr tharsis_field fields[] = {
    {"small", THARSIS_FIELD_U8, offsetof(payload, small), nullptr, 0},
    {"flag", THARSIS_FIELD_BOOL, offsetof(payload, flag), nullptr, 0},
    {"port", THARSIS_FIELD_U16, offsetof(payload, port), nullptr, 0},
    {"kind", THARSIS_FIELD_ENUM, offsetof(payload, kind), kinds, 2},
    {"wait", THARSIS_FIELD_DURATION, offsetof(payload, wait), nullptr, 0},
    {"load", THARSIS_FIELD_F64, offsetof(payload, load), nullptr, 0},
    {"name", THARSIS_FIELD_TEXT, offsetof(payload, name), nullptr, 0},
    {"token", THARSIS_FIELD_SECRET, offsetof(payload, token), nullptr, 0},
    {"blob", THARSIS_FIELD_BYTES, offsetof(payload, blob), nullptr, 0},
};
constexpr tharsis_topic topic = {sizeof topic, THARSIS_TOPIC_EVENT, "a.b", fields, 9, sizeof(payload), 0};

payload sample(const std::string& name, const std::string& token, const std::vector<uint8_t>& blob) {
  return {7, 1, 443, 1, 1500, 0.25, text_of(name), text_of(token), bytes_of(blob)};
}

std::string refused(tharsis_field field, uint32_t size = 8) {
  const tharsis_topic one = {sizeof one, THARSIS_TOPIC_EVENT, "a.b", &field, 1, size, 0};
  tharsis_error error = no_error();
  return check_topic(one, &error) == THARSIS_OK ? "" : error.text;
}

class payload_copy {
 public:
  payload_copy(const tharsis_topic& of, const void* payload) : storage_(payload_size(of, payload) / sizeof(std::max_align_t) + 1) {
    copy_payload(of, payload, storage_.data());
  }
  const void* data() const { return storage_.data(); }

 private:
  std::vector<std::max_align_t> storage_;
};

}  // namespace

TEST(BusPayload, ACopyOwnsWhatItPointsTo) {
  std::string name = "a name that is too long to be kept inside of a string object", token = "hunter2";
  std::vector<uint8_t> blob = {0, 255};
  const payload original = sample(name, token, blob);
  const payload_copy copy(topic, &original);
  name.assign(name.size(), 'x');
  blob = {1, 1};
  const auto& kept = *static_cast<const payload*>(copy.data());
  EXPECT_EQ(view(kept.name), "a name that is too long to be kept inside of a string object");
  EXPECT_EQ(kept.blob.data[1], 255);
  EXPECT_EQ(kept.port, 443);
  EXPECT_EQ(payload_json(topic, copy.data()),
            "{\"small\":7,\"flag\":true,\"port\":443,\"kind\":\"udp\",\"wait\":1500,\"load\":0.25,\"name\":\"a name that is too long "
            "to be kept inside of a string object\",\"token\":\"***\",\"blob\":\"00ff\"}");
}

TEST(BusPayload, EmptyTextsAndUnknownWordsAreNoTrouble) {
  payload empty{};
  empty.kind = 9;
  const payload_copy copy(topic, &empty);
  EXPECT_EQ(static_cast<const payload*>(copy.data())->name.size, 0u);
  EXPECT_NE(payload_json(topic, copy.data()).find("\"kind\":9"), std::string::npos);
}

TEST(BusPayload, ATableThatDoesNotFitIsRefused) {
  EXPECT_EQ(refused({"f", THARSIS_FIELD_U64, 0, nullptr, 0}), "");
  EXPECT_EQ(refused({"f", THARSIS_FIELD_U64, 1, nullptr, 0}), "topic 'a.b': field 'f' lies outside the payload");
  EXPECT_EQ(refused({"f", THARSIS_FIELD_U8, 0xffffffff, nullptr, 0}), "topic 'a.b': field 'f' lies outside the payload");
  EXPECT_EQ(refused({"f", THARSIS_FIELD_TEXT, 0, nullptr, 0}), "topic 'a.b': field 'f' lies outside the payload");
  EXPECT_EQ(refused({"f", 999, 0, nullptr, 0}), "topic 'a.b': field 'f' has an unknown type");
  EXPECT_EQ(refused({"f", THARSIS_FIELD_ENUM, 0, nullptr, 0}), "topic 'a.b': field 'f' is an enum without names");
  EXPECT_EQ(refused({nullptr, THARSIS_FIELD_U8, 0, nullptr, 0}), "topic 'a.b': a field has no name");
  EXPECT_EQ(refused({"f", THARSIS_FIELD_U8, 0, nullptr, 0}, 0), "topic 'a.b': its payload is empty or above 64 KiB");
}

TEST(TopicPattern, NamesOnePartAndEverythingBehind) {
  EXPECT_TRUE(topic_matches("stn.link", "stn.link"));
  EXPECT_FALSE(topic_matches("stn.link", "stn.links"));
  EXPECT_FALSE(topic_matches("stn", "stn.link"));
  EXPECT_FALSE(topic_matches("stn.link", "stn"));
  EXPECT_TRUE(topic_matches("stn.*", "stn.link"));
  EXPECT_FALSE(topic_matches("stn.*", "stn"));
  EXPECT_FALSE(topic_matches("stn.*", "stn.link.up"));
  EXPECT_TRUE(topic_matches("*.link", "stn.link"));
  EXPECT_TRUE(topic_matches("**", "stn.link.up"));
  EXPECT_TRUE(topic_matches("stn.**", "stn.link.up"));
  EXPECT_FALSE(topic_matches("stn.**", "sdt.verdict"));
}
