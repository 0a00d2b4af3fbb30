// Every number sdt uses. plugin.yaml sets them by these names.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sdk/pure/time.h"

namespace tharsis::sdt {

// off: nothing is proposed. advise: it is told on sdt.heal and in the log. act: stn and dns are asked to carry it out, too.
enum class heal_policy : uint8_t { off, advise, act };

struct settings {
  // Three round trips of a slow cell take less; a link that needs longer is in trouble.
  duration connecting_max = 3s;

  // At most 256 rows of a day, network and server on the disk, written once a minute while something happens.
  bool statistics = true;

  // Diagnoses that nobody has asked for.
  struct auto_settings {
    bool on = true;
    // An outage has a beginning and a middle; then it is known.
    size_t burst = 3;
    // A light one costs some 20 KB: 3 MB a day on a network that is broken all day.
    duration every = 10min;
    // The last one of a burst comes so long after the one before: what breaks shows itself at once in many ways, and a server that says
    // nothing any more is known by its repeats alone, which take a ping and a new connection each.
    duration last_after = 20s;
  } automatic;

  struct heal_settings {
    heal_policy policy = heal_policy::advise;
    // Of what is in force: a cause that is gone shall not be felt for long after; a recheck costs as much as the diagnosis
    // that found it, but never goes under load. Advice alone is felt by nobody, and is not looked at again.
    duration recheck = 2min;
    // In a portal a page that is known is asked for (some 800 bytes), so that tasks go on while the person still looks at
    // "you are online"; the longer it lasts the rarer, see healing.cpp.
    duration knock = 1s;
    // Twice missed by a recheck that could not be made, and once more.
    duration life = 10min;
  } heal;

  struct tls_settings {
    std::string ca;  // A PEM file; empty: those whom the system trusts.
  };
  // What helps a diagnosis; texts as core/wish.h reads them.
  struct diagnose_settings {
    // A person waits for it; beyond that nothing new is found that what is missing by then does not tell.
    duration deadline = 5s;
    // Less than a page of the web; on a metered network a third of it.
    uint64_t budget = 300'000;
    std::vector<std::string> canaries, controls, resolvers, pins;
    std::string canary_key;
    std::string download;  // A large page; empty: the gateway's.
    std::string closed, identity_name;
    tls_settings tls;
  } diagnose;
};

}  // namespace tharsis::sdt
