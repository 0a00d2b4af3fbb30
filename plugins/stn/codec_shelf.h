// The codecs that plugins bring, by name, for links that come and go: the host tells of a service for as long as the
// plugin runs, so who hears of it is here.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "sdk/abi/stn_codec.h"
#include "sdk/async/host.h"
#include "sdk/pure/error.h"

namespace tharsis::stn {

// Who uses one.
class codec_user {
 public:
  // It is there, or another one is, or none is any more; then the one before is not used after this.
  virtual void on_codec(const tharsis_stn_codec* table) = 0;

 protected:
  ~codec_user() = default;
};

// On the own strand.
class codec_shelf {
 public:
  explicit codec_shelf(const host& tables) : host_(tables) {}
  codec_shelf(const codec_shelf&) = delete;

  // `who` hears of the codec of this name until drop(): also now, inside the call, if it is there.
  // Anything but OK: the host tells nobody of it.
  error watch(const std::string& name, codec_user& who);
  void drop(codec_user& who);

 private:
  struct place {
    const tharsis_stn_codec* table = nullptr;
    error trouble{THARSIS_OK, {}};
    std::vector<codec_user*> users;
  };
  static void on_service(void* context, const void* table);

  const host host_;
  std::map<std::string, place> places_;  // Each stays: the host knows where it is.
};

}  // namespace tharsis::stn
