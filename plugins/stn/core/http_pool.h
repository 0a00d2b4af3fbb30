// Which connections to HTTP servers there may be, and which of them may be used again. It holds numbers, not
// connections: whoever has those asks, and does as it is told.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sdk/pure/address.h"
#include "sdk/pure/time.h"

namespace tharsis::stn {

struct http_pool_settings {
  // As browsers have it: more only compete for the same path, and servers count them.
  int64_t per_origin = 6;
  // A program that talks to dozens of servers at once is rare, one that leaks connections is not.
  int64_t in_all = 64;
  // Servers and the boxes between forget quiet connections, some without a word; most after a minute or more. 0: none
  // is kept.
  duration idle = 30s;
  bool operator==(const http_pool_settings&) const = default;
};

class http_pool {
 public:
  explicit http_pool(const http_pool_settings& s) : settings_(s) {}

  // The idle connection of this origin that was used last; it is busy from here on.
  std::optional<uint64_t> take(const std::string& origin, instant now);

  // This idle one is busy from here on.
  void reuse(uint64_t id);

  // May another be opened? Where only idle ones of other origins stand in the way, the oldest of these is in
  // `instead`: close it. A number for the new one; 0: not now.
  uint64_t open(const std::string& origin, std::optional<uint64_t>& instead);

  // It leads there; `others`: the origin has more addresses.
  void led_to(uint64_t id, const tharsis_address& at, bool others);
  tharsis_address server(uint64_t id) const;
  bool has_others(uint64_t id) const;
  // That server is left alone: idle connections to it are forgotten here, and busy ones not kept, where their origins have
  // others.
  std::vector<uint64_t> leave(const tharsis_address& at);

  // It is idle again. False: close it.
  bool put(uint64_t id, instant now, duration at_most);
  void closed(uint64_t id);

  // Idle ones whose time is over; they are forgotten here.
  std::vector<uint64_t> expire(instant now);
  instant deadline() const;
  // Traffic takes another way: idle ones are of no use any more, busy ones are not kept.
  std::vector<uint64_t> on_network();

  size_t size() const { return all_.size(); }
  size_t idle() const;

 private:
  struct connection {
    uint64_t id;
    std::string origin;
    uint64_t generation;
    instant until = never;  // When idle.
    uint64_t used = 0;
    bool busy = true;
    tharsis_address at{};
    bool others = false;
  };
  connection* find(uint64_t id);
  void forget(uint64_t id);

  static constexpr uint64_t left = UINT64_MAX;  // In the place of a generation: not kept.
  http_pool_settings settings_;
  std::vector<connection> all_;
  uint64_t last_id_ = 0, steps_ = 0, generation_ = 0;
};

}  // namespace tharsis::stn
