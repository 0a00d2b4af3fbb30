// Service "tharsis.stn.streams/1": large bodies over a link, beside its tasks.
//
// A stream carries bytes to the server, from it, or both ways at once. It goes over a connection of its own to the link's
// endpoint, which all streams of the link share and which is there while one wants it, so that no task waits behind it; and it
// gives way when the link's answers become slow. When the connection breaks, or this process ends and opens the stream again
// with the same key, it goes on where the other side says that it stands. At the end the SHA-256 of the whole is compared.
//
// The application writes when it is asked (on_room), and gets bytes when it has asked for them (read()). Offsets count from
// the stream's first byte. Messages of one stream come in their order; `done` is the last one and comes exactly once.
//
//   "stn.stream"  event  that one is in another state, ten times a second at most, and its end (tharsis_stn_stream_event)
#pragma once
#include "sdk/abi/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define THARSIS_STN_STREAMS_ID "tharsis.stn.streams/1"
#define THARSIS_STN_STREAM_TOPIC "stn.stream"

enum {
  THARSIS_STN_STREAM_UP = 1,    // From here to the server,
  THARSIS_STN_STREAM_DOWN = 2,  // and the other way.
  THARSIS_STN_STREAM_BOTH = 3,
};

enum {
  // Also while the network is metered or cellular, though the profile says `streams: { when: wifi }`.
  THARSIS_STN_STREAM_ANY_NETWORK = 1,
};

// How it is.
enum {
  THARSIS_STN_STREAM_WAITS = 0,   // For a connection, for a network that may be used, or for a pause that the server asked for.
  THARSIS_STN_STREAM_OPENS = 1,   // The server is asked what it has.
  THARSIS_STN_STREAM_RUNS = 2,
  THARSIS_STN_STREAM_PAUSED = 3,  // By pause().
  THARSIS_STN_STREAM_ENDED = 4,   // On the bus alone.
};

#define THARSIS_STN_STREAM_SIZE_UNKNOWN UINT64_MAX

typedef struct tharsis_stn_stream_progress {
  uint32_t size;
  uint32_t state;      // THARSIS_STN_STREAM_WAITS ...
  uint64_t up;         // The server's application has so many bytes of what goes up; not only: they were sent.
  uint64_t up_size;    // Of all that goes up, or THARSIS_STN_STREAM_SIZE_UNKNOWN.
  uint64_t down;       // So many were given to on_piece, `have` included.
  uint64_t down_size;  // As up_size.
  uint32_t opens;      // How often the server was asked: 1, and 1 for each time that it went on.
  uint32_t reserved;
  tharsis_text reason;  // Why it does not run; empty while it does. Borrowed for the call.
  // The same as a status: THARSIS_E_UNTRUSTED, THARSIS_E_DENIED and the like say that waiting helps only once somebody has
  // mended something; THARSIS_E_BUSY, that the server wants to be asked later. THARSIS_OK while it runs.
  tharsis_status trouble;
  uint32_t reserved2;
} tharsis_stn_stream_progress;

// The end of a stream. All of it is borrowed for the call.
typedef struct tharsis_stn_stream_result {
  uint32_t size;
  tharsis_status status;  // THARSIS_OK: all of it is there, as it was sent.
  tharsis_text reason;    // One sentence, empty on THARSIS_OK.
  const tharsis_stn_stream_progress* progress;  // How far it came.
  uint8_t sum[32];  // With THARSIS_OK: the SHA-256 of what came down, else of what went up.
} tharsis_stn_stream_result;

// For the bus.
typedef struct tharsis_stn_stream_event {
  tharsis_text link;
  tharsis_text name;
  tharsis_text reason;    // Why it does not run, or did not end well; one sentence, or empty.
  tharsis_handle stream;
  uint32_t state;         // THARSIS_STN_STREAM_WAITS ...
  tharsis_status status;  // As a status.
  uint32_t opens;         // As in its progress: beyond 1, how often it had to go on where it stood.
  uint32_t reserved;
  uint64_t up;            // Bytes that the server's application has,
  uint64_t down;          // and those that were given to this one.
} tharsis_stn_stream_event;

// All of them: [the strand that called open()], one after the other, never inside a function of this table.
// Answer with one write() at that offset, of 1 to `room` bytes or the end, now or later. The offset may be before that of
// the last write: bytes that the server has already are asked for to be added up, and those that it lost to be sent again.
// With `have` bytes of a stream that only comes down it is these that are asked for.
typedef void (*tharsis_stn_stream_on_room)(void* context, tharsis_handle stream, uint64_t offset, size_t room);
// Bytes from `offset` on, borrowed for the call, no more than read() has asked for. They count as confirmed when it returns. An
// offset before the end of the last piece: the server has another content; begin anew there.
typedef void (*tharsis_stn_stream_on_piece)(void* context, tharsis_handle stream, uint64_t offset, tharsis_bytes piece);
// It came further, or another state; not more often than streams.progress_every, but at once each time that it begins to run:
// then `up` is what the server had already.
typedef void (*tharsis_stn_stream_on_progress)(void* context, tharsis_handle stream, const tharsis_stn_stream_progress* progress);
typedef void (*tharsis_stn_stream_done)(void* context, tharsis_handle stream, const tharsis_stn_stream_result* result);

