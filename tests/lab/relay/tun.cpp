#include "tests/lab/relay/tun.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace tharsis::lab {
namespace {

// The kernel's own queue before the relay: large, since what it drops no plan has asked for.
constexpr int kernel_queue = 10'000;

error failed(const std::string& what) { return {THARSIS_E_IO, what + ": " + std::strerror(errno)}; }

class descriptor {
 public:
  explicit descriptor(int number) : number_(number) {}
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() {
    if (number_ >= 0) close(number_);
  }
  bool good() const { return number_ >= 0; }
  int number() const { return number_; }
  int release() { return std::exchange(number_, -1); }

 private:
  int number_;
};

// In the namespace that this thread stands in.
result<int> open_here(const tun_place& place) {
  descriptor tun(open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK));
  if (!tun.good()) return failed("/dev/net/tun cannot be opened (are the module tun and its device there?)");
  ifreq request{};
  place.device.copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (ioctl(tun.number(), TUNSETIFF, &request) != 0)
    return failed("the TUN device " + place.device + " in " + place.namespace_path + " cannot be made");
  // Inside a user namespace the kernel refuses this; its 500 packets do for all but floods.
  const descriptor any(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  request.ifr_qlen = kernel_queue;
  if (any.good()) (void)ioctl(any.number(), SIOCSIFTXQLEN, &request);
  return tun.release();
}

}  // namespace

result<tun_place> parse_tun_place(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size())
    return error{THARSIS_E_INVALID,
                 "expected a namespace and a device like '/run/netns/router:relay0', got '" + std::string(text) + "'"};
  tun_place made{std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
  if (made.device.size() >= IFNAMSIZ)
    return error{THARSIS_E_INVALID, "a device's name has at most 15 characters; '" + made.device + "' has more"};
  return made;
}

result<int> open_tun(const tun_place& place) {
  const descriptor own(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!own.good()) return failed("/proc/thread-self/ns/net cannot be opened");
  const descriptor other(open(place.namespace_path.c_str(), O_RDONLY | O_CLOEXEC));
  const std::string named = "the network namespace " + place.namespace_path;
  if (!other.good()) return failed(named + " cannot be opened");
  if (setns(other.number(), CLONE_NEWNET) != 0) return failed(named + " cannot be entered");
  auto opened = open_here(place);
  if (setns(own.number(), CLONE_NEWNET) == 0) return opened;
  if (opened) close(*opened);
  return failed("the own network namespace cannot be entered again");
}

}  // namespace tharsis::lab
