#include "sdk/pure/http1_reader.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "sdk/pure/views.h"

namespace tharsis::http1 {
namespace {

// So much of chunk lines may stand for too little body: a peer that sends bodies byte by byte in chunks with
// long extensions only wants to keep us busy.
constexpr uint64_t overhead_max = 16 * 1024;
constexpr uint64_t overhead_of_a_chunk = 16;

}  // namespace

event message_reader::next(std::span<const uint8_t>& bytes) {
  piece_ = {};
  for (;;) {
    const state before = state_;
    const event e = step(bytes);
    if (e != event::more) return e;
    if (bytes.empty() && state_ == before) return event::more;
  }
}

// event::more: ask again, with more bytes when there are none left and the state stays what it is.
event message_reader::step(std::span<const uint8_t>& bytes) {
  switch (state_) {
    case state::idle: return on_first_line(bytes);
    case state::fields: return on_head_line(bytes);
    case state::told: return begin_body();
    case state::body:
    case state::chunk_data: return take_body(bytes);
    case state::chunk_size: return on_chunk_line(bytes);
    case state::after_chunk: return take_chunk_end(bytes);
    case state::trailers: return on_trailer_line(bytes);
    case state::failed: break;
  }
  return event::failed;
}

event message_reader::on_end() {
  std::span<const uint8_t> nothing;
  if (const event e = next(nothing); e != event::more) return e;
  if (state_ == state::idle && line_.empty()) return event::more;
  if (state_ == state::body && kind_ == body_kind::until_end) return finish();
  if (state_ == state::idle || state_ == state::fields) return fail("it was cut within its head", 400, THARSIS_E_RESET);
  return fail("it was cut after " + std::to_string(body_size_) + " bytes of its body", 400, THARSIS_E_RESET);
}

std::optional<uint64_t> message_reader::left() const {
  if (state_ == state::idle) return 0;
  if (kind_ == body_kind::chunked || kind_ == body_kind::until_end) return {};
  return left_;
}

event message_reader::fail(std::string what, int status, tharsis_status code) {
  state_ = state::failed;
  keeps_alive_ = false;
  failure_.why = {code, std::move(what)};
  failure_.status = status;
  return event::failed;
}

std::string message_reader::where() const {
  if (state_ == state::chunk_size) return "the line with a chunk's size";
  return "line " + std::to_string(line_number_) + (state_ == state::trailers ? " of the trailers" : " of the head");
}

// Moves a line, or what has come of it, into line_; without its end once it is whole (whole_line()).
event message_reader::take_line(std::span<const uint8_t>& bytes, size_t most, int status) {
  const auto feed = std::find(bytes.begin(), bytes.end(), static_cast<uint8_t>('\n'));
  const bool whole = feed != bytes.end();
  const size_t size = static_cast<size_t>(feed - bytes.begin()) + (whole ? 1 : 0);
  const size_t taken = std::min(size, most + 1 - std::min(most + 1, line_.size()));
  line_.append(as_text(bytes.first(taken)));
  bytes = bytes.subspan(taken);
  if (state_ == state::idle && !speaks_http())
    return fail(what_ == reads::responses ? "it does not begin with HTTP/" :
                line_[0] == 0x16 ? "it begins like TLS, which is not spoken here; use http://, not https://"
                                 : "it does not begin with a method", 400);
  if (line_.size() > most)
    return fail("it has a line or a head that is too long, at most " + std::to_string(most) + " bytes are left for it", status);
  if (!whole_line()) return event::more;
  ++line_number_;
  if (line_.size() < 2 || line_[line_.size() - 2] != '\r') return fail(where() + " does not end with CR LF");
  return event::more;
}

// Judges the first bytes at once: who speaks something else may never send a line's end.
bool message_reader::speaks_http() const {
  constexpr std::string_view version = "HTTP/";
  const std::string_view begun = std::string_view(line_).substr(0, version.size());
  if (what_ == reads::responses) return version.starts_with(begun);
  return begun.empty() || begun[0] == '\r' || is_token(begun.substr(0, 1));
}

event message_reader::on_first_line(std::span<const uint8_t>& bytes) {
  if (const event e = take_line(bytes, limits_.line, what_ == reads::requests ? 414 : 400); e != event::more) return e;
  if (!whole_line()) return event::more;
  if (line_ == "\r\n" && what_ == reads::requests && !std::exchange(skipped_, true)) {
    line_.clear();
    line_number_ = 0;
    return event::more;
  }
  head_size_ = line_.size();
  line_.resize(line_.size() - 2);
  const event e = what_ == reads::requests ? read_request_line() : read_status_line();
  line_.clear();
  if (e == event::more) state_ = state::fields;
  return e;
}

event message_reader::on_head_line(std::span<const uint8_t>& bytes) {
  if (const event e = take_line(bytes, limits_.head - std::min(limits_.head, head_size_), 431); e != event::more) return e;
  if (!whole_line()) return event::more;
  head_size_ += line_.size();
  line_.resize(line_.size() - 2);
  const event e = line_.empty() ? finish_head()
                                : read_field(what_ == reads::requests ? request_.fields : response_.fields);
  line_.clear();
  return e;
}

event message_reader::on_trailer_line(std::span<const uint8_t>& bytes) {
  if (const event e = take_line(bytes, limits_.head - std::min(limits_.head, head_size_), 431); e != event::more) return e;
  if (!whole_line()) return event::more;
  head_size_ += line_.size();
  line_.resize(line_.size() - 2);
  const event e = line_.empty() ? finish() : read_field(trailers_);
  line_.clear();
  return e;
}

event message_reader::read_request_line() {
  const std::string_view line = line_;
  const size_t first = line.find(' '), last = line.rfind(' ');
  if (first == std::string_view::npos || first == last)
    return fail(where() + " is not a method, a target and a version with one space between: " + in_quotes(line.substr(0, first)));
  request_ = {};
  if (const event e = read_version(line.substr(last + 1), request_.minor); e != event::more) return e;
  request_.method = line.substr(0, first);
  request_.target = line.substr(first + 1, last - first - 1);
  if (!is_token(request_.method)) return fail(where() + " begins with " + in_quotes(request_.method) + ", which is no method");
  const bool visible = std::all_of(request_.target.begin(), request_.target.end(), [](char c) { return c > ' ' && c < 127; });
  if (request_.target.empty() || !visible) return fail(where() + " has a target that is empty, or has spaces or odd bytes");
  return event::more;
}

event message_reader::read_status_line() {
  const std::string_view line = line_;
  response_ = {};
  if (const event e = read_version(line.substr(0, line.find(' ')), response_.minor); e != event::more) return e;
  constexpr size_t status_from = 9, status_to = 12;  // "HTTP/1.1 200"
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  const std::string_view status = line.size() < status_to ? std::string_view() : line.substr(status_from, 3);
  const bool ends = line.size() == status_to || (line.size() > status_to && line[status_to] == ' ');
  if (status.empty() || !ends || !std::all_of(status.begin(), status.end(), digit) || status[0] == '0')
    return fail(where() + " has no status of three digits: " + in_quotes(line));
  std::from_chars(status.data(), status.data() + status.size(), response_.status);
  if (line.size() > status_to) response_.reason = line.substr(status_to + 1);
  if (!is_field_text(response_.reason)) return fail(where() + " has a control character");
  return event::more;
}

event message_reader::read_version(std::string_view text, int& minor) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.size() != 8 || !text.starts_with("HTTP/") || !digit(text[5]) || text[6] != '.' || !digit(text[7]))
    return fail(where() + " has " + in_quotes(text) + " where the version should be");
  if (text[5] != '1') return fail("it is " + std::string(text) + "; HTTP/1.1 and HTTP/1.0 are spoken here", 505);
  minor = text[7] == '0' ? 0 : 1;
  return event::more;
}

