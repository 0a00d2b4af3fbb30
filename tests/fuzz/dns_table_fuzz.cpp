// Any text as a signed table: without the key nothing passes; and what the owner of the key signs is taken as it is written, or
// refused with a sentence that has its line, and what is taken is written to a table that is taken again. The same bytes as a hosts
// file, a range, a server, and as what a vendor's HTTPDNS answers: of that, only addresses of the family that was asked for.
#include "plugins/dns/core/address_table.h"
#include "plugins/dns/core/domain_rules.h"
#include "plugins/dns/core/hosts_file.h"
#include "plugins/dns/core/httpdns.h"
#include "sdk/pure/base64.h"
#include "sdk/pure/views.h"
#include "tests/fuzz/harness.h"

using namespace tharsis;
using namespace tharsis::dns;
using fuzz::require;

namespace {

void read_as_others(std::string_view text) {
  hosts_file hosts;
  (void)hosts.read(text);
  (void)parse_range(text);
  (void)parse_server(text);
  for (const way by : {way::tencent, way::aliyun})
    for (const uint16_t kind : {type::a, type::aaaa}) {
      server s;
      s.by = by;
      const findings f = read_httpdns(s, "im.example.com", kind, text);
      require(f.addresses.size() <= found_max, "no more addresses than anybody tries");
      require((f.what == findings::kind::found) != f.addresses.empty(), "who has found something has addresses");
      require((f.what == findings::kind::failed) == !f.why.empty(), "a failure says why");
      for (const auto& a : f.addresses) require(a.family == (kind == type::a ? 4 : 6) && a.port == 0, "addresses of the family that was asked for");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const table_signer owner = *table_signer::from_seed(std::array<uint8_t, 32>{});
  const table_key keys[] = {owner.open()};
  const std::string_view text = fuzz::text_of(data, size);
  const auto bare = read_table(text, keys, "the text");
  require(!bare.ok() && bare.failure().text.starts_with("the text"), "without the key there is no table");
  read_as_others(text);
  std::string body = "tharsis dns table 1\n" + std::string(text);
  if (!body.ends_with('\n')) body += '\n';
  const auto signature = owner.sign(as_bytes(body));
  const auto t = read_table(body + "signature " + owner.open().id() + ' ' + base64_text(*signature) + '\n', keys, "the text");
  if (!t) {
    require(t.failure().text.starts_with("the text"), "a refusal says of what");
    return 0;
  }
  const auto again = write_table(*t, owner);
  require(again.ok(), "what was read can be written");
  const auto same = read_table(*again, keys, "again");
  require(same.ok() && same->serial == t->serial && same->names.size() == t->names.size(), "and is read again");
  return 0;
}
