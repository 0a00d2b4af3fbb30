// Extension "tharsis.command/1": commands that a plugin adds to the program, `tharsis <plugin>
// <command> ARG...`. The manifest lists them with one line of help each. In a small runtime the plugin
// is created, what it requires is started, and run() is called once, in the place of start(): a
// command opens what it needs and nothing else. stop() and destroy() follow as always.
#pragma once
#include "sdk/abi/abi.h"
#include "sdk/abi/console.h"

#ifdef __cplusplus
extern "C" {
#endif

#define THARSIS_COMMAND_ID "tharsis.command/1"

// Valid until finish() has been called.
typedef struct tharsis_command_call {
  uint32_t size;
  uint32_t count;             // Of arguments, without the command's name.
  const char* name;           // One of the manifest's.
  const char* const* arguments;
  const tharsis_console* console;  // Print here, JSON of an own --json too; console->finish ends the command.
  tharsis_text folder;             // Absolute: what relative paths among the arguments are relative to.
} tharsis_command_call;

typedef struct tharsis_command {
  uint32_t size;
  // Must lead to console->finish, now or later. [own strand]
  void (*run)(void* instance, const tharsis_command_call* call);
} tharsis_command;

// Extension "tharsis.live_command/1": the same table, of a plugin that runs. What the manifest lists in `live` is carried out there, where a
// program runs the plugin with the state folder that the person means; in a small runtime, as above, only where none does. run() is
// called while the plugin runs, and what it prints is shown once it has finished.
#define THARSIS_LIVE_COMMAND_ID "tharsis.live_command/1"

// Extension "tharsis.reread/1": the same table. After every reload (`tharsis reload`, SIGHUP, tharsis_runtime_reload) a plugin that runs reads the files again
// that its settings name, though these may not have changed. run() gets the name "reread", no arguments and no folder; it prints what is new, and complains
// of what is refused and why: then what was good before goes on. finish() with 1 where something was refused; within a minute, in any case.
#define THARSIS_REREAD_ID "tharsis.reread/1"

#ifdef __cplusplus
}
#endif
