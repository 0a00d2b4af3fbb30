// Service "tharsis.dns_source/1": an application's own way to the addresses of names, which its plugin provides and dns asks,
// as one more server, where the profile says `dns: { host: trusted }` or `untrusted`. sdk/examples/dns_source is one.
//
// dns asks on its own strand. An answer may come from any thread, also inside ask(). Each question that was taken gets exactly one,
// also after cancel(): dns does not end before it has it, and who provides the service answers all before it stops.
#pragma once
#include "sdk/abi/abi.h"
#include "sdk/abi/net.h"

#ifdef __cplusplus
extern "C" {
#endif

#define THARSIS_DNS_SOURCE_ID "tharsis.dns_source/1"

typedef struct tharsis_dns_own_answer {
  uint32_t size;
  int32_t status;                    // THARSIS_OK; THARSIS_E_NOT_FOUND: there is no such address; all else: it could not find out.
  const tharsis_address* addresses;  // Of the family that was asked for; ports and others are not looked at. Copied.
  size_t count;                      // At most 64 are used.
  int64_t life;                      // How long it holds, ns; 0: it does not say.
  tharsis_text reason;               // One sentence, unless OK or NOT_FOUND. Copied.
} tharsis_dns_own_answer;

// `question` as ask() had it. [any thread]
typedef void (*tharsis_dns_own_done)(void* context, tharsis_handle question, const tharsis_dns_own_answer* answer);

typedef struct tharsis_dns_own_source {
  uint32_t size;
  void* self;

  // The addresses of `name` (in small letters, without a dot at its end) of `family`, 4 or 6. After `patience` ns nobody waits for
  // them any more. `question` is dns' number, never one twice. A failure refuses the question: then `done` does not come.
  // [dns' strand] [must not block]
  tharsis_status (*ask)(void* self, tharsis_handle question, tharsis_text name, uint32_t family, int64_t patience,
                        tharsis_dns_own_done done, void* context, tharsis_error* error);

  // Nobody waits for the answer any more; it still has to come, with any status, soon. Of a question that was answered it means
  // nothing. [dns' strand] [must not block]
  void (*cancel)(void* self, tharsis_handle question);
} tharsis_dns_own_source;

#ifdef __cplusplus
}
#endif
