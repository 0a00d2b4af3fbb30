// A folder of which the gateway keeps what others bring, as those see it who keep house there. Everything here may block.
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sdk/abi/files.h"
#include "sdk/pure/views.h"

namespace tharsis::gateway {

class kept_folder {
 public:
  kept_folder(const tharsis_files* files, std::string path) : files_(files), folder_(std::move(path)) {}

 protected:
  std::vector<std::string> names_in(const std::string& folder) const {
    std::vector<std::string> names;
    const auto visit = [](void* context, tharsis_text name) { static_cast<std::vector<std::string>*>(context)->emplace_back(view(name)); };
    files_->list(files_->self, text_of(folder), visit, &names, nullptr);
    return names;
  }
  // Nothing: it is not there, or nobody can say.
  std::optional<tharsis_file_facts> facts_of(const std::string& path) const {
    tharsis_file_facts facts{sizeof facts, 0, 0, 0};
    if (files_->describe(files_->self, text_of(path), &facts, nullptr) != THARSIS_OK) return {};
    return facts;
  }
  bool remove(const std::string& path) const { return files_->remove(files_->self, text_of(path), nullptr) == THARSIS_OK; }

  const tharsis_files* const files_;
  const std::string folder_;
};

}  // namespace tharsis::gateway
