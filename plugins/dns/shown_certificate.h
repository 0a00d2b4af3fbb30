// When the certificate ends that was shown last to connections of a client's context. For one handshake after the other.
#pragma once
#include <cstdint>
#include <optional>
#include <utility>

#include "sdk/async/tls_machine.h"

namespace tharsis::dns {

class shown_certificate {
 public:
  // Its context's connections end before it. No other one looks at this context.
  explicit shown_certificate(const tls_context& context);
  ~shown_certificate();
  shown_certificate(const shown_certificate&) = delete;

  // Seconds since 1970, once for each handshake that succeeded; nothing: none did since.
  std::optional<int64_t> take_end() { return std::exchange(end_, std::nullopt); }

 private:
  const tls_context context_;
  std::optional<int64_t> end_;
};

}  // namespace tharsis::dns
