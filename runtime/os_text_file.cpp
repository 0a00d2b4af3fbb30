#include "runtime/os_text_file.h"

#include <filesystem>
#include <system_error>

#include "runtime/os_files_linux.h"
#include "runtime/os_profile_files.h"
#include "sdk/pure/views.h"

namespace tharsis::runtime {
namespace fs = std::filesystem;

std::optional<error> replace_text_file(const std::string& path, const std::string& text) {
  const real_files files;
  const tharsis_files* const table = files.table();
  const std::string whole = absolute_path(path);
  tharsis_error why = no_error();
  const tharsis_status status = table->replace(table->self, text_of(whole), bytes_of(as_bytes(text)), &why);
  if (status != THARSIS_OK) return error_from(status, why);
  std::error_code failure;
  fs::permissions(whole, fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read | fs::perms::others_read, failure);
  if (failure) return error{THARSIS_E_IO, "others cannot be allowed to read " + path + ": " + failure.message()};
  return {};
}

}  // namespace tharsis::runtime
