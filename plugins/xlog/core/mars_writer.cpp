#include "plugins/xlog/core/mars_writer.h"

#include <zlib.h>
#include <zstd.h>

#include <cassert>
#include <utility>

namespace tharsis::xlog {
namespace {

// What they are when nothing is said; Mars' own zlib level, 9, takes three times as long for two bytes of a hundred less.
constexpr int zlib_level = 6, zstd_level = 3;
constexpr int raw_deflate = -15;  // A window of 32 KiB, and neither header nor checksum.
constexpr uint16_t number_max = 0xFFFF;

error no_memory() { return {THARSIS_E_IO, "lines cannot be compressed: there is no memory"}; }

}  // namespace

// One of both, ready for the next block.
struct mars_writer::compressor {
  compressor(mars_compression kind, int level) {
    if (kind == mars_compression::zstd) {
      zstd = ZSTD_createCCtx();
      if (zstd == nullptr) return;
      ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, level > 0 ? level : zstd_level);
      ZSTD_CCtx_setParameter(zstd, ZSTD_c_contentSizeFlag, 0);
      ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1);  // Nothing else in the file shows damage.
    } else if (deflateInit2(&zlib, level > 0 ? level : zlib_level, Z_DEFLATED, raw_deflate, MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY) == Z_OK) {
      has_zlib = true;
    }
  }
  compressor(const compressor&) = delete;
  ~compressor() {
    ZSTD_freeCCtx(zstd);
    if (has_zlib) deflateEnd(&zlib);
  }

  // Appended as one finished stream. False: there is no memory.
  bool append(std::string& to, std::string_view lines) {
    const size_t before = to.size();
    const size_t used = zstd != nullptr ? append_zstd(to, lines) : append_zlib(to, lines);
    to.resize(before + used);
    return used > 0;
  }
  size_t append_zstd(std::string& to, std::string_view lines) {
    const size_t before = to.size();
    to.resize(before + ZSTD_compressBound(lines.size()));
    const size_t used = ZSTD_compress2(zstd, to.data() + before, to.size() - before, lines.data(), lines.size());
    return ZSTD_isError(used) != 0 ? 0 : used;
  }
  size_t append_zlib(std::string& to, std::string_view lines) {
    if (!has_zlib || deflateReset(&zlib) != Z_OK) return 0;
    const size_t before = to.size();
    to.resize(before + deflateBound(&zlib, static_cast<uLong>(lines.size())));
    zlib.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(lines.data()));
    zlib.avail_in = static_cast<uInt>(lines.size());
    zlib.next_out = reinterpret_cast<Bytef*>(to.data() + before);
    zlib.avail_out = static_cast<uInt>(to.size() - before);
    return deflate(&zlib, Z_FINISH) == Z_STREAM_END ? to.size() - before - zlib.avail_out : 0;
  }

  ZSTD_CCtx* zstd = nullptr;
  z_stream zlib{};
  bool has_zlib = false;
};

mars_writer::mars_writer(const mars_settings& s)
    : compress_(s.compress), compressor_(std::make_unique<compressor>(s.compress, s.level)) {}
mars_writer::mars_writer(mars_writer&&) noexcept = default;
mars_writer::~mars_writer() = default;

result<mars_writer> mars_writer::make(const mars_settings& s, const tharsis_random& random) {
  mars_writer made(s);
  if (!s.recipient) return made;
  const auto keys = make_mars_keys(random);
  if (!keys) return keys.failure();
  const auto agreed = mars_agree(keys->mine, *s.recipient);
  if (!agreed) return error{THARSIS_E_INVALID, "the public key for Mars' encryption is no point of its curve"};
  made.tea_.emplace(*agreed);
  made.sealed_by_ = keys->open;
  return made;
}

error mars_writer::block(std::string& to, std::string_view lines, unsigned first_hour, unsigned last_hour) {
  assert(lines.size() <= text_max);
  const size_t before = to.size();
  mars_record_header h;
  h.magic = mars_block_magic(compress_, seals());
  h.number = number_ = number_ == number_max ? uint16_t{1} : static_cast<uint16_t>(number_ + 1);
  h.first_hour = static_cast<uint8_t>(first_hour);
  h.last_hour = static_cast<uint8_t>(last_hour);
  h.sealed_by = sealed_by_;
  to.resize(before + mars_record_header::size);
  if (!compressor_->append(to, lines)) return to.resize(before), no_memory();
  auto* const payload = reinterpret_cast<uint8_t*>(to.data() + before + mars_record_header::size);
  h.length = static_cast<uint32_t>(to.size() - before - mars_record_header::size);
  if (tea_) tea_->seal({payload, h.length});
  std::string head;
  append_mars_header(head, h);
  to.replace(before, head.size(), head);
  to += '\0';
  return {THARSIS_OK, {}};
}

void mars_writer::plain(std::string& to, std::string_view lines, unsigned hour) {
  assert(!seals());
  mars_record_header h;
  h.magic = mars_sync_magic(compress_);
  h.first_hour = h.last_hour = static_cast<uint8_t>(hour);
  h.length = static_cast<uint32_t>(lines.size());
  append_mars_header(to, h);
  to += lines;
  to += '\0';
}

}  // namespace tharsis::xlog
