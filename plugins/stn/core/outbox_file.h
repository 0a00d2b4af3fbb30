// The file of the durable outbox: a head, and records behind it, appended one after the other.
//
//   head    "tharsis outbox 1" [sealed u8] [salt 16] [check 16] [crc u32], twice: one may be damaged
//   record  [b0 7e] [size u32] [number u64] [crc u32] [size bytes: outbox_record.h, sealed where there is a key]
//
// Numbers in the file are little-endian. Records' numbers grow. The checksum (CRC-32) of a record begins with the file's salt, so
// that bytes of a body can never pass for a record where the one around them is damaged.
//
// A file that ends in the middle of a record gives all before it: its writer died there. Damage elsewhere costs the
// records that it struck; the reader finds the next whole one. Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/stn/core/outbox_record.h"
#include "plugins/stn/core/outbox_seal.h"

namespace tharsis::stn {

// Writes one file. Nothing is ever appended to a file of another writer: its end may be cut.
class outbox_writer {
 public:
  // `salt`: random, of this file alone. Without a key nothing is sealed.
  outbox_writer(const outbox_salt& salt, const outbox_key* key);

  std::string head() const;
  // The bytes of one record. Its number is spent, whatever becomes of the bytes.
  //   THARSIS_E_INVALID   it is larger than outbox_record_max.
  //   THARSIS_E_INTERNAL  it could not be sealed.
  result<std::string> record(const outbox_record& r);

 private:
  outbox_salt salt_;
  std::optional<outbox_seal> seal_;
  uint64_t number_ = 0;
};

struct outbox_reading {
  std::vector<outbox_record> records;
  bool sealed = false;
  size_t cut = 0;      // Bytes of a last record that is not whole.
  size_t damaged = 0;  // Bytes that mean nothing, elsewhere.
};

// Of a whole file; an empty one, and one whose head is cut, holds nothing.
//   THARSIS_E_PROTOCOL   it is no outbox's.
//   THARSIS_E_UNTRUSTED  it is sealed, and there is no key, or another one. Leave it alone.
result<outbox_reading> read_outbox(std::string_view file, const outbox_key* key);

}  // namespace tharsis::stn
