#include "plugins/xlog/collect_dead.h"

#include "plugins/xlog/consumed.h"

namespace tharsis::xlog {
namespace {

const error fine{THARSIS_OK, {}};

error keep_image(const segment_image& image, const clock_anchor& anchor, const keep_left& keep, size_t most) {
  for (const recovered_payload& left : recovered_payloads(image, most))
    if (error failure = keep(left, image.info.id, anchor); failure.status != THARSIS_OK) return failure;
  return fine;
}

std::string rings_text(const std::vector<uint32_t>& rings) {
  std::string numbers;
  for (const uint32_t ring : rings) numbers += (numbers.empty() ? "" : ", ") + std::to_string(ring);
  return (rings.size() == 1 ? "ring " : "rings ") + numbers;
}

void set_aside(dead_segment& dead, const std::string& path, const std::string& why, collection& to) {
  const error failure = dead.set_aside();
  to.complaints.push_back("not all that a dead process left can be read: " + why + "; " +
                          (failure.status == THARSIS_OK ? "its segment is '" + path + ".bad' now, for whoever wants to look at it"
                                                        : "its segment cannot be set aside: " + failure.text));
}

void collect(dead_segment& dead, const std::string& path, const tharsis_files* files, const std::string& directory,
             const keep_left& keep, const tell_crash& died, size_t most, collection& to) {
  const auto read = [&dead](uint64_t offset, std::span<uint8_t> into) { return dead.read(offset, into); };
  const auto all = read_segment(read, {});
  if (!all) return set_aside(dead, path, all.failure().text, to);
  const consumed done = consumed_of(files, directory, all->info.id);
  const auto image = read_segment(read, done.ranges);
  if (!image) return set_aside(dead, path, image.failure().text, to);
  if (!image->empty()) {
    if (const error failure = keep_image(*image, done.anchor.value_or(image->info.anchor), keep, most); failure.status != THARSIS_OK)
      return to.complaints.push_back("what is in '" + path + "' stays there: " + failure.text);
    ++to.kept;
  }
  if (all->crash && died) died(*all);
  if (!image->damaged.empty())
    return set_aside(dead, path, rings_text(image->damaged) + " of '" + path + "' cannot be read, or cannot be as it stands there", to);
  if (const error failure = dead.remove(); failure.status != THARSIS_OK)
    to.complaints.push_back("all that is in a dead process' segment is in log files, but the segment stays: " + failure.text);
}

}  // namespace

collection collect_dead(segment_store& segments, const tharsis_files* files, const std::string& directory, const keep_left& keep,
                        const tell_crash& died, size_t most) {
  collection found;
  const auto paths = segments.list(directory);
  if (!paths) found.complaints.push_back("segments of dead processes cannot be looked for: " + paths.failure().text);
  if (!paths) return found;
  for (const std::string& path : *paths) {
    const auto dead = segments.open(path);
    if (dead) collect(**dead, path, files, directory, keep, died, most, found);
    else if (dead.status() != THARSIS_E_IN_USE && dead.status() != THARSIS_E_NOT_FOUND) found.complaints.push_back(dead.failure().text);
  }
  return found;
}

}  // namespace tharsis::xlog
