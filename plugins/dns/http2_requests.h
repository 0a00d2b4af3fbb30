// HTTP/2 as a server, as a machine: bytes of the wire in, whole requests out, and their answers back. For small bodies both ways,
// as DNS over HTTPS has them. It reads no clock, opens no socket and calls nobody; nghttp2 does the frames over memory.
//
//   web.on_bytes(what_came);
//   for (http2_requests::request& r : web.take_requests()) ...   // And later web.answer(r.id, 200, fields, body).
//   send(web.take_output());                                     // Until it is empty, after each of these.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sdk/pure/http1.h"

struct nghttp2_session;

namespace tharsis::dns {

class http2_requests {
 public:
  struct request {
    int32_t id = 0;
    std::string method, target;  // "/dns-query?dns=..."
    http1::field_list fields;
    std::string body;
    bool too_large = false;  // Its body was longer than `body_max`, and is not there.
  };
  // Each connection may have so many open; bodies may be so long.
  http2_requests(uint32_t open_max, size_t body_max);
  ~http2_requests();
  http2_requests(const http2_requests&) = delete;

  // False: what came is no HTTP/2, or nothing but frames that bring nothing.
  bool on_bytes(std::span<const uint8_t> bytes);
  // At most so many; the others wait, and are gone where their asker gives them up meanwhile.
  std::vector<request> take_requests(size_t most = SIZE_MAX);
  // One that its asker has given up is no failure.
  void answer(int32_t id, int status, const http1::field_list& fields, std::string body);
  // No further ones; those that are open go on.
  void say_goodbye();

  // Valid until the next call.
  std::span<const uint8_t> take_output();
  // Nothing more can be read or said.
  bool over() const;
  // How many have come, and are not answered.
  size_t open() const { return open_.size(); }

 private:
  struct calls;
  struct entry {
    request asked;
    size_t head_size = 0;
    bool whole = false;
    std::string out;
    size_t out_from = 0;
  };
  struct freed {
    void operator()(nghttp2_session* s) const;
  };

  const uint32_t open_max_;
  const size_t body_max_;
  std::unique_ptr<nghttp2_session, freed> session_;
  std::map<int32_t, entry> open_;
  std::vector<int32_t> news_;
  std::vector<uint8_t> output_;
  size_t idle_bytes_ = 0;  // In a row, that brought no request.
};

}  // namespace tharsis::dns
