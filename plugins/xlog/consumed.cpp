#include "plugins/xlog/consumed.h"

#include "plugins/xlog/core/file_name.h"
#include "plugins/xlog/frame_walk.h"

namespace tharsis::xlog {
namespace {

std::vector<std::string> log_paths(const tharsis_files* files, const std::string& directory) {
  struct found {
    std::string directory;
    std::vector<std::string> paths;
  } all{directory, {}};
  const auto visit = [](void* context, tharsis_text name) {
    auto& f = *static_cast<found*>(context);
    if (parse_file_name(view(name))) f.paths.push_back(f.directory + "/" + std::string(view(name)));
  };
  files->list(files->self, text_of(directory), visit, &all, nullptr);
  return std::move(all.paths);
}

void add_consumed(const file_reader& file, const std::array<uint8_t, 16>& segment, consumed& to) {
  walk_frames(file, [&](const frame_header& h, uint64_t at) {
    if (h.kind != frame_kind::block && h.kind != frame_kind::recovered) return true;
    const auto clear = file.read(at + frame_header::header_size, h.extra);
    const auto extra = clear ? decode_block_extra(as_bytes(*clear)) : std::nullopt;
    if (!extra) return true;
    // A process writes files of its own, and first what others left: behind its first block is nothing of them.
    if (extra->segment != segment) return h.kind == frame_kind::recovered;
    to.ranges.insert(to.ranges.end(), extra->consumed.begin(), extra->consumed.end());
    to.anchor = extra->anchor;
    return true;
  });
}

}  // namespace

consumed consumed_of(const tharsis_files* files, const std::string& directory, const std::array<uint8_t, 16>& segment) {
  consumed found;
  for (const std::string& path : log_paths(files, directory))
    if (const auto file = file_reader::open(files, path)) add_consumed(*file, segment, found);
  return found;
}

}  // namespace tharsis::xlog
