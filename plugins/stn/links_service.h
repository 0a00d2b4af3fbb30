// tharsis.stn.links/1: what hosts and plugins say of links, from any strand, carried to stn's own.
#pragma once
#include <atomic>
#include <string>
#include <vector>

#include "plugins/stn/dispatcher.h"
#include "sdk/abi/stn_links.h"
#include "sdk/async/mailbox.h"

namespace tharsis::stn {

class links_service {
 public:
  // `to` outlives it. [own strand]
  links_service(const host& tables, dispatcher& to);
  links_service(const links_service&) = delete;

  const tharsis_stn_links* table() const { return &table_; }
  // Nothing is taken from now on. [own strand]
  void stop();

 private:
  struct letter {
    enum class kind { endpoints, heartbeat, reconnect, signalling, segments };
    kind what;
    std::string link;  // Of segments: the reason.
    std::vector<endpoint> endpoints;
    duration interval{};
    int64_t mss = 0;
  };
  static links_service& of(void* self) { return *static_cast<links_service*>(self); }
  static tharsis_status set_endpoints(void* self, tharsis_text link, const tharsis_text* endpoints, uint32_t count, tharsis_error* error);
  static tharsis_status set_heartbeat(void* self, tharsis_text link, uint32_t interval_ms, tharsis_error* error);
  static tharsis_status reconnect(void* self, tharsis_text link, tharsis_error* error);
  static tharsis_status keep_signalling(void* self, tharsis_text link, tharsis_error* error);
  static tharsis_status subscribe(void* self, const tharsis_stn_push_filter* filter, tharsis_handle* id, tharsis_error* error);
  static void unsubscribe(void* self, tharsis_handle id);
  static tharsis_status clamp_segments(void* self, uint32_t mss, tharsis_text reason, tharsis_error* error);
  tharsis_status known(tharsis_text link, const link_names::entry*& found, tharsis_error* error) const;
  tharsis_status send(letter l, tharsis_error* error);
  static void on_letter(void* context, letter l);

  dispatcher& to_;
  std::atomic<bool> closing_ = false;
  inbox<letter> inbox_;
  const tharsis_stn_links table_;
};

}  // namespace tharsis::stn
