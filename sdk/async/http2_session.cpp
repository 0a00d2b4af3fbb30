#include "sdk/async/http2_session.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cstring>
#include <deque>
#include <utility>

#include "sdk/async/http2_fields.h"
#include "sdk/async/http_line.h"
#include "sdk/pure/views.h"

namespace tharsis {
namespace {

// Settings of one frame; there are seven.
constexpr size_t settings_max = 32;
// Answers to pings and settings that a peer may leave unread: it asks for more than it takes.
constexpr size_t answers_max = 200;
// All answers share the way here; each of them is held back by its own window.
constexpr int32_t shared_window = 4 << 20;

std::string word_for(uint32_t code) { return nghttp2_http2_strerror(code); }

// A byte of the wire may become a field; what RFC 9113 counts for each besides its text.
constexpr size_t field_extra = 32;

std::span<const uint8_t> bytes_of_text(const uint8_t* data, size_t size) { return {data, size}; }

}  // namespace

// One request and its answer.
struct http2_session::exchange {
  int32_t id = 0;
  std::string method;
  std::string asked;  // "POST /in"
  std::string out;    // Of the request's body; what has left goes in one piece once it is all gone.
  size_t out_from = 0;
  bool out_last = false;
  std::deque<http1::response_head> heads;  // That nobody has taken; all but the last one are 1xx.
  http1::response_head shown;
  http1::response_head coming;
  size_t coming_size = 0;
  bool coming_answers = false;  // It has a status; else it is trailers.
  http1::field_list trailers;
  std::vector<uint8_t> body, piece;
  uint64_t body_size = 0;           // That has come.
  uint64_t taken = 0;
  std::optional<uint64_t> length;   // As the head says.
  int interims = 0;
  bool answered = false;    // The head that counts has come.
  bool whole = false;       // The answer.
  bool reset_by_peer = false;
  bool closed = false;
  bool heard = false, unprocessed = false, told = false;
  error failure{THARSIS_OK, {}};

  size_t unsent() const { return out.size() - out_from; }
};

void http2_session::freed::operator()(nghttp2_session* s) const { nghttp2_session_del(s); }

// nghttp2's callbacks: `self` is the machine. What they find wrong with one exchange they leave there.
struct http2_session::calls {
  static http2_session& of(void* self) { return *static_cast<http2_session*>(self); }

  static int on_begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* self) {
    if (exchange* const x = of(self).find(frame->hd.stream_id)) {
      x->heard = true;
      x->coming = {};
      x->coming_size = 0;
      x->coming_answers = false;
    }
    return 0;
  }

  static int on_header(nghttp2_session* session, const nghttp2_frame* frame, const uint8_t* name, size_t name_size, const uint8_t* value,
                       size_t value_size, uint8_t, void* self) {
    http2_session& s = of(self);
    exchange* const x = s.find(frame->hd.stream_id);
    if (x == nullptr) return 0;
    const std::string_view key = as_text(bytes_of_text(name, name_size));
    const std::string_view text = as_text(bytes_of_text(value, value_size));
    x->coming_size += key.size() + text.size() + field_extra;
    if (x->coming_size > s.limits_.head.head || x->coming.fields.size() >= s.limits_.head.fields) {
      s.fail(*x, THARSIS_E_PROTOCOL, "has a head of more than " + std::to_string(s.limits_.head.head) + " bytes or " + std::to_string(s.limits_.head.fields) + " fields");
      nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, x->id, NGHTTP2_ENHANCE_YOUR_CALM);
      return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    if (key == ":status") {
      x->coming_answers = true;
      std::from_chars(text.data(), text.data() + text.size(), x->coming.status);
    } else if (!key.starts_with(':')) {
      x->coming.fields.push_back({std::string(key), std::string(text)});
    }
    return 0;
  }

