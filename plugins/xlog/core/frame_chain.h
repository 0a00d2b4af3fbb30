// Follows a file's frames: says what is missing, doubled or out of order, and goes on behind it. Each frame has a
// number and the beginning of the tag, or checksum, before it. That a frame's bytes are what was written, only its
// seal tells.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tharsis::xlog {

class frame_chain {
 public:
  enum class fault {
    missing,     // Frames before this one are not there.
    misplaced,   // This one was missing, and stands here.
    repeated,    // This one was there already.
    broken,      // The frame before was replaced: this one was written behind another.
    after_last,  // Something stands behind the last frame.
  };
  struct finding {
    fault what;
    std::string text;
  };

  // `chain` is what stands in the first frame: chain_of() the file's envelope, or 0 where nothing is sealed.
  explicit frame_chain(uint32_t chain = 0) : chain_(chain) {}

  // A frame whose header can be believed. `before` is the chain that stands in it; `own` what the next one must have,
  // nothing where the frame's end cannot be believed.
  std::optional<finding> on_frame(uint64_t number, uint32_t before, std::optional<uint32_t> own, bool last);
  // Bytes in front of the next frame were no frame, and that has been told: which ones they were, nobody asks.
  void on_lost() { lost_ = true; }

  // Frames up to `next` are known not to be here.
  void pass_to(uint64_t next) { next_ = next; }

  // The end of the frame before the next one cannot be believed, after all.
  void on_doubt() { chain_.reset(); }

  // Whether this one comes next, and was written behind the one before.
  bool expects(uint64_t number, uint32_t before) const { return number == next_ && !lost_ && !ended_ && chain_ == before; }
  uint64_t next() const { return next_; }
  // "frames 3 to 5 are missing"
  static std::string missing_text(uint64_t first, uint64_t end);
  bool ended() const { return ended_; }  // The last frame was there.

 private:
  struct gap {
    uint64_t first, end;
  };
  bool fill(uint64_t number);

  uint64_t next_ = 0;
  std::vector<gap> gaps_;
  std::optional<uint32_t> chain_;  // Of the frame before the next one; nothing: unknown.
  bool lost_ = false;
  bool ended_ = false;
};

}  // namespace tharsis::xlog
