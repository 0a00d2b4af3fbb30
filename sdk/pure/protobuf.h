// The wire form of proto2 messages: fields of a number, a wire type and a value. No schema here; a
// message's own code says which field is what (sdk/pure/mars_messages.cpp).
#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace tharsis::protobuf {

enum class wire_type : uint8_t { varint = 0, fixed64 = 1, bytes = 2, group = 3, fixed32 = 5 };

inline constexpr uint32_t field_number_max = (1u << 29) - 1;

// Appends fields in the order of the calls.
class writer {
 public:
  void number(uint32_t field, uint64_t value);
  // Negative ones take ten bytes: proto2 extends the sign to 64 bits.
  void number(uint32_t field, int32_t value) { number(field, static_cast<uint64_t>(int64_t{value})); }
  void bytes(uint32_t field, std::span<const uint8_t> content);
  void text(uint32_t field, std::string_view content);

  std::vector<uint8_t> take() { return std::move(out_); }

 private:
  void varint(uint64_t value);
  void tag(uint32_t field, wire_type type);
  std::vector<uint8_t> out_;
};

struct field {
  uint32_t number = 0;
  wire_type type = wire_type::varint;
  uint64_t value = 0;                // Of a varint, fixed64 or fixed32.
  std::span<const uint8_t> content;  // Of bytes; borrowed from the reader's input. A group has none.
};

// Gives one field after the other. Never looks beyond its input, whatever stands in it.
class reader {
 public:
  explicit reader(std::span<const uint8_t> input) : rest_(input) {}

  // False at the end of the input, and at damage: then failure() says what is wrong.
  bool next(field& into);
  bool failed() const { return failure_ != nullptr; }
  std::string_view failure() const { return failed() ? failure_ : ""; }

 private:
  bool damaged(const char* why);
  bool varint(uint64_t& value);
  bool fixed(size_t size, uint64_t& value);
  bool tag(uint32_t& number, uint32_t& type);
  bool value_of(uint32_t type, field& into);
  bool skip_group(uint32_t number);

  std::span<const uint8_t> rest_;
  const char* failure_ = nullptr;
};

}  // namespace tharsis::protobuf
