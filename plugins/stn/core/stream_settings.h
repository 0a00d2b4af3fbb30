// Every number of streams. plugin.yaml sets them as `streams` by these names.
#pragma once
#include <cstdint>

#include "sdk/pure/stream_receiver.h"
#include "sdk/pure/stream_sender.h"
#include "sdk/pure/time.h"

namespace tharsis::stn {

// How fast streams go, so that nothing else waits for them.
struct stream_pace_settings {
  // What streams add to the time of a round trip by lying in queues. A person who talks does not notice 60 ms; LEDBAT's
  // 100 ms (RFC 6817) are noticed.
  duration queue = 60ms;
  // So many bytes are under way at first, which any line carries within that time from 2 Mbit/s on;
  int64_t flight_first = 16 * 1024;
  // at least, so that the worst line moves at all: 8 KiB are half a second of a bad cell at 128 kbit/s;
  int64_t flight_min = 4 * 1024;
  // and at most: 300 Mbit/s over 100 ms.
  int64_t flight_max = 4 << 20;
  // Answers of the link itself are slow beyond this many times the quickest of the last 64, and a little more: a lost
  // packet costs more than that, and so does a queue. The same guard as of copies of requests.
  double slow_times = 1.25;
  duration slow_more = 10ms;
  // Then so much of the flight stays.
  double yield = 0.5;
  // The shortest way is forgotten after this time, or a route that has become longer would be a queue for ever.
  duration way_memory = 2min;
  bool operator==(const stream_pace_settings&) const = default;
};

struct stream_settings {
  // Off: open() says no, and no link has a connection for them.
  bool use = true;
  enum class when : uint8_t { always, wifi };
  // wifi: they wait while the network is metered or cellular; a stream may ask to go nevertheless.
  when when_allowed = when::always;
  // Of all links; beyond it open() says no: each has a little memory of its own.
  int64_t streams_max = 32;
  // Of one link, for each direction: what streams have in memory beyond 64 KiB each.
  int64_t memory_max = 8 << 20;
  // The connection is closed when no stream wants it for so long: the next file often comes soon.
  duration idle_after = 10s;
  // When the link has gone elsewhere, streams in the middle may end where they are for so long: another server may know nothing of
  // them, and all that came so far would go again. As long as a drain's usual half minute.
  duration move_patience = 30s;
  // A stream that the server puts off is opened again after this time, and then twice as late each time,
  duration retry_after = 1s;
  duration retry_after_max = 60s;
  // How often at most an application hears of progress.
  duration progress_every = 100ms;
  stream_pace_settings pace;
  bool operator==(const stream_settings&) const = default;

  streams::sender_settings sender() const { return {64 * 1024, static_cast<size_t>(pace.flight_max)}; }
  streams::receiver_settings receiver() const { return {64 * 1024, static_cast<uint64_t>(pace.flight_max)}; }
};

// An OPEN without an answer for so long is told as what it waits for; a server that adds up gigabytes may take minutes.
inline constexpr duration opening_told = 10s;

}  // namespace tharsis::stn
