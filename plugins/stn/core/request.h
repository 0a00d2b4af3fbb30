// A task on its way through stn: made where it was started, owned by whoever has it now, and gone
// when its answer was given.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "plugins/stn/core/minor_links.h"
#include "plugins/stn/core/outbox_record.h"
#include "plugins/stn/core/phase_clock.h"
#include "plugins/stn/core/short_request.h"
#include "sdk/abi/stn.h"

namespace tharsis::stn {

// Where the answer goes, and who makes the request and judges the answer.
struct caller {
  tharsis_handle strand = 0;
  void* context = nullptr;
  tharsis_stn_done done = nullptr;
  tharsis_stn_encode encode = nullptr;
  tharsis_stn_decode decode = nullptr;
  tharsis_stn_on_disk on_disk = nullptr;
};

// What a task's time went to.
struct task_times {
  duration queued{}, resolve{}, connect{}, tls{}, prove{};  // Before it was sent,
  duration first_byte{}, rest{};                            // until its answer began, and until it was whole,
  duration lost{};                                          // and on connections that died before.
};

// Where a task stands in its queue.
enum class stage : uint8_t {
  waits,     // For its turn.
  held,      // For the end of another one, which has the same order.
  prepares,  // Its caller makes the body.
  sent,
  parked,    // All tries have failed; something has to show that another one makes sense.
  spared,    // The server has asked not to be asked for this for a while.
};

// While it is sent: on which of a link's connections. A second one is there for a moment only, see core/second_way.h.
enum class carried : uint8_t { first, both, second };

struct request {
  uint64_t id = 0;  // Unique, and growing with the order of submission.
  uint32_t command = 0;
  uint32_t flags = 0;      // THARSIS_STN_SEND_ONLY ...
  int32_t priority = 0;    // THARSIS_STN_PRIORITY_MIN to _MAX, higher first.
  int64_t retries = 0;     // How often it may be sent again.
  uint32_t bound = 0;      // To the connection of this number; 0: to none.
  uint64_t order = 0;
  uint32_t group = 0;      // Of links, from 1 on, over one of which it goes; 0: over that which it named.
  duration server_time{};  // How long the server may need; zero: as usual.
  std::vector<uint8_t> body;
  std::vector<uint8_t> key;  // Empty: must not be sent twice.
  uint64_t memory = 0;       // The key is the link's own, and known in this server_memory alone; 0: it is the application's.
  std::string user;
  instant since{};
  instant deadline = never;
  caller from;
  short_request http;  // Over a short link.
  minor_request minor;
  std::unique_ptr<kept_task> kept;  // A durable one, until the outbox has it;
  uint64_t entry = 0;               // from then on its place there.

  task_times times;
  uint32_t sends = 0;
  uint32_t earlier_sends = 0;   // Of a durable one: of its tries that have ended.
  uint32_t connection = 0;      // The last that it was sent on.
  uint32_t judged_again = 0;    // How often its caller said of an answer that it is to be sent again.
  bool lost = false;             // A connection died under it.
  uint32_t keyed_again = 0;   // Under a key of the link's own: how often it went again when its answer did not come,
  uint32_t keyed_copies = 0;  // and how many copies of it left besides, in datagrams or by another connection.
  bool session_renewed = false;  // Once, and that cost no retry.

  void forget_own_key() {
    if (memory != 0) key.clear();
    memory = 0;
    keyed_out = false;
  }
  bool has(uint32_t flag) const { return (flags & flag) != 0; }
  bool is_judged() const { return from.decode != nullptr && !has(THARSIS_STN_SEND_ONLY); }
  // By itself, because an answer did not come.
  bool may_repeat() const { return !key.empty() && static_cast<int64_t>(sends) <= retries; }
  // On a second connection, though the first one may bring its answer.
  bool may_be_copied() const { return may_repeat() && memory == 0 && from.encode == nullptr && bound == 0; }

  // The queue's. In one of its lists.
  stage at = stage::waits;
  bool owns_order = false;    // Others of its order wait for its end.
  static constexpr uint32_t unprepared = UINT32_MAX;
  uint32_t prepared_for = unprepared;  // The connection for which the caller made `body`.
  bool counted = false;       // By the limits, when the body was made first.
  bool ends_itself = false;   // While it is sent: whoever carries it ends it by its deadline.
  bool was_parked = false;
  uint32_t parked_sends = 0;  // How often it was sent when it was taken back from there.
  bool keyed_out = false;     // It has gone under this key of the link's own.
  bool is_first = true;       // It has not gone to the wire, as far as the budget knows.
  bool borrowed = false;      // A repetition that it gives back to the budget when it has an answer, or was not sent.
  carried by = carried::first;
  request* before = nullptr;
  request* behind = nullptr;
  request* next_by_id = nullptr;
  request* next_by_sequence = nullptr;
  uint32_t sequence = 0;  // While it is sent.
  instant sent_at{}, began_at = never;  // Its answer began,
  instant heard_at{};                   // and the last bytes of it came.
  instant aside_at{};  // When it was held, given to its caller, or parked.
  duration first_byte{}, gap{}, whole{};  // How long it may take, since it was sent.
  phase_times waits_since{};
};

}  // namespace tharsis::stn
