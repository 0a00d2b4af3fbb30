#include "sdk/pure/mars_messages.h"

#include <tuple>

#include "sdk/pure/protobuf.h"

namespace tharsis::mars {
namespace {

template <class Message, class Value>
struct field_of {
  uint32_t number;
  std::string_view name;
  Value Message::*member;
  bool required = true;
};

// A message's name and fields, for both directions.
template <class Message>
struct shape;

template <>
struct shape<hello_request> {
  using m = hello_request;
  static constexpr std::string_view name = "HelloRequest";
  static constexpr std::tuple fields{field_of<m, std::string>{1, "user", &m::user},
                                     field_of<m, std::string>{2, "text", &m::text},
                                     field_of<m, bytes>{3, "dump_content", &m::dump_content, false}};
};
template <>
struct shape<hello_response> {
  using m = hello_response;
  static constexpr std::string_view name = "HelloResponse";
  static constexpr std::tuple fields{field_of<m, int32_t>{1, "retcode", &m::retcode},
                                     field_of<m, std::string>{2, "errmsg", &m::errmsg, false},
                                     field_of<m, bytes>{3, "dump_content", &m::dump_content, false},
                                     field_of<m, int32_t>{20, "udp_port", &m::udp_port, false},
                                     field_of<m, bytes>{21, "udp_id", &m::udp_id, false},
                                     field_of<m, int32_t>{22, "heartbeat_ms", &m::heartbeat_ms, false},
                                     field_of<m, int32_t>{23, "keys_kept_ms", &m::keys_kept_ms, false},
                                     field_of<m, bytes>{24, "keys_memory", &m::keys_memory, false}};
};
template <>
struct shape<send_message_request> {
  using m = send_message_request;
  static constexpr std::string_view name = "SendMessageRequest";
  static constexpr std::tuple fields{field_of<m, std::string>{1, "access_token", &m::access_token},
                                     field_of<m, std::string>{2, "from", &m::from},
                                     field_of<m, std::string>{3, "to", &m::to},
                                     field_of<m, std::string>{4, "text", &m::text},
                                     field_of<m, std::string>{5, "topic", &m::topic}};
};
template <>
struct shape<send_message_response> {
  using m = send_message_response;
  static constexpr std::string_view name = "SendMessageResponse";
  static constexpr std::tuple fields{field_of<m, int32_t>{1, "err_code", &m::err_code},
                                     field_of<m, std::string>{2, "err_msg", &m::err_msg},
                                     field_of<m, std::string>{3, "from", &m::from},
                                     field_of<m, std::string>{4, "text", &m::text},
                                     field_of<m, std::string>{5, "topic", &m::topic}};
};
template <>
struct shape<message_push> {
  using m = message_push;
  static constexpr std::string_view name = "MessagePush";
  static constexpr std::tuple fields{field_of<m, std::string>{1, "topic", &m::topic},
                                     field_of<m, std::string>{2, "content", &m::content},
                                     field_of<m, std::string>{3, "from", &m::from}};
};
template <>
struct shape<topic_request> {
  using m = topic_request;
  static constexpr std::string_view name = "TopicRequest";
  static constexpr std::tuple fields{field_of<m, std::string>{1, "topic", &m::topic}};
};
template <>
struct shape<topic_response> {
  using m = topic_response;
  static constexpr std::string_view name = "TopicResponse";
  static constexpr std::tuple fields{field_of<m, int32_t>{1, "err_code", &m::err_code},
                                     field_of<m, std::string>{2, "err_msg", &m::err_msg}};
};
template <>
struct shape<statistics_response> {
  using m = statistics_response;
  static constexpr std::string_view name = "StatisticsResponse";
  static constexpr std::tuple fields{field_of<m, uint64_t>{1, "executions", &m::executions},
                                     field_of<m, uint64_t>{2, "keys", &m::keys},
                                     field_of<m, uint64_t>{3, "repeats", &m::repeats},
                                     field_of<m, uint64_t>{4, "refusals", &m::refusals}};
};

template <>
struct shape<server_move> {
  using m = server_move;
  static constexpr std::string_view name = "ServerMove";
  static constexpr std::tuple fields{field_of<m, int32_t>{1, "ends", &m::ends, false}, field_of<m, int32_t>{2, "within_ms", &m::within_ms, false},
                                     field_of<m, std::vector<std::string>>{3, "endpoints", &m::endpoints, false},
                                     field_of<m, int32_t>{4, "valid_ms", &m::valid_ms, false}, field_of<m, std::string>{5, "why", &m::why, false}};
};

void write(protobuf::writer& out, uint32_t number, const std::string& value) { out.text(number, value); }
void write(protobuf::writer& out, uint32_t number, const bytes& value) { out.bytes(number, value); }
void write(protobuf::writer& out, uint32_t number, int32_t value) { out.number(number, value); }
void write(protobuf::writer& out, uint32_t number, uint64_t value) { out.number(number, value); }

void write(protobuf::writer& out, uint32_t number, const std::vector<std::string>& values) {
  for (const std::string& value : values) out.text(number, value);
}

bool empty(const std::string& value) { return value.empty(); }
bool empty(const bytes& value) { return value.empty(); }
bool empty(const std::vector<std::string>& value) { return value.empty(); }
bool empty(int32_t value) { return value == 0; }
bool empty(uint64_t value) { return value == 0; }

template <class Message>
bytes encode_message(const Message& m) {
  protobuf::writer out;
  const auto one = [&](const auto& f) {
    if (f.required || !empty(m.*f.member)) write(out, f.number, m.*f.member);
  };
  std::apply([&](const auto&... f) { (one(f), ...); }, shape<Message>::fields);
  return out.take();
}

// Answers whether the field on the wire has the type that the member needs.
bool read(const protobuf::field& from, std::string& into) {
  into.assign(reinterpret_cast<const char*>(from.content.data()), from.content.size());
  return from.type == protobuf::wire_type::bytes;
}
bool read(const protobuf::field& from, bytes& into) {
  into.assign(from.content.begin(), from.content.end());
  return from.type == protobuf::wire_type::bytes;
}
bool read(const protobuf::field& from, std::vector<std::string>& into) { return read(from, into.emplace_back()); }
bool read(const protobuf::field& from, int32_t& into) {
  into = static_cast<int32_t>(static_cast<uint32_t>(from.value));  // proto2 cuts the extended sign off.
  return from.type == protobuf::wire_type::varint;
}
bool read(const protobuf::field& from, uint64_t& into) {
  into = from.value;
  return from.type == protobuf::wire_type::varint;
}

template <class Message>
error damaged(std::string_view what) {
  return {THARSIS_E_PROTOCOL, std::string(shape<Message>::name) + ": " + std::string(what)};
}

// Takes one field; answers the name of the field whose type is wrong, or empty.
template <class Message>
std::string_view take_field(const protobuf::field& from, Message& into, uint32_t& seen) {
  std::string_view wrong;
  const auto one = [&](const auto& f) {
    if (f.number != from.number) return;
    seen |= 1u << f.number;
    if (!read(from, into.*f.member)) wrong = f.name;
  };
  std::apply([&](const auto&... f) { (one(f), ...); }, shape<Message>::fields);
  return wrong;
}

template <class Message>
std::string_view missing_field(uint32_t seen) {
  std::string_view missing;
  const auto one = [&](const auto& f) {
    if (missing.empty() && f.required && (seen & 1u << f.number) == 0) missing = f.name;
  };
  std::apply([&](const auto&... f) { (one(f), ...); }, shape<Message>::fields);
  return missing;
}

}  // namespace

template <class Message>
result<Message> decode(std::span<const uint8_t> body) {
  Message message;
  uint32_t seen = 0;
  protobuf::reader in(body);
  protobuf::field field;
  while (in.next(field)) {
    const std::string_view wrong = take_field(field, message, seen);
    if (!wrong.empty()) return damaged<Message>("field '" + std::string(wrong) + "' has the wrong wire type");
  }
  if (in.failed()) return damaged<Message>(in.failure());
  const std::string_view missing = missing_field<Message>(seen);
  if (!missing.empty()) return damaged<Message>("field '" + std::string(missing) + "' is missing");
  return message;
}

bytes encode(const hello_request& m) { return encode_message(m); }
bytes encode(const hello_response& m) { return encode_message(m); }
bytes encode(const send_message_request& m) { return encode_message(m); }
bytes encode(const send_message_response& m) { return encode_message(m); }
bytes encode(const message_push& m) { return encode_message(m); }
bytes encode(const topic_request& m) { return encode_message(m); }
bytes encode(const topic_response& m) { return encode_message(m); }
bytes encode(const statistics_response& m) { return encode_message(m); }
bytes encode(const server_move& m) { return encode_message(m); }

template result<hello_request> decode(std::span<const uint8_t>);
template result<hello_response> decode(std::span<const uint8_t>);
template result<send_message_request> decode(std::span<const uint8_t>);
template result<send_message_response> decode(std::span<const uint8_t>);
template result<message_push> decode(std::span<const uint8_t>);
template result<topic_request> decode(std::span<const uint8_t>);
template result<topic_response> decode(std::span<const uint8_t>);
template result<statistics_response> decode(std::span<const uint8_t>);
template result<server_move> decode(std::span<const uint8_t>);

}  // namespace tharsis::mars
