// Hands messages to stn and keeps count of those that have no answer yet.
#pragma once
#include <cstdint>
#include <list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/abi/stn.h"
#include "sdk/async/host.h"

namespace tharsis::demo {

class courier {
 public:
  struct answer {
    uint64_t tag;
    tharsis_status status;
    std::span<const uint8_t> body;
    std::string_view reason;
  };
  using on_answer = void (*)(void* context, const answer& a);

  explicit courier(const host& tables) : tables_(tables) {}
  courier(const courier&) = delete;

  void open(on_answer heard, void* context);

  // On THARSIS_OK the answer comes later, once, with this tag.
  tharsis_status send(uint64_t tag, uint32_t command, const std::vector<uint8_t>& body, const std::string& key,
                      duration timeout, tharsis_error* error);
  // Withdraw everything; the answers still come.
  void cancel_all();
  size_t waiting() const { return parcels_.size(); }

 private:
  struct parcel {
    courier* owner;
    uint64_t tag;
    tharsis_handle id;
    std::list<parcel>::iterator here;
  };
  static void on_done(void* context, tharsis_handle id, const tharsis_stn_result* result);

  const host& tables_;
  const tharsis_stn* stn_ = nullptr;
  on_answer heard_ = nullptr;
  void* context_ = nullptr;
  std::list<parcel> parcels_;
};

}  // namespace tharsis::demo
