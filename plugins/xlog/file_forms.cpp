#include "plugins/xlog/file_forms.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "plugins/xlog/block_form.h"
#include "plugins/xlog/core/line_form.h"
#include "plugins/xlog/core/mars_form.h"

namespace tharsis::xlog {
namespace {

using made_form = std::unique_ptr<file_form>;

// Zones change their rules at a quarter of an hour; within one there is no need to ask again.
constexpr int64_t quarter = 900'000'000'000;

mars_export::zone local_zone(const tharsis_loop* loop) {
  if (loop == nullptr || !THARSIS_HAS(loop, ahead_of_utc)) return {};
  return [loop, last = std::numeric_limits<int64_t>::min(), ahead = int64_t{0}](int64_t wall) mutable {
    if (wall / quarter != last) ahead = loop->ahead_of_utc(loop->self, wall);
    last = wall / quarter;
    return ahead;
  };
}

// A block is a part of a file, which may be small for keep_bytes' sake, and is over it by a block at most.
block_settings blocks_of(const settings& s) {
  block_settings b;
  b.tick_shift = s.tick_shift;
  b.bytes = static_cast<size_t>(std::min<uint64_t>(b.bytes, s.whole_file() / 4));
  return b;
}

}  // namespace

result<made_form> make_file_form(const settings& s, const std::vector<public_key>& recipients, const tharsis_random& random,
                                 const tharsis_loop* loop, uint32_t process) {
  switch (s.format) {
    case file_format::text: return made_form(std::make_unique<text_form>());
    case file_format::json: return made_form(std::make_unique<json_form>());
    case file_format::mars: break;
    default: return made_form(std::make_unique<block_form>(blocks_of(s), recipients, random));
  }
  auto writer = mars_writer::make(s.mars, random);
  if (!writer) return writer.failure();
  // What is sealed is so also when it is to be there at once; Mars would write it in the clear.
  const bool at_once = s.sync && !writer->seals();
  return made_form(std::make_unique<mars_form>(mars_export(std::move(*writer), local_zone(loop), at_once), process));
}

}  // namespace tharsis::xlog
