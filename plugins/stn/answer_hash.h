// SHA-256 of bytes that come in pieces.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace tharsis::stn {

class answer_hash {
 public:
  answer_hash();
  ~answer_hash();
  answer_hash(const answer_hash&) = delete;

  void add(std::span<const uint8_t> bytes);
  // Of all that came, in hexadecimal. Once, at the end.
  std::string text();

 private:
  struct state;
  const std::unique_ptr<state> state_;
};

}  // namespace tharsis::stn
