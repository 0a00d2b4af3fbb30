// A TUN device in another network namespace.
#pragma once
#include <string>
#include <string_view>

#include "sdk/pure/error.h"

namespace tharsis::lab {

struct tun_place {
  std::string namespace_path, device;
};

// "/run/netns/router:relay0"
result<tun_place> parse_tun_place(std::string_view text);

// A descriptor that reads and writes whole IP packets, without waiting. The device lives as long as it.
// This process stays in its own namespace. Its owner sets addresses and brings it up.
result<int> open_tun(const tun_place& place);

}  // namespace tharsis::lab
