// tharsis.stn.heal/1: remedies from any strand, carried to stn's own.
#pragma once
#include <atomic>

#include "plugins/stn/healing.h"
#include "sdk/abi/stn_heal.h"
#include "sdk/async/mailbox.h"

namespace tharsis::stn {

class heal_service {
 public:
  // `to` outlives it. Without `use` it says no to all. [own strand]
  heal_service(strand& place, const host& tables, healing& to, bool use = true);
  heal_service(const heal_service&) = delete;

  const tharsis_stn_heal* table() const { return &table_; }
  // Nothing is taken from now on. [own strand]
  void stop();

 private:
  struct letter {
    bool undo;
    remedy what;
    duration lasts{};
  };
  static heal_service& of(void* self) { return *static_cast<heal_service*>(self); }
  static tharsis_status apply(void* self, const tharsis_stn_remedy* wanted, tharsis_handle* id, tharsis_error* error);
  static void undo(void* self, tharsis_handle id);
  static void on_letter(void* context, letter l);

  strand& place_;
  healing& to_;
  const bool use_;
  std::atomic<uint64_t> last_ = 0;  // Id that was given.
  std::atomic<bool> closing_ = false;
  inbox<letter> inbox_;
  const tharsis_stn_heal table_;
};

}  // namespace tharsis::stn
