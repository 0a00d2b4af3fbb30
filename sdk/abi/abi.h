// The vocabulary of the contract: version, status, views, handles, the error sentence.
// Everything in sdk/abi is C11, includes only other sdk/abi headers, and owns no code.
//
// Rules that hold for every header here:
//  - A struct that may grow starts with `uint32_t size`; fields are only appended. Compare `size`
//    before you read a field that a first version did not have (THARSIS_HAS).
//  - Pointers into a call are borrowed for the length of that call, unless its comment says longer.
//  - [own strand] means: only inside a callback that the host makes to this plugin.
//    [any thread] means: any thread at any time between create() and destroy().
//  - Nothing is thrown across the contract.
//
// What of this is kept for how long, and how that is tested: sdk/ABI.md.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define THARSIS_NOEXCEPT noexcept
extern "C" {
#else
#define THARSIS_NOEXCEPT
#endif

#define THARSIS_ABI_MAJOR 1u  // A host refuses a plugin with another major.
#define THARSIS_ABI_MINOR 0u  // Fields were only appended since.
#define THARSIS_EXPORT __attribute__((visibility("default")))

// Does the struct that `pointer` points to, as its maker compiled it, reach as far as `field`?
#define THARSIS_HAS(pointer, field) \
  ((pointer)->size >= offsetof(__typeof__(*(pointer)), field) + sizeof((pointer)->field))

// Zero is success, a positive value is success that is not finished yet, every failure is negative
// and keeps its number for ever.
typedef int32_t tharsis_status;
enum {
  THARSIS_OK = 0,
  THARSIS_PENDING = 1,          // Not finished; the function's comment says how the end is told.
  THARSIS_E_INVALID = -1,       // The caller broke the contract; retrying cannot help.
  THARSIS_E_BUSY = -2,          // A limit was reached; the same call may succeed later.
  THARSIS_E_TIMEOUT = -3,       // The deadline passed before an answer.
  THARSIS_E_NETWORK = -4,       // No path, or the path broke; no better name is known.
  THARSIS_E_CANCELLED = -5,     // The caller, or shutdown, withdrew the work.
  THARSIS_E_PROTOCOL = -6,      // The peer sent bytes that mean nothing.
  THARSIS_E_GONE = -7,          // The handle's object has ended. Harmless; forget the handle.
  THARSIS_E_DENIED = -8,        // Permission, policy or the capabilities of the manifest forbid it.
  THARSIS_E_UNSUPPORTED = -9,   // This host, platform or version cannot do it.
  THARSIS_E_NOT_FOUND = -10,    // No such name, file, key or service.
  THARSIS_E_IO = -11,           // The file system failed; the error's text has the reason.
  THARSIS_E_INTERNAL = -12,     // A defect on our side of the contract. Please report it.
  THARSIS_E_REFUSED = -13,      // The peer's host answered that nothing listens there.
  THARSIS_E_RESET = -14,        // The peer, or something between, cut the connection.
  THARSIS_E_UNREACHABLE = -15,  // No route to the address.
  THARSIS_E_IN_USE = -16,       // The address, file or name is taken by somebody else.
  THARSIS_E_UNTRUSTED = -17,    // Who it is is not proven: a peer's certificate, a library's file.
  THARSIS_E_FULL = -18,         // No space is left on the disk.
};

// Borrowed views. `text` is UTF-8 without a terminating zero; {NULL, 0} is the empty text.
typedef struct tharsis_bytes {
  const uint8_t* data;
  size_t size;
} tharsis_bytes;
typedef struct tharsis_text {
  const char* data;
  size_t size;
} tharsis_text;

// Names an object of the host: generation above, slot below; 0 names nothing. A stale handle
// answers THARSIS_E_GONE, it never crashes and never names another object.
typedef uint64_t tharsis_handle;

// Where a function may leave one sentence for a person: what happened, where, what to do about it.
// The caller allocates it and sets `size`; a null pointer means nobody wants to know.
typedef struct tharsis_error {
  uint32_t size;
  tharsis_status status;
  char text[504];  // Ends in a zero; cut at a character's border when too long.
} tharsis_error;

#ifdef __cplusplus
}
#endif
