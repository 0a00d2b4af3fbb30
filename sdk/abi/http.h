// Service "tharsis.http/1": HTTP requests to anybody, for plugins and hosts.
//
// A call is started, its answer comes in callbacks on the strand that started it, and `done` is its one and only
// end. Connections are kept and shared between calls; whom to trust, limits and usual timeouts are the profile's
// (stn.http). Every answer of a server is an answer, whatever its status says: THARSIS_OK means that it came whole.
#pragma once
#include "sdk/abi/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define THARSIS_HTTP_ID "tharsis.http/1"

typedef struct tharsis_http_field {
  tharsis_text name;
  tharsis_text value;
} tharsis_http_field;

// The head of an answer. All of it is borrowed for the call.
typedef struct tharsis_http_head {
  uint32_t size;
  uint32_t status;  // 200, 404 ...
  tharsis_text url;  // What answered: another one than was asked after redirects.
  const tharsis_http_field* fields;
  size_t field_count;
  int64_t length;  // Of the body as on_piece gets it, where that is known, else -1.
  uint32_t http_version;  // 11: HTTP/1.1; 20: HTTP/2, where names of fields are in lower case.
  uint32_t reserved;
} tharsis_http_head;

// What a call's time went to, ns each; together from start() to the end.
typedef struct tharsis_http_times {
  uint32_t size;
  uint32_t redirects;  // How many were followed; their time is in the others.
  int64_t queued;      // Waited for a place among the connections,
  int64_t connect;     // for a connection: name, address, TLS;
  int64_t first_byte;  // from there to the head of the answer, the sending of the request included;
  int64_t rest;        // to its end.
} tharsis_http_times;

// The end of a call. All of it is borrowed for the call.
typedef struct tharsis_http_result {
  uint32_t size;
  tharsis_status status;  // THARSIS_OK: the answer is whole.
  uint32_t http_status;   // 0: no answer came. Else of the answer, which may not be whole.
  uint32_t reserved;
  tharsis_bytes body;     // With THARSIS_OK, where there was no on_piece.
  tharsis_text reason;    // One sentence, empty on THARSIS_OK.
  const tharsis_http_times* times;
} tharsis_http_result;

// All of them: [the strand that called start()], one after the other, never inside a function of this table, `done`
// last. Each may be null but `done`.
typedef void (*tharsis_http_on_head)(void* context, tharsis_handle call, const tharsis_http_head* head);
// The next bytes of the body, borrowed for the call. THARSIS_PENDING: no more for now; see resume(). Some that were
// on their way come nevertheless, at most 256 KiB. Any other value: go on.
typedef tharsis_status (*tharsis_http_on_piece)(void* context, tharsis_handle call, tharsis_bytes piece);
// Up to `room` bytes of the request's body are wanted: answer with one send(), now or later.
typedef void (*tharsis_http_on_room)(void* context, tharsis_handle call, size_t room);
typedef void (*tharsis_http_done)(void* context, tharsis_handle call, const tharsis_http_result* result);

enum {
  THARSIS_HTTP_RAW = 1,         // The body as it came: no compressed one is asked for, and none is unpacked.
  THARSIS_HTTP_REPEATABLE = 2,  // Doing it twice is no worse than once, though the method does not say so.
  THARSIS_HTTP_DOWNGRADE = 4,   // A redirect may lead from https to http.
  THARSIS_HTTP_NO_REDIRECT = 8,  // A redirect is the answer.
  THARSIS_HTTP_IMPATIENT = 16,   // No waiting for servers that have too much to do: 429 and 503 are the answer, whatever they ask for.
};

