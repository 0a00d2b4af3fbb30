// The door between the contract and the gateway. Nothing here decides anything.
#include "plugins/gateway/server.h"
#include "sdk/async/door.h"

namespace tharsis::gateway {
namespace {

limits read_limits(const host& h) {
  const limits preset;
  limits l;
  l.connections = h.whole("limits.connections", preset.connections);
  l.handshake_timeout = h.wait("limits.handshake_timeout", preset.handshake_timeout);
  l.first_frame_timeout = h.wait("limits.first_frame_timeout", preset.first_frame_timeout);
  l.frame_timeout = h.wait("limits.frame_timeout", preset.frame_timeout);
  l.idle_timeout = h.wait("limits.idle_timeout", preset.idle_timeout);
  l.stall_timeout = h.wait("limits.stall_timeout", preset.stall_timeout);
  l.unsent = h.whole("limits.unsent", preset.unsent);
  l.requests_per_second = h.whole("limits.requests_per_second", preset.requests_per_second);
  return l;
}

settings read_settings(const host& h) {
  settings s;
  s.listen = h.text("listen", s.listen);
  s.open = h.flag("open", s.open);
  s.plain_allowed = h.text("plain") == "allowed";
  if (const auto names = h.texts("certificate.names"); !names.empty()) s.names = names;
  s.days = h.whole("certificate.days", s.days);
  s.work = h.wait("work", s.work);
  s.limits = read_limits(h);
  s.keep.time = h.wait("keep.time", s.keep.time);
  s.keep.keys = h.whole("keep.keys", s.keep.keys);
  s.keep.clients = h.whole("keep.clients", s.keep.clients);
  s.keep.bytes = h.whole("keep.bytes", s.keep.bytes);
  s.outage.after_messages = h.whole("outage.after_messages", s.outage.after_messages);
  s.outage.lasts = h.wait("outage.lasts", s.outage.lasts);
  s.outage.kind = h.text("outage.kind") == "silent" ? outage_kind::silent : outage_kind::reset;
  return s;
}

class plugin {
 public:
  plugin(const host& tables, settings s, listen_place where)
      : tables_(tables), place_(tables_.loop), server_(tables_, place_, std::move(s), where), life_(server_.life()) {}

  static result<std::unique_ptr<plugin>> create(const host& tables) {
    settings s = read_settings(tables);
    const auto where = place_to_listen(s);
    if (!where) return where.failure();
    return std::make_unique<plugin>(tables, std::move(s), *where);
  }
  tharsis_status start(tharsis_error*) {
    life_.start(place_);
    return THARSIS_PENDING;
  }
  tharsis_status stop() {
    server_.stop();
    return THARSIS_PENDING;
  }

 private:
  const host tables_;
  strand place_;
  server server_;
  task<void> life_;
};

}  // namespace
}  // namespace tharsis::gateway

const tharsis_plugin* tharsis_plugin_entry(uint32_t abi_major) noexcept {
  static constexpr tharsis_plugin table = tharsis::door<tharsis::gateway::plugin>::table("gateway", "0.1.0");
  return abi_major == THARSIS_ABI_MAJOR ? &table : nullptr;
}
