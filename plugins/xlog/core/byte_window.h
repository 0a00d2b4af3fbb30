// The bytes of a file as who takes it apart asks for them: a few at a place, or a whole piece.
#pragma once
#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace tharsis::xlog {

class byte_window {
 public:
  virtual ~byte_window() = default;

  // How many there are by now, and whether there will never be more.
  virtual uint64_t size() = 0;
  virtual bool ended() = 0;
  // As many as there are from `offset` on, up to `most`; good until the next call. Fewer than size() promises: they
  // cannot be read, and never will.
  virtual std::string_view at(uint64_t offset, size_t most) = 0;
  // All of `into`, or false: they cannot be read, or are not there.
  virtual bool read(uint64_t offset, std::span<uint8_t> into) = 0;
};

// Bytes that come one piece after the other, and go once they were used.
class pushed_bytes final : public byte_window {
 public:
  void push(std::string_view bytes) { bytes_ += bytes; }
  void end() { ended_ = true; }
  // What is before is not asked for any more. It goes when it is more than what is left, so that each byte is moved a
  // few times at most.
  void forget_before(uint64_t offset) {
    const uint64_t passed = std::min<uint64_t>(offset - std::min(offset, first_), bytes_.size());
    if (passed <= bytes_.size() / 2) return;
    bytes_.erase(0, passed);
    first_ += passed;
  }

  uint64_t size() override { return first_ + bytes_.size(); }
  bool ended() override { return ended_; }
  std::string_view at(uint64_t offset, size_t most) override {
    if (offset < first_ || offset >= size()) return {};
    return std::string_view(bytes_).substr(offset - first_, most);
  }
  bool read(uint64_t offset, std::span<uint8_t> into) override {
    const std::string_view found = at(offset, into.size());
    std::copy(found.begin(), found.end(), into.begin());
    return found.size() == into.size();
  }

 private:
  std::string bytes_;
  uint64_t first_ = 0;  // Of bytes_ in the file.
  bool ended_ = false;
};

}  // namespace tharsis::xlog
