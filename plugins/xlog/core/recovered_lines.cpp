#include "plugins/xlog/core/recovered_lines.h"

#include "plugins/xlog/core/image_lines.h"

namespace tharsis::xlog {

result<std::unique_ptr<recovered_lines>> recovered_lines::open(std::span<const uint8_t> payload, const clock_anchor& anchor,
                                                               const private_key* key) {
  const auto fails = [](const std::string& why) { return error{THARSIS_E_PROTOCOL, "what a dead process left " + why}; };
  auto image = read_recovered(payload);
  if (!image) return fails("cannot be read: " + image.failure().text);
  std::unique_ptr<recovered_lines> r(new recovered_lines);
  r->image_ = std::move(*image);
  r->anchor_ = anchor;
  if (r->image_.info.sealed) {
    if (key == nullptr) return fails("is sealed; --key FILE takes the private key that opens it");
    auto stream = unwrap_keystream(r->image_.wrapped, *key);
    if (!stream) return fails("cannot be read: " + stream.failure().text);
    r->stream_.emplace(std::move(*stream));
  }
  recovered_lines* const here = r.get();
  const fill_keystream fill = [here](uint64_t position, std::span<uint8_t> into) { return here->stream_ && here->stream_->fill(position, into); };
  r->sites_ = sites_of(open_dictionary(r->image_, fill));
  r->records_.emplace(r->image_, fill, static_cast<uint32_t>(r->sites_.size()));
  return r;
}

}  // namespace tharsis::xlog
