#include "plugins/dns/table_source.h"

#include <algorithm>

#include "sdk/pure/address.h"
#include "sdk/pure/dns_name.h"
#include "sdk/pure/utc.h"

namespace tharsis::dns {
namespace {

const std::string source_top = "source.";

class source_reader {
 public:
  source_reader(const host& from, int64_t wall) : from_(from), wall_(wall) {}

  result<address_table> read() {
    const int64_t second = 1'000'000'000;
    t_.serial = static_cast<uint64_t>(from_.whole(source_top + "serial", wall_ / second));
    t_.from = moment("not_before", wall_) / second;
    t_.until = moment("not_after", t_.from * second + from_.wait(source_top + "valid", 30 * 24h).count()) / second;
    if (wrong_.status == THARSIS_OK && t_.from >= t_.until) complain("not_after", "the table would never be valid: it ends before it begins");
    const auto names = from_.keys(source_top + "names");
    if (names.empty() && wrong_.status == THARSIS_OK) wrong_ = {THARSIS_E_INVALID, "the table has no names; write names: { im.example.com: { addresses: [ { ip: 192.0.2.1 } ] } }"};
    for (const std::string& name : names) take_name(name);
    if (wrong_.status != THARSIS_OK) return wrong_;
    return t_;
  }

 private:
  void complain(const std::string& path, const std::string& what) {
    if (wrong_.status == THARSIS_OK) wrong_ = {THARSIS_E_INVALID, from_.where(source_top + path) + ": " + what};
  }
  int64_t moment(const std::string& key, int64_t otherwise) {
    const std::string text = from_.text(source_top + key);
    if (text.empty()) return otherwise;
    const auto at = parse_moment(text, wall_);
    if (!at) complain(key, "'" + text + "' is no time; write 2026-11-25 or 2026-11-25T10:11:12 (UTC)");
    return at.value_or(otherwise);
  }
  void take_name(const std::string& key) {
    const std::string at = "names." + key;
    const auto name = canonical_name(key);
    if (!name) return complain(at, name.failure().text);
    if (parse_ip(*name)) return complain(at, "'" + key + "' is an address; only names have addresses");
    auto& entry = t_.names[*name];
    if (!entry.places.empty()) return complain(at, "the name '" + *name + "' stands here twice");
    const duration life = from_.wait(source_top + at + ".ttl", from_.wait(source_top + "ttl", 10min));
    entry.life = static_cast<uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(life).count());
    uint32_t count = 0;
    const std::string list = at + ".addresses";
    if (from_.settings->count(from_.settings->self, (source_top + list).c_str(), &count) != THARSIS_OK || count == 0)
      return complain(at, "'" + key + "' has no addresses");
    if (count > address_table::places_max) return complain(list, "a name has at most " + std::to_string(address_table::places_max) + " addresses");
    for (uint32_t i = 0; i < count; ++i) take_place(list + "." + std::to_string(i), entry);
  }
  void take_place(const std::string& at, address_table::entry& into) {
    const std::string text = from_.text(source_top + at + ".ip");
    const auto ip = parse_ip(text);
    if (!ip) return complain(at, text.empty() ? "'ip' is missing" : "'" + text + "' is no IP address");
    address_table::place p{*ip, static_cast<uint32_t>(from_.whole(source_top + at + ".weight", 1)), from_.text(source_top + at + ".region")};
    p.at.port = static_cast<uint16_t>(from_.whole(source_top + at + ".port", 0));
    into.places.push_back(std::move(p));
  }

  const host& from_;
  const int64_t wall_;
  address_table t_;
  error wrong_ = fine();
};

}  // namespace

result<address_table> read_table_source(const host& tables, int64_t wall) { return source_reader(tables, wall).read(); }

}  // namespace tharsis::dns
