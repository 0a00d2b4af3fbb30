// What a test makes the plugin `speaker` do, on the speaker's own strand.
#pragma once
#include "sdk/abi/xlog.h"

#define SPEAKER_ID "test.speaker/1"

struct speaker_table {
  void (*say)(void* instance, uint32_t level, tharsis_text text);
  // The line "{user} came with {password}", at the level of a warning.
  void (*say_password)(void* instance, tharsis_text user, tharsis_text password);
  // A tap of all lines, until the plugin stops.
  tharsis_status (*listen)(void* instance, int32_t decides, tharsis_on_line on_line, void* context);
  // done(context) once the log says that all before is in the file, or cannot be.
  void (*flush)(void* instance, void (*done)(void* context), void* context);
  // Every xlog.state from now on.
  void (*watch)(void* instance, void (*on_state)(void* context, const tharsis_xlog_state* state), void* context);
};
