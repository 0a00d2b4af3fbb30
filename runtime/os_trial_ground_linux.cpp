#include "runtime/os_trial_ground_linux.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <charconv>
#include <filesystem>

#include "runtime/os_net_linux.h"

namespace tharsis::runtime {
namespace {

constexpr int connect_most = 1000;  // Milliseconds; it is this machine.

std::vector<int> own_descriptors() {
  std::vector<int> all;
  std::error_code failure;
  for (std::filesystem::directory_iterator at("/proc/self/fd", failure), end; !failure && at != end; at.increment(failure)) {
    const std::string name = at->path().filename().string();
    int number = -1;
    std::from_chars(name.data(), name.data() + name.size(), number);
    all.push_back(number);
  }
  return all;
}

}  // namespace

trial_folder::trial_folder() {
  std::error_code failure;
  std::string name = (std::filesystem::temp_directory_path(failure) / "tharsis_trial_XXXXXX").string();
  if (!failure && mkdtemp(name.data()) != nullptr) path_ = name;
}

trial_folder::~trial_folder() {
  std::error_code failure;
  if (!path_.empty()) std::filesystem::remove_all(path_, failure);
}

size_t open_descriptors() { return own_descriptors().size(); }

std::vector<tharsis_address> open_ports() {
  std::vector<tharsis_address> all;
  for (const int number : own_descriptors()) {
    int listens = 0;
    socklen_t size = sizeof listens;
    tharsis_address address{};
    if (getsockopt(number, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens != 0 && local_address(number, address) == THARSIS_OK && address.port != 0)
      all.push_back(address);
  }
  return all;
}

stranger::stranger(const tharsis_address& to) : descriptor_(start_connecting(to, 0).descriptor) {
  pollfd connected{descriptor_, POLLOUT, 0};
  if (descriptor_ >= 0) poll(&connected, 1, connect_most);
}

stranger::~stranger() {
  if (descriptor_ >= 0) close_socket(descriptor_);
}

void stranger::send(std::string_view bytes) {
  size_t sent = 0;
  if (descriptor_ >= 0 && !bytes.empty()) write_socket(descriptor_, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(), sent);
}

}  // namespace tharsis::runtime
