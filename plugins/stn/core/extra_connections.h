// How many connections all links of a process have beside their own: lanes of a weak network, second connections, those of
// streams, and those that are to take another's place. All count; only lanes are held back: the others are one to a link at
// most, and without them a link, or a stream, stands still.
//
// Pure.
#pragma once
#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "plugins/stn/core/overload_settings.h"

namespace tharsis::stn {

class extra_connections {
 public:
  explicit extra_connections(const extra_settings& s) : settings_(s) {}
  extra_connections(const extra_connections&) = delete;

  // Where bytes cost money there are fewer. Those that are there stay.
  void on_metered(bool is) { metered_ = is; }

  // Why no lane more may lead to this server now; empty: it may.
  std::string refusal(const std::string& server) const {
    const int64_t most = metered_ ? std::min(settings_.metered, settings_.in_all) : settings_.in_all;
    if (in_all_ >= most)
      return "all links together have " + std::to_string(in_all_) + " connections beside their own, and extra_connections allows " + std::to_string(most) + (metered_ ? " where the network is metered" : "");
    if (to(server) >= settings_.per_server)
      return std::to_string(to(server)) + " connections beside the links' own lead to " + server + ", and extra_connections.per_server allows " + std::to_string(settings_.per_server);
    return {};
  }

  int64_t in_all() const { return in_all_; }
  int64_t to(const std::string& server) const {
    const auto found = by_server_.find(server);
    return found == by_server_.end() ? 0 : found->second;
  }

  // One connection, as long as this lives. The board outlives it.
  class place {
   public:
    place(extra_connections& board, std::string server) : board_(board), server_(std::move(server)) { board_.add(server_, 1); }
    place(const place&) = delete;
    ~place() { board_.add(server_, -1); }

   private:
    extra_connections& board_;
    const std::string server_;
  };

 private:
  void add(const std::string& server, int64_t n) {
    in_all_ += n;
    int64_t& there = by_server_[server];
    there += n;
    if (there == 0) by_server_.erase(server);
  }

  const extra_settings settings_;
  bool metered_ = false;
  int64_t in_all_ = 0;
  std::map<std::string, int64_t> by_server_;  // By name, as endpoints have it.
};

}  // namespace tharsis::stn
