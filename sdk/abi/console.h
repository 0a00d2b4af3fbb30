// Host table "tharsis.console/1": the person, or program, that started this runtime and waits for
// what it prints. Only a runtime with somebody in front of it has one; query() answers null else.
//
// What a terminal would obey (control characters, changes of direction) and what is no UTF-8 is shown as '?' in
// progress(), live() and complain(), for names and contents of others get there. Colours stay where there are any, and
// lines stay lines: a name that may have one in it is the caller's to clean. print() leaves all as it is.
#pragma once
#include "sdk/abi/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define THARSIS_CONSOLE_ID "tharsis.console/1"

typedef struct tharsis_console {
  uint32_t size;
  void* self;

  // 1 when stdout is a terminal that understands colours. [any thread]
  int32_t (*colours)(void* self);

  // What is going on now: a live line on a terminal, a plain line now and then in a pipe.
  // [any thread]
  void (*progress)(void* self, tharsis_text line);

  // One line, or several, of the result. [any thread]
  void (*print)(void* self, tharsis_text text);

  // The result as one line of JSON. Printed last, and only when asked for (--json); then print()
  // and progress() go to stderr. [any thread]
  void (*json)(void* self, tharsis_text object);

  // Complaints; always stderr. [any thread]
  void (*complain)(void* self, tharsis_text text);

  // The work is done: the runtime stops and the program exits with `code` (0 done, 1 the work
  // failed, 2 the input is wrong). The first call counts. [any thread]
  void (*finish)(void* self, int32_t code);

  // As colours(), of stderr: for what is said with complain(). Null: 0. [any thread]
  int32_t (*complaint_colours)(void* self);

  // As progress(), but on stderr, and only where that is a terminal; an empty line takes the one before away. Answers
  // whether it is; there is nothing to say where it is not. Null: 0. [any thread]
  int32_t (*live)(void* self, tharsis_text line);
} tharsis_console;

#ifdef __cplusplus
}
#endif
