#include "sdk/pure/sealed_datagram.h"

#include <algorithm>

namespace tharsis::datagram {
namespace {

constexpr size_t number_at = 1 + id_size;

std::array<uint8_t, 4> big_endian(uint32_t n) {
  return {static_cast<uint8_t>(n >> 24), static_cast<uint8_t>(n >> 16), static_cast<uint8_t>(n >> 8), static_cast<uint8_t>(n)};
}

}  // namespace

std::optional<head> read_head(std::span<const uint8_t> datagram) {
  if (datagram.size() < head_size + tag_size || datagram.size() > size_max || datagram[0] != version) return std::nullopt;
  head h;
  std::copy_n(datagram.begin() + 1, id_size, h.id.begin());
  for (const uint8_t b : datagram.subspan(number_at, 4)) h.number = h.number << 8 | b;
  if (h.number == 0) return std::nullopt;
  return h;
}

void write_head(const head& h, std::span<uint8_t, head_size> into) {
  into[0] = version;
  std::copy(h.id.begin(), h.id.end(), into.begin() + 1);
  const auto number = big_endian(h.number);
  std::copy(number.begin(), number.end(), into.begin() + number_at);
}

std::array<uint8_t, nonce_size> direction_keys::nonce(uint32_t number) const {
  std::array<uint8_t, nonce_size> once = base;
  const auto bytes = big_endian(number);
  for (size_t i = 0; i < bytes.size(); ++i) once[nonce_size - 4 + i] = static_cast<uint8_t>(once[nonce_size - 4 + i] ^ bytes[i]);
  return once;
}

keys keys_of(std::span<const uint8_t, exported_size> exported) {
  keys both;
  auto from = exported.begin();
  for (direction_keys* one : {&both.to_server, &both.to_client}) {
    std::copy_n(from, key_size, one->key.begin());
    std::copy_n(from + key_size, nonce_size, one->base.begin());
    from += key_size + nonce_size;
  }
  return both;
}

bool replay_window::is_new(uint32_t number) const {
  if (number > highest_) return true;
  return number != 0 && highest_ - number < size && !seen(number);
}

void replay_window::take(uint32_t number) {
  if (number > highest_) {
    const uint32_t steps = std::min(number - highest_, size);
    for (uint32_t i = 0; i < steps; ++i) {  // Whose places are those of numbers that are too old now.
      const uint32_t place = (number - i) % size;
      bits_[place / 64] &= ~(uint64_t{1} << place % 64);
    }
    highest_ = number;
  }
  if (number != 0 && highest_ - number < size) bits_[number % size / 64] |= uint64_t{1} << number % 64;
}

}  // namespace tharsis::datagram
