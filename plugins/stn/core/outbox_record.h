// What the durable outbox keeps of tasks, and the records that stand in its file. Pure values.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "sdk/abi/abi.h"
#include "sdk/pure/error.h"
#include "sdk/pure/http1.h"
#include "sdk/pure/time.h"

namespace tharsis::stn {

// What of a task outlives its process. Callbacks do not.
struct kept_task {
  uint32_t command = 0;
  uint32_t flags = 0;
  int32_t priority = 0;
  int64_t retries = 0;
  uint64_t order = 0;
  duration server_time{};
  uint32_t channels = 0;
  std::string link, user, path, host;
  http1::field_list headers;
  std::vector<uint8_t> key, body;
};

struct kept_answer {
  tharsis_status status = THARSIS_OK;
  uint32_t why = 0;
  uint32_t http_status = 0;
  uint32_t sends = 0;
  std::vector<uint8_t> body;
  std::string reason;
};

struct outbox_record {
  enum class kind : uint8_t {
    client = 1,        // Under which id the server knows whose tasks these are; `entry` is the next free number.
    put = 2,           // A task, and how long it lives from `wall` on.
    sent = 3,          // It went to the wire `sends` times, without an answer yet.
    answered = 4,      // It has ended; its body is of no use any more.
    acknowledged = 5,  // Whoever it was for has it, or wants it no more: the entry is gone.
  };
  kind what = kind::acknowledged;
  uint64_t entry = 0;  // Never used twice.
  int64_t wall = 0;    // When it happened, ns since 1970.
  duration life{};     // put.
  uint32_t sends = 0;  // sent.
  std::string client;  // client.
  kept_task task;      // put.
  kept_answer answer;  // answered.
};

inline outbox_record record_of(outbox_record::kind what, uint64_t entry, int64_t wall) {
  outbox_record r;
  r.what = what;
  r.entry = entry;
  r.wall = wall;
  return r;
}
// The entry is gone.
inline outbox_record gone_record(uint64_t entry, int64_t wall) { return record_of(outbox_record::kind::acknowledged, entry, wall); }

std::vector<uint8_t> write_record(const outbox_record& r);
// Fields that it does not know are passed over. THARSIS_E_PROTOCOL: it is no record.
result<outbox_record> read_record(std::span<const uint8_t> bytes);

}  // namespace tharsis::stn
