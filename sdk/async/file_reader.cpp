#include "sdk/async/file_reader.h"

#include "sdk/pure/views.h"

namespace tharsis {

result<file_reader> file_reader::open(const tharsis_files* files, const std::string& path, uint32_t more) {
  file_reader f(files);
  tharsis_error why = no_error();
  const tharsis_status status = files->open(files->self, text_of(path), THARSIS_FILES_READ | more, &f.file_, &why);
  if (status != THARSIS_OK) return error_from(status, why);
  return f;
}

file_reader::~file_reader() {
  if (file_ != 0) files_->close(files_->self, file_);
}

result<uint64_t> file_reader::length() const {
  uint64_t length = 0;
  tharsis_error why = no_error();
  const tharsis_status status = files_->length(files_->self, file_, &length, &why);
  if (status != THARSIS_OK) return error_from(status, why);
  return length;
}

result<std::string> file_reader::read(uint64_t offset, size_t most) const {
  std::string bytes(most, '\0');
  size_t count = 0;
  tharsis_error why = no_error();
  const tharsis_status status =
      files_->read(files_->self, file_, offset, reinterpret_cast<uint8_t*>(bytes.data()), most, &count, &why);
  if (status != THARSIS_OK) return error_from(status, why);
  bytes.resize(count);
  return bytes;
}

result<std::string> read_beginning(const tharsis_files* files, const std::string& path, size_t most) {
  const auto file = file_reader::open(files, path);
  if (!file) return file.failure();
  return file->read(0, most);
}

result<std::string> read_whole(const tharsis_files* files, const std::string& path, uint64_t most, const std::string& what, uint32_t more) {
  const auto file = file_reader::open(files, path, more);
  if (!file) return file.failure();
  const auto length = file->length();
  if (!length) return length.failure();
  if (*length > most)
    return error{THARSIS_E_INVALID,
                 path + " is too large to be " + what + ": " + std::to_string(*length) + " bytes, at most " + std::to_string(most)};
  return file->read(0, *length);
}

}  // namespace tharsis
