// A task's request as codecs see it.
#pragma once
#include "plugins/stn/core/request.h"
#include "sdk/pure/framing.h"
#include "sdk/pure/views.h"

namespace tharsis::stn {

// Valid as long as the request's body and key.
inline tharsis_stn_frame frame_of_request(const request& r) {
  tharsis_stn_frame f = frame_of(THARSIS_STN_FRAME_REQUEST);
  f.command = r.command;
  f.sequence = r.sequence;
  f.body = bytes_of(r.body);
  f.key = bytes_of(r.key);
  return f;
}

}  // namespace tharsis::stn
