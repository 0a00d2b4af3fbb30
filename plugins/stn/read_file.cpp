#include "plugins/stn/read_file.h"

#include "sdk/pure/views.h"

namespace tharsis::stn {

result<std::string> read_file(const tharsis_files& files, const std::string& path, uint64_t most, const std::string& what) {
  tharsis_error why = no_error();
  tharsis_handle file = 0;
  tharsis_status status = files.open(files.self, text_of(path), THARSIS_FILES_READ, &file, &why);
  if (status != THARSIS_OK) return error_from(status, why);
  std::string text;
  uint64_t length = 0;
  status = files.length(files.self, file, &length, &why);
  if (status == THARSIS_OK && length > most)
    status = fail(&why, THARSIS_E_INVALID, path + " is too large to be " + what + ": " + std::to_string(length) +
                                               " bytes, at most " + std::to_string(most));
  if (status == THARSIS_OK) {
    text.resize(length);
    size_t count = 0;
    status = files.read(files.self, file, 0, reinterpret_cast<uint8_t*>(text.data()), text.size(), &count, &why);
    text.resize(count);
  }
  files.close(files.self, file);
  if (status != THARSIS_OK) return error_from(status, why);
  return text;
}

}  // namespace tharsis::stn
