#include "plugins/stn/link_codec.h"

namespace tharsis::stn {

link_codec::link_codec(codec_shelf& shelf, const link_settings& s)
    : shelf_(shelf), settings_(s), table_(built_in_codec(s.codec)) {
  look();
}

void link_codec::open(std::function<void()> changed) {
  changed_ = std::move(changed);
  if (table_ != nullptr) return;  // stn's own never go.
  error why = shelf_.watch(settings_.codec, *this);
  if (why.status != THARSIS_OK) trouble_ = std::move(why);
}

void link_codec::reopen() {
  shelf_.drop(*this);
  table_ = built_in_codec(settings_.codec);
  look();
  open(std::move(changed_));
}

void link_codec::on_codec(const tharsis_stn_codec* table) {
  table_ = table;
  look();
  changed_();
}

// With a connection that nothing goes over: wrong settings are found before the server is bothered.
void link_codec::look() {
  if (table_ == nullptr) {
    trouble_ = {THARSIS_E_NOT_FOUND, "link '" + settings_.name + "' waits for codec '" + settings_.codec + "': no plugin that runs provides " +
                                         codec_service(settings_.codec) + "; name one in the profile, or use codec mars or length-prefixed"};
  } else if (const auto tried = begin(); !tried) {
    trouble_ = {tried.status(), "link '" + settings_.name + "' waits: " + tried.failure().text};
  } else {
    trouble_ = {THARSIS_OK, {}};
  }
}

result<framing> link_codec::begin() const {
  if (table_ == nullptr) return trouble_;
  if (!THARSIS_HAS(table_, decode)) return error{THARSIS_E_UNSUPPORTED, "codec '" + settings_.codec + "' is of an unknown version"};
  auto frames = framing::open(*table_, THARSIS_STN_CLIENT, settings_.client_version, settings_.codec_settings);
  if (frames && (!settings_.user.empty() || settings_.auth.when == auth_settings::use::required) && !frames->carries(THARSIS_STN_CARRIES_HELLO))
    return error{THARSIS_E_INVALID, "codec '" + settings_.codec + "' has no hello, so its link must have no user, and no auth"};
  return frames;
}

}  // namespace tharsis::stn
