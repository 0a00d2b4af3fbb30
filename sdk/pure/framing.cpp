#include "sdk/pure/framing.h"

#include <algorithm>
#include <cstring>

#include "sdk/pure/length_prefixed.h"
#include "sdk/pure/mars_codec.h"
#include "sdk/pure/views.h"

namespace tharsis {
namespace {

// A large frame's memory goes with it.
constexpr size_t memory_kept = 128 * 1024;
constexpr uint64_t frame_limit = 64u << 20;  // As the contract says.
constexpr size_t key_limit = 64;
constexpr size_t refusal_limit = 0xFFFF;

bool comes_from(uint32_t kind, uint32_t side) {
  switch (kind) {
    case THARSIS_STN_FRAME_NONE: return true;
    case THARSIS_STN_FRAME_REQUEST:
    case THARSIS_STN_FRAME_PING:
    case THARSIS_STN_FRAME_HELLO: return side == THARSIS_STN_CLIENT;
    case THARSIS_STN_FRAME_ANSWER:
    case THARSIS_STN_FRAME_PIECE:
    case THARSIS_STN_FRAME_PUSH:
    case THARSIS_STN_FRAME_PONG:
    case THARSIS_STN_FRAME_MOVE:
    case THARSIS_STN_FRAME_WELCOME: return side == THARSIS_STN_SERVER;
  }
  return false;
}

uint32_t other(uint32_t side) { return side == THARSIS_STN_CLIENT ? THARSIS_STN_SERVER : THARSIS_STN_CLIENT; }

// What one frame may add: more is dropped, and told of.
struct bounded {
  std::vector<uint8_t>& out;
  size_t left;
  bool overrun = false;
};

void put(void* self, const uint8_t* data, size_t size) {
  auto& to = *static_cast<bounded*>(self);
  if (size > to.left || (data == nullptr && size > 0)) to.overrun = true;
  if (to.overrun || size == 0) return;
  to.left -= size;
  to.out.insert(to.out.end(), data, data + size);
}

}  // namespace

result<framing> framing::open(const tharsis_stn_codec& codec, uint32_t side, uint32_t client_version, const codec_settings& settings) {
  std::vector<tharsis_stn_codec_setting> all;
  for (const auto& [name, value] : settings) all.push_back({text_of(name), text_of(value)});
  const tharsis_stn_codec_options options{sizeof options, side, client_version, static_cast<uint32_t>(all.size()), all.data()};
  framing made(codec, side);
  made.facts_.size = sizeof made.facts_;
  tharsis_error why = no_error();
  const tharsis_status status = codec.open(codec.self, &options, &made.state_, &made.facts_, &why);
  if (status < 0) {
    made.codec_ = nullptr;  // Nothing to close.
    return error{status, "codec '" + std::string(codec.name) + "': " + why.text};
  }
  if (made.facts_.frame_max == 0 || made.facts_.frame_max > frame_limit || made.facts_.body_max > frame_limit)
    return error{THARSIS_E_INTERNAL, "codec '" + std::string(codec.name) + "' has frames or bodies beyond 64 MiB, or none; this is a defect of the codec"};
  return made;
}

framing::framing(framing&& o) noexcept
    : codec_(std::exchange(o.codec_, nullptr)), side_(o.side_), state_(o.state_), facts_(o.facts_), buffer_(std::move(o.buffer_)),
      taken_(o.taken_), filled_(o.filled_), needed_(o.needed_), begun_(o.begun_), kept_(std::move(o.kept_)), failure_(std::move(o.failure_)) {}

framing::~framing() {
  if (codec_ != nullptr) codec_->close(codec_->self, state_);
}

std::span<uint8_t> framing::room(size_t size) {
  kept_.clear();
  if (taken_ == filled_) {
    taken_ = filled_ = 0;
    if (buffer_.size() > memory_kept) buffer_ = {};
  } else if (taken_ > 0 && buffer_.size() - filled_ < size) {
    std::memmove(buffer_.data(), buffer_.data() + taken_, filled_ - taken_);
    filled_ -= taken_;
    taken_ = 0;
  }
  const size_t most = static_cast<size_t>(facts_.frame_max) + size;
  if (buffer_.size() - filled_ < size) buffer_.resize(std::max(filled_ + size, std::min(2 * buffer_.size(), most)));
  return std::span(buffer_).subspan(filled_, size);
}

void framing::on_bytes(std::span<const uint8_t> bytes) {
  if (failure_.status != THARSIS_OK) return;
  if (!bytes.empty()) std::memcpy(room(bytes.size()).data(), bytes.data(), bytes.size());
  on_received(bytes.size());
}

tharsis_status framing::take(tharsis_stn_frame& f) {
  if (failure_.status != THARSIS_OK) return failure_.status;
  while (filled_ - taken_ >= needed_) {
    const auto given = std::span<const uint8_t>(buffer_).subspan(taken_, filled_ - taken_);
    found_ = {};
    found_.size = sizeof found_;
    complaint_.size = sizeof complaint_;
    complaint_.text[0] = '\0';
    const tharsis_status status = codec_->decode(state_, bytes_of(given), &found_, &complaint_);
    if (status == THARSIS_PENDING) return on_pending(given.size());
    if (status > 0) return defect("answered status " + std::to_string(status));
    if (status < 0) return fail(status, complaint_.text[0] == '\0' ? "the bytes mean nothing" : complaint_.text);
    if (const tharsis_status taken = on_frame(given, f); taken != THARSIS_PENDING) return taken;
  }
  return THARSIS_PENDING;
}

// THARSIS_PENDING: it means nothing and is passed over.
tharsis_status framing::on_frame(std::span<const uint8_t> given, tharsis_stn_frame& f) {
  f = found_.frame;
  if (found_.used == 0 || found_.used > given.size())
    return defect("said that a frame is " + std::to_string(found_.used) + " of " + std::to_string(given.size()) + " bytes");
  if (found_.used > facts_.frame_max) return defect("took a frame of " + std::to_string(found_.used) + " bytes, which is more than its own limit");
  taken_ += found_.used;
  needed_ = 1;
  begun_.reset();
  if (!comes_from(f.kind, other(side_))) return defect("found a frame of kind " + std::to_string(f.kind) + ", which does not come from there");
  if (f.kind == THARSIS_STN_FRAME_NONE) return THARSIS_PENDING;
  if (f.key.size > key_limit) return defect("found a key of " + std::to_string(f.key.size) + " bytes");
  if (f.refusal.size > refusal_limit) return defect("found a refusal of " + std::to_string(f.refusal.size) + " bytes");
  auto* sentence = reinterpret_cast<const uint8_t*>(f.refusal.data);
  if (!keep(given, f.body.data, f.body.size) || !keep(given, f.key.data, f.key.size) || !keep(given, sentence, f.refusal.size))
    return defect("found a part of a frame that is larger than its own limits, or nowhere");
  f.refusal.data = reinterpret_cast<const char*>(sentence);
  return THARSIS_OK;
}

// What stands elsewhere than in the buffer stands there until the next call only.
bool framing::keep(std::span<const uint8_t> given, const uint8_t*& data, size_t size) {
  if (size == 0) return true;
  if (data == nullptr || size > std::max(facts_.frame_max, facts_.body_max)) return false;
  const auto begin = reinterpret_cast<uintptr_t>(given.data()), at = reinterpret_cast<uintptr_t>(data);
  if (at >= begin && at - begin <= given.size() && size <= given.size() - (at - begin)) return true;
  data = kept_.emplace_back(data, data + size).data();
  return true;
}

tharsis_status framing::on_pending(size_t there) {
  if (found_.needed != 0 && found_.needed <= there)
    return defect("wants " + std::to_string(found_.needed) + " bytes and has " + std::to_string(there));
  if (there >= facts_.frame_max || found_.needed > facts_.frame_max)
    return defect("waits for more than its limit of " + std::to_string(facts_.frame_max) + " bytes");
  needed_ = std::max(found_.needed, there + 1);
  if (found_.frame.kind == THARSIS_STN_FRAME_ANSWER || found_.frame.kind == THARSIS_STN_FRAME_PIECE) begun_ = found_.frame.sequence;
  return THARSIS_PENDING;
}

tharsis_status framing::append(std::vector<uint8_t>& out, const tharsis_stn_frame& f, error& why) {
  const size_t before = out.size();
  bounded to{out, static_cast<size_t>(facts_.frame_max)};
  const tharsis_stn_sink sink{sizeof sink, 0, &to, put};
  complaint_.size = sizeof complaint_;
  complaint_.text[0] = '\0';
  tharsis_status status = codec_->encode(state_, &f, &sink, &complaint_);
  if (status == THARSIS_OK && !to.overrun && out.size() > before) return THARSIS_OK;
  const std::string who = "codec '" + std::string(codec_->name) + "' ";
  if (status < 0) why = {status, who + "does not carry this: " + complaint_.text};
  else why = {THARSIS_E_INTERNAL, who + "made a frame " + (to.overrun ? "beyond its own limit" : "of no bytes") + "; this is a defect of the codec"};
  out.resize(before);
  return why.status;
}

tharsis_status framing::fail(tharsis_status status, std::string text) {
  failure_ = {status, std::move(text)};
  taken_ = filled_;
  return status;
}

tharsis_status framing::defect(const std::string& what) {
  return fail(THARSIS_E_INTERNAL, "codec '" + std::string(codec_->name) + "' " + what + "; this is a defect of the codec");
}

namespace {

// What `run` put into a sink of that size, or why there is nothing.
template <class Run>
result<std::vector<uint8_t>> coded(const tharsis_stn_codec& codec, size_t most, Run run) {
  std::vector<uint8_t> out;
  bounded to{out, most};
  const tharsis_stn_sink sink{sizeof sink, 0, &to, put};
  tharsis_error why = no_error();
  const tharsis_status status = run(sink, why);
  const std::string who = "codec '" + std::string(codec.name) + "' ";
  if (status < 0) return error{status, who + "does not carry this: " + why.text};
  if (to.overrun) return error{THARSIS_E_INTERNAL, who + "made more than " + std::to_string(most) + " bytes; this is a defect of the codec"};
  return out;
}

std::vector<uint8_t> copy_of(std::span<const uint8_t> bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace

result<std::vector<uint8_t>> encode_short(const tharsis_stn_codec& codec, const tharsis_stn_frame& request, size_t most) {
  if (!THARSIS_HAS(&codec, encode_short) || codec.encode_short == nullptr) return copy_of(view(request.body));
  return coded(codec, most, [&](const tharsis_stn_sink& sink, tharsis_error& why) { return codec.encode_short(codec.self, &request, &sink, &why); });
}

result<std::vector<uint8_t>> decode_short(const tharsis_stn_codec& codec, const tharsis_stn_frame& request, std::span<const uint8_t> response,
                                          size_t most) {
  if (!THARSIS_HAS(&codec, decode_short) || codec.decode_short == nullptr) return copy_of(response);
  return coded(codec, most, [&](const tharsis_stn_sink& sink, tharsis_error& why) {
    return codec.decode_short(codec.self, &request, bytes_of(response), &sink, &why);
  });
}

const tharsis_stn_codec* built_in_codec(std::string_view name) {
  for (const tharsis_stn_codec* codec : {&mars_codec(), &length_prefixed_codec()})
    if (name == codec->name) return codec;
  return nullptr;
}

bool is_codec_name(std::string_view name) {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; };
  return !name.empty() && name[0] >= 'a' && name[0] <= 'z' && name.size() <= 64 && std::all_of(name.begin(), name.end(), fits);
}

std::string codec_service(std::string_view name) { return THARSIS_STN_CODEC_PREFIX + std::string(name) + THARSIS_STN_CODEC_SUFFIX; }

}  // namespace tharsis
