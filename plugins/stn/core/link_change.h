// What a change of the profile means for a link that runs.
#pragma once
#include "plugins/stn/core/settings.h"

namespace tharsis::stn {

enum class link_change {
  none,
  numbers,  // Of which its machines take note while its connection stays.
  way,      // It leads elsewhere: another connection is made first.
  speech,   // What is said on a connection, or whom it trusts, is no longer so: another connection is needed.
};

// What leads somewhere is in `to` as in `by`.
inline void take_way(link_settings& to, const link_settings& by) {
  to.endpoints = by.endpoints;
  to.debug_addresses = by.debug_addresses;
  to.proxy = by.proxy;
}

inline bool same_speech(const link_settings& a, const link_settings& b) {
  return a.codec == b.codec && a.codec_settings == b.codec_settings && a.tls == b.tls && a.user == b.user && a.client_version == b.client_version &&
         a.plain_allowed == b.plain_allowed && a.auth == b.auth;
}

inline link_change change_of(const link_settings& from, const link_settings& to) {
  if (from == to) return link_change::none;
  if (!same_speech(from, to)) return link_change::speech;
  link_settings moved = from;
  take_way(moved, to);
  return moved == from ? link_change::numbers : link_change::way;
}

}  // namespace tharsis::stn
