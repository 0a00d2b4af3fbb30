// A receiver of logs as plugins/xlog/SHIPPING.md tells it, in memory.
#pragma once
#include <map>
#include <string>

#include "plugins/xlog/core/shipment.h"
#include "sdk/pure/sha256.h"

namespace tharsis::xlog {

class model_receiver {
 public:
  struct stored {
    shipping::manifest what;
    std::string bytes;
  };
  std::map<std::string, stored> files;      // By name.
  std::map<std::string, std::string> pieces;  // By sum.
  uint64_t room = ~uint64_t{0};

  ship_answer answer(const ship_request& r) {
    if (r.method == "GET") return {200, standing()};
    if (r.method == "POST") return post(r.body);
    return offer(r.target.substr(r.target.rfind('/') + 1), r.body);
  }

 private:
  std::string standing() const {
    shipping::standing s;
    using enum shipping::stored_file::state;
    for (const auto& [name, f] : files) s.files.push_back({name, f.what.closed && f.what.whole ? whole : part, f.bytes.size(), f.what.edition(), f.what.note});
    return shipping::text_of(s);
  }
  ship_answer post(const std::string& body) {
    const auto parsed = shipping::parse_post(body);
    if (!parsed) return {400, "no pieces"};
    for (const auto& p : *parsed) {
      if (sha256_of(p.bytes) != p.what.sum) return {422, "spoilt"};
      if (p.bytes.size() > room) return {507, "full"};
      room -= p.bytes.size();
      pieces[p.what.sum] = p.bytes;
    }
    return {200, "tharsis-taken 1\n"};
  }
  ship_answer offer(const std::string& name, const std::string& body) {
    auto m = shipping::parse_manifest(body);
    if (!m) return {400, m.failure().text};
    const auto known = files.find(name);
    if (known != files.end() && known->second.what.edition() == m->edition()) return {200, "tharsis-stored 1\n" + m->edition() + "\n"};
    if (m->over != (known == files.end() ? "" : known->second.what.edition())) return {409, "another"};
    std::map<std::string, std::string> old;
    if (known != files.end()) {
      size_t at = 0;
      for (const auto& p : known->second.what.pieces) old[p.sum] = known->second.bytes.substr(at, p.size), at += p.size;
    }
    shipping::runs missing;
    std::string bytes;
    for (uint32_t i = 0; i < m->pieces.size(); ++i) {
      const std::string& sum = m->pieces[i].sum;
      if (pieces.contains(sum)) bytes += pieces[sum];
      else if (old.contains(sum)) bytes += old[sum];
      else missing.emplace_back(i, i);
    }
    if (!missing.empty()) return {202, shipping::text_of_missing(missing)};
    m->over.clear();
    files[name] = {std::move(*m), std::move(bytes)};
    return {200, "tharsis-stored 1\n" + files[name].what.edition() + "\n"};
  }
};

}  // namespace tharsis::xlog