typedef struct tharsis_stn_stream_order {
  uint32_t size;
  uint32_t flags;      // THARSIS_STN_STREAM_ANY_NETWORK, or 0.
  tharsis_text link;   // Of the profile; empty: "main".
  tharsis_text name;   // What it is to the server, 1 to 255 bytes of UTF-8 without control characters; copied.
  uint32_t command;    // The same as a number, for the server to choose by; the gateway knows 0 alone.
  uint32_t direction;  // THARSIS_STN_STREAM_UP ...
  uint64_t up_size;    // Of what goes up, or THARSIS_STN_STREAM_SIZE_UNKNOWN.
  uint64_t have;       // Of what only comes down: so many bytes are here already.
  // Names this stream to the server, 1 to 64 bytes; copied. Who opens the stream again with it goes on where it stood. Empty:
  // one is made, and with the process the stream is gone.
  tharsis_bytes key;
  int32_t priority;    // THARSIS_STN_PRIORITY_* of stn.h: higher first, equal ones in turns.
  uint32_t timeout_ms;  // From open() to the end. 0: none.
  uint64_t rate;       // At most so many bytes a second, each way; 0: as fast as it may.
  void* context;
  tharsis_stn_stream_on_room on_room;          // Null only where nothing goes up and `have` is 0.
  tharsis_stn_stream_on_piece on_piece;        // Null only where nothing comes down.
  tharsis_stn_stream_on_progress on_progress;  // Or null.
  tharsis_stn_stream_done done;
} tharsis_stn_stream_order;

typedef struct tharsis_stn_streams {
  uint32_t size;
  void* self;

  // Begin. On THARSIS_OK `done` is called exactly once; *stream names it until then. On failure `done` is not called:
  //   THARSIS_E_INVALID    a callback that it needs is null; name, key, direction, priority or flag are none; `have` of a
  //                        stream that goes up; not on a strand.
  //   THARSIS_E_NOT_FOUND  the profile has no link of that name.
  //   THARSIS_E_BUSY       streams.streams_max are open; try again after a `done`.
  //   THARSIS_E_GONE       stn is stopping.
  //   THARSIS_E_UNSUPPORTED  the profile says `streams: { use: off }`.
  // The ends that `done` tells:
  //   THARSIS_E_TIMEOUT      timeout_ms. What the server has stays there for the next time.
  //   THARSIS_E_CANCELLED    cancel(), or the server's application did; or stn stops, and what the server has stays there.
  //   THARSIS_E_DENIED       the server does not take, or give, this.
  //   THARSIS_E_NOT_FOUND    the server has nothing of that name.
  //   THARSIS_E_FULL, _IO    the server's disk. What it has stays there.
  //   THARSIS_E_IN_USE       the stream was opened again elsewhere with the same key.
  //   THARSIS_E_INVALID      the key stands for another stream on the server, or write() did not keep to what it was asked for.
  //   THARSIS_E_GONE         the bytes are others than those that the server has under this key; use another key.
  //   THARSIS_E_PROTOCOL     what arrived is not what was sent, or the server does not keep to the protocol.
  //   THARSIS_E_UNSUPPORTED  the link's codec carries no pushes.
  // A connection that cannot be made ends no stream: it waits, on_progress says why, and timeout_ms ends it. A server whose
  // messages mean nothing on five connections in a row, with no byte moved in between, is given up (THARSIS_E_PROTOCOL).
  // [any strand]
  tharsis_status (*open)(void* self, const tharsis_stn_stream_order* order, tharsis_handle* stream, tharsis_error* error);

  // The answer to on_room: at most its `room` bytes, copied; `last`: they, if any, end what goes up. At another offset than
  // was asked for, or of a stream that is over, they are dropped. [any strand]
  void (*write)(void* self, tharsis_handle stream, uint64_t offset, tharsis_bytes bytes, int32_t last);

  // on_piece may give so many bytes more than it may already. [any strand]
  void (*read)(void* self, tharsis_handle stream, uint64_t bytes);

  // Nothing is sent and nothing given until resume(); what is asked for stays so. [any strand]
  void (*pause)(void* self, tharsis_handle stream);
  void (*resume)(void* self, tharsis_handle stream);

  // Withdraw it; the server forgets what it has of it: at once where the stream is on a connection, otherwise when the next
  // stream of this link has one (of the last 64 that were withdrawn so; if stn stops before, it forgets by itself, in time).
  // `done` is still called, with THARSIS_E_CANCELLED unless its end was on its way already. An unknown or finished stream is
  // no error. [any strand]
  void (*cancel)(void* self, tharsis_handle stream);
} tharsis_stn_streams;

#ifdef __cplusplus
}
#endif
