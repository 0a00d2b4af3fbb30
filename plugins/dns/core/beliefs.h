// What is thought of those who answer and of what they give, before a question is judged. Pure.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "sdk/abi/net.h"
#include "sdk/pure/address.h"

namespace tharsis::dns {

struct domain_rule;

struct beliefs {
  struct refuted {
    tharsis_address address{};
    std::string why;       // "its certificate is for other.example"
    std::string source{};  // Whose word it is; empty: whoever gives it. An address that has proved itself is refused to nobody so.
    // It is refused though it is all there is. Else it gives way to others: a name without TLS has a certificate nowhere, and its address
    // may well show that of whoever runs the machine.
    bool sure = true;
  };
  std::vector<refuted> not_its{};          // Addresses that are not the name's.
  std::vector<tharsis_address> its{};      // Addresses that have proved to be the name's.
  std::vector<std::string> liars{};        // Sources that are not believed.
  bool only_proven = false;                // No plain server is.
  const domain_rule* rule = nullptr;       // Of the name's domain, which outlives this; null: there is none.

  // What speaks against it, if it is `source` that gives it; null: nothing.
  const refuted* against(const tharsis_address& a, std::string_view source) const {
    for (const refuted& r : not_its)
      if (same_ip(r.address, a) && (r.source.empty() || (r.source == source && !has_proved(a)))) return &r;
    return nullptr;
  }
  bool has_proved(const tharsis_address& a) const {
    for (const auto& one : its)
      if (same_ip(one, a)) return true;
    return false;
  }
  bool lied(std::string_view source) const {
    for (const auto& one : liars)
      if (one == source) return true;
    return false;
  }
};

}  // namespace tharsis::dns
