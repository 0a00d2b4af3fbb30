// A stream as it is ordered, and what its application is told of it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sdk/abi/stn_streams.h"
#include "sdk/pure/stream_frame.h"
#include "sdk/pure/time.h"

namespace tharsis::stn {

struct stream_order {
  uint64_t id = 0;
  streams::direction direction = streams::direction::up;
  int8_t priority = 0;
  uint32_t command = 0;
  std::string name;
  std::vector<uint8_t> key;
  std::optional<uint64_t> size;  // Of what goes up.
  uint64_t have = 0;             // Of what comes down.
  bool any_network = false;
  instant deadline = never;
  uint64_t rate = 0;
};

struct stream_progress {
  uint32_t state = THARSIS_STN_STREAM_WAITS;
  uint64_t up = 0, up_size = streams::size_unknown;
  uint64_t down = 0, down_size = streams::size_unknown;
  uint32_t opens = 0;
  std::string reason;
  tharsis_status trouble = THARSIS_OK;
  bool operator==(const stream_progress&) const = default;
};

struct stream_event {
  enum class about : uint8_t { room, piece, progress, end };
  about what = about::progress;
  uint64_t stream = 0;
  uint64_t offset = 0;             // room, piece
  size_t room = 0;
  std::vector<uint8_t> bytes{};    // piece
  stream_progress progress{};      // progress, end
  tharsis_status status = THARSIS_OK;  // end,
  std::string reason{};
  streams::sum sum{};
};

}  // namespace tharsis::stn
