// The protobuf messages of Mars' sample server, and one of the gateway's own. proto2; the numbers are
// the fields'. Decoding fails on a missing required field, a wrong wire type or bytes that end early;
// unknown fields are skipped.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sdk/pure/error.h"

namespace tharsis::mars {

using bytes = std::vector<uint8_t>;

// Our stn puts its client id (32 random hexadecimal digits, new for every instance) into `text`; the
// gateway keeps answers by it. A client whose text is no such id is known by its connection only.
struct hello_request {
  std::string user;         // 1
  std::string text;         // 2
  bytes dump_content;       // 3, optional
};
struct hello_response {
  int32_t retcode = 0;      // 1
  std::string errmsg;       // 2, optional
  bytes dump_content;       // 3, optional
  // Ours: the server takes the connection's small tasks in sealed datagrams too (sdk/pure/sealed_datagram.h), at this
  // port of the address that was dialled, under this id.
  int32_t udp_port{};       // 20, optional
  bytes udp_id{};           // 21, optional
  // Ours: after so long an idle time the client is to ping, as long as this connection lasts.
  int32_t heartbeat_ms{};   // 22, optional
  // Ours: the server carries each key of this client out once, and knows it for so long after the answer, in the memory of
  // this name (8 bytes): another server, or this one after a restart, has another name if it knows nothing of that.
  int32_t keys_kept_ms{};   // 23, optional
  bytes keys_memory{};      // 24, optional
};
struct send_message_request {
  std::string access_token; // 1
  std::string from;         // 2
  std::string to;           // 3
  std::string text;         // 4
  std::string topic;        // 5
};
struct send_message_response {
  int32_t err_code = 0;     // 1: 0 ok, -1 failed
  std::string err_msg;      // 2
  std::string from;         // 3
  std::string text;         // 4
  std::string topic;        // 5
};
struct message_push {
  std::string topic;        // 1
  std::string content;      // 2
  std::string from;         // 3
};
struct topic_request {
  std::string topic;        // 1
};
struct topic_response {
  int32_t err_code = 0;     // 1
  std::string err_msg;      // 2
};
// Ours, the answer to command_statistics (its request is empty): since the gateway started, for this
// client id.
struct statistics_response {
  uint64_t executions = 0;  // 1: requests carried out.
  uint64_t keys = 0;        // 2: different idempotency keys among them.
  uint64_t repeats = 0;     // 3: requests answered from what was kept.
  uint64_t refusals = 0;    // 4: a known key with another body.
};

// Ours, in option_move of a frame of the server: its clients are to go elsewhere.
struct server_move {
  int32_t ends = 0;                    // 1, not 0: this server ends then (a drain); else it only tells of better ones.
  int32_t within_ms = 0;               // 2: so long clients may take; each goes at a moment of its own.
  std::vector<std::string> endpoints;  // 3: where to, "tcps://im2.example.com:443"; none: as their profile says.
  int32_t valid_ms = 0;                // 4: how long the endpoints hold; 0: as long as the client likes.
  std::string why;                     // 5: one sentence, or none.
};

bytes encode(const hello_request& m);
bytes encode(const hello_response& m);
bytes encode(const send_message_request& m);
bytes encode(const send_message_response& m);
bytes encode(const message_push& m);
bytes encode(const topic_request& m);
bytes encode(const topic_response& m);
bytes encode(const statistics_response& m);
bytes encode(const server_move& m);

// decode<hello_request>(body); the failure's sentence names message and field.
template <class Message>
result<Message> decode(std::span<const uint8_t> body);

}  // namespace tharsis::mars
