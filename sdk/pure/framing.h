// One connection's codec (sdk/abi/stn_codec.h): bytes in, frames out where they stand, and frames in, bytes out.
// Whatever the codec returns is checked, so that a bad one can end its connection and do nothing else.
#pragma once
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sdk/abi/stn_codec.h"
#include "sdk/pure/error.h"

namespace tharsis {

using codec_settings = std::vector<std::pair<std::string, std::string>>;

class framing {
 public:
  // `codec` outlives it.
  static result<framing> open(const tharsis_stn_codec& codec, uint32_t side, uint32_t client_version, const codec_settings& settings);
  framing(framing&& other) noexcept;
  framing& operator=(framing&& other) = delete;
  ~framing();

  // Where `size` bytes more may be put, and frames that were taken before are no longer valid; then on_received()
  // says how many were.
  std::span<uint8_t> room(size_t size);
  void on_received(size_t count) { filled_ += count; }
  // Both in one, from elsewhere.
  void on_bytes(std::span<const uint8_t> bytes);

  // The next whole frame, valid until more bytes come; THARSIS_PENDING: they must. Anything else is for good, and
  // failure() has the sentence: THARSIS_E_PROTOCOL when the bytes mean nothing, THARSIS_E_INTERNAL when the codec
  // broke its contract.
  tharsis_status take(tharsis_stn_frame& f);

  // Bytes of a frame that is not whole yet.
  size_t pending() const { return filled_ - taken_; }
  // So many more belong to the next frame at least; the codec is not asked before. At least one.
  size_t wants() const { return needed_ > pending() ? needed_ - pending() : 1; }
  // The sequence of the answer that they begin, once it is known.
  std::optional<uint32_t> pending_sequence() const { return begun_; }
  const error& failure() const { return failure_; }

  // Puts a frame behind what is in `out`. On failure `out` is as before, and `why` has the sentence.
  tharsis_status append(std::vector<uint8_t>& out, const tharsis_stn_frame& f, error& why);

  const char* name() const { return codec_->name; }
  bool carries(uint32_t what) const { return (facts_.carries & what) != 0; }
  const tharsis_stn_codec_facts& facts() const { return facts_; }

 private:
  framing(const tharsis_stn_codec& codec, uint32_t side) : codec_(&codec), side_(side) {}
  tharsis_status on_frame(std::span<const uint8_t> given, tharsis_stn_frame& f);
  tharsis_status on_pending(size_t there);
  bool keep(std::span<const uint8_t> given, const uint8_t*& data, size_t size);
  tharsis_status fail(tharsis_status status, std::string text);
  tharsis_status defect(const std::string& what);

  const tharsis_stn_codec* codec_;
  const uint32_t side_;
  void* state_ = nullptr;
  tharsis_stn_codec_facts facts_{};
  std::vector<uint8_t> buffer_;  // [taken_, filled_) is still to be read.
  size_t taken_ = 0, filled_ = 0;
  size_t needed_ = 1;            // Of these: before so many are there the codec is not asked again.
  std::optional<uint32_t> begun_;
  std::deque<std::vector<uint8_t>> kept_;  // What frames show that does not stand in the buffer.
  tharsis_stn_decoded found_{};
  tharsis_error complaint_{};
  error failure_{THARSIS_OK, {}};
};

// For links whose requests go their own ways (stn_codec.h, encode_short): the body that carries this request, and the
// answer's out of the body that came back. A codec that has neither leaves bytes as they are. More than `most` bytes
// are the codec's defect. Failures are the codec's own, with a sentence that names it.
result<std::vector<uint8_t>> encode_short(const tharsis_stn_codec& codec, const tharsis_stn_frame& request, size_t most);
result<std::vector<uint8_t>> decode_short(const tharsis_stn_codec& codec, const tharsis_stn_frame& request, std::span<const uint8_t> response,
                                          size_t most);

// An empty frame of this kind.
inline tharsis_stn_frame frame_of(uint32_t kind) {
  tharsis_stn_frame f{};
  f.size = sizeof f;
  f.kind = kind;
  return f;
}

// "mars" or "length-prefixed"; null: it is no codec that stn has inside.
const tharsis_stn_codec* built_in_codec(std::string_view name);
// Whether a codec may be called so.
bool is_codec_name(std::string_view name);
// "tharsis.stn.codec.acme/1"
std::string codec_service(std::string_view name);

}  // namespace tharsis
