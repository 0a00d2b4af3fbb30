// How packets fare between two machines (or on one machine's loopback), each way.
#pragma once
#include <cstdint>

#include "sdk/pure/time.h"

namespace tharsis::sim {

struct path {
  duration delay = 20ms;  // One way.
  duration jitter{};      // Up to this much more, drawn for each packet; TCP keeps the order, UDP does not.
  double loss = 0;        // Of a packet; TCP pays with a retransmission time, UDP with the datagram.
  double loss_there = 0;  // The same besides, of packets from the machine that was added first.
  double duplicate = 0;   // Of a datagram.
  uint64_t bytes_per_second = 0;  // Each way; what is sent faster waits in line. 0: no limit.
  uint64_t packet_max = 0;        // A larger one, with its 40 bytes of heads, is dropped, and nobody is told. 0: none is.
  bool black_hole = false;        // Nothing arrives, nobody is told.
  bool no_datagrams = false;      // A firewall that lets TCP alone through.
  bool refuse = false;            // Dials are answered with a reset.
  uint64_t carried = 0;           // Bytes that were sent over it so far, both ways, with their heads; lost ones too.
};

}  // namespace tharsis::sim
