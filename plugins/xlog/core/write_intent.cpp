#include "plugins/xlog/core/write_intent.h"

#include <algorithm>
#include <span>

#include "plugins/xlog/core/crc32c.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {

uint32_t write_intent::sum_of() const {
  return crc32c(std::span(reinterpret_cast<const uint8_t*>(this), sizeof *this).subspan(sizeof sum));
}

bool write_intent::set(std::string_view file, std::string_view folder, uint64_t at, std::string_view bytes) {
  if (file.size() > folder.size() && file.starts_with(folder) && file[folder.size()] == '/') file.remove_prefix(folder.size() + 1);
  path = {};
  if (file.size() > path.size()) return false;
  std::copy(file.begin(), file.end(), path.begin());
  offset = at;
  size = bytes.size();
  content = crc32c(as_bytes(bytes));
  return true;
}

std::string write_intent::path_in(const std::string& folder) const {
  const std::string file(path.begin(), std::find(path.begin(), path.end(), '\0'));
  return file.starts_with('/') ? file : folder + "/" + file;
}

}  // namespace tharsis::xlog
