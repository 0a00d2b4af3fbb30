// The streams of one connection.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "plugins/gateway/stream_guest.h"

namespace tharsis::gateway {

class stream_desk {
 public:
  // `tell`: take_output() has something.
  stream_desk(stream_shelf& shelf, std::function<void()> tell) : shelf_(shelf), tell_(std::move(tell)) {}

  // Anything but OK: the connection makes no sense any more.
  error on_message(std::span<const uint8_t> body);
  // Bodies of pushes, about `room` bytes of them.
  void take_output(const std::function<void(std::vector<uint8_t>)>& say, size_t room);
  bool has_data() const;

 private:
  std::optional<stream_refusal> refuse(const streams::message& m) const;
  stream_guest* next() const;

  stream_shelf& shelf_;
  const std::function<void()> tell_;
  std::map<uint32_t, std::unique_ptr<stream_guest>> guests_;
  std::vector<std::vector<uint8_t>> refusals_;
  uint32_t last_ = 0;
  uint64_t turns_ = 0;
};

}  // namespace tharsis::gateway
