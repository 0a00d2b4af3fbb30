// The server's name in a TLS ClientHello, as filters on the path read it.
#pragma once
#include <optional>
#include <string>

#include "tests/lab/relay/flows.h"
#include "tests/lab/relay/plan.h"

namespace tharsis::lab {

struct server_name {
  enum class state { unfinished, found, none };  // None: no ClientHello, or one without a name.
  state is = state::none;
  std::string name;
};

// Of the bytes that a client said first, as far as they have come. A hello may span records.
server_name find_server_name(byte_view said);

// Takes what this segment from the inside adds to what its flow said first. The rule that the name
// fits, once; nothing before and otherwise.
const client_hello_rule* match_client_hello(flow& f, const tcp_segment& segment,
                                            const std::vector<client_hello_rule>& rules);

}  // namespace tharsis::lab
