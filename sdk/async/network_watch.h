// A watch on tharsis.network/1 that ends with its object.
#pragma once
#include <functional>
#include <utility>

#include "sdk/abi/network.h"

namespace tharsis {

// On the plugin's strand.
class network_watch {
 public:
  using function = std::function<void(const tharsis_network_state&)>;

  explicit network_watch(const tharsis_network& table) : table_(table) {}
  ~network_watch() { close(); }
  network_watch(const network_watch&) = delete;

  // told(state) now, inside this call, and at every change from now on.
  void open(function told) {
    told_ = std::move(told);
    table_.watch(table_.self, &network_watch::on_change, this, &id_, nullptr);
    table_.state(table_.self, &network_watch::on_change, this);
  }
  // told(state) once, inside this call.
  void ask(function told) const {
    const auto tell = [](void* context, const tharsis_network_state* state) { (*static_cast<function*>(context))(*state); };
    table_.state(table_.self, tell, &told);
  }
  void close() {
    if (id_ != 0) table_.unwatch(table_.self, std::exchange(id_, 0));
  }

 private:
  static void on_change(void* context, const tharsis_network_state* state) {
    static_cast<network_watch*>(context)->told_(*state);
  }

  const tharsis_network& table_;
  function told_;
  tharsis_handle id_ = 0;
};

}  // namespace tharsis
