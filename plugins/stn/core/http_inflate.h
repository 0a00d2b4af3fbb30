// Takes the content codings gzip and deflate off a body that comes in pieces. However much a few bytes claim to
// become, so much is made at a time as the caller has room for, and in all as the limit says.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "sdk/pure/error.h"

namespace tharsis::stn {

class http_inflate {
 public:
  enum class coding : uint8_t { gzip, deflate };

  // More than `most` bytes out is a failure.
  http_inflate(coding c, uint64_t most);
  ~http_inflate();
  http_inflate(http_inflate&&) noexcept;
  http_inflate& operator=(http_inflate&&) noexcept;

  // Takes bytes off the front and fills `into`; how many bytes are there. 0: all are taken; come with more.
  //   THARSIS_E_PROTOCOL  the bytes are damaged, or become too much.
  result<size_t> next(std::span<const uint8_t>& bytes, std::span<uint8_t> into);

  // The body has ended: was it whole?
  error on_end() const;

 private:
  struct machine;
  error begin(uint8_t first);
  result<size_t> fail_with(std::string_view why);

  coding coding_;
  uint64_t left_;
  uint64_t most_;
  bool begun_ = false, whole_ = false, padded_ = false, empty_ = true;
  std::unique_ptr<machine> machine_;
};

}  // namespace tharsis::stn
