// The stack of another thread of this process, and what its addresses are called.
//
// The thread is asked by a real-time signal that nobody else uses: its handler notes the return
// addresses and nothing more. Calls of that thread that are restarted after a signal go on; others,
// such as poll(), may come back early with EINTR.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "sdk/pure/error.h"
#include "sdk/pure/time.h"

namespace tharsis::runtime {

// Return addresses, the innermost first; the first is where the thread was interrupted.
using stack_addresses = std::vector<const void*>;

// The signal by which threads are asked; 0: every one is taken, and no stack can be had. Chosen once;
// whoever makes threads leaves it open.
int stack_signal();

//   THARSIS_E_GONE  there is no such thread any more.   THARSIS_E_TIMEOUT  it does not answer.
result<stack_addresses> stack_of(uint64_t thread, duration patience);

// "poll in libc.so.6", "0x1f2a in hello.so" where the symbols were taken out.
std::string call_name(const void* code);
// The same of a return address: the call before it is meant.
std::string caller_name(const void* return_address);
// One call a line.
std::string stack_text(const stack_addresses& stack);

// The path of the library or program that holds the address; empty: none.
std::string module_of(const void* code);

}  // namespace tharsis::runtime
