#include "runtime/callback_text.h"

#include <string_view>

#include "runtime/os_stack.h"

namespace tharsis::runtime {
namespace {

std::string_view kind_text(uint32_t kind) {
  switch (kind) {
    case THARSIS_RUNS_TIMER: return "a timer";
    case THARSIS_RUNS_SOCKET: return "an event of a socket";
    case THARSIS_RUNS_NAME: return "the answer to a name question";
    case THARSIS_RUNS_BLOCKING: return "the end of blocking work";
    case THARSIS_RUNS_EVENT: return "an event of ";
    case THARSIS_RUNS_SERVICE: return "a change of service ";
    case THARSIS_RUNS_COMMAND: return "command ";
    case THARSIS_RUNS_STEP: return "";
    default: return "a wake";
  }
}

}  // namespace

std::string callback_text(const tharsis_activity& running) {
  std::string text(kind_text(running.kind));
  if (running.about != nullptr) text += running.about + std::string(running.kind == THARSIS_RUNS_STEP ? "()" : "");
  if (running.code != nullptr) text += " (" + call_name(reinterpret_cast<const void*>(running.code)) + ")";
  return text;
}

}  // namespace tharsis::runtime