event message_reader::read_field(field_list& into) {
  const std::string_view line = line_;
  if (line[0] == ' ' || line[0] == '\t') return fail(where() + " begins with a space: folded fields are not taken");
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return fail(where() + " has no colon");
  const std::string_view name = line.substr(0, colon);
  if (!is_token(name)) return fail(where() + " has " + in_quotes(name) + " before the colon, which is no name of a field");
  std::string_view value = line.substr(colon + 1);
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  while (!value.empty() && is_space(value.front())) value.remove_prefix(1);
  while (!value.empty() && is_space(value.back())) value.remove_suffix(1);
  if (!is_field_text(value)) return fail(where() + ", '" + std::string(name) + "', has a control character");
  if (into.size() == limits_.fields)
    return fail("it has more than " + std::to_string(limits_.fields) + " fields", 431);
  into.push_back({std::string(name), std::string(value)});
  return event::more;
}

event message_reader::finish_head() {
  if (what_ == reads::requests) method_ = request_.method;
  if (const event e = check_host(); e != event::more) return e;
  if (const event e = settle_body(); e != event::more) return e;
  const int minor = what_ == reads::requests ? request_.minor : response_.minor;
  keeps_alive_ = keep_alive(minor, head_fields()) && kind_ != body_kind::until_end && method_ != "CONNECT";
  body_size_ = overhead_ = 0;
  trailers_.clear();
  if (what_ == reads::responses && response_.status < 200) {
    if (response_.status == 101) return fail("it switches to another protocol, which nobody asked for");
    line_number_ = 0;
    state_ = state::idle;
    return event::interim;
  }
  state_ = state::told;
  return event::head;
}

// Two readers that take different hosts for the same request are what an attacker wants.
event message_reader::check_host() {
  if (what_ != reads::requests) return event::more;
  const auto& fields = request_.fields;
  const auto count = std::count_if(fields.begin(), fields.end(), [](const field& f) { return same_name(f.name, "Host"); });
  if (count > 1) return fail("it has the field Host " + std::to_string(count) + " times");
  if (count == 0 && request_.minor >= 1) return fail("it has no field Host");
  if (value_of(fields, "Host").find_first_of(" \t/\\?#@,\"<>") != std::string_view::npos)
    return fail("its field Host is no host");
  return event::more;
}

