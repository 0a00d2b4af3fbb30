// The relay's own numbers, with their reasons.
#pragma once
#include <cstddef>
#include <cstdint>

#include "sdk/pure/time.h"

namespace tharsis::lab::settings {

// Flows that are remembered, dead ones included; the one that was silent longest makes room.
inline constexpr size_t flows_most = 1 << 16;
// Of a flow's first bytes, kept until a ClientHello is whole: one with large key shares has 2 KiB.
inline constexpr size_t client_hello_most = 16 * 1024;
// Packets of one direction on their way: 50,000 a second with two seconds of delay.
inline constexpr size_t in_flight_most = 100'000;
// A packet that is to be overtaken comes later by this and up to half the delay: others get a chance.
inline constexpr duration late_least = 2ms;
inline constexpr uint32_t forged_ttl_s = 300;

}  // namespace tharsis::lab::settings
