// What is called in the call figures. In a translation unit of its own, so that no call is inlined.
#pragma once
#include <cstdint>

#include "sdk/abi/bus.h"

namespace tharsis::bench {

struct counter_table {
  uint32_t size;
  void* self;
  void (*add)(void* self, uint64_t amount);
};

class counter_class {
 public:
  virtual ~counter_class() = default;
  virtual void add(uint64_t amount) = 0;
};

counter_class& some_counter();
const counter_table& some_table();

// A subscriber that adds the first number of the payload to what its context points to.
void add_event(void* context, const tharsis_event* event);

}  // namespace tharsis::bench
