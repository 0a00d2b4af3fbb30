// Every number of shipping. plugin.yaml sets the second part by these names.
#pragma once
#include <cstdint>
#include <string>
#include <tuple>

#include "sdk/abi/log.h"
#include "sdk/pure/time.h"
#include "sdk/pure/url.h"

namespace tharsis::xlog {

// Where pieces of a file begin: at whole multiples of this. The last piece of a file that grows is sent again as it grows, so
// pieces are small; of a huge file they are larger, so that a manifest stays below a few megabytes.
constexpr uint64_t ship_piece_span(uint64_t at) { return at < (uint64_t{1} << 30) ? 128 << 10 : 512 << 10; }

struct ship_numbers {
  // For one request and its answer: a megabyte at 17 KiB/s.
  duration answer_timeout = 60s;
  // Between two tries: twice as long each time, and a random part of that. A receiver that starts again needs seconds;
  // a minute costs nobody anything.
  duration retry_min = 500ms;
  duration retry_max = 1min;
  // Without any answer that helps; then it is for the next call. Longer than a receiver takes to be replaced.
  duration patience = 2min;
  // For everything.
  duration deadline = 1h;
  uint64_t rate = 0;  // Bytes a second; 0: as fast as it goes.

  bool operator==(const ship_numbers&) const = default;
};

struct ship_settings {
  url to;                 // The receiver; no host: nobody.
  bool plain_allowed = false;
  std::string source;     // Who we are there; empty: the machine's name.
  std::string token, token_file;
  std::string ca;         // Empty: what the system trusts.
  // When files are shipped without being asked to.
  bool always = false;    // Whatever the network costs,
  bool on_wifi = false;   // or only where it is known to cost nothing.
  bool on_error = false;  // What was said before a line of level error or worse, on any network.
  bool on_request = false;
  uint32_t level = THARSIS_LOG_VERBOSE;  // Blocks with lines of that level.
  // Before an error. Long enough to see how it came to it, short enough to be sent over a thin line.
  duration last = 10min;
  // How often files are looked through, and the receiver asked what it wants: a quarter of an hour costs a phone little.
  duration ask_every = 15min;
  ship_numbers numbers;

  bool any() const { return always || on_wifi || on_error || on_request; }
  bool operator==(const ship_settings& o) const {
    const auto all = [](const ship_settings& s) {
      return std::tie(s.plain_allowed, s.source, s.token, s.token_file, s.ca, s.always, s.on_wifi, s.on_error, s.on_request, s.level, s.last, s.ask_every, s.numbers);
    };
    return all(*this) == all(o) && to.text() == o.to.text();
  }
};

// Lines that follow an error belong to it; and errors that come in a row are one.
inline constexpr duration ship_after_error = 5s;
inline constexpr duration ship_between_errors = 1min;

// An answer that makes no sense may be a mistake of the moment; one that comes again is somebody else's.
inline constexpr int ship_nonsense_max = 3;
// A file that is never what it was planned to be, or never wanted as it is, is left for later.
inline constexpr int ship_plans_max = 5;
// A receiver that asks for what it was given.
inline constexpr int ship_offers_without_progress = 3;
// What a receiver may say to wait.
inline constexpr duration ship_wait_max = 1h;

}  // namespace tharsis::xlog
