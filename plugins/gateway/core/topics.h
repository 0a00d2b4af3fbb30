// Which connections listen to which conversation: pure.
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "plugins/gateway/core/settings.h"

namespace tharsis::gateway {

class topics {
 public:
  // Every connection is in the sample server's conversations from the start.
  void on_connect(uint64_t connection) {
    for (const char* name : {"0", "1", "2"}) add(connection, name);
  }
  void on_close(uint64_t connection) {
    const auto own = joined_.find(connection);
    if (own == joined_.end()) return;
    for (const std::string& name : own->second) {
      const auto members = members_.find(name);
      members->second.erase(connection);
      if (members->second.empty()) members_.erase(members);
    }
    joined_.erase(own);
  }

  // False when the name is too long or the connection is in too many already.
  bool join(uint64_t connection, const std::string& name) {
    if (name.size() > topic_name_max) return false;
    const auto own = joined_.find(connection);
    if (own == joined_.end()) return false;
    if (own->second.count(name) == 0 && own->second.size() >= topics_per_connection) return false;
    add(connection, name);
    return true;
  }

  const std::set<uint64_t>& members(const std::string& name) const {
    static const std::set<uint64_t> nobody;
    const auto found = members_.find(name);
    return found == members_.end() ? nobody : found->second;
  }
  size_t count() const { return members_.size(); }

 private:
  void add(uint64_t connection, const std::string& name) {
    members_[name].insert(connection);
    joined_[connection].insert(name);
  }

  std::map<std::string, std::set<uint64_t>> members_;
  std::map<uint64_t, std::set<std::string>> joined_;
};

}  // namespace tharsis::gateway
