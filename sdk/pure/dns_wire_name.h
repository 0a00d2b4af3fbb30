// A domain name as it lies in a message (RFC 1035, 4.1.4): labels, the last of them maybe a pointer to
// labels further in front. Read without a copy; a name that was read once is whole, so walking it
// again needs no checks. Pure.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "sdk/pure/dns_defect.h"

namespace tharsis::dns {

class wire_name {
 public:
  // On the wire, with the root's empty label.
  static constexpr size_t octets_max = 255;
  // The book allows 127; nobody's host has half of that.
  static constexpr size_t labels_max = 64;
  // Compression of real servers needs one or two.
  static constexpr size_t hops_max = 16;

  wire_name() = default;  // The root.

  // The name that begins at `at`; `end` is behind it where it stands. Pointers lead backwards only,
  // behind what was read before, so that none leads in a circle.
  static defect read(std::span<const uint8_t> message, size_t at, wire_name& name, size_t& end);

  // `while (labels.next(label))`, from the left.
  class labels {
   public:
    explicit labels(const wire_name& of) : message_(of.message_), at_(of.at_) {}
    bool next(std::string_view& label);

   private:
    const uint8_t* message_;
    size_t at_;
  };

  bool is_root() const;
  // As canonical_name() writes it where it could be a host's: lower case, without a dot at its end; the root is "".
  // Other bytes, and dots inside of a label, are written as \DDD.
  std::string text() const;

  // Names are the same whatever the case of their letters.
  friend bool operator==(const wire_name& a, const wire_name& b) { return a.same(b, false); }
  bool same_case(const wire_name& other) const { return same(other, true); }
  // `text` as text() writes names.
  bool is(std::string_view canonical) const;

 private:
  bool same(const wire_name& other, bool case_counts) const;

  static constexpr uint8_t root_octet = 0;
  const uint8_t* message_ = &root_octet;
  size_t at_ = 0;
};

}  // namespace tharsis::dns
