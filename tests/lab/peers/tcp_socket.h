// Just enough of sockets for the plain peer.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "sdk/pure/address.h"
#include "sdk/pure/error.h"

namespace tharsis::lab {

// Owns one descriptor.
class descriptor {
 public:
  descriptor() = default;
  explicit descriptor(int number) : number_(number) {}
  descriptor(descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  descriptor& operator=(descriptor&& other) noexcept;
  ~descriptor();

  int number() const { return number_; }
  bool is_open() const { return number_ >= 0; }

 private:
  int number_ = -1;
};

// The endpoint's address, or all that the system's resolver knows for its name. Blocks.
result<std::vector<tharsis_address>> addresses_of(const endpoint& e);

// Not blocking and without delay. A connection stands once it is writable and socket_failure() is 0.
result<descriptor> start_connect(const tharsis_address& to);
int socket_failure(const descriptor& socket);  // An errno.

struct listener {
  descriptor socket;
  uint16_t port = 0;  // The one that was given, or that the system chose for 0.
};
result<listener> listen_on(const tharsis_address& address);
// Not open when nobody is waiting.
descriptor accept_one(const descriptor& listening);

}  // namespace tharsis::lab
