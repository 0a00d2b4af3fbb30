// Names and what is known of each, for any thread to read while one owner changes them: chains of slips that are linked in and
// out by single stores. What is taken away is freed when no reader can have it (reader_gate.h). Pure.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "plugins/dns/core/known_answer.h"
#include "plugins/dns/core/reader_gate.h"

namespace tharsis::dns {

// One name and family. The owner changes what is not atomic; readers leave it alone.
struct slip {
  std::atomic<slip*> next = nullptr;
  std::atomic<const known_answer*> what = nullptr;  // Null: nothing that may be given now.
  const known_answer* proven = nullptr;             // What a trusted server said last; may be the same as `what`.
  slip* older = nullptr;
  slip* newer = nullptr;
  uint32_t hash = 0;
  mutable std::atomic<uint32_t> used = 0;         // When it was last, in seconds of the host's clock.
  uint32_t placed = 0;                            // When it came to its place among older and newer ones.
  mutable std::atomic<bool> asked_for = false;    // Somebody has told the owner that it is to be looked up again.
  // Of this start and network; of one of before: given, and looked up again; or of one of before, but nobody has answered since: given,
  // and looked up again as the answer's own times say.
  enum class era : uint8_t { now, before, before_for_want_of_better };
  std::atomic<era> of = era::now;
  uint8_t family = 0;
  uint8_t name_size = 0;

  std::string_view name() const { return {reinterpret_cast<const char*>(this + 1), name_size}; }
  subject about() const { return {std::string(name()), family}; }
};

class shelf {
 public:
  // For about so many names; more make it slower, not wrong.
  explicit shelf(size_t names);
  shelf(const shelf&) = delete;
  // No reader is left.
  ~shelf();

  // Null: it is not known. A reader holds a pass of gate() as long as it looks at it. [any thread]
  const slip* find(std::string_view name, uint32_t family) const;
  const reader_gate& gate() const { return gate_; }

  // [owner]
  slip* find(std::string_view name, uint32_t family) { return const_cast<slip*>(std::as_const(*this).find(name, family)); }
  slip& add(std::string_view name, uint32_t family);
  void remove(slip& s);
  // Takes over what is to be read and what is proven; null for none. The same block may be both.
  void set(slip& s, const known_answer* what, const known_answer* proven);
  // Frees what nobody reads any more.
  void sweep() { gate_.sweep(); }

  // Bytes of memory.
  static size_t weight(const slip& s);

 private:
  static uint32_t hash_of(std::string_view name, uint32_t family);
  std::atomic<slip*>& head(uint32_t hash) const { return heads_[hash & mask_]; }
  static void free_slip(const void* s);

  const uint32_t mask_;
  const std::unique_ptr<std::atomic<slip*>[]> heads_;
  reader_gate gate_;
};

}  // namespace tharsis::dns
