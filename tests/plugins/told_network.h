// tharsis.network/1 in the hand of a test: it says what the network is, and when it changes.
#pragma once
#include <map>
#include <string>

#include "sdk/abi/network.h"
#include "sdk/abi/platform.h"
#include "sdk/pure/views.h"

namespace tharsis::test {

class told_network {
 public:
  told_network() : table_{sizeof table_, this, read, watch, unwatch, survey} {}
  told_network(const told_network&) = delete;

  const tharsis_network* table() const { return &table_; }

  // Traffic takes another way. On the strand of those who watch.
  void move(const std::string& interface, const std::string& id = {}) {
    interface_ = interface;
    id_ = id;
    ++generation_;
    tell();
  }
  // Something else has changed.
  void tell() {
    const auto all = watches_;
    for (const auto& [handle, w] : all)
      if (watches_.contains(handle)) read(this, w.told, w.context);
  }
  size_t watches() const { return watches_.size(); }

  // Told at the next change.
  std::string proxy;
  uint32_t families = THARSIS_NETWORK_V4;
  uint32_t type = THARSIS_NETWORK_WIRED;  // While there is an interface.
  bool foreground = true;
  std::string account;
  int32_t metered = -1;
  // Who looks at the machine; null: nobody can.
  const tharsis_observer* eyes = nullptr;

 private:
  struct watching {
    tharsis_on_network told;
    void* context;
  };
  static told_network& of(void* self) { return *static_cast<told_network*>(self); }

  static void read(void* self, tharsis_on_network told, void* context) {
    const told_network& n = of(self);
    tharsis_network_state s{};
    s.size = sizeof s;
    s.type = n.interface_.empty() ? uint32_t{THARSIS_NETWORK_NONE} : n.type;
    s.families = n.interface_.empty() ? 0u : n.families;
    s.proxy = text_of(n.proxy);
    s.generation = n.generation_;
    s.interface = text_of(n.interface_);
    s.id = text_of(n.id_);
    s.metered = n.metered;
    s.foreground = n.foreground ? 1 : 0;
    s.account = text_of(n.account);
    told(context, &s);
  }
  static tharsis_status watch(void* self, tharsis_on_network told, void* context, tharsis_handle* id, tharsis_error*) {
    told_network& n = of(self);
    n.watches_[*id = ++n.last_] = {told, context};
    return THARSIS_OK;
  }
  static tharsis_status unwatch(void* self, tharsis_handle id) {
    return of(self).watches_.erase(id) > 0 ? THARSIS_OK : THARSIS_E_GONE;
  }

  static tharsis_status survey(void* self, tharsis_on_survey see, void* context, tharsis_error* error) {
    const tharsis_observer* const eyes = of(self).eyes;
    return eyes == nullptr ? tharsis_status{THARSIS_E_UNSUPPORTED} : eyes->survey(eyes->self, see, context, error);
  }

  tharsis_network table_;
  std::map<tharsis_handle, watching> watches_;
  tharsis_handle last_ = 0;
  uint64_t generation_ = 1;
  std::string interface_ = "sim0", id_;
};

}  // namespace tharsis::test
