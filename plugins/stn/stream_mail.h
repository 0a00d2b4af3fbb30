// What travels between the strands of those who use streams and stn's own.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "plugins/stn/back_door.h"
#include "plugins/stn/core/stream_order.h"

namespace tharsis::stn {

// Who ordered it, and how it is called.
struct stream_caller {
  tharsis_handle strand = 0;
  void* context = nullptr;
  tharsis_stn_stream_on_room on_room = nullptr;
  tharsis_stn_stream_on_piece on_piece = nullptr;
  tharsis_stn_stream_on_progress on_progress = nullptr;
  tharsis_stn_stream_done done = nullptr;
};

struct stream_letter {
  enum class about : uint8_t { open, write, last, read, given, pause, resume, cancel };
  about what;
  uint64_t id;
  uint64_t number = 0;  // write, last: the offset; read, given: bytes.
  std::vector<uint8_t> bytes{};
  std::string link{};  // open
  std::unique_ptr<stream_order> order{};
  stream_caller from{};
};

using stream_back_door = back_door<stream_letter>;

// One callback.
struct stream_delivery {
  stream_event what;
  stream_caller to;
  std::shared_ptr<stream_back_door> back;

  void deliver() const;
};

}  // namespace tharsis::stn
