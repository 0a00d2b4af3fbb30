// A line that came as finished text, on its way into a ring. Made and put there without memory.
#pragma once
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

#include "plugins/xlog/core/line.h"
#include "plugins/xlog/core/line_thread.h"
#include "plugins/xlog/core/settings.h"
#include "plugins/xlog/ring_set.h"
#include "plugins/xlog/site_registry.h"
#include "sdk/pure/logger.h"
#include "sdk/pure/utf8.h"

namespace tharsis::xlog {

class finished_text {
 public:
  // Of `text` at most so many bytes are kept, and a note of how many were left out. No tick: that of when it is put there.
  finished_text(const site_registry::text_place& place, std::string_view plugin, std::string_view text, size_t most, std::optional<uint64_t> tick)
      : place_(place),
        plugin_(plugin),
        text_(utf8_cut(text, std::min(text_max, most))),
        note_(text.size() - text_.size()),
        tick_(tick) {}

  uint32_t site() const { return place_.number; }

  // `thread`: whose it is, in the ring that many share. `end`, where it ends there, is for ring_set's wake(), if *asleep. False: the thread is inside another line of this
  // ring, which a signal interrupted. What finds no room is counted.
  bool put_into(tharsis_log_ring& ring, ring_set& rings, uint64_t& end, std::optional<uint64_t> thread = {}) const {
    if (!log_detail::enter(ring)) return false;
    const uint64_t size = (log_detail::header_size + (thread ? shared_thread_size : 0) + 4 + text_size() + (place_.common ? 4 + plugin_.size() : 0) + 7) & ~uint64_t{7};
    if (ring.position + size <= ring.limit || rings.room(&ring, size, place_.number)) {
      const uint64_t at = ring.position & ring.mask;
      log_detail::sealer out{ring.bytes + at, ring.keystream + at};
      out.put(size | uint64_t{place_.number} << 32);
      out.put(tick_ ? *tick_ : log_detail::tick(ring));
      if (thread) out.put(*thread);
      if (place_.common) out.put(static_cast<uint32_t>(plugin_.size()));
      out.put(static_cast<uint32_t>(text_size()));
      if (place_.common) out.put(plugin_);
      out.put(text_);
      out.put(note_.text());
      ring.position += size;
      __atomic_store_n(ring.head, ring.position, __ATOMIC_RELEASE);
    }
    end = ring.position;
    log_detail::leave(ring);
    return true;
  }

 private:
  size_t text_size() const { return text_.size() + note_.text().size(); }

  const site_registry::text_place place_;
  const std::string_view plugin_;
  const std::string_view text_;
  const cut_note note_;
  const std::optional<uint64_t> tick_;
};

}  // namespace tharsis::xlog
