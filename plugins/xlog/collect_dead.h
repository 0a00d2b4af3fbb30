// What processes that died left in a folder: found, kept in a file of ours, and cleared away. Whatever kills us on the
// way, the next one finds what is not in a file yet, and nothing twice.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "plugins/xlog/core/recovery.h"
#include "plugins/xlog/segment.h"
#include "sdk/abi/files.h"

namespace tharsis::xlog {

struct collection {
  uint64_t kept = 0;                    // Segments of which something is in our file now.
  std::vector<std::string> complaints;  // Sentences for a person.
};

// Puts a piece of a segment into our file, whole or not at all; where the file does not say what it holds, after a call of
// `will`.
using keep_left = std::function<error(const recovered_payload& left, const std::array<uint8_t, 16>& segment, const clock_anchor& anchor,
                                      const will_write& will)>;

// What a process died of stands in this image: told when all else of it is kept, before the segment goes.
using tell_crash = std::function<void(const segment_image& image)>;

// A segment is deleted once all of it is in files. One of which something cannot be read is set aside for a person when the
// rest is kept; one whose lines find no room in our file stays for the next start. [may block]
// `most`: of recovered_payloads(). `young`: another folder where log files may be, the newer ones; empty: there is none.
collection collect_dead(segment_store& segments, const tharsis_files* files, const std::string& directory, const keep_left& keep,
                        const tell_crash& died = {}, size_t most = frame_header::payload_max / 2,
                        const std::string& young = {});

}  // namespace tharsis::xlog
