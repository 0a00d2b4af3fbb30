#include "plugins/stn/core/http_inflate.h"

#include <algorithm>
#include <limits>
#include <string>

#define ZLIB_CONST  // zlib reads what it is given, and says so.
#include <zlib.h>

namespace tharsis::stn {

struct http_inflate::machine {
  machine() = default;
  machine(const machine&) = delete;
  ~machine() {
    if (open) inflateEnd(&z);
  }
  z_stream z{};
  bool open = false;
};

http_inflate::http_inflate(coding c, uint64_t most) : coding_(c), left_(most), most_(most), machine_(std::make_unique<machine>()) {}
http_inflate::~http_inflate() = default;
http_inflate::http_inflate(http_inflate&&) noexcept = default;
http_inflate& http_inflate::operator=(http_inflate&&) noexcept = default;

// "deflate" should have zlib's head, and often has none: what the first byte cannot begin tells.
error http_inflate::begin(uint8_t first) {
  constexpr int window = 15, with_gzip = 16;
  const bool zlib_head = (first & 0x0F) == Z_DEFLATED && (first >> 4) <= 7;
  const int bits = coding_ == coding::gzip ? window + with_gzip : (zlib_head ? window : -window);
  if (inflateInit2(&machine_->z, bits) != Z_OK) return {THARSIS_E_BUSY, "there is no memory to inflate a body"};
  machine_->open = begun_ = true;
  return fine();
}

result<size_t> http_inflate::fail_with(std::string_view why) {
  const std::string name = coding_ == coding::gzip ? "gzip" : "deflate";
  return error{THARSIS_E_PROTOCOL, "its body is no usable " + name + ": " + std::string(why)};
}

result<size_t> http_inflate::next(std::span<const uint8_t>& bytes, std::span<uint8_t> into) {
  z_stream& z = machine_->z;
  for (;;) {
    if (whole_) {  // Another part may follow; what is no part is padding, as gunzip has it.
      if (bytes.empty()) return size_t{0};
      padded_ = padded_ || coding_ != coding::gzip || bytes.front() != 0x1F;
      if (padded_) return bytes = {}, size_t{0};
      if (inflateReset(&z) != Z_OK) return fail_with("it cannot go on");
      whole_ = false;
    }
    if (!begun_) {
      if (bytes.empty()) return size_t{0};
      if (const error e = begin(bytes.front()); e.status != THARSIS_OK) return e;
    }
    empty_ = empty_ && bytes.empty();
    // One byte more than the limit tells that it is passed.
    const size_t room = static_cast<size_t>(std::min<uint64_t>({into.size(), left_ < UINT64_MAX ? left_ + 1 : left_, std::numeric_limits<uInt>::max()}));
    const size_t given = std::min<size_t>(bytes.size(), std::numeric_limits<uInt>::max());
    z.next_in = bytes.data();
    z.avail_in = static_cast<uInt>(given);
    z.next_out = into.data();
    z.avail_out = static_cast<uInt>(room);
    const int done = inflate(&z, Z_NO_FLUSH);
    bytes = bytes.subspan(given - z.avail_in);
    const size_t made = room - z.avail_out;
    if (made > left_) return fail_with("it becomes more than the " + std::to_string(most_) + " bytes that are taken");
    left_ -= made;
    if (done == Z_STREAM_END) whole_ = true;
    else if (done != Z_OK && done != Z_BUF_ERROR) return fail_with(z.msg != nullptr ? z.msg : "it is damaged");
    if (made > 0 || (bytes.empty() && !whole_)) return made;
  }
}

error http_inflate::on_end() const {
  if (whole_ || empty_) return fine();
  return {THARSIS_E_PROTOCOL, std::string("its body ended within its ") + (coding_ == coding::gzip ? "gzip" : "deflate")};
}

}  // namespace tharsis::stn
