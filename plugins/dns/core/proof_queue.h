// Which addresses are to prove by TLS whose they are, and when: few a minute, none twice in a while. Pure.
#pragma once
#include <algorithm>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>

#include "sdk/abi/net.h"
#include "sdk/pure/address.h"
#include "sdk/pure/time.h"

namespace tharsis::dns {

struct proof_settings {
  // A connection each: for what a person waits for it is nothing, for a server's operator it is not.
  size_t per_minute = 6;  // 0: none.
  // Where servers of names speak TLS, unless somebody has dialled another one.
  uint16_t port = 443;
  // Connecting and the handshake; who takes longer has not proved anything.
  duration timeout = 5s;
  // For how long an address that showed a certificate counts as the name's, over restarts too; at most as long as the certificate.
  duration life = 24h;
  // An address that could prove nothing is asked again then.
  duration again = 10min;
};

class proof_queue {
 public:
  struct wish {
    std::string name;
    tharsis_address at{};  // With the port.
    std::string source;    // Who gave it.
    bool contested = false;  // It has proved itself, and somebody who dialled it since says otherwise.
  };
  explicit proof_queue(const proof_settings& s) : settings_(s) {}

  // One that waits, or was asked for of late, is not taken again.
  void add(wish w, instant now) {
    if (settings_.per_minute == 0) return;
    std::erase_if(asked_, [&](const past& p) { return now >= later(p.when, settings_.again); });
    const auto same = [&](const wish& o) { return o.name == w.name && same_ip(o.at, w.at); };
    if (waiting_.size() >= waiting_max || asked_.size() >= asked_max || std::any_of(waiting_.begin(), waiting_.end(), same)) return;
    if (std::any_of(asked_.begin(), asked_.end(), [&](const past& p) { return same(p.what); })) return;
    waiting_.push_back(std::move(w));
  }
  // Nobody wants to know of this name; empty: of any.
  void forget(const std::string& name) {
    std::erase_if(waiting_, [&](const wish& w) { return name.empty() || w.name == name; });
    std::erase_if(asked_, [&](const past& p) { return name.empty() || p.what.name == name; });
  }
  // Of a network of before.
  void clear() {
    waiting_.clear();
    asked_.clear();
  }
  // The next one, if it is time.
  std::optional<wish> take(instant now) {
    if (now < deadline()) return std::nullopt;
    wish w = std::move(waiting_.front());
    waiting_.pop_front();
    asked_.push_back({w, now});
    begun_.push_back(now);
    if (begun_.size() > settings_.per_minute) begun_.pop_front();
    return w;
  }
  // When to come with take(); never: nothing waits.
  instant deadline() const {
    if (waiting_.empty()) return never;
    return begun_.size() < settings_.per_minute ? instant{} : later(begun_.front(), 60s);
  }
  size_t waiting() const { return waiting_.size(); }

 private:
  static constexpr size_t waiting_max = 64, asked_max = 512;
  struct past {
    wish what;
    instant when;
  };
  const proof_settings settings_;
  std::deque<wish> waiting_;
  std::deque<past> asked_;
  std::deque<instant> begun_;  // The last per_minute of them.
};

}  // namespace tharsis::dns
