// What rtnetlink might answer, and what is judged of it: nothing outside the bytes is read, what is kept is
// bounded, and an answer that is cut anywhere is read like its beginning.
#include <string>
#include <vector>

#include "runtime/netlink_reader.h"
#include "runtime/network_look.h"
#include "tests/fuzz/harness.h"

using namespace tharsis;
using namespace tharsis::runtime;
using tharsis::fuzz::require;

namespace {

void check(const tharsis_address& a) { require(a.family == 0 || a.family == 4 || a.family == 6, "an address is of a family or none"); }

tharsis_way way_of(const netlink_reader& answer) {
  tharsis_way way{};
  if (answer.link) way.interface = {answer.link->name.data(), answer.link->name.size()};
  if (answer.route) way.source = answer.route->source, way.gateway = answer.route->gateway;
  way.gateway_hardware = {answer.hardware.data(), answer.hardware.size()};
  way.resolves = answer.link && answer.link->resolves;
  return way;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::reader in(data, size);
  netlink_reader answer;
  while (!in.empty()) {
    const auto piece = in.take(4 * size_t{in.byte()} + 4);
    const std::vector<uint8_t> own(piece.begin(), piece.end());  // So that a sanitizer sees its end.
    const netlink_end end = answer.on_datagram(own);
    require(end != netlink_end::refused || answer.refusal != 0, "a refusal has a number");
    for (const netlink_notice& n : read_notices(own)) check(n.neighbour);
    if (end != netlink_end::open) break;
  }
  if (answer.route) check(answer.route->source), check(answer.route->gateway);
  for (const auto& a : answer.addresses) require(a.family == 4 || a.family == 6, "an own address has a family");
  require(answer.addresses.size() <= size / 20, "no more addresses than messages");
  require(answer.hardware.size() <= 32, "a hardware address has an end");

  const tharsis_way way = way_of(answer);
  const tharsis_observation seen{sizeof seen, static_cast<uint32_t>(answer.addresses.size()), way, way, answer.addresses.data()};
  const network_look look = look_at(&seen);
  require(look.usable() == (way.interface.size > 0 && way.source.family != 0), "a way with an address is usable");
  require(look.usable() != (look.type == THARSIS_NETWORK_NONE) || look.type == way.type, "without a way there is none");
  require(same_look(look, look_at(&seen)), "the same is judged the same");
  return 0;
}
