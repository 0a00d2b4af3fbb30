// Seals and opens the datagrams of sdk/pure/sealed_datagram.h. Nothing is allocated for one of them. Pure, but for
// OpenSSL.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "sdk/pure/sealed_datagram.h"

struct evp_cipher_ctx_st;

namespace tharsis::datagram {

struct cipher_free {
  void operator()(evp_cipher_ctx_st* cipher) const;
};
using cipher = std::unique_ptr<evp_cipher_ctx_st, cipher_free>;

class sealer {
 public:
  // Nothing: this machine's OpenSSL has no such cipher. `first`: the number of the first datagram, at least 1.
  static std::optional<sealer> make(const connection_id& id, const direction_keys& keys, uint32_t first = 1);

  // How long the datagram is; 0: the content is too long, or all numbers are used up, and no datagram follows.
  size_t seal(std::span<const uint8_t> content, std::span<uint8_t, size_max> into);
  // Of the datagram that was sealed last; before the first: one less than its own.
  uint32_t number() const { return static_cast<uint32_t>(next_ - 1); }

 private:
  sealer(const connection_id& id, const direction_keys& keys, cipher by, uint32_t first)
      : id_(id), keys_(keys), cipher_(std::move(by)), next_(first) {}

  connection_id id_;
  direction_keys keys_;
  cipher cipher_;
  uint64_t next_;
};

// What was dropped, silently, and why.
struct drops {
  uint64_t foreign = 0;   // No datagram of this connection, or too short or too long.
  uint64_t repeated = 0;  // Its number has come before, or is older than the window.
  uint64_t forged = 0;    // Not sealed by the other end, or altered on the way.
};

class opener {
 public:
  static std::optional<opener> make(const connection_id& id, const direction_keys& keys);

  struct opened {
    uint32_t number;
    std::span<const uint8_t> content;  // In the room that was given.
  };
  std::optional<opened> open(std::span<const uint8_t> datagram, std::span<uint8_t, size_max> room);
  // The highest number that has come; 0: none.
  uint32_t highest() const { return seen_.highest(); }
  const drops& dropped() const { return dropped_; }

 private:
  opener(const connection_id& id, const direction_keys& keys, cipher by) : id_(id), keys_(keys), cipher_(std::move(by)) {}

  connection_id id_;
  direction_keys keys_;
  cipher cipher_;
  replay_window seen_;
  drops dropped_;
};

}  // namespace tharsis::datagram
