// A request's head as HTTP/2 has it (RFC 9113, section 8): what was the first line stands in fields of its own, names
// are in lower case, and what spoke of the connection is gone.
#pragma once
#include "sdk/pure/error.h"
#include "sdk/pure/http1.h"
#include "sdk/pure/url.h"

namespace tharsis {

// Host becomes :authority, `to`'s where there is none; several Cookie become one.
//   THARSIS_E_INVALID  the head could not be written in HTTP/1.1 either.
result<http1::field_list> http2_fields(const http1::request_head& head, const url& to);

}  // namespace tharsis
