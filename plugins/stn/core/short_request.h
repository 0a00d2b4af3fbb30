// What a task over a short link has that others have not.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

#include "sdk/pure/http1.h"

namespace tharsis::stn {

struct short_request {
  size_t link = 0;            // Which short link, from 1 on; 0: none.
  bool only = true;           // Over it alone, not over the long link of the same name while that is up.
  std::string path;           // Mars' cgi: "/mmtls/send?x=1".
  http1::field_list headers;  // Stronger than the link's.
  bool taken = false;         // The short link has it, not the long one.
  size_t partner = 0;         // The long link of the same name, or the first.
  uint32_t status = 0;        // Of the answer.
  bool long_poll = false;     // The server keeps the answer back until it has something to tell.
};

}  // namespace tharsis::stn
