#include "plugins/xlog/core/recovered_lines.h"

#include <utility>

#include "sdk/pure/views.h"

namespace tharsis::xlog {
namespace {

error unreadable_because(const std::string& why) { return {THARSIS_E_PROTOCOL, "what a dead process left " + why}; }

std::vector<site> sites_of(std::span<const uint8_t> dictionary) {
  std::vector<site> sites;
  for (std::string_view left = as_text(dictionary); !left.empty();) {
    const auto entry = read_site(left);
    if (!entry || entry->number >= sites_max) break;
    if (sites.size() <= entry->number) sites.resize(entry->number + 1);
    sites[entry->number] = entry->value;
  }
  return sites;
}

}  // namespace

result<std::unique_ptr<recovered_lines>> recovered_lines::open(std::span<const uint8_t> payload, const clock_anchor& anchor,
                                                               const private_key* key) {
  auto image = read_recovered(payload);
  if (!image) return unreadable_because("cannot be read: " + image.failure().text);
  return open(std::move(*image), anchor, key);
}

result<std::unique_ptr<recovered_lines>> recovered_lines::open(segment_image image, const clock_anchor& anchor, const private_key* key) {
  std::unique_ptr<recovered_lines> r(new recovered_lines);
  r->image_ = std::move(image);
  r->anchor_ = anchor;
  if (r->image_.info.sealed) {
    if (key == nullptr) return unreadable_because("is sealed; --key FILE takes the private key that opens it");
    auto stream = unwrap_keystream(r->image_.wrapped, *key);
    if (!stream) return unreadable_because("cannot be read: " + stream.failure().text);
    r->stream_.emplace(std::move(*stream));
  }
  recovered_lines* const here = r.get();
  const fill_keystream fill = [here](uint64_t position, std::span<uint8_t> into) { return here->stream_ && here->stream_->fill(position, into); };
  r->sites_ = sites_of(open_dictionary(r->image_, fill));
  r->records_.emplace(r->image_, fill, static_cast<uint32_t>(r->sites_.size()));
  return r;
}

}  // namespace tharsis::xlog