  static int on_frame(nghttp2_session* session, const nghttp2_frame* frame, void* self) {
    http2_session& s = of(self);
    if (frame->hd.type == NGHTTP2_GOAWAY) {
      const auto& last_words = frame->goaway;
      s.farewell_ = word_for(last_words.error_code);
      if (last_words.opaque_data_len > 0)
        s.farewell_ += ", " + http1::in_quotes(as_text(bytes_of_text(last_words.opaque_data, last_words.opaque_data_len)));
    }
    exchange* const x = s.find(frame->hd.stream_id);
    if (x == nullptr) return 0;
    if (frame->hd.type == NGHTTP2_RST_STREAM) {
      x->reset_by_peer = true;
      x->heard = x->heard || frame->rst_stream.error_code != NGHTTP2_REFUSED_STREAM;
    }
    if (frame->hd.type == NGHTTP2_HEADERS) {
      s.on_head(*x);
      if (x->interims > http_interims_max) nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, x->id, NGHTTP2_ENHANCE_YOUR_CALM);
      else if (x->failure.status != THARSIS_OK) nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, x->id, NGHTTP2_PROTOCOL_ERROR);
    }
    const bool ends = (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (ends && x->failure.status == THARSIS_OK) {
      x->whole = true;
      s.news_.insert(x->id);
    }
    return 0;
  }

  static int on_data(nghttp2_session* session, uint8_t, int32_t id, const uint8_t* data, size_t size, void* self) {
    http2_session& s = of(self);
    nghttp2_session_consume_connection(session, size);
    exchange* const x = s.find(id);
    if (x == nullptr || x->failure.status != THARSIS_OK) return 0;
    s.progress_ = true;
    x->body_size += size;
    if (x->body_size > s.limits_.head.body) {
      s.fail(*x, THARSIS_E_PROTOCOL, "has a body of more than " + std::to_string(s.limits_.head.body) + " bytes");
      nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
      return 0;
    }
    x->body.insert(x->body.end(), data, data + size);
    s.news_.insert(id);
    return 0;
  }

  // A frame that means nothing: the exchange of it, or all of them, are about to end.
  static int on_invalid_frame(nghttp2_session*, const nghttp2_frame* frame, int code, void* self) {
    http2_session& s = of(self);
    s.complaint_ = nghttp2_strerror(code);
    if (exchange* const x = s.find(frame->hd.stream_id)) s.fail(*x, THARSIS_E_PROTOCOL, "is no HTTP/2: " + s.complaint_);
    return 0;
  }

  static int on_stream_close(nghttp2_session*, int32_t id, uint32_t code, void* self) {
    http2_session& s = of(self);
    if (exchange* const x = s.find(id)) s.on_closed(*x, code);
    return 0;
  }

  // A request that never went out: the peer goes away, or it is too large.
  static int on_not_sent(nghttp2_session*, const nghttp2_frame* frame, int code, void* self) {
    http2_session& s = of(self);
    exchange* const x = frame->hd.type == NGHTTP2_HEADERS ? s.find(frame->hd.stream_id) : nullptr;
    if (x == nullptr) return 0;
    const bool too_large = code == NGHTTP2_ERR_FRAME_SIZE_ERROR;  // Another connection does not help.
    if (too_large) s.fail(*x, THARSIS_E_INVALID, "did not come: the head of the request is too large");
    s.on_closed(*x, too_large ? NGHTTP2_INTERNAL_ERROR : NGHTTP2_REFUSED_STREAM);
    return 0;
  }

  static int on_sent(nghttp2_session*, const nghttp2_frame* frame, void* self) {
    http2_session& s = of(self);
    if (frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS) s.progress_ = true;
    if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR) {
      s.broken_ = word_for(frame->goaway.error_code);
      if (s.flooded_) s.broken_ += ", nothing but frames that bring nothing";
      else if (!s.complaint_.empty()) s.broken_ += ", " + s.complaint_;
    }
    return 0;
  }

  static ssize_t give_body(nghttp2_session*, int32_t id, uint8_t* into, size_t most, uint32_t* flags, nghttp2_data_source*, void* self) {
    http2_session& s = of(self);
    exchange* const x = s.find(id);
    if (x == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    const size_t size = std::min(most, x->unsent());
    if (size == 0 && !x->out_last) return NGHTTP2_ERR_DEFERRED;
    std::memcpy(into, x->out.data() + x->out_from, size);
    x->out_from += size;
    if (x->unsent() == 0) {
      x->out.clear();
      x->out_from = 0;
      if (x->out_last) *flags |= NGHTTP2_DATA_FLAG_EOF;
    }
    s.news_.insert(id);
    return static_cast<ssize_t>(size);
  }

  static nghttp2_session* open(http2_session* self, const http2_limits& l);
};

