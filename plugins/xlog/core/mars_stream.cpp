#include "plugins/xlog/core/mars_stream.h"

#include <zlib.h>
#include <zstd.h>

namespace tharsis::xlog {
namespace {

constexpr size_t piece_size = 64 << 10;
constexpr int raw_deflate = -15;
// Windows of up to 8 MiB: Mars asks for 64 KiB, and our blocks are smaller than a million bytes.
constexpr int window_log_max = 23;
constexpr size_t zstd_descriptor_at = 4;  // Behind a frame's magic.
constexpr uint8_t zstd_checksum_bit = 4;

}  // namespace

struct mars_stream::streams {
  z_stream zlib{};
  bool has_zlib = false;
  ZSTD_DCtx* zstd = nullptr;

  explicit streams(mars_compression kind) {
    if (kind == mars_compression::zlib) has_zlib = inflateInit2(&zlib, raw_deflate) == Z_OK;
    else zstd = ZSTD_createDCtx();
    if (zstd != nullptr) ZSTD_DCtx_setParameter(zstd, ZSTD_d_windowLogMax, window_log_max);
  }
  streams(const streams&) = delete;
  ~streams() {
    if (has_zlib) inflateEnd(&zlib);
    ZSTD_freeDCtx(zstd);
  }
};

mars_stream::mars_stream(mars_compression kind, std::span<const uint8_t> payload)
    : streams_(std::make_unique<streams>(kind)), left_(payload) {
  has_checksum_ = kind == mars_compression::zstd && payload.size() > zstd_descriptor_at && (payload[zstd_descriptor_at] & zstd_checksum_bit) != 0;
}
mars_stream::mars_stream(mars_stream&&) noexcept = default;
mars_stream::~mars_stream() = default;

mars_stream::next mars_stream::read(std::string& to) {
  if (streams_->has_zlib) return read_zlib(to);
  return streams_->zstd != nullptr ? read_zstd(to) : next::damaged;
}

mars_stream::next mars_stream::read_zlib(std::string& to) {
  z_stream& z = streams_->zlib;
  const size_t before = to.size();
  to.resize(before + piece_size);
  z.next_in = const_cast<Bytef*>(left_.data());
  z.avail_in = static_cast<uInt>(left_.size());
  z.next_out = reinterpret_cast<Bytef*>(to.data() + before);
  z.avail_out = static_cast<uInt>(piece_size);
  const int answer = inflate(&z, Z_SYNC_FLUSH);
  left_ = left_.last(z.avail_in);
  to.resize(to.size() - z.avail_out);
  rest_ = answer == Z_STREAM_END && !left_.empty();
  if (answer == Z_STREAM_END) return next::end;
  // Nothing to do and nothing to give: the stream was not finished.
  if (answer == Z_BUF_ERROR) return next::end;
  if (answer != Z_OK) return next::damaged;
  return z.avail_out == 0 || !left_.empty() ? next::more : next::end;
}

mars_stream::next mars_stream::read_zstd(std::string& to) {
  const size_t before = to.size();
  to.resize(before + piece_size);
  ZSTD_inBuffer in{left_.data(), left_.size(), 0};
  ZSTD_outBuffer out{to.data() + before, piece_size, 0};
  const size_t answer = ZSTD_decompressStream(streams_->zstd, &out, &in);
  left_ = left_.subspan(in.pos);
  to.resize(before + out.pos);
  if (ZSTD_isError(answer) != 0) return next::damaged;
  rest_ = answer == 0 && !left_.empty();
  ended_ = answer == 0;
  if (ended_) return next::end;
  return out.pos == piece_size || !left_.empty() ? next::more : next::end;
}

}  // namespace tharsis::xlog
