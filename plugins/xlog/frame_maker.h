// Makes the frames of one file, plain or sealed, each bound to the one before it.
#pragma once
#include <optional>
#include <span>
#include <string>

#include "plugins/xlog/core/block_writer.h"
#include "plugins/xlog/core/envelope.h"
#include "plugins/xlog/core/frame.h"
#include "plugins/xlog/core/seal.h"
#include "sdk/abi/log.h"
#include "sdk/pure/error.h"

namespace tharsis::xlog {

class frame_maker {
 public:
  // `anchor`: of now; `id`: random. Sealed where there is somebody to seal for.
  static result<frame_maker> make(const clock_anchor& anchor, const unique_id& id, unsigned tick_shift,
                                  std::span<const public_key> recipients, const tharsis_random& random);
  // Of a file that takes another one's place; sealed for the same, by the key of one of them, if that one was. Then its head
  // must be like no other, of that file or of another try.
  static result<frame_maker> again(const xlog::file_header& head, const private_key* key);

  // What the file begins with.
  const std::string& file_header() const { return file_header_; }

  // The bytes of the next frame. A failure is one of sealing: the file can have no more frames.
  result<std::string> sites(std::string_view entries);
  result<std::string> block(const xlog::block& b, const block_extra& extra);
  // `extra`: the anchor of the lines, the segment that they are from, and what of it is in the image.
  result<std::string> recovered(std::span<const uint8_t> image, const block_extra& extra);
  result<std::string> note(int64_t wall, std::string_view text, uint32_t level = THARSIS_LOG_WARNING);
  result<std::string> end();

 private:
  result<std::string> frame(frame_header h, const std::string& extra, std::span<const uint8_t> first, std::span<const uint8_t> second);

  std::optional<file_sealer> sealer_;
  std::string file_header_;
  uint64_t number_ = 0;
  uint32_t chain_ = 0;
};

}  // namespace tharsis::xlog
