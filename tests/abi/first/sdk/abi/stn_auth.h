// Service "tharsis.stn.auth/1": how an application proves to its server who it is. The application provides it;
// stn asks on every connection, after TLS and before any task: connect, tls, auth, ready. Tasks wait meanwhile.
//
//   begin()  ->  SEND a message    ->  the server's answer  ->  judge()  ->  ACCEPTED: the link is ready
//                NOT_NEEDED: the link is ready                               REFUSED:  the link pauses
//                NEXT: ready, asked again at the next ping                   AGAIN:    begin() once more
//                LATER: the link pauses
//
// The whole of it stands under the link's connect_timeout, so a provider that never answers costs one attempt
// after the other and nothing else.
#pragma once
#include "sdk/abi/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define THARSIS_STN_AUTH_ID "tharsis.stn.auth/1"

enum {  // What begin() is answered with. Mars' identify modes are SEND (now), NEXT and NOT_NEEDED (never).
  THARSIS_STN_AUTH_SEND = 1,
  THARSIS_STN_AUTH_NOT_NEEDED = 2,
  THARSIS_STN_AUTH_NEXT = 3,
  THARSIS_STN_AUTH_LATER = 4,
};
enum {  // What judge() is answered with.
  THARSIS_STN_AUTH_ACCEPTED = 5,
  THARSIS_STN_AUTH_REFUSED = 6,
  THARSIS_STN_AUTH_AGAIN = 7,  // What was sent is stale: refresh it in begin().
};

typedef struct tharsis_stn_auth_word {
  uint32_t size;
  uint32_t kind;            // One of the above.
  uint32_t command;         // SEND: as of a task; not 0 and not 6.
  uint32_t retry_after_ms;  // LATER, REFUSED: pause at least for so long; 0: as the profile says.
  tharsis_bytes body;       // SEND: copied.
  tharsis_text reason;      // LATER, REFUSED: one sentence, without secrets; copied.
} tharsis_stn_auth_word;

// One question. `link`, `user` and `answer` are borrowed for the call.
typedef struct tharsis_stn_auth_question {
  uint32_t size;
  uint32_t attempt;      // On this connection, from 1.
  tharsis_text link;
  tharsis_text user;     // As the profile, or the host's account, names it; may be empty.
  tharsis_bytes answer;  // In judge(): the server's answer.
  // Give the word, once: inside the call, or later. The last two arguments are the question's.
  //   THARSIS_E_GONE     the connection has ended, or a word was given already.
  //   THARSIS_E_INVALID  no such kind here, or a command that is not allowed.
  // [on `strand`, which is stn's: post there, as every service posts its answers]
  tharsis_status (*give)(void* context, tharsis_handle question, const tharsis_stn_auth_word* word);
  void* context;
  tharsis_handle question;
  tharsis_handle strand;
} tharsis_stn_auth_question;

typedef struct tharsis_stn_auth {
  uint32_t size;
  void* self;
  // [stn's strand] [does not block]
  void (*begin)(void* self, const tharsis_stn_auth_question* question);
  void (*judge)(void* self, const tharsis_stn_auth_question* question);
} tharsis_stn_auth;

#ifdef __cplusplus
}
#endif
