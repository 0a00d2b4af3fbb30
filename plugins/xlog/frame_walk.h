// Over a log file from header to header, without the payloads between them. [may block]
#pragma once
#include "plugins/xlog/core/frame.h"
#include "sdk/async/file_reader.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {

// Calls visit(header, where it begins) for each frame that is whole, up to the first that is not, or until visit answers
// false. A frame that is not whole holds nothing: its writer was killed while it wrote.
template <class Visit>
void walk_frames(const file_reader& file, Visit visit) {
  const auto begin = file.read(0, file_header::fixed_size + file_header::seal_max + checksum_size);
  file_opening opening;
  if (!begin || decode_file_header(as_bytes(*begin), opening)) return;
  uint64_t at = opening.size;
  auto read = file.read(at - 1, 1 + frame_header::header_size);  // The end of what is before, and a header.
  while (read && !read->empty()) {
    const auto header = decode_frame_header(as_bytes(*read).subspan(1));
    if (!header) return;
    const uint64_t next = at + header->size();
    read = file.read(next - 1, 1 + frame_header::header_size);
    if (!read || read->empty() || !visit(*header, at)) return;
    at = next;
  }
}

// Whether lines of the file are older than those before them.
inline bool has_recorded_lines(const tharsis_files* files, const std::string& path) {
  bool has = false;
  if (const auto file = file_reader::open(files, path))
    walk_frames(*file, [&has](const frame_header& h, uint64_t) { return !(has = (h.flags & frame_recorded) != 0); });
  return has;
}

}  // namespace tharsis::xlog
