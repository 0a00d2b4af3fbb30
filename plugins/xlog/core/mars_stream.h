// What stands compressed in a record of Mars', piece by piece: a stream may expand to a thousand times its size, and its
// end is often missing.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "plugins/xlog/core/mars_settings.h"

namespace tharsis::xlog {

class mars_stream {
 public:
  // `payload` must stay.
  mars_stream(mars_compression kind, std::span<const uint8_t> payload);
  mars_stream(mars_stream&&) noexcept;
  ~mars_stream();

  enum class next { more, end, damaged };
  // Appends the next piece; of damage what could be read before it. The end may be that of bytes that were not finished.
  next read(std::string& to);

  // Bytes behind the stream's end: what was written would have none.
  bool has_rest() const { return rest_; }
  // It was to end with a checksum, and ends before it: whoever writes one finishes it.
  bool lacks_end() const { return !ended_ && has_checksum_; }

 private:
  next read_zlib(std::string& to);
  next read_zstd(std::string& to);

  struct streams;
  std::unique_ptr<streams> streams_;
  std::span<const uint8_t> left_;
  bool rest_ = false, ended_ = false, has_checksum_ = false;
};

}  // namespace tharsis::xlog
