#include "plugins/stn/keep_datagrams.h"

#include <utility>

#include "sdk/pure/error.h"

namespace tharsis::stn {
namespace {

// What comes back is not read; it goes with the socket.
void ignore_datagram(void*, tharsis_handle, uint32_t, tharsis_status) {}

}  // namespace

tharsis_status keep_datagrams::send(const tharsis_address& to, std::span<const uint8_t> bytes) {
  if (to.family != family_) close();
  if (socket_ == 0) {
    tharsis_address any{};
    any.family = to.family;
    tharsis_error why = no_error();
    const tharsis_status opened = net_.datagram(net_.self, &any, ignore_datagram, nullptr, &socket_, &why);
    if (opened != THARSIS_OK) return socket_ = 0, opened;
    family_ = to.family;
  }
  const tharsis_status sent = net_.send(net_.self, socket_, &to, bytes.data(), bytes.size());
  if (sent != THARSIS_OK && sent != THARSIS_PENDING) close();  // The network may be another one by then.
  return sent;
}

void keep_datagrams::close() {
  if (socket_ != 0) net_.close(net_.self, std::exchange(socket_, 0));
  family_ = 0;
}

}  // namespace tharsis::stn