event message_reader::settle_body() {
  const field_list& fields = head_fields();
  const bool request = what_ == reads::requests;
  const std::string* const coding = find(fields, "Transfer-Encoding");
  kind_ = request ? body_kind::none : body_kind::until_end;
  left_ = 0;
  if (coding != nullptr) {
    const auto codings = std::count_if(fields.begin(), fields.end(), [](const field& f) { return same_name(f.name, "Transfer-Encoding"); });
    if (find(fields, "Content-Length") != nullptr) return fail("it has both Content-Length and Transfer-Encoding");
    if ((request ? request_.minor : response_.minor) == 0) return fail("it is HTTP/1.0 and has Transfer-Encoding");
    if (codings > 1 || !same_name(*coding, "chunked"))
      return fail("its Transfer-Encoding is " + in_quotes(*coding) + "; only \"chunked\", once, is understood", 501);
    kind_ = body_kind::chunked;
  } else if (const event e = settle_length(); e != event::more) {
    return e;
  }
  if (!request && has_no_body(method_, response_.status)) kind_ = body_kind::none, left_ = 0;
  if (kind_ == body_kind::length && left_ > limits_.body)
    return fail("its body has " + std::to_string(left_) + " bytes, at most " + std::to_string(limits_.body) + " are taken", 413);
  return event::more;
}

event message_reader::settle_length() {
  const std::string* first = nullptr;
  for (const field& f : head_fields()) {
    if (!same_name(f.name, "Content-Length")) continue;
    if (first != nullptr && *first != f.value) return fail("it has two different fields Content-Length");
    first = &f.value;
  }
  if (first == nullptr) return event::more;
  const char* const end = first->data() + first->size();
  const auto [at, failure] = std::from_chars(first->data(), end, left_);
  if (failure != std::errc() || at != end) return fail("its Content-Length is " + in_quotes(*first) + ", which is no number of bytes");
  kind_ = body_kind::length;
  return event::more;
}

event message_reader::begin_body() {
  head_size_ = line_number_ = 0;
  switch (kind_) {
    case body_kind::none: return finish();
    case body_kind::chunked: state_ = state::chunk_size; break;
    case body_kind::length:
    case body_kind::until_end: state_ = state::body; break;
  }
  return event::more;
}

event message_reader::take_body(std::span<const uint8_t>& bytes) {
  const bool endless = kind_ == body_kind::until_end;
  if (!endless && left_ == 0) {
    if (kind_ == body_kind::length) return finish();
    state_ = state::after_chunk;
    return event::more;
  }
  if (bytes.empty()) return event::more;
  const uint64_t most = endless ? limits_.body - body_size_ : left_;
  if (most == 0) return fail("its body has more than " + std::to_string(limits_.body) + " bytes", 413);
  const size_t size = static_cast<size_t>(std::min<uint64_t>(most, bytes.size()));
  piece_ = bytes.first(size);
  bytes = bytes.subspan(size);
  body_size_ += size;
  if (!endless) left_ -= size;
  return event::body;
}

event message_reader::on_chunk_line(std::span<const uint8_t>& bytes) {
  if (const event e = take_line(bytes, limits_.chunk_line, 400); e != event::more) return e;
  if (!whole_line()) return event::more;
  const size_t line_size = line_.size();
  line_.resize(line_size - 2);
  const std::string line = std::exchange(line_, {});
  uint64_t size = 0;
  const auto [at, failure] = std::from_chars(line.data(), line.data() + line.size(), size, 16);
  std::string_view rest(at, static_cast<size_t>(line.data() + line.size() - at));
  while (!rest.empty() && (rest.front() == ' ' || rest.front() == '\t')) rest.remove_prefix(1);
  const bool extended = rest.starts_with(';') && is_field_text(rest);
  const bool clean = at == line.data() + line.size() || extended;
  if (failure != std::errc() || !clean) return fail("a chunk's size is " + in_quotes(line) + ", which is no hexadecimal number");
  if (size > limits_.body - body_size_) return fail("its body has more than " + std::to_string(limits_.body) + " bytes", 413);
  overhead_ += line_size;
  const uint64_t fair = size > overhead_ ? overhead_ : std::min(overhead_, overhead_of_a_chunk + 2 * size);
  overhead_ -= fair;
  if (overhead_ > overhead_max) return fail("its chunks are mostly extensions");
  line_number_ = 0;
  left_ = size;
  state_ = size == 0 ? state::trailers : state::chunk_data;
  return event::more;
}

event message_reader::take_chunk_end(std::span<const uint8_t>& bytes) {
  while (!bytes.empty() && line_.size() < chunk_end.size()) {
    if (bytes.front() != static_cast<uint8_t>(chunk_end[line_.size()])) return fail("a chunk is longer than its size says");
    line_ += static_cast<char>(bytes.front());
    bytes = bytes.subspan(1);
  }
  if (line_.size() < chunk_end.size()) return event::more;
  line_.clear();
  state_ = state::chunk_size;
  return event::more;
}

event message_reader::finish() {
  state_ = state::idle;
  line_number_ = 0;
  skipped_ = false;
  return event::end;
}

}  // namespace tharsis::http1
