// A server of HTTP/2 for tests: nghttp2's own, over memory. It answers as a test says.
#pragma once
#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "sdk/pure/http1.h"
#include "sdk/pure/views.h"

namespace tharsis::test {

class http2_peer {
 public:
  struct request {
    http1::field_list fields;
    std::string body;
    bool whole = false;
    bool closed = false;
    uint32_t code = 0;  // With which it was closed.
    std::string out;    // Of the answer's body.
    size_t out_from = 0;
    bool out_last = true;
    http1::field_list trailers;
    std::string_view field(std::string_view name) const { return http1::value_of(fields, name); }
  };
  struct settings {
    uint32_t exchanges_max = 100;
    uint32_t window = 65535;
    bool takes_by_itself = true;  // Bodies; else give_room() says so.
  };

  explicit http2_peer(settings s) : settings_(s) { open(); }
  http2_peer() : http2_peer(settings()) {}
  ~http2_peer() { nghttp2_session_del(session); }
  http2_peer(const http2_peer&) = delete;

  // False: what came is no HTTP/2.
  bool on_bytes(std::span<const uint8_t> bytes) { return nghttp2_session_mem_recv(session, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()); }
  std::vector<uint8_t> take_output() {
    std::vector<uint8_t> all;
    const uint8_t* bytes = nullptr;
    for (ssize_t n; (n = nghttp2_session_mem_send(session, &bytes)) > 0;) all.insert(all.end(), bytes, bytes + n);
    return all;
  }
  bool over() const { return nghttp2_session_want_read(session) == 0 && nghttp2_session_want_write(session) == 0; }

  // A whole answer, or with `more` one whose body goes on with say().
  void answer(int32_t id, http1::field_list fields, std::string body, bool more = false, http1::field_list trailers = {}) {
    request& r = requests[id];
    r.out += body;
    r.out_last = !more;
    r.trailers = std::move(trailers);
    nghttp2_data_provider source{{}, give};
    with(fields, [&](const nghttp2_nv* list, size_t size) {
      const bool bare = r.out.empty() && r.out_last && r.trailers.empty();
      EXPECT_EQ(nghttp2_submit_response(session, id, list, size, bare ? nullptr : &source), 0);
    });
  }
  void say(int32_t id, std::string_view body, bool last) {
    requests[id].out += body;
    requests[id].out_last = last;
    nghttp2_session_resume_data(session, id);
  }
  void interim(int32_t id, const char* status) {
    with({{":status", status}}, [&](const nghttp2_nv* list, size_t size) { nghttp2_submit_headers(session, NGHTTP2_FLAG_NONE, id, nullptr, list, size, nullptr); });
  }
  void reset(int32_t id, uint32_t code) { nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id, code); }
  // Those above `last` it will never look at.
  void go_away(int32_t last, uint32_t code = NGHTTP2_NO_ERROR) { nghttp2_submit_goaway(session, NGHTTP2_FLAG_NONE, last, code, nullptr, 0); }
  void give_room(int32_t id, size_t size) { nghttp2_session_consume(session, id, size); }

  std::map<int32_t, request> requests;
  std::function<void(int32_t)> on_request;  // It is whole.
  nghttp2_session* session = nullptr;

 private:
  static http2_peer& of(void* self) { return *static_cast<http2_peer*>(self); }
  template <class F>
  static void with(const http1::field_list& fields, F&& use) {
    std::vector<nghttp2_nv> list;
    for (const http1::field& f : fields)
      list.push_back({const_cast<uint8_t*>(as_bytes(f.name).data()), const_cast<uint8_t*>(as_bytes(f.value).data()), f.name.size(), f.value.size(), NGHTTP2_NV_FLAG_NONE});
    use(list.data(), list.size());
  }
  static ssize_t give(nghttp2_session* session, int32_t id, uint8_t* into, size_t most, uint32_t* flags, nghttp2_data_source*, void* self) {
    request& r = of(self).requests[id];
    const size_t size = std::min(most, r.out.size() - r.out_from);
    if (size == 0 && !r.out_last) return NGHTTP2_ERR_DEFERRED;
    std::memcpy(into, r.out.data() + r.out_from, size);
    r.out_from += size;
    if (r.out_from < r.out.size() || !r.out_last) return static_cast<ssize_t>(size);
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (!r.trailers.empty()) {
      *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
      with(r.trailers, [&](const nghttp2_nv* list, size_t n) { nghttp2_submit_trailer(session, id, list, n); });
    }
    return static_cast<ssize_t>(size);
  }
  void open() {
    nghttp2_session_callbacks* all = nullptr;
    nghttp2_option* options = nullptr;
    nghttp2_session_callbacks_new(&all);
    nghttp2_option_new(&options);
    nghttp2_option_set_no_auto_window_update(options, settings_.takes_by_itself ? 0 : 1);
    nghttp2_session_callbacks_set_on_header_callback(all, [](nghttp2_session*, const nghttp2_frame* f, const uint8_t* n, size_t ns, const uint8_t* v, size_t vs, uint8_t, void* self) {
      of(self).requests[f->hd.stream_id].fields.push_back({std::string(as_text({n, ns})), std::string(as_text({v, vs}))});
      return 0;
    });
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(all, [](nghttp2_session*, uint8_t, int32_t id, const uint8_t* data, size_t size, void* self) {
      of(self).requests[id].body += as_text({data, size});
      return 0;
    });
    nghttp2_session_callbacks_set_on_frame_recv_callback(all, [](nghttp2_session*, const nghttp2_frame* f, void* self) {
      const bool ends = (f->hd.type == NGHTTP2_HEADERS || f->hd.type == NGHTTP2_DATA) && (f->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
      if (ends) of(self).requests[f->hd.stream_id].whole = true;
      if (ends && of(self).on_request) of(self).on_request(f->hd.stream_id);
      return 0;
    });
    nghttp2_session_callbacks_set_on_stream_close_callback(all, [](nghttp2_session*, int32_t id, uint32_t code, void* self) {
      of(self).requests[id].closed = true;
      of(self).requests[id].code = code;
      return 0;
    });
    nghttp2_session_server_new2(&session, all, this, options);
    nghttp2_option_del(options);
    nghttp2_session_callbacks_del(all);
    const nghttp2_settings_entry own[] = {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, settings_.exchanges_max}, {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, settings_.window}};
    nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, own, std::size(own));
  }

  settings settings_;
};

}  // namespace tharsis::test
