#include "plugins/xlog/consumed.h"

#include "plugins/xlog/core/file_name.h"
#include "plugins/xlog/core/frame.h"
#include "sdk/async/file_reader.h"
#include "sdk/pure/views.h"

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

// From header to header, without the payloads between them. A block that is not whole, because its writer was killed
// while it wrote, holds nothing.
void add_consumed(const file_reader& file, uint64_t at, const std::array<uint8_t, 16>& segment, consumed& to) {
  for (;;) {
    const auto head = file.read(at, frame_header::header_size);
    const auto header = head ? decode_frame_header(as_bytes(*head)) : std::nullopt;
    if (!header) return;
    const auto last = file.read(at + header->size() - 1, 1);
    if (!last || last->empty()) return;
    if (header->kind == frame_kind::block) {
      const auto clear = file.read(at + frame_header::header_size, header->extra);
      const auto extra = clear ? decode_block_extra(as_bytes(*clear)) : std::nullopt;
      // A process writes files of its own: one block tells whose it is.
      if (extra && extra->segment != segment) return;
      if (extra) {
        to.ranges.insert(to.ranges.end(), extra->consumed.begin(), extra->consumed.end());
        to.anchor = extra->anchor;
      }
    }
    at += header->size();
  }
}

}  // namespace

consumed consumed_of(const tharsis_files* files, const std::string& directory, const std::array<uint8_t, 16>& segment) {
  consumed found;
  for (const std::string& path : log_paths(files, directory)) {
    auto file = file_reader::open(files, path);
    if (!file) continue;
    const auto head = file->read(0, file_header::fixed_size + file_header::seal_max + checksum_size);
    file_opening opening;
    if (!head || decode_file_header(as_bytes(*head), opening)) continue;
    add_consumed(*file, opening.size, segment, found);
  }
  return found;
}

}  // namespace tharsis::xlog
