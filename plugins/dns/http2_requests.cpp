#include "plugins/dns/http2_requests.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "sdk/pure/views.h"

namespace tharsis::dns {
namespace {

constexpr size_t head_max = 16 * 1024, fields_max = 64;
// Pings, settings and empty frames: an honest client has a few of them in a minute.
constexpr size_t idle_bytes_max = 64 * 1024;
constexpr size_t answers_unread_max = 200;  // To pings, by a peer that takes nothing.
constexpr size_t output_max = 64 * 1024;

std::string text_at(const uint8_t* data, size_t size) { return std::string(as_text({data, size})); }

}  // namespace

void http2_requests::freed::operator()(nghttp2_session* s) const { nghttp2_session_del(s); }

struct http2_requests::calls {
  static http2_requests& of(void* self) { return *static_cast<http2_requests*>(self); }

  static int on_header(nghttp2_session* session, const nghttp2_frame* frame, const uint8_t* name, size_t name_size, const uint8_t* value, size_t value_size,
                       uint8_t, void* self) {
    http2_requests& s = of(self);
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
    entry& e = s.open_[frame->hd.stream_id];
    e.asked.id = frame->hd.stream_id;
    e.head_size += name_size + value_size;
    if (e.head_size > head_max || e.asked.fields.size() >= fields_max) {
      nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_ENHANCE_YOUR_CALM);
      return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    const std::string key = text_at(name, name_size);
    if (key == ":method") e.asked.method = text_at(value, value_size);
    else if (key == ":path") e.asked.target = text_at(value, value_size);
    else if (!key.starts_with(':')) e.asked.fields.push_back({key, text_at(value, value_size)});
    return 0;
  }

  static int on_data(nghttp2_session*, uint8_t, int32_t id, const uint8_t* data, size_t size, void* self) {
    http2_requests& s = of(self);
    const auto found = s.open_.find(id);
    if (found == s.open_.end()) return 0;
    request& r = found->second.asked;
    if (r.body.size() + size > s.body_max_) r.too_large = true, r.body.clear();
    if (!r.too_large) r.body += as_text({data, size});
    return 0;
  }

  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* self) {
    http2_requests& s = of(self);
    const bool ends = (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    const auto found = s.open_.find(frame->hd.stream_id);
    if (!ends || found == s.open_.end() || std::exchange(found->second.whole, true)) return 0;
    s.news_.push_back(found->first);
    s.idle_bytes_ = 0;
    return 0;
  }

  static int on_closed(nghttp2_session*, int32_t id, uint32_t, void* self) {
    http2_requests& s = of(self);
    s.open_.erase(id);
    std::erase(s.news_, id);
    return 0;
  }

  static ssize_t give(nghttp2_session*, int32_t id, uint8_t* into, size_t most, uint32_t* flags, nghttp2_data_source*, void* self) {
    http2_requests& s = of(self);
    const auto found = s.open_.find(id);
    if (found == s.open_.end()) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    entry& e = found->second;
    const size_t size = std::min(most, e.out.size() - e.out_from);
    std::memcpy(into, e.out.data() + e.out_from, size);
    e.out_from += size;
    if (e.out_from == e.out.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(size);
  }
};

http2_requests::http2_requests(uint32_t open_max, size_t body_max) : open_max_(open_max), body_max_(body_max) {
  nghttp2_session_callbacks* all = nullptr;
  nghttp2_option* options = nullptr;
  nghttp2_session* made = nullptr;
  if (nghttp2_session_callbacks_new(&all) != 0) return;
  nghttp2_session_callbacks_set_on_header_callback(all, calls::on_header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(all, calls::on_data);
  nghttp2_session_callbacks_set_on_frame_recv_callback(all, calls::on_frame);
  nghttp2_session_callbacks_set_on_stream_close_callback(all, calls::on_closed);
  if (nghttp2_option_new(&options) == 0) {
    nghttp2_option_set_max_outbound_ack(options, answers_unread_max);
    nghttp2_session_server_new2(&made, all, this, options);
    nghttp2_option_del(options);
  }
  nghttp2_session_callbacks_del(all);
  session_.reset(made);
  if (!session_) return;
  const nghttp2_settings_entry own[] = {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, open_max_}, {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, head_max}};
  nghttp2_submit_settings(session_.get(), NGHTTP2_FLAG_NONE, own, std::size(own));
}

http2_requests::~http2_requests() = default;

bool http2_requests::on_bytes(std::span<const uint8_t> bytes) {
  if (!session_) return false;
  idle_bytes_ += bytes.size();
  if (nghttp2_session_mem_recv(session_.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) return false;
  // A long body is idle too until it is whole.
  return idle_bytes_ <= idle_bytes_max + body_max_;
}

std::vector<http2_requests::request> http2_requests::take_requests(size_t most) {
  std::vector<request> all;
  const size_t count = std::min(most, news_.size());
  for (size_t i = 0; i < count; ++i) all.push_back(std::move(open_.at(news_[i]).asked));
  news_.erase(news_.begin(), news_.begin() + static_cast<std::ptrdiff_t>(count));
  return all;
}

void http2_requests::answer(int32_t id, int status, const http1::field_list& fields, std::string body) {
  const auto found = open_.find(id);
  if (found == open_.end()) return;
  found->second.out = std::move(body);
  const std::string code = std::to_string(status);
  http1::field_list with = {{":status", code}};
  with.insert(with.end(), fields.begin(), fields.end());
  std::vector<nghttp2_nv> list;
  for (const http1::field& f : with)
    list.push_back({const_cast<uint8_t*>(as_bytes(f.name).data()), const_cast<uint8_t*>(as_bytes(f.value).data()), f.name.size(), f.value.size(), NGHTTP2_NV_FLAG_NONE});
  nghttp2_data_provider source{{}, calls::give};
  nghttp2_submit_response(session_.get(), id, list.data(), list.size(), found->second.out.empty() ? nullptr : &source);
}

void http2_requests::say_goodbye() {
  if (session_) nghttp2_submit_goaway(session_.get(), NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session_.get()), NGHTTP2_NO_ERROR, nullptr, 0);
}

std::span<const uint8_t> http2_requests::take_output() {
  output_.clear();
  while (session_ && output_.size() < output_max) {
    const uint8_t* bytes = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_.get(), &bytes);
    if (size <= 0) break;
    output_.insert(output_.end(), bytes, bytes + size);
  }
  return output_;
}

bool http2_requests::over() const { return !session_ || (nghttp2_session_want_read(session_.get()) == 0 && nghttp2_session_want_write(session_.get()) == 0); }

}  // namespace tharsis::dns
