// A question to a server and its answer, as an exchange of HTTP, over HTTP/2 or 1.1: a DNS message (RFC 8484), or a page of a vendor.
#pragma once
#include <memory>
#include <string>

#include "plugins/dns/core/server.h"
#include "sdk/async/http_line.h"
#include "sdk/async/stream.h"
#include "sdk/async/task.h"
#include "sdk/pure/error.h"
#include "sdk/pure/http1.h"
#include "sdk/pure/time.h"
#include "sdk/pure/url.h"

namespace tharsis::dns {

struct web_question {
  std::string target;
  std::string body;        // Of a DNS message; a page has none.
  bool is_message = true;  // Then the answer has to be one as well.
  size_t most = 65'535;    // Bytes of the answer.
  // Here goes the head of the answer. It outlives the exchange; null: nobody wants to know.
  http1::response_head* head = nullptr;
};
web_question message_question(const server& to, std::string message);
web_question page_question(std::string target, size_t most);

// The answer's bytes, or why there are none: another status than 200, another type, what HTTP died of. Over a line that is there, which
// outlives the task.
task<result<std::string>> web_exchange(http_line& line, web_question q, instant deadline);
// `wire` is used up.
task<result<std::string>> web_exchange(strand& place, std::unique_ptr<stream> wire, server to, web_question q, instant deadline);

url url_of(const server& s);

}  // namespace tharsis::dns
