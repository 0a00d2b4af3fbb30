// HTTP/1.1 messages (RFC 9110, RFC 9112): heads as values, their bytes, and what they say about the body and
// the connection. http1_reader.h reads them; sdk/async/http1_client.h and http1_server.h speak them.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/pure/error.h"

namespace tharsis::http1 {

struct field {
  std::string name;   // As it was written; compare with same_name().
  std::string value;  // Without the spaces around it. Any bytes but control characters.
  bool operator==(const field&) const = default;
};
using field_list = std::vector<field>;

struct request_head {
  std::string method = "GET";  // Case counts.
  std::string target = "/";    // "/path?query"; "*" and "http://..." too, see the server.
  field_list fields{};
  int minor = 1;               // HTTP/1.minor
};

struct response_head {
  int status = 200;
  std::string reason{};  // Empty: write_head() fills in the usual one.
  field_list fields{};
  int minor = 1;
};

// Letters are compared without case.
bool same_name(std::string_view a, std::string_view b);
// The first field of this name; null: there is none.
const std::string* find(const field_list& fields, std::string_view name);
// Its value, empty where there is none.
std::string_view value_of(const field_list& fields, std::string_view name);
// Does a comma-separated field have this word, in any case? "Connection: Keep-Alive, close" has "close".
bool has_word(const field_list& fields, std::string_view name, std::string_view word);
// Takes all of this name away, then adds it.
void set(field_list& fields, std::string_view name, std::string_view value);

// Does the connection outlast this message, as far as its head says?
bool keep_alive(int minor, const field_list& fields);
inline bool keep_alive(const request_head& head) { return keep_alive(head.minor, head.fields); }
inline bool keep_alive(const response_head& head) { return keep_alive(head.minor, head.fields); }

// May a request with this method be sent again when nobody knows whether it was carried out?
bool is_idempotent(std::string_view method);
// Has an answer with this status to this method no body, whatever its fields say?
bool has_no_body(std::string_view method, int status);

// The bytes of a head with the empty line after it. The fields are written as they stand: whoever calls says
// how long the body is.
//   THARSIS_E_INVALID  a name, value, method or target could not be read back as what it is: it has a line
//                      break, a control character, a space where none may be ...
result<std::string> write_head(const request_head& head);
result<std::string> write_head(const response_head& head);

// "404": "Not Found"; "Unknown" for what RFC 9110 does not name.
std::string_view reason_of(int status);

// Around each piece of a chunked body: chunk_begin(size), the bytes, chunk_end; last_chunk after all.
std::string chunk_begin(size_t size);  // `size` is not 0: that would be the end.
inline constexpr std::string_view chunk_end = "\r\n";
inline constexpr std::string_view last_chunk = "0\r\n\r\n";

// "Sun, 06 Nov 1994 08:49:37 GMT", of seconds since 1970.
std::string date_text(int64_t seconds);

// What the grammar calls a token: methods, names of fields.
bool is_token(std::string_view text);
// What may stand in a field's value: no control characters but tabs.
bool is_field_text(std::string_view text);
// Bytes that mean nothing, for a sentence: in quotes, cut, odd ones as \xNN.
std::string in_quotes(std::string_view text);

}  // namespace tharsis::http1
