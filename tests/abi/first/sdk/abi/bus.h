// Host table "tharsis.bus/1": events from one plugin to any number of others.
//
// A topic is declared once, by the plugin whose manifest `publishes` it. A payload is a plain C
// struct; the field table says what is in it, so that the bus can copy it and anybody can print it.
// A publisher is never blocked: each subscriber has a bounded queue with a policy.
#pragma once
#include "sdk/abi/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define THARSIS_BUS_ID "tharsis.bus/1"

enum {
  THARSIS_TOPIC_EVENT = 1,  // Queued.
  THARSIS_TOPIC_STATE = 2,  // The last value is kept and delivered with the subscription.
  THARSIS_TOPIC_LOG = 3,    // The last `depth` events are kept for replay.
};

enum {
  // An event topic whose publisher is its own listener, too often to queue each event. It is published on the
  // plugin's strand only, and the plugin's own subscriptions are called inside publish(), in the order in
  // which they were made, with the publisher's payload itself; other plugins' are queued as ever.
  // Inside such a callback
  //   a subscription may end, also the one that is called: it is called no more. A new one hears the next event;
  //   publish() of the same topic is allowed: the event has its number and is queued for others at once,
  //   and comes to the plugin's own when they all have had the present one, before the outer publish()
  //   returns. So everybody sees sequence grow. THARSIS_E_BUSY: 256 such events wait.
  THARSIS_TOPIC_INLINE = 1,
};

// What a field of the payload holds. TEXT and SECRET are tharsis_text, BYTES is tharsis_bytes: the
// bus copies what they point to.
enum {
  THARSIS_FIELD_U8 = 1,
  THARSIS_FIELD_U16,
  THARSIS_FIELD_U32,
  THARSIS_FIELD_U64,
  THARSIS_FIELD_I64,
  THARSIS_FIELD_F64,
  THARSIS_FIELD_BOOL,      // uint8_t, 0 or 1.
  THARSIS_FIELD_ENUM,      // uint32_t, an index into `names`.
  THARSIS_FIELD_TEXT,
  THARSIS_FIELD_BYTES,
  THARSIS_FIELD_DURATION,  // int64_t nanoseconds.
  THARSIS_FIELD_WALL,      // int64_t nanoseconds since 1970 UTC.
  THARSIS_FIELD_SECRET,    // Printed as "***".
  THARSIS_FIELD_I32,       // Also a tharsis_status.
};

typedef struct tharsis_field {
  const char* name;
  uint32_t type;
  uint32_t offset;           // In the payload.
  const char* const* names;  // Of an ENUM, else null.
  uint32_t names_count;
} tharsis_field;

// All pointers stay valid as long as the plugin's library is mapped (constants).
typedef struct tharsis_topic {
  uint32_t size;
  uint32_t kind;
  const char* name;  // Dotted, the plugin's id first: "stn.link".
  const tharsis_field* fields;
  uint32_t fields_count;
  uint32_t payload_size;
  uint32_t depth;  // Of a LOG topic.
  uint32_t flags;  // THARSIS_TOPIC_INLINE, or 0.
} tharsis_topic;

// Borrowed for the length of the callback.
typedef struct tharsis_event {
  uint32_t size;
  uint32_t snapshot;  // 1: the kept value of a state topic, delivered with the subscription.
  const tharsis_topic* topic;
  uint64_t sequence;  // Per topic, from 1, without gaps for the publisher: a gap means lost events.
  int64_t wall;       // When it was published; one time for all that a callback publishes on one topic.
  const void* payload;
} tharsis_event;

typedef void (*tharsis_on_event)(void* context, const tharsis_event* event);

enum {
  THARSIS_DROP_OLDEST = 0,
  THARSIS_DROP_NEWEST = 1,
  THARSIS_CONFLATE = 2,  // Keep only the newest of each topic.
  THARSIS_REFUSE = 3,    // publish() answers THARSIS_E_BUSY.
};

typedef struct tharsis_subscription {
  uint32_t size;
  uint32_t policy;
  uint32_t depth;  // Events that may wait; 0: 256.
  tharsis_on_event on_event;
  void* context;
} tharsis_subscription;

typedef struct tharsis_bus {
  uint32_t size;
  void* self;

  //   THARSIS_E_DENIED  the manifest does not publish this name.  THARSIS_E_IN_USE  it is declared.
  // [own strand]
  tharsis_status (*declare)(void* self, const tharsis_topic* topic, tharsis_handle* id, tharsis_error* error);

  // Queue a copy for every subscriber. Nobody listening is no failure.
  //   THARSIS_E_BUSY     a subscriber with THARSIS_REFUSE is full; nobody got the event.
  //   THARSIS_E_INVALID  an inline topic, on another strand than the plugin's own.
  // [any thread; own strand for THARSIS_TOPIC_INLINE] [does not block]
  tharsis_status (*publish)(void* self, tharsis_handle topic, const void* payload);

  // `pattern` is a name, "stn.*" (one more part) or "**" (everything). Topics that are declared
  // later join by themselves. The kept value of a state topic comes first. [own strand]
  tharsis_status (*subscribe)(void* self, const char* pattern, const tharsis_subscription* subscription,
                              tharsis_handle* id, tharsis_error* error);

  // After this on_event is not called again, also when called inside on_event. [own strand]
  tharsis_status (*unsubscribe)(void* self, tharsis_handle id);
} tharsis_bus;

#ifdef __cplusplus
}
#endif
