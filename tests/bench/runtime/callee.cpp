#include "tests/bench/runtime/callee.h"

namespace tharsis::bench {
namespace {

class plain_counter final : public counter_class {
 public:
  void add(uint64_t amount) override { sum_ += amount; }

 private:
  uint64_t sum_ = 0;
};

void add(void* self, uint64_t amount) { *static_cast<uint64_t*>(self) += amount; }

}  // namespace

counter_class& some_counter() {
  static plain_counter counter;
  return counter;
}

const counter_table& some_table() {
  static uint64_t sum = 0;
  static const counter_table table{sizeof table, &sum, add};
  return table;
}

void add_event(void* context, const tharsis_event* event) {
  *static_cast<uint64_t*>(context) += *static_cast<const uint64_t*>(event->payload);
}

}  // namespace tharsis::bench
