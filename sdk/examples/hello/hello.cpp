// The smallest plugin: it reads a setting, greets, and logs that it did.
//
//     tharsis run configs/hello.yaml --set hello.greeting=hi --for 1s
#include "sdk/async/door.h"

namespace {

class hello {
 public:
  // Read settings here, and refuse what cannot work with a sentence: it reaches the person who wrote
  // the profile.
  static tharsis::result<std::unique_ptr<hello>> create(const tharsis::host& host) {
    std::string greeting = host.text("greeting");
    if (greeting.empty())
      return tharsis::error{THARSIS_E_INVALID, host.where("greeting") + ": an empty greeting greets nobody"};
    return std::make_unique<hello>(host, std::move(greeting));
  }

  hello(const tharsis::host& host, std::string greeting) : host_(host), greeting_(std::move(greeting)) {}

  // Work begins here. What takes longer answers THARSIS_PENDING and calls host_.self->ready() at the end.
  tharsis_status start(tharsis_error*) {
    host_.info("greeted with '" + greeting_ + "'");
    if (host_.console != nullptr) host_.console->print(host_.console->self, tharsis::text_of(greeting_));
    return THARSIS_OK;
  }

  // Give everything back here; this plugin holds nothing.
  tharsis_status stop() { return THARSIS_OK; }

  // Optional tables by id, like "tharsis.command/1"; this plugin has none.

 private:
  tharsis::host host_;
  std::string greeting_;
};

}  // namespace

const tharsis_plugin* tharsis_plugin_entry(uint32_t abi_major) noexcept {
  static constexpr tharsis_plugin table = tharsis::door<hello>::table("hello", "1.0.0");
  return abi_major == THARSIS_ABI_MAJOR ? &table : nullptr;
}
