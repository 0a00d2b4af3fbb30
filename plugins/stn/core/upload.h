// Tells a slow upload from a dead path by what the peer's system has confirmed.
#pragma once
#include <cstddef>

namespace tharsis::stn {

class upload {
 public:
  void on_written(size_t bytes) { written_ += bytes; }

  // The peer has been heard: from here on count anew.
  void on_bytes() { written_ = left_ = 0; }

  // `left` of the written bytes are not confirmed. True: there is still some way to go, and some of it
  // was made since the last question.
  [[nodiscard]] bool on_look(size_t left) {
    const bool moves = left > 0 && left < left_ + written_;
    left_ = left;
    written_ = 0;
    return moves;
  }

 private:
  size_t written_ = 0;  // Since the last question, or the peer's last byte.
  size_t left_ = 0;
};

}  // namespace tharsis::stn