nghttp2_session* http2_session::calls::open(http2_session* self, const http2_limits& l) {
  nghttp2_session_callbacks* all = nullptr;
  nghttp2_option* options = nullptr;
  nghttp2_session* made = nullptr;
  if (nghttp2_session_callbacks_new(&all) != 0) return nullptr;
  nghttp2_session_callbacks_set_on_begin_headers_callback(all, on_begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(all, on_header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(all, on_frame);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(all, on_data);
  nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(all, on_invalid_frame);
  nghttp2_session_callbacks_set_on_stream_close_callback(all, on_stream_close);
  nghttp2_session_callbacks_set_on_frame_not_send_callback(all, on_not_sent);
  nghttp2_session_callbacks_set_on_frame_send_callback(all, on_sent);
  if (nghttp2_option_new(&options) == 0) {
    nghttp2_option_set_no_auto_window_update(options, 1);
    nghttp2_option_set_no_closed_streams(options, 1);
    nghttp2_option_set_peer_max_concurrent_streams(options, l.exchanges);  // Until the peer says how many.
    nghttp2_option_set_max_reserved_remote_streams(options, 0);            // No pushes.
    nghttp2_option_set_max_settings(options, settings_max);
    nghttp2_option_set_max_outbound_ack(options, answers_max);
    nghttp2_session_client_new2(&made, all, self, options);
    nghttp2_option_del(options);
  }
  nghttp2_session_callbacks_del(all);
  return made;
}

http2_session::http2_session(const url& to, const http2_limits& l) : to_(to), limits_(l), session_(calls::open(this, l)) {
  if (!session_) {
    on_end({THARSIS_E_INTERNAL, "there is no memory for a connection of HTTP/2 to " + to_.place()});
    return;
  }
  const nghttp2_settings_entry own[] = {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
                                        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 0},
                                        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits_.window},
                                        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<uint32_t>(limits_.head.head)}};
  nghttp2_submit_settings(session_.get(), NGHTTP2_FLAG_NONE, own, std::size(own));
  nghttp2_session_set_local_window_size(session_.get(), NGHTTP2_FLAG_NONE, 0, shared_window);
}

http2_session::~http2_session() = default;

http2_session::exchange* http2_session::find(int32_t id) const {
  const auto at = exchanges_.find(id);
  return at == exchanges_.end() ? nullptr : at->second.get();
}

http2_session::exchange& http2_session::of(int32_t id) const {
  assert(find(id) != nullptr && "an exchange that was dropped, or never begun");
  return *find(id);
}

// Frame by frame, and its head in one piece, so that nothing hangs on how the wire has cut them: nghttp2 takes each piece of
// a head for another CONTINUATION.
void http2_session::on_bytes(std::span<const uint8_t> bytes) {
  while (!bytes.empty() && !over_) {
    const bool in_head = head_read_ < head_.size();
    const auto some = bytes.first(std::min(bytes.size(), in_head ? head_.size() - head_read_ : payload_left_));
    bytes = bytes.subspan(some.size());
    if (!in_head) {
      payload_left_ -= some.size();
      hand_on(some);
    } else {
      std::copy(some.begin(), some.end(), head_.begin() + static_cast<std::ptrdiff_t>(head_read_));
      head_read_ += some.size();
      if (head_read_ < head_.size()) return;
      payload_left_ = size_t{head_[0]} << 16 | size_t{head_[1]} << 8 | head_[2];
      frame_size_ = head_.size() + payload_left_;
      hand_on(head_);
    }
    if (payload_left_ == 0 && !over_) on_frame_over();
  }
}

void http2_session::hand_on(std::span<const uint8_t> bytes) {
  const ssize_t taken = nghttp2_session_mem_recv(session_.get(), bytes.data(), bytes.size());
  if (taken >= 0) return;
  const bool greedy = taken == NGHTTP2_ERR_FLOODED;
  on_end({THARSIS_E_PROTOCOL, to_.place() + (greedy ? " asks for answers and does not take them" : " does not speak HTTP/2: " + std::string(nghttp2_strerror(static_cast<int>(taken))))});
}

void http2_session::on_frame_over() {
  head_read_ = 0;
  chatter_ = std::exchange(progress_, false) ? std::min<int64_t>(chatter_, 0) : chatter_ + static_cast<int64_t>(frame_size_);
  if (chatter_ <= limits_.chatter || std::exchange(flooded_, true)) return;
  nghttp2_session_terminate_session(session_.get(), NGHTTP2_ENHANCE_YOUR_CALM);
}

