// A DNS message (RFC 1035, EDNS of RFC 6891) as it lies in a buffer: checked once, then read in place. Nothing is
// copied or allocated; everything it hands out is valid as long as the buffer. Who believes answers takes whole ones
// alone; who looks at what a network does to them also has use for what came before the damage. Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <span>

#include "sdk/pure/dns_defect.h"
#include "sdk/pure/dns_wire_name.h"

namespace tharsis::dns {

// Types of records, by their numbers.
namespace type {
inline constexpr uint16_t a = 1, ns = 2, cname = 5, soa = 6, ptr = 12, mx = 15, txt = 16, aaaa = 28, srv = 33, opt = 41, svcb = 64,
                          https = 65;
}
inline constexpr uint16_t class_internet = 1;

namespace rcode {
inline constexpr uint16_t ok = 0, format = 1, server_failed = 2, no_name = 3, not_implemented = 4, refused = 5, bad_cookie = 23;
}

struct record {
  wire_name owner;
  uint16_t kind = 0;  // One of type::.
  uint16_t group = 0;  // Of OPT: what size of datagrams its sender takes.
  uint32_t ttl = 0;    // Seconds, as it was sent.
  std::span<const uint8_t> data{};
  std::span<const uint8_t> message{};  // Names in `data` may point into it.
  size_t data_at = 0;

  // RFC 2181, 8: with the highest bit set it means nothing, and so does not hold at all.
  uint32_t life() const { return ttl > 0x7FFFFFFF ? 0 : ttl; }
};

class message {
 public:
  // More than 64 KiB of addresses are an attack, not an answer.
  static constexpr size_t records_max = 1024;
  static constexpr size_t head_size = 12;

  message() = default;

  // `into` is to be used only where this is defect::none.
  static defect read(std::span<const uint8_t> bytes, message& into);
  // As far as it is whole: head, question, and the records before the one that is not; `damage` says what is wrong there,
  // defect::none of a message that read() takes. Nothing: head or question are damaged already.
  static std::optional<message> read_front(std::span<const uint8_t> bytes, defect& damage);

  uint16_t id() const { return number(0); }
  std::span<const uint8_t> bytes() const { return bytes_; }
  bool is_answer() const { return (bytes_[2] & 0x80) != 0; }
  uint8_t operation() const { return (bytes_[2] >> 3) & 0x0F; }
  bool authoritative() const { return (bytes_[2] & 0x04) != 0; }
  bool truncated() const { return (bytes_[2] & 0x02) != 0; }
  bool recursion_available() const { return (bytes_[3] & 0x80) != 0; }
  // With the bits that OPT adds.
  uint16_t code() const { return static_cast<uint16_t>((bytes_[3] & 0x0F) | (has_options_ ? options_.ttl >> 24 << 4 : 0)); }

  bool has_question() const { return has_question_; }
  const wire_name& asked_name() const { return asked_name_; }
  uint16_t asked_kind() const { return asked_kind_; }
  uint16_t asked_group() const { return asked_group_; }

  bool has_options() const { return has_options_; }
  const record& options() const { return options_; }  // OPT; only if it has.

  // `while (records.next(record))`.
  class records {
   public:
    records(std::span<const uint8_t> bytes, size_t at, size_t left) : bytes_(bytes), at_(at), left_(left) {}
    bool next(record& r);
    size_t left() const { return left_; }
    size_t at() const { return at_; }  // Of the next one, in the message.

   private:
    std::span<const uint8_t> bytes_;
    size_t at_;
    size_t left_;
  };
  records answers() const { return {bytes_, at_[0], count_[0]}; }
  records authorities() const { return {bytes_, at_[1], count_[1]}; }
  records additionals() const { return {bytes_, at_[2], count_[2]}; }

 private:
  defect read_head(std::span<const uint8_t> bytes);
  defect read_question();
  defect read_sections();
  uint16_t number(size_t at) const { return static_cast<uint16_t>(bytes_[at] << 8 | bytes_[at + 1]); }

  std::span<const uint8_t> bytes_;
  size_t at_[3]{}, count_[3]{};  // Of the sections: where, and how many records of them are whole.
  wire_name asked_name_;
  uint16_t asked_kind_ = 0, asked_group_ = 0;
  bool has_question_ = false, has_options_ = false;
  record options_{};
};

}  // namespace tharsis::dns
