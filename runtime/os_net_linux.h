// Sockets, without waiting: every function does what it can now. Descriptors are closed on exec, and
// a broken connection raises no signal.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/abi/net.h"
#include "sdk/pure/error.h"

namespace tharsis::runtime {

struct socket_start {
  int descriptor = -1;
  tharsis_status status = THARSIS_OK;  // PENDING: a connection is being made, or none is waiting.
  int reason = 0;                      // The system's number for a failure.
};
// `mss`: the largest segment, either way; 0: as the system likes.
socket_start start_connecting(const tharsis_address& to, int mss);
// How a connection that was being made has ended.
tharsis_status connect_outcome(int descriptor);
// The failure that the system has noted, which it tells once; OK: none.
tharsis_status take_failure(int descriptor);
socket_start accept_connection(int listener, tharsis_address& peer);
socket_start start_listening(const tharsis_address& on);
socket_start open_datagram(const tharsis_address& on);
// For ICMP's echoes, which Linux lets the groups of net.ipv4.ping_group_range send.
socket_start open_echo(uint8_t family);

tharsis_status read_socket(int descriptor, uint8_t* into, size_t capacity, size_t& count);
tharsis_status write_socket(int descriptor, const uint8_t* data, size_t size, size_t& count);
tharsis_status end_writing(int descriptor);
tharsis_status send_datagram(int descriptor, const tharsis_address& to, const uint8_t* data, size_t size);
tharsis_status receive_datagram(int descriptor, uint8_t* into, size_t capacity, size_t& count,
                                tharsis_address& from);

// As tharsis_net's receive_error; the words that a datagram socket of this family takes are at its set().
tharsis_status receive_datagram_error(int descriptor, uint8_t* into, size_t capacity, size_t& count, tharsis_net_error& what);
tharsis_status set_datagram_option(int descriptor, uint8_t family, std::string_view name, int64_t value);

tharsis_status local_address(int descriptor, tharsis_address& address);
tharsis_status set_socket_option(int descriptor, std::string_view name, int64_t value);
tharsis_status get_socket_fact(int descriptor, std::string_view name, int64_t& value);
void close_socket(int descriptor);

// The system's words for a failure's number.
std::string reason_text(int reason);

// Asks the system's resolver; blocks. `family` is 4, 6 or 0.
result<std::vector<tharsis_address>> resolve_name(const std::string& name, uint32_t family);

}  // namespace tharsis::runtime
