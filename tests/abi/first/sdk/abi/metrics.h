// Host table "tharsis.metrics/1": numbers that a plugin counts and anybody may read.
//
// A metric is one or more cells of 8 bytes that the host lends. The plugin changes them itself, without a
// call: reads and writes are relaxed atomic operations. Where all changes come from one strand, load, add
// and store will do and cost no more than a plain increment; where several threads change a cell, each must
// use an atomic add. The full name is the plugin's id, a dot, and the name given here: "stn.tasks_done".
//
// A plugin that is stopped and started again in the same runtime gets the same cells: its counters and
// histograms grow on, its gauges begin at zero.
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

// Bucket 0 counts the value 0; a value v > 0 is counted in bucket 1 + 2 * floor(log2 v) + (the bit below
// its highest one): two buckets for every doubling, so a bucket is never wider than half its lowest value,
// or 1. Cell 0 is the sum of all values (it wraps at 2^64); bucket b is cell 1 + b.
enum {
  THARSIS_HISTOGRAM_BUCKETS = 129,
  THARSIS_HISTOGRAM_CELLS = 130,
};

typedef struct tharsis_metric {
  uint32_t size;
  uint32_t kind;     // THARSIS_METRIC_*.
  const char* name;  // A snake_case word, without the plugin's id.
  const char* unit;  // "ns", "bytes", or "1" for things that are counted.
  const char* help;  // One line.
} tharsis_metric;

// Borrowed for the length of the call.
typedef struct tharsis_metric_value {
  uint32_t size;
  uint32_t kind;
  tharsis_text plugin;
  tharsis_text name;  // Without the plugin.
  tharsis_text unit;
  tharsis_text help;
  uint64_t count;           // Of a counter its value; of a histogram how many values.
  int64_t value;            // Of a gauge.
  uint64_t sum;             // Of a histogram.
  const uint64_t* buckets;  // Of a histogram, THARSIS_HISTOGRAM_BUCKETS of them, else null.
} tharsis_metric_value;

typedef struct tharsis_metrics {
  uint32_t size;
  void* self;

  // Lends the cells of a metric, at first all zero. Asking again for the same one lends the same cells.
  // They stay where they are until destroy() returns.
  //   THARSIS_E_INVALID  the name is no snake_case word, or kind or unit differ from the first time.
  //   THARSIS_E_IN_USE   the runtime counts something by this name about every plugin.
  //   THARSIS_E_BUSY     this plugin has 1,024 metrics already.
  // [any thread]
  tharsis_status (*cells)(void* self, const tharsis_metric* metric, uint64_t** cells, tharsis_error* error);

  // Calls visit for every metric of the runtime, plugin by plugin, in the order of the names. Each number is read
  // once; together they are not of one instant. [any thread]
  void (*visit)(void* self, void (*visit)(void* context, const tharsis_metric_value* value), void* context);
} tharsis_metrics;

#ifdef __cplusplus
}
#endif
