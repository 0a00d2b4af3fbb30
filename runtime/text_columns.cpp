#include "runtime/text_columns.h"

#include <algorithm>

namespace tharsis::runtime {
namespace {

constexpr size_t column_widest = 60;  // A longer value does not push the others away.

using row = std::vector<std::string>;

}  // namespace

std::string text_columns(const std::vector<row>& rows, const std::string& indent) {
  std::vector<size_t> widths;
  for (const row& r : rows) {
    widths.resize(std::max(widths.size(), r.size()));
    for (size_t i = 0; i < r.size(); ++i) widths[i] = std::max(widths[i], std::min(r[i].size(), column_widest));
  }
  std::string text;
  for (const row& r : rows) {
    std::string line = indent;
    for (size_t i = 0; i < r.size(); ++i)
      line += r[i] + (i + 1 < r.size() ? std::string(std::max(widths[i], r[i].size()) - r[i].size() + 2, ' ') : "");
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

}  // namespace tharsis::runtime
