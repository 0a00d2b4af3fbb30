#include "plugins/sdt/read_settings.h"

namespace tharsis::sdt {

settings read_settings(const host& tables) {
  const auto amount = [&](const char* path, size_t preset) {
    return static_cast<size_t>(tables.whole(path, static_cast<int64_t>(preset)));
  };
  settings s;
  s.statistics = tables.flag("statistics", s.statistics);
  s.connecting_max = tables.wait("connecting_max", s.connecting_max);
  s.automatic.on = tables.flag("automatic.on", s.automatic.on);
  s.automatic.burst = amount("automatic.burst", s.automatic.burst);
  s.automatic.every = tables.wait("automatic.every", s.automatic.every);
  const std::string policy = tables.text("heal.policy", "advise");
  s.heal.policy = policy == "off" ? heal_policy::off : policy == "act" ? heal_policy::act : heal_policy::advise;
  s.heal.recheck = tables.wait("heal.recheck", s.heal.recheck);
  s.heal.knock = tables.wait("heal.knock", s.heal.knock);
  s.heal.life = tables.wait("heal.life", s.heal.life);
  s.diagnose.deadline = tables.wait("diagnose.deadline", s.diagnose.deadline);
  s.diagnose.budget = static_cast<uint64_t>(tables.whole("diagnose.budget", static_cast<int64_t>(s.diagnose.budget)));
  s.diagnose.canaries = tables.texts("diagnose.canaries");
  s.diagnose.controls = tables.texts("diagnose.controls");
  s.diagnose.resolvers = tables.texts("diagnose.resolvers");
  s.diagnose.pins = tables.texts("diagnose.pins");
  s.diagnose.download = tables.text("diagnose.download");
  s.diagnose.closed = tables.text("diagnose.closed");
  s.diagnose.identity_name = tables.text("diagnose.identity_name");
  s.diagnose.canary_key = tables.text("diagnose.canary_key");
  s.diagnose.tls.ca = tables.text("diagnose.ca");
  return s;
}

}  // namespace tharsis::sdt
