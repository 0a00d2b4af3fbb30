// What travels between the strands of the HTTP client's users and its own.
#pragma once
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "plugins/stn/back_door.h"
#include "plugins/stn/http_call.h"
#include "sdk/abi/http.h"

namespace tharsis::stn {

// Who asked, and how it is called.
struct http_caller {
  tharsis_handle strand = 0;
  void* context = nullptr;
  tharsis_http_on_head on_head = nullptr;
  tharsis_http_on_piece on_piece = nullptr;
  tharsis_http_on_room on_room = nullptr;
  tharsis_http_done done = nullptr;
};

// A call as it was ordered.
struct http_order {
  tharsis_handle id = 0;
  tharsis_handle jar = 0;
  http_caller from;
  http_ask ask;
};

struct http_letter {
  enum class about : uint8_t { order, piece, last_piece, taken, held, resume, cancel, jar_opened, jar_closed };
  about what;
  tharsis_handle id;  // Of the call, or the jar.
  std::unique_ptr<http_order> order{};
  std::vector<uint8_t> bytes{};
  size_t count = 0;     // Bytes that the caller has had.
  uint64_t resumes = 0;  // So many there were by then: `resume`, with itself; `held`, when on_piece was called.
};

// How often anybody has said resume(): what was said while on_piece ran counts, though its answer comes later.
using http_resumes = std::atomic<uint64_t>;

using http_back_door = back_door<http_letter>;

// One callback of a call.
struct http_delivery {
  enum class about : uint8_t { head, piece, room, end };
  about what;
  tharsis_handle id;
  http_caller to;
  std::shared_ptr<http_back_door> back{};
  std::shared_ptr<const http_resumes> resumes{};
  std::vector<uint8_t> bytes{};  // A piece; the whole body.
  size_t room = 0;
  uint32_t http_status = 0;
  http_version version = http_version::http1;
  tharsis_status status = THARSIS_OK;
  std::string text{};  // The URL; the reason.
  http1::field_list fields{};
  int64_t length = -1;
  http_call_times times{};
  uint32_t redirects = 0;

  http_delivery(about w, tharsis_handle i, const http_caller& t) : what(w), id(i), to(t) {}
  void deliver() const;

 private:
  void deliver_head() const;
  void deliver_piece() const;
  void deliver_end() const;
};

}  // namespace tharsis::stn
