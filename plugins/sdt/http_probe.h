// Pages: the target's own, and those whose true answer is known.
#pragma once
#include <memory>

#include "plugins/sdt/bench.h"
#include "sdk/async/stream.h"
#include "sdk/async/task.h"
#include "sdk/pure/http1.h"

namespace tharsis::sdt {

struct page_answer {
  int status = 0;  // 0: none came.
  http1::field_list fields;
  std::string body;
};

// Asks over a wire that is there, and notes it in `p`, which is not finished.
task<page_answer> ask_page(bench& b, std::unique_ptr<stream> wire, url page, duration most, http_probe* p);

// A page and its twin over TLS: who changes what passes can change the first alone.
task<void> try_canary(bench& b, canary c);

// Does such a page come as it is, or who serves it prove who it is? Nothing of it is kept.
task<bool> knows_page(bench& b, canary c);

// Does who serves it prove who it is, on port 443, whatever is said on port 80? Until the bench's end, and at once when that port opens. Nothing of
// it is kept.
task<bool> proves_itself(bench& b, canary c);

// The page of the target's host over plain HTTP.
task<void> try_plain_page(bench& b, tharsis_address to, std::string host);

}  // namespace tharsis::sdt
