#include "plugins/stn/short_codec.h"

#include <utility>

#include "sdk/pure/framing.h"

namespace tharsis::stn {

short_codec::short_codec(codec_shelf& shelf, const std::string& link, const std::string& name)
    : shelf_(shelf), link_(link), name_(name), table_(built_in_codec(name)) {}

void short_codec::open(std::function<void()> changed) {
  if (table_ != nullptr) return;  // stn's own never go.
  changed_ = std::move(changed);
  shelf_.watch(name_, *this);
}

void short_codec::on_codec(const tharsis_stn_codec* table) {
  table_ = table;
  changed_();
}

error short_codec::trouble() const {
  if (table_ != nullptr) return {THARSIS_OK, {}};
  return {THARSIS_E_NOT_FOUND, "short link '" + link_ + "' waits for codec '" + name_ + "': no plugin that runs provides " + codec_service(name_) +
                                   "; name one in the profile, or use codec mars"};
}

}  // namespace tharsis::stn
