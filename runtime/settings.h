// Every number the runtime uses when a profile does not say otherwise, with its reason.
#pragma once
#include <cstdint>

#include "sdk/pure/time.h"

namespace tharsis::runtime {

struct runtime_settings {
  // A start may open files and listen, not wait for a network; on a slow disk ten seconds are plenty.
  duration start_deadline = 10s;
  // Longer than a person waits before killing the application, and enough to flush a log.
  duration stop_deadline = 5s;
  // A deadline beyond an hour is no deadline but a hang that nobody notices.
  duration deadline_longest = 1h;

  // Callbacks take microseconds. One that takes two seconds has waited for something, and a person has
  // noticed; a slow disk or a machine under load does not get there.
  duration stall_limit = 2s;
  // Looks at a callback before it is called a stall: it is found at most a quarter of the limit late.
  int stall_rounds = 4;
  // A look costs some microseconds and wakes the machine, hence no more often than needed; not more
  // seldom either, since the end of a stall is told in the round after it.
  duration stall_round_shortest = 5ms;
  duration stall_round_longest = 5s;
  // So late, and the watchdog itself was held up by a debugger, or a machine that slept; a busy machine
  // delays a thread by less.
  duration stall_gap = 1s;
  // Before `stall: abort` ends the process the log is flushed, but who writes it may be the one that hangs.
  duration stall_flush = 1s;

  // How long a thread may take to answer for its stack: microseconds, on a busy machine some turns of the
  // system's scheduler. One that waits for a broken disk never does.
  duration stack_patience = 1s;
  // Threads that came while a plugin ran, and might be its. All of them together, where none answers, hold
  // its stop up by two seconds, less than its deadline.
  int threads_asked = 8;
  duration thread_patience = 250ms;
  // To check settings takes no waiting; a plugin that thinks longer blocks its strand for everybody.
  duration reload_patience = 10s;
  // A plugin that goes while it reads its files again says nothing; whoever waits for the reload hardly notices this.
  duration reread_look = 250ms;
  // A person hardly notices a second; a plugin that fails at once does not keep a core busy.
  duration restart_wait = 1s;
  // Whatever made it fail, a network or a disk that is back is found within a minute.
  duration restart_wait_longest = 1min;
  // With the waits above about five minutes in all; what has not mended itself by then will not.
  uint32_t restart_limit = 10;
  // It has run so long: the next failure is a new one, not one more in a row.
  duration restart_steady = 1min;
};

struct network_settings {
  // A roaming station or a renewed lease is without a network for some hundred milliseconds, and one that
  // was just plugged in has its address before its router carries anything.
  duration still = 1s;
  // A network that never comes to rest is told of so often, whatever it does.
  duration still_longest = 10s;
  // After so long without a change the next one counts as the first: people do not move faster.
  duration calm = 30s;
  // Below it the two clocks may differ by the time between reading them on a busy machine.
  duration sleep_least = 1s;
  // Shorter than any gateway's or server's patience with a silent connection; a doubt costs one ping.
  duration sleep_outlives = 10s;
};

}  // namespace tharsis::runtime
