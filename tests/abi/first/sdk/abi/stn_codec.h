// Services "tharsis.stn.codec.NAME/1": how the messages of a link stand on the wire.
//
// stn has `mars` and `length-prefixed` inside. Any plugin may bring another: its manifest lists
// "tharsis.stn.codec.acme/1" under `provides`, it gives the registry a tharsis_stn_codec, and a link whose
// profile says `codec: acme` uses it. While nobody provides it the link waits; when it is withdrawn the
// link's connection ends. `tharsis stn check-codec acme --plugins DIR` tries a codec against everything
// that a wire may do to it.
//
// Strands. stn calls all these functions on its own strand, not on the provider's, so they are pure: they use
// what they are given and `state`, wait for nothing, take no lock and touch nothing of the provider's strand.
// A state belongs to one connection and is used by one thread at a time; different states may be used by
// several at once.
//
// A codec cannot break the link: every length that it returns is checked against what was there and
// against its own limits, and one that makes no progress ends the connection with a sentence that names it.
#pragma once
#include "sdk/abi/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define THARSIS_STN_CODEC_PREFIX "tharsis.stn.codec."  // Then the name, then
#define THARSIS_STN_CODEC_SUFFIX "/1"

// What a frame is. The client sends REQUEST, PING, HELLO and KEEP, the server the others.
enum {
  THARSIS_STN_FRAME_NONE = 0,     // decode: bytes that mean nothing and are passed over.
  THARSIS_STN_FRAME_REQUEST = 1,  // command, sequence, body; key, if it has one.
  THARSIS_STN_FRAME_ANSWER = 2,   // The request's sequence; command, body. Or a refusal, then without a body.
  THARSIS_STN_FRAME_PIECE = 3,    // The begin of an answer's body, or more of it; the ANSWER has the rest.
  THARSIS_STN_FRAME_PUSH = 4,     // command, body.
  THARSIS_STN_FRAME_PING = 5,
  THARSIS_STN_FRAME_PONG = 6,     // The ping's sequence, where pings have one.
  THARSIS_STN_FRAME_HELLO = 7,    // Who the client is: body, as stn or the application makes it.
  THARSIS_STN_FRAME_WELCOME = 8,  // The answer to it: body, or a refusal.
  THARSIS_STN_FRAME_KEEP = 9,     // Of the client, nothing but traffic; decode says NONE of it.
  THARSIS_STN_FRAME_MOVE = 10,    // Of the server, at any time: its clients are to go elsewhere; body, as stn and its gateway make it.
};

typedef struct tharsis_stn_frame {
  uint32_t size;
  uint32_t kind;  // THARSIS_STN_FRAME_*.
  uint32_t command;
  uint32_t sequence;  // Of a request and its answer: 1 to 0xFFFFFFEF, never two open ones alike.
  tharsis_bytes body;
  tharsis_bytes key;     // 1 to 64 bytes, or none.
  tharsis_text refusal;  // One sentence, or none.
  // Of an answer with a refusal: the server has too much to do, and may be asked again after so many ms; 0: it has not said
  // that. decode writes it only where the host's tharsis_stn_decoded.size says that it is there.
  uint32_t retry_after_ms;
  uint32_t reserved;
} tharsis_stn_frame;

// Where encode puts bytes: behind those that it has put before. Valid for the call.
typedef struct tharsis_stn_sink {
  uint32_t size;
  uint32_t reserved;
  void* self;
  void (*append)(void* self, const uint8_t* data, size_t size);
} tharsis_stn_sink;

// What decode found.
typedef struct tharsis_stn_decoded {
  uint32_t size;
  uint32_t reserved;
  // With THARSIS_OK: so many bytes were the frame, at least one.
  size_t used;
  // With THARSIS_PENDING: decode is not called again before so many bytes are there, all in all. 0: not
  // known, with the next byte.
  size_t needed;
  // With THARSIS_OK all of it. What it points to lies in the bytes that were given (best: nothing is copied),
  // or in memory of the state until the next call. With THARSIS_PENDING kind ANSWER and the sequence, if they are
  // known already: so the time of the first byte is.
  tharsis_stn_frame frame;
} tharsis_stn_decoded;

