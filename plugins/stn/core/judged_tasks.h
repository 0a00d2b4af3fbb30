// Tasks whose answer is with its caller, who says whether it will do. What was said of them meanwhile is kept until they come
// back.
//
// Pure.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "sdk/abi/abi.h"

namespace tharsis::stn {

class judged_tasks {
 public:
  struct entry {
    size_t link;
    std::string short_link;  // Instead; empty: none.
    std::string user;
    bool withdrawn = false;
  };

  void add(tharsis_handle id, entry e) { all_.emplace(id, std::move(e)); }
  // False: it is not here.
  bool withdraw(tharsis_handle id) {
    const auto found = all_.find(id);
    if (found != all_.end()) found->second.withdrawn = true;
    return found != all_.end();
  }
  // All of this user, or of all where it is empty, of which `is_meant(entry)`.
  template <class Meant>
  void withdraw_all(std::string_view user, Meant is_meant) {
    for (auto& [id, e] : all_) e.withdrawn = e.withdrawn || ((user.empty() || e.user == user) && is_meant(e));
  }
  // It is back. Was it withdrawn?
  bool take(tharsis_handle id) {
    const auto node = all_.extract(id);
    return !node.empty() && node.mapped().withdrawn;
  }
  size_t size() const { return all_.size(); }

 private:
  std::unordered_map<tharsis_handle, entry> all_;
};

}  // namespace tharsis::stn
