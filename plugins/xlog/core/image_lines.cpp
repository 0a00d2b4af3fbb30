#include "plugins/xlog/core/image_lines.h"

#include <utility>

#include "plugins/xlog/core/tick_clock.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {

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

image_lines::image_lines(segment_image image, const clock_anchor& anchor)
    : image_(std::move(image)), anchor_(anchor), sites_(sites_of(image_.dictionary)), records_(image_, {}, static_cast<uint32_t>(sites_.size())) {}

std::optional<image_lines::line> image_lines::next() {
  recovered_record r;
  if (!records_.next(r)) return {};
  return line{&sites_[r.record.site], r.thread, wall_of(r.record.tick, anchor_), r.record.arguments};
}

}  // namespace tharsis::xlog
