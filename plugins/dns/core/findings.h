// What an answer says about the name that was asked for. Only records on the way from the question along its aliases count:
// anything else in a message is somebody's wish. Pure.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "sdk/abi/net.h"
#include "sdk/pure/dns_question.h"
#include "sdk/pure/time.h"

namespace tharsis::dns {

// One HTTPS or SVCB record.
struct service_record {
  uint16_t priority = 0;
  std::string target;  // As canonical_name() writes it.
  std::vector<std::string> alpn;
  uint16_t port = 0;  // 0: the scheme's own.
  std::vector<tharsis_address> hints;  // With that port.
  std::vector<uint8_t> ech;
};

struct findings {
  enum class kind : uint8_t { found, no_data, no_name, failed };
  kind what = kind::failed;
  // Seconds that it holds: the shortest life on the way, for no_data and no_name of the zone's start; 0: it does not say, or
  // not at all.
  uint32_t life = 0;
  std::vector<tharsis_address> addresses;  // Of A and AAAA; each once, port 0, in the order they came.
  std::vector<service_record> services;    // Of HTTPS and SVCB, the best first.
  std::vector<std::string> texts;          // Of all types but A and AAAA, as a person reads it.
  std::string tail;                        // Where the aliases end.
  size_t strays = 0;                       // Records among the answers that nobody asked for.
  std::string why;                         // A sentence, if failed.
  std::vector<uint8_t> bytes{};            // The message, for who hands it on; of A and AAAA none.
  instant came{};                          // Set by who waits for it.
  bool reached = false;                    // Its server has said something, be it that it failed.
  duration rest{};                         // For so long it wants to be left alone.
};

// Of one answer; no client tries more.
inline constexpr size_t found_max = 64;

// `m` fits the question.
findings read_findings(const question& q, const message& m);

std::string_view type_name(uint16_t kind);        // "AAAA", "" for one that has no name here.
uint16_t type_number(std::string_view name);      // In any case; 0: none.

}  // namespace tharsis::dns
