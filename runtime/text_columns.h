// Tables for people.
#pragma once
#include <string>
#include <vector>

namespace tharsis::runtime {

// Columns as wide as what stands in them; the last one ends where it ends.
std::string text_columns(const std::vector<std::vector<std::string>>& rows, const std::string& indent);

}  // namespace tharsis::runtime
