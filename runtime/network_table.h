// "tharsis.network/1" as one plugin has it. All but state() on the plugin's strand.
#pragma once
#include <vector>

#include "runtime/network_hub.h"

namespace tharsis::runtime {

class network_table {
 public:
  explicit network_table(const network_hub& hub);
  network_table(const network_table&) = delete;

  const tharsis_network* table() const { return &table_; }
  // The hub knows something new.
  void on_change();
  // Ends all watches; answers how many there were.
  size_t end_watches();

 private:
  struct watching {
    tharsis_handle id;
    tharsis_on_network told;
    void* context;
    uint64_t version;  // That it knows.
  };

  static void state(void* self, tharsis_on_network read, void* context);
  static tharsis_status watch(void* self, tharsis_on_network on_change, void* context, tharsis_handle* id,
                              tharsis_error* error);
  static tharsis_status unwatch(void* self, tharsis_handle id);
  static tharsis_status survey(void* self, tharsis_on_survey see, void* context, tharsis_error* error);

  const network_hub& hub_;
  tharsis_network table_;
  std::vector<watching> watches_;
  tharsis_handle last_id_ = 0;
};

}  // namespace tharsis::runtime
