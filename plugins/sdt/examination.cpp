#include "plugins/sdt/examination.h"

#include <algorithm>

#include "sdk/async/tcp_stream.h"

namespace tharsis::sdt {

task<findings> examination::run() {
  began_ = place_.now();
  deadline_ = later(began_, settings_.deadline);
  // The address that stn used does not wait for the name, and is tried also when there is no name.
  if (target_.last) try_address(*target_.last);
  if (const auto literal = parse_ip(target_.server.host)) {
    try_address(*literal);
  } else {
    found_.name.asked = true;
    branches_.spawn(find_name());
  }
  co_await branches_.join(deadline_);
  branches_.clear();
  found_.offline = is_offline();
  found_.took = place_.now() - began_;
  co_return std::move(found_);
}

bool examination::is_offline() const {
  bool none = false;
  const auto read = [](void* context, const tharsis_network_state* now) {
    *static_cast<bool*>(context) = now->type == THARSIS_NETWORK_NONE;
  };
  host_.network->state(host_.network->self, read, &none);
  return none;
}

task<void> examination::find_name() {
  const instant deadline = std::min(deadline_, later(began_, settings_.name));
  found_.name.took = deadline - began_;
  auto resolved = co_await names_.resolve(target_.server.host, deadline);
  found_.name.took = place_.now() - began_;
  found_.name.status = resolved.status();
  if (!resolved) co_return;
  found_.name.addresses = std::move(*resolved);
  for (const tharsis_address& address : found_.name.addresses) try_address(address);
}

void examination::try_address(tharsis_address address) {
  address.port = target_.server.port;
  const auto same = [&](const dial_check& d) { return d.to == address; };
  const bool tried = std::any_of(found_.dials.begin(), found_.dials.end(), same);
  if (tried || found_.dials.size() >= settings_.addresses_max) return;
  const duration left = std::min(settings_.dial, deadline_ - place_.now());
  found_.dials.push_back({address, THARSIS_E_TIMEOUT, left});
  branches_.spawn(dial(found_.dials.size() - 1));
}

task<void> examination::dial(size_t index) {
  const instant began = place_.now();
  const tharsis_address to = found_.dials[index].to;
  const auto wire = co_await dial_tcp(place_, *host_.net, to, later(began, found_.dials[index].took));
  found_.dials[index].status = wire.status();
  found_.dials[index].took = place_.now() - began;
}

}  // namespace tharsis::sdt
