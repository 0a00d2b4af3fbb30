// A task on its way through stn: made where it was started, owned by whoever has it now, and gone
// when its answer was given.
#pragma once
#include <cstdint>
#include <vector>

#include "plugins/stn/core/phase_clock.h"
#include "sdk/abi/stn.h"

namespace tharsis::stn {

// Where the answer goes.
struct caller {
  tharsis_handle strand = 0;
  void* context = nullptr;
  tharsis_stn_done done = nullptr;
};

// What a task's time went to.
struct task_times {
  duration queued{}, resolve{}, connect{}, tls{}, prove{};  // Before it was sent,
  duration first_byte{}, rest{};                            // until its answer began, and until it was whole,
  duration lost{};                                          // and on connections that died before.
};

struct request {
  uint64_t id = 0;  // Unique, and growing with the order of submission.
  uint32_t command = 0;
  int32_t priority = 0;    // THARSIS_STN_PRIORITY_MIN to _MAX, higher first.
  bool send_only = false;  // Done once it was sent.
  std::vector<uint8_t> body;
  std::vector<uint8_t> key;  // Empty: must not be sent twice.
  instant since{};
  instant deadline = never;
  caller from;

  task_times times;
  uint32_t sends = 0;

  // The queue's. In one of its lists: of those that wait, or of those that were sent.
  request* before = nullptr;
  request* behind = nullptr;
  request* next_by_id = nullptr;
  request* next_by_sequence = nullptr;
  uint32_t sequence = 0;  // 0: waits.
  instant sent_at{}, began_at = never;  // Its answer began.
  phase_times waits_since{};
};

}  // namespace tharsis::stn
