// Names whose addresses need nobody to be asked: those of hosts files, and those of the signed table. What stands there is
// proven; the table's addresses come by region and by weight. Pure.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "plugins/dns/core/answer.h"
#include "plugins/dns/core/hosts_file.h"
#include "plugins/dns/core/region_choice.h"
#include "plugins/dns/core/table_shelf.h"
#include "sdk/pure/dice.h"

namespace tharsis::dns {

class known_names {
 public:
  // `seed` of the draws by weight.
  known_names(std::vector<table_key> keys, std::string region, uint64_t seed) : table_(std::move(keys)), regions_(std::move(region)), dice_(seed) {}

  // What the clock says, for all that comes next: a table is valid for a while.
  void on_clock(int64_t wall_seconds) { wall_ = wall_seconds; }
  // The answer, or nothing: others have to be asked.
  std::optional<answer> find(const subject& about);
  // Would it have one, whatever family is asked for?
  bool has(const std::string& name) const {
    const address_table* const t = table_.current(wall_);
    return hosts_.find(name) != nullptr || (t != nullptr && t->names.contains(name));
  }

  error offer_table(std::string_view text, const std::string& what) { return table_.offer(text, wall_, what); }
  error remember_table(std::string_view text) { return table_.remember(text); }
  const table_shelf& table() const { return table_; }
  // What the files say now. True: it is something else than before.
  bool set_hosts(hosts_file all) {
    if (hosts_ == all) return false;
    hosts_ = std::move(all);
    return true;
  }
  // Connecting to one of the table's addresses took so long.
  void on_connected(const tharsis_address& a, duration took);
  void on_network() { regions_.on_network(); }
  const std::string& region() const { return regions_.chosen(); }

 private:
  answer from_table(const subject& about, const address_table& t, const address_table::entry& e);

  table_shelf table_;
  hosts_file hosts_;
  region_choice regions_;
  dice dice_;
  int64_t wall_ = 0;
};

}  // namespace tharsis::dns