void http2_session::on_end(error why) {
  if (std::exchange(over_, true)) return;
  failure_ = std::move(why);
  fail_all(failure_);
}

std::span<const uint8_t> http2_session::take_output(size_t most) {
  output_.clear();
  while (!over_ && output_.size() < most) {
    const uint8_t* bytes = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_.get(), &bytes);
    if (size < 0) on_end({THARSIS_E_INTERNAL, "HTTP/2 with " + to_.place() + " cannot go on: " + nghttp2_strerror(static_cast<int>(size))});
    if (size <= 0) break;
    output_.insert(output_.end(), bytes, bytes + size);
  }
  if (output_.empty()) look_whether_over();
  return output_;
}

// nghttp2 has nothing more to say and wants to hear nothing: the peer has broken the rules, or all is done.
void http2_session::look_whether_over() {
  if (over_ || nghttp2_session_want_read(session_.get()) != 0 || nghttp2_session_want_write(session_.get()) != 0) return;
  if (!broken_.empty()) return on_end({THARSIS_E_PROTOCOL, to_.place() + " breaks the rules of HTTP/2 (" + broken_ + ")"});
  on_end({THARSIS_E_RESET, to_.place() + " has ended the connection" + (farewell_.empty() ? "" : " (" + farewell_ + ")")});
}

void http2_session::say_goodbye() {
  if (!over_) nghttp2_session_terminate_session(session_.get(), NGHTTP2_NO_ERROR);
}

bool http2_session::takes_more() const { return !over_ && nghttp2_session_check_request_allowed(session_.get()) != 0; }

