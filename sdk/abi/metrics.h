// Host table "tharsis.metrics/1": numbers that a plugin counts and anybody may read.
//
// A metric is one or more cells of 8 bytes that the host lends. The plugin changes them itself, with
// relaxed atomic operations and without a call, from any thread, until destroy() returns. The full
// name is the plugin's id, a dot, and the name given here: "stn.tasks_done".
#pragma once
#include "sdk/abi/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define THARSIS_METRICS_ID "tharsis.metrics/1"

enum {
  THARSIS_METRIC_COUNTER = 1,    // Only grows. One cell: the count.
  THARSIS_METRIC_GAUGE = 2,      // Goes up and down. One cell: an int64_t.
  THARSIS_METRIC_HISTOGRAM = 3,  // THARSIS_HISTOGRAM_CELLS cells: the sum, then the buckets.
};

// Bucket 0 counts the value 0; a value v > 0 is counted in bucket 1 + 2 * floor(log2 v) + (the bit
// below the highest one): two buckets for every doubling, so a bucket is at most half as wide as its
// lower end. Cell 0 is the sum of all values; bucket b is cell 1 + b.
#define THARSIS_HISTOGRAM_BUCKETS 129
#define THARSIS_HISTOGRAM_CELLS (1 + THARSIS_HISTOGRAM_BUCKETS)

typedef struct tharsis_metric {
  uint32_t size;
  uint32_t kind;     // THARSIS_METRIC_*.
  const char* name;  // snake_case, without the plugin's id.
  const char* unit;  // "ns", "bytes", "1" for things that are counted.
  const char* help;  // One line.
} tharsis_metric;

// Borrowed for the length of the call.
typedef struct tharsis_metric_value {
  uint32_t size;
  uint32_t kind;
  tharsis_text name;  // The full one.
  tharsis_text unit;
  tharsis_text help;
  uint64_t count;     // Of a counter its value; of a histogram how many values.
  int64_t value;      // Of a gauge.
  uint64_t sum;       // Of a histogram.
  const uint64_t* buckets;  // Of a histogram, THARSIS_HISTOGRAM_BUCKETS of them, else null.
} tharsis_metric_value;

typedef struct tharsis_metrics {
  uint32_t size;
  void* self;

  // Lends the cells of a metric, all zero. Asking again for the same one lends the same cells.
  //   THARSIS_E_INVALID  the name is no snake_case word, or kind or unit differ from the first time.
  //   THARSIS_E_BUSY     this plugin has 1,024 metrics already.
  // [any thread]
  tharsis_status (*cells)(void* self, const tharsis_metric* metric, uint64_t** cells, tharsis_error* error);

  // Calls visit for every metric of the runtime, in the order of the full names. Each number is read
  // once; together they are not of one instant. [any thread] [visit must not call metrics]
  void (*visit)(void* self, void (*visit)(void* context, const tharsis_metric_value* value), void* context);
} tharsis_metrics;

#ifdef __cplusplus
}
#endif
