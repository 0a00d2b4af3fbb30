// What a request to the gateway's short-link end means: which task it is, whose, and with which key. Pure.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sdk/pure/http1.h"

namespace tharsis::gateway {

struct http_task {
  uint32_t command = 0;
  std::vector<uint8_t> key;  // Of the field Idempotency-Key; empty: none.
  std::string client;        // Of the field Client-Id; empty: nobody in particular, and all of these are one client.
};

struct http_refusal {
  int status;
  std::string sentence;
};

// POST /mars/NAME or /mars/NUMBER, of the commands that need no connection of their own. [any thread]
std::variant<http_task, http_refusal> understand_task(std::string_view method, std::string_view path, const http1::field_list& fields);

}  // namespace tharsis::gateway