size_t http2_session::room() const {
  if (!takes_more()) return 0;
  const size_t theirs = nghttp2_session_get_remote_settings(session_.get(), NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
  const size_t most = std::min<size_t>(theirs, limits_.exchanges);
  return most > open_ ? most - open_ : 0;
}

result<int32_t> http2_session::begin(const http1::request_head& head, bool body_follows) {
  if (room() == 0) return error{THARSIS_E_BUSY, "the connection to " + to_.place() + " takes no further exchange now"};
  const auto fields = http2_fields(head, to_);
  if (!fields) return fields.failure();
  std::vector<nghttp2_nv> list;
  for (const http1::field& f : *fields)
    list.push_back({const_cast<uint8_t*>(as_bytes(f.name).data()), const_cast<uint8_t*>(as_bytes(f.value).data()), f.name.size(), f.value.size(), NGHTTP2_NV_FLAG_NONE});
  nghttp2_data_provider body{{}, calls::give_body};
  const int32_t id = nghttp2_submit_request(session_.get(), nullptr, list.data(), list.size(), body_follows ? &body : nullptr, nullptr);
  if (id < 0) return error{THARSIS_E_BUSY, "the connection to " + to_.place() + " takes no further exchange: " + nghttp2_strerror(id)};
  auto x = std::make_unique<exchange>();
  x->id = id;
  x->method = head.method;
  x->asked = head.method + " " + head.target.substr(0, head.target.find('?'));  // A query may hold secrets.
  exchanges_.emplace(id, std::move(x));
  ++open_;
  return id;
}

void http2_session::write(int32_t id, std::span<const uint8_t> bytes, bool last) {
  exchange& x = of(id);
  if (over_ || x.closed || x.out_last) return;
  x.out += as_text(bytes);
  x.out_last = last;
  nghttp2_session_resume_data(session_.get(), id);
}

size_t http2_session::unsent(int32_t id) const { return of(id).closed ? 0 : of(id).unsent(); }

// A head is whole: 1xx, the answer's, or trailers.
void http2_session::on_head(exchange& x) {
  progress_ = true;
  if (!x.coming_answers) {
    x.trailers = std::move(x.coming.fields);
    return;
  }
  news_.insert(x.id);
  const int status = x.coming.status;
  if (status < 100) return fail(x, THARSIS_E_PROTOCOL, "is no HTTP/2: it has the status " + std::to_string(status));
  if (status >= 200) {
    x.answered = true;
    if (http1::has_no_body(x.method, status)) x.length = 0;
    else if (const std::string* said = http1::find(x.coming.fields, "content-length")) {
      uint64_t size = 0;
      if (std::from_chars(said->data(), said->data() + said->size(), size).ec == std::errc()) x.length = size;
    }
  } else if (++x.interims > http_interims_max) {
    return fail(x, THARSIS_E_PROTOCOL, "is nothing but 1xx");
  }
  x.heads.push_back(std::move(x.coming));
}

// The text goes on with "the answer of im.example.com:443 to POST /in".
void http2_session::fail(exchange& x, tharsis_status status, std::string text) {
  if (x.whole || x.failure.status != THARSIS_OK) return;
  x.failure = {status, "the answer of " + to_.place() + " to " + x.asked + " " + std::move(text)};
  news_.insert(x.id);
}

void http2_session::fail_all(const error& why) {
  for (const auto& [id, x] : exchanges_) {
    x->closed = true;
    if (x->whole || x->failure.status != THARSIS_OK) continue;
    fail(*x, why.status, (x->answered ? "is not whole: " : "did not come: ") + why.text);
  }
  open_ = 0;
}

void http2_session::on_closed(exchange& x, uint32_t code) {
  if (std::exchange(x.closed, true)) return;  // Of a request that was not sent nghttp2 tells twice.
  --open_;
  news_.insert(x.id);
  if (code == NGHTTP2_REFUSED_STREAM && !x.heard) {
    x.unprocessed = true;
    fail(x, THARSIS_E_RESET, "did not come: it takes no more requests on this connection (HTTP/2 REFUSED_STREAM" + (farewell_.empty() ? ")" : "; " + farewell_ + ")"));
  } else if (x.reset_by_peer && code == NGHTTP2_HTTP_1_1_REQUIRED) {
    fail(x, THARSIS_E_PROTOCOL, "did not come: it wants HTTP/1.1 for this; do not offer it HTTP/2");
  } else if (x.reset_by_peer || code == NGHTTP2_REFUSED_STREAM) {
    fail(x, THARSIS_E_RESET, std::string(x.answered ? "is not whole" : "did not come") + ": it gave the exchange up (HTTP/2 " + word_for(code) + ")");
  } else {
    fail(x, THARSIS_E_PROTOCOL, "is no HTTP/2, or its body is not as long as its head says");
  }
}

http1::event http2_session::next(int32_t id) {
  exchange& x = of(id);
  if (!x.heads.empty()) {
    x.shown = std::move(x.heads.front());
    x.heads.pop_front();
    return x.shown.status < 200 ? http1::event::interim : http1::event::head;
  }
  if (!x.body.empty()) {
    x.piece = std::exchange(x.body, {});
    x.taken += x.piece.size();
    if (!over_) nghttp2_session_consume_stream(session_.get(), id, x.piece.size());
    return http1::event::body;
  }
  if (x.told || (!x.whole && x.failure.status == THARSIS_OK)) return http1::event::more;
  x.told = true;
  return x.whole ? http1::event::end : http1::event::failed;
}

const http1::response_head& http2_session::response(int32_t id) const { return of(id).shown; }
std::span<const uint8_t> http2_session::piece(int32_t id) const { return of(id).piece; }
const http1::field_list& http2_session::trailers(int32_t id) const { return of(id).trailers; }
const error& http2_session::failure(int32_t id) const { return of(id).failure; }
bool http2_session::heard(int32_t id) const { return of(id).heard; }
bool http2_session::unprocessed(int32_t id) const { return of(id).unprocessed; }

std::optional<uint64_t> http2_session::left(int32_t id) const {
  const exchange& x = of(id);
  if (!x.length) return std::nullopt;
  return *x.length - std::min(*x.length, x.taken);
}

void http2_session::drop(int32_t id) {
  const exchange& x = of(id);
  if (!over_ && !x.closed) {
    chatter_ -= 2 * int64_t{limits_.window};  // So much may be on its way, and the frames around it.
    nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, id, x.whole ? NGHTTP2_NO_ERROR : NGHTTP2_CANCEL);
    --open_;
  }
  exchanges_.erase(id);
  news_.erase(id);
}

std::vector<int32_t> http2_session::take_news() {
  std::vector<int32_t> all(news_.begin(), news_.end());
  news_.clear();
  return all;
}

}  // namespace tharsis
