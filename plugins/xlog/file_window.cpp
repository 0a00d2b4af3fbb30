#include "plugins/xlog/file_window.h"

#include <algorithm>

#include "sdk/pure/views.h"

namespace tharsis::xlog {
namespace {

// The header of a frame with what goes with it, and the end of the frame before: more is seldom looked at.
constexpr size_t read_least = 4 << 10;

}  // namespace

void file_window::let_go() {
  if (file_ != 0) files_->close(files_->self, file_);
  file_ = 0;
  kept_ = {};
}

bool file_window::open() {
  if (file_ != 0) return true;
  if (failure_.status != THARSIS_OK) return false;
  tharsis_error why = no_error();
  const tharsis_status status = files_->open(files_->self, text_of(path_), THARSIS_FILES_READ, &file_, &why);
  if (status != THARSIS_OK) file_ = 0, failure_ = error_from(status, why);
  return status == THARSIS_OK && is_same();
}

// What was given back for a while may be another file by now, at whose offsets other things stand.
bool file_window::is_same() {
  uint64_t bytes = 0;
  if (!size_ || files_->length(files_->self, file_, &bytes, nullptr) != THARSIS_OK || bytes >= *size_) return true;
  let_go();
  failure_ = {THARSIS_E_GONE, "'" + path_ + "' became shorter while it was read: it was compacted, or somebody cut it; read it again"};
  return false;
}

uint64_t file_window::size() {
  if (size_) return *size_;
  if (!open()) return 0;
  uint64_t bytes = 0;
  tharsis_error why = no_error();
  const tharsis_status status = files_->length(files_->self, file_, &bytes, &why);
  if (status != THARSIS_OK) failure_ = error_from(status, why);
  size_ = bytes;
  return bytes;
}

size_t file_window::read_some(uint64_t offset, uint8_t* into, size_t most) {
  size_t count = 0;
  if (!open()) return 0;
  tharsis_error why = no_error();
  const tharsis_status status = files_->read(files_->self, file_, offset, into, most, &count, &why);
  if (status == THARSIS_OK) return count;
  failure_ = error_from(status, why);
  return 0;
}

std::string_view file_window::at(uint64_t offset, size_t most) {
  const uint64_t there = size() - std::min(offset, size());
  const size_t wanted = static_cast<size_t>(std::min<uint64_t>(most, there));
  if (offset < kept_at_ || offset + wanted > kept_at_ + kept_.size()) {
    kept_.resize(static_cast<size_t>(std::min<uint64_t>(std::max(most, read_least), there)));
    kept_at_ = offset;
    kept_.resize(read_some(offset, reinterpret_cast<uint8_t*>(kept_.data()), kept_.size()));
  }
  return std::string_view(kept_).substr(static_cast<size_t>(offset - kept_at_), wanted);
}

bool file_window::read(uint64_t offset, std::span<uint8_t> into) {
  return into.empty() || read_some(offset, into.data(), into.size()) == into.size();
}

}  // namespace tharsis::xlog