typedef struct tharsis_http_request {
  uint32_t size;
  uint32_t flags;       // THARSIS_HTTP_*.
  tharsis_text method;  // Empty: GET. Any token.
  tharsis_text url;     // https://..., or http://... where the profile allows it.
  // Host, Accept, Accept-Encoding and Cookie are added where they are missing; what says how long the body is
  // belongs to this service. Copied, as all of the request.
  const tharsis_http_field* fields;
  size_t field_count;
  tharsis_bytes body;  // The whole body, where there is no on_room.
  int64_t body_size;   // Of a body that on_room asks for; -1: not known, it goes as it comes.
  uint64_t answer_max;  // Bytes of the answer's body; more ends the call. 0: with on_piece no limit, else the profile's.
  // 0: the profile's. That no connection comes; that nothing moves, while the callers' own pauses do not count;
  // and from start() to the end.
  uint32_t connect_timeout_ms;
  uint32_t idle_timeout_ms;
  uint32_t total_timeout_ms;
  uint32_t reserved;
  tharsis_handle jar;  // Cookies are taken from it and put into it; 0: none are sent and none kept.
  void* context;
  tharsis_http_on_head on_head;
  tharsis_http_on_piece on_piece;  // Null: the body is collected.
  tharsis_http_on_room on_room;    // Null: `body` is all.
  tharsis_http_done done;
} tharsis_http_request;

typedef struct tharsis_http {
  uint32_t size;
  void* self;

  // Begin a call. On THARSIS_OK `done` is called exactly once; *call names the call until then. A request that may
  // be repeated is, once, when a connection that was used before turns out to be dead before anything of an answer
  // came; any request is, up to three times, of which a server of HTTP/2 says that it has not looked at it. 301, 302, 303, 307 and 308 are followed; 303 with GET, and so are 301 and 302 to a POST; another origin
  // does not get Authorization and Cookie; a body of pieces cannot go twice, so 307 and 308 to it are the answer.
  // A server that answers 429 or 503 with Retry-After (seconds, or a date) is not asked by anybody before that time, and at most
  // five minutes (tasks.rest); calls to it wait. The request itself goes again then (http.repeats), where that does no harm: with
  // 429, an idempotent method or REPEATABLE; the body is not of pieces; the call's time is long enough; and tasks.budget allows it.
  // Else that is the answer.
  // On failure `done` is not called:
  //   THARSIS_E_INVALID  no `done`, a URL or field that cannot be written, an unknown flag; mend the request.
  //   THARSIS_E_BUSY     too many calls are open (stn.http.calls_max); try again after a `done`.
  //   THARSIS_E_GONE     stn is stopping.
  // The ends that `done` tells:
  //   THARSIS_E_TIMEOUT    one of the timeouts.
  //   THARSIS_E_BUSY       the server wants to be left alone, for longer than the call may take, or the call is IMPATIENT.
  //   THARSIS_E_CANCELLED  cancel(), or stn stops.
  //   THARSIS_E_DENIED     http:// is not allowed there, or a redirect leads from https to http.
  //   THARSIS_E_UNTRUSTED  the server has not proved to be who the URL says.
  //   THARSIS_E_PROTOCOL   what came is no HTTP, is damaged, is too much, or redirects without end.
  //   THARSIS_E_INVALID    send() did not keep to what was asked for.
  //   THARSIS_E_NOT_FOUND, _REFUSED, _UNREACHABLE, _RESET, _NETWORK  as their names say.
  // [any strand]
  tharsis_status (*start)(void* self, const tharsis_http_request* request, tharsis_handle* call, tharsis_error* error);

  // The answer to on_room: at most `room` bytes, copied; `last`: they, if any, end the body. For a call that is over,
  // or whose server has answered already, they are dropped; but without an on_room they end the call with
  // THARSIS_E_INVALID. [any strand]
  void (*send)(void* self, tharsis_handle call, tharsis_bytes piece, int32_t last);

  // on_piece may be called again. Harmless when it may already. [any strand]
  void (*resume)(void* self, tharsis_handle call);

  // Withdraw a call; its connection, or its exchange on one of HTTP/2, is closed. `done` is still called, with THARSIS_E_CANCELLED unless its end was
  // on its way already. An unknown or finished call is no error. [any strand]
  void (*cancel)(void* self, tharsis_handle call);

  // A jar for cookies, empty, in memory alone; at most 64 of them. A call keeps its jar until its end.
  //   THARSIS_E_BUSY  there are 64; close one.
  // [any strand]
  tharsis_status (*jar_open)(void* self, tharsis_handle* jar, tharsis_error* error);
  void (*jar_close)(void* self, tharsis_handle jar);
} tharsis_http;

#ifdef __cplusplus
}
#endif
