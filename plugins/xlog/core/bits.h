// Numbers as few bytes: varints, zigzag, and rows of numbers of the same width without gaps.
#pragma once
#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>

namespace tharsis::xlog {

static_assert(std::endian::native == std::endian::little, "files and rings are little-endian, and so are we");

template <class T>
T load(const uint8_t* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}
template <class T>
void store(uint8_t* to, T value) {
  std::memcpy(to, &value, sizeof value);
}

constexpr uint64_t zigzag(uint64_t value) { return (value << 1) ^ (uint64_t{0} - (value >> 63)); }
constexpr uint64_t unzigzag(uint64_t value) { return (value >> 1) ^ (uint64_t{0} - (value & 1)); }

// Bytes being written. Keeps its memory when cleared.
class byte_sink {
 public:
  void clear() { size_ = 0; }
  size_t size() const { return size_; }
  std::span<const uint8_t> bytes() const { return {data_.get(), size_}; }

  // Where `n` bytes may be written; took() says how many were.
  uint8_t* room(size_t n) {
    if (n > capacity_ - size_) grow(n);
    return data_.get() + size_;
  }
  void took(size_t n) { size_ += n; }
  void cut(size_t size) { size_ = size; }

  void byte(uint8_t value) {
    *room(1) = value;
    took(1);
  }
  void varint(uint64_t value);
  void append(std::span<const uint8_t> bytes) {
    if (bytes.empty()) return;
    std::memcpy(room(bytes.size()), bytes.data(), bytes.size());
    took(bytes.size());
  }
  template <class T>
  void number(T value) {
    store(room(sizeof value), value);
    took(sizeof value);
  }

 private:
  void grow(size_t n);

  std::unique_ptr<uint8_t[]> data_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

// Bytes being read, whatever they are: past the end everything is 0 or empty, and ok() is false for ever.
class byte_source {
 public:
  explicit byte_source(std::span<const uint8_t> bytes) : left_(bytes) {}
  bool ok() const { return ok_; }
  size_t size() const { return left_.size(); }
  void fail() {
    ok_ = false;
    left_ = {};
  }
  uint8_t byte() {
    const auto one = take(1);
    return one.empty() ? uint8_t{0} : one[0];
  }
  uint64_t varint();
  std::span<const uint8_t> take(size_t n) {
    if (n > left_.size()) {
      fail();
      return {};
    }
    const auto taken = left_.first(n);
    left_ = left_.subspan(n);
    return taken;
  }
  template <class T>
  T number() {
    const auto bytes = take(sizeof(T));
    return bytes.empty() ? T{} : load<T>(bytes.data());
  }

 private:
  std::span<const uint8_t> left_;
  bool ok_ = true;
};

// Number i at the bits [i * width, (i + 1) * width), the lowest bit first; width is at most 64.
constexpr size_t packed_bytes(size_t n, unsigned width) { return (n * width + 7) / 8; }

// Each number minus `base`, which must then fit.
void pack(byte_sink& to, std::span<const uint64_t> values, uint64_t base, unsigned width);

// Fills `to` with numbers from the front of `from`, each plus `base`.
void unpack(byte_source& from, std::span<uint64_t> to, uint64_t base, unsigned width);

}  // namespace tharsis::xlog
