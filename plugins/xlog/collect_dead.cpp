#include "plugins/xlog/collect_dead.h"

#include <algorithm>

#include "plugins/xlog/consumed.h"
#include "plugins/xlog/core/crc32c.h"
#include "plugins/xlog/core/settings.h"
#include "sdk/async/file_reader.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {
namespace {


bool is_written(const write_intent& w, const tharsis_files* files, const std::string& directory) {
  const auto file = file_reader::open(files, w.path_in(directory));
  uint32_t sum = 0;
  for (uint64_t done = 0; file && done < w.size;) {
    const auto bytes = file->read(w.offset + done, std::min<uint64_t>(read_size, w.size - done));
    if (!bytes || bytes->empty()) return false;
    sum = crc32c(as_bytes(*bytes), sum);
    done += bytes->size();
  }
  return file && sum == w.content;
}

// What of this segment is in files that do not say it themselves.
write_intent written_so_far(const read_bytes& read, const tharsis_files* files, const std::string& directory) {
  write_intent w = last_intent(read).value_or(write_intent());
  const bool all = w.turn > 0 && is_written(w, files, directory);
  for (auto& r : w.ranges) r.from = r.to = all ? r.to : r.from;
  return w;
}

void add_written(const write_intent& w, std::vector<ring_range>& to) {
  for (uint32_t ring = 0; ring < w.ranges.size(); ++ring)
    if (w.ranges[ring].to > 0) to.push_back({ring, 0, w.ranges[ring].to, 0});
}

error keep_image(dead_segment& dead, const segment_image& image, const clock_anchor& anchor, const keep_left& keep, size_t most,
                 const std::string& directory, write_intent w) {
  for (const recovered_payload& left : recovered_payloads(image, most)) {
    for (const ring_range& r : left.ranges)
      if (r.ring < w.ranges.size()) w.ranges[r.ring] = {r.from, r.to};
    const auto will = [&](const std::string& file, uint64_t offset, std::string_view bytes) {
      if (!w.set(file, directory, offset, bytes)) return fine();
      ++w.turn;
      w.sum = w.sum_of();
      return dead.write(segment_file::intents_offset + w.turn % 2 * sizeof w, {reinterpret_cast<const uint8_t*>(&w), sizeof w});
    };
    if (error failure = keep(left, image.info.id, anchor, will); failure.status != THARSIS_OK) return failure;
    for (const ring_range& r : left.ranges)
      if (r.ring < w.ranges.size()) w.ranges[r.ring].from = r.to;
  }
  return fine();
}

std::string rings_text(const std::vector<uint32_t>& rings) {
  std::string numbers;
  for (const uint32_t ring : rings) numbers += (numbers.empty() ? "" : ", ") + std::to_string(ring);
  return (rings.size() == 1 ? "ring " : "rings ") + numbers;
}

void set_aside(dead_segment& dead, const std::string& why, collection& to) {
  const auto aside = dead.set_aside();
  to.complaints.push_back("not all that a dead process left can be read: " + why + "; " +
                          (aside ? "its segment is '" + *aside + "' now, for whoever wants to look at it"
                                 : "its segment cannot be set aside: " + aside.failure().text));
}

bool may_be_segment(const read_bytes& read) {
  std::array<char, segment_file::magic.size()> first{};
  return read(0, {reinterpret_cast<uint8_t*>(first.data()), first.size()}) && segment_file::may_begin(first);
}

void add(const consumed& newer, consumed& to) {
  to.ranges.insert(to.ranges.end(), newer.ranges.begin(), newer.ranges.end());
  if (newer.anchor) to.anchor = newer.anchor;
}

void collect(dead_segment& dead, const std::string& path, const tharsis_files* files, const std::string& directory,
             const std::string& young, const keep_left& keep, const tell_crash& died, size_t most, collection& to) {
  const auto read = [&dead](uint64_t offset, std::span<uint8_t> into) { return dead.read(offset, into); };
  const auto all = read_segment(read, {});
  if (!all && !may_be_segment(read))
    return to.complaints.push_back("'" + path + "' is called as a dead process' rings are, and holds something else; it stays as it is. Give it another name");
  if (!all) return set_aside(dead, all.failure().text, to);
  consumed done = consumed_of(files, directory, all->info.id);
  if (!young.empty()) add(consumed_of(files, young, all->info.id), done);
  const write_intent written = written_so_far(read, files, directory);
  add_written(written, done.ranges);
  const auto image = read_segment(read, done.ranges);
  if (!image) return set_aside(dead, image.failure().text, to);
  if (!image->empty()) {
    const clock_anchor anchor = done.anchor.value_or(image->info.anchor);
    if (const error failure = keep_image(dead, *image, anchor, keep, most, directory, written); failure.status != THARSIS_OK)
      return to.complaints.push_back("what is in '" + path + "' stays there: " + failure.text);
    ++to.kept;
  }
  if (all->crash && died) died(*all);
  if (!image->damaged.empty())
    return set_aside(dead, rings_text(image->damaged) + " of '" + path + "' cannot be read, or cannot be as it stands there", to);
  if (const error failure = dead.remove(); failure.status != THARSIS_OK)
    to.complaints.push_back("all that is in a dead process' segment is in log files, but the segment stays: " + failure.text);
}

}  // namespace

collection collect_dead(segment_store& segments, const tharsis_files* files, const std::string& directory, const keep_left& keep,
                        const tell_crash& died, size_t most, const std::string& young) {
  collection found;
  const auto paths = segments.list(directory);
  if (!paths) found.complaints.push_back("segments of dead processes cannot be looked for: " + paths.failure().text);
  if (!paths) return found;
  for (const std::string& path : *paths) {
    const auto dead = segments.open(path);
    if (dead) collect(**dead, path, files, directory, young, keep, died, most, found);
    else if (dead.status() != THARSIS_E_IN_USE && dead.status() != THARSIS_E_NOT_FOUND) found.complaints.push_back(dead.failure().text);
  }
  return found;
}

}  // namespace tharsis::xlog