typedef struct tharsis_stn_codec_setting {
  tharsis_text name;
  tharsis_text value;
} tharsis_stn_codec_setting;

enum { THARSIS_STN_CLIENT = 0, THARSIS_STN_SERVER = 1 };

typedef struct tharsis_stn_codec_options {
  uint32_t size;
  uint32_t side;            // THARSIS_STN_CLIENT: it encodes what a client sends and decodes what a server does.
  uint32_t client_version;  // links.NAME.client_version of the profile.
  uint32_t settings_count;
  const tharsis_stn_codec_setting* settings;  // links.NAME.codec_settings, in the profile's order.
} tharsis_stn_codec_options;

// What a codec carries besides requests, answers, pings and pongs, which it must. Frames of other kinds it
// is never asked for.
enum {
  THARSIS_STN_CARRIES_PUSHES = 1,
  THARSIS_STN_CARRIES_KEYS = 2,      // Without them a task is sent once at most, whatever its key.
  THARSIS_STN_CARRIES_HELLO = 4,     // HELLO and WELCOME. Without them a link has no `user`.
  THARSIS_STN_CARRIES_PIECES = 8,
  THARSIS_STN_CARRIES_REFUSALS = 16,
  THARSIS_STN_CARRIES_KEEP = 32,     // Without it `signalling: { by: link }` is not possible.
  THARSIS_STN_CARRIES_MOVES = 64,    // Without it a server can only end connections that it wants to be rid of.
  THARSIS_STN_CARRIES_RETRY_AFTER = 128,
};

typedef struct tharsis_stn_codec_facts {
  uint32_t size;
  uint32_t carries;    // THARSIS_STN_CARRIES_*.
  uint64_t frame_max;  // Bytes on the wire of the largest frame, either way; at most 64 MiB.
  uint64_t body_max;   // Bytes of the largest body that encode takes, whatever else is in the frame.
} tharsis_stn_codec_facts;

typedef struct tharsis_stn_codec {
  uint32_t size;
  uint32_t reserved;
  void* self;
  const char* name;  // As in the service's id.

  // A connection begins: with these settings, or not, with a sentence (a setting that the codec does not know is
  // an error). On THARSIS_OK `*state` goes to encode, decode and close, and `*facts` are filled.
  // [stn's strand]
  tharsis_status (*open)(void* self, const tharsis_stn_codec_options* options, void** state,
                         tharsis_stn_codec_facts* facts, tharsis_error* error);
  // It has ended. [stn's strand]
  void (*close)(void* self, void* state);

  // Puts one frame into `out`. On failure what was put is taken back, and what was asked for fails with the
  // sentence; the connection goes on.
  //   THARSIS_E_INVALID  this frame cannot be carried: a body that is too large.
  // [stn's strand]
  tharsis_status (*encode)(void* state, const tharsis_stn_frame* frame, const tharsis_stn_sink* out, tharsis_error* error);

  // Looks for a frame at the begin of `received`, which begins where the frame before has ended and has
  // at least one byte. The same bytes may come again with more behind them.
  //   THARSIS_OK          found->used bytes are found->frame.
  //   THARSIS_PENDING     its end is not there yet. More than facts->frame_max bytes are not waited for.
  //   THARSIS_E_PROTOCOL  these bytes mean nothing; one sentence says why. The connection ends.
  // [stn's strand]
  tharsis_status (*decode)(void* state, tharsis_bytes received, tharsis_stn_decoded* found, tharsis_error* error);

  // For the short link, where HTTP carries each message by itself: from a request to the body of its POST, and
  // from the body of the response to the answer's. Without a state, since each goes its own way. Null: bodies go
  // as they are. A failure ends the task with its sentence. [stn's strand]
  tharsis_status (*encode_short)(void* self, const tharsis_stn_frame* request, const tharsis_stn_sink* out, tharsis_error* error);
  tharsis_status (*decode_short)(void* self, const tharsis_stn_frame* request, tharsis_bytes response,
                                 const tharsis_stn_sink* out, tharsis_error* error);
} tharsis_stn_codec;

#ifdef __cplusplus
}
#endif
