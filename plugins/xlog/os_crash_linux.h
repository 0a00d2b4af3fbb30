// Notes in a segment's file what the process dies of, and changes nothing else about its death: whoever had the signal
// before, or the system, has it afterwards, with all that came with it.
#pragma once
#include <cstdint>

namespace tharsis::xlog {

class crash_watch {
 public:
  // One crash_record goes to this place of the file, which stays open meanwhile. The first watch of the process takes the
  // signals SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT and SIGTRAP, the last one gives them back.
  crash_watch(int file, uint64_t offset);
  ~crash_watch();
  crash_watch(const crash_watch&) = delete;

  // Around a fork, in the thread that forks: nobody else is amid a change then, and a child may go on with watches.
  static void hold();
  static void let_go();

  // False: so many watch already that this one does not.
  bool watches() const { return place_ >= 0; }

 private:
  int place_ = -1;
};

}  // namespace tharsis::xlog
