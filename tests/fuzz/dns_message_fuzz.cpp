// DNS messages: whatever comes is refused or read within its bounds; what it says about a question is bounded too. The
// first octet chooses what was asked, all others are the message.
#include "plugins/dns/core/findings.h"
#include "sdk/pure/dns_record_data.h"
#include "tests/fuzz/harness.h"

using namespace tharsis;
using namespace tharsis::dns;
using tharsis::fuzz::require;

namespace {

size_t length(const wire_name& name) {
  size_t octets = 1, labels = 0;
  wire_name::labels all(name);
  for (std::string_view label; all.next(label); ++labels) octets += 1 + label.size();
  require(octets <= wire_name::octets_max && labels <= wire_name::labels_max, "a name that was read is no longer than names are");
  require(name == name && name.same_case(name), "a name is the same as itself");
  return octets;
}

void read_data(const record& r) {
  tharsis_address a{};
  wire_name target;
  zone_start z;
  service_binding b;
  (void)read_address(r, a);
  if (read_target(r, target)) length(target);
  if (read_zone_start(r, z)) length(z.server), length(z.person);
  if (read_service_binding(r, b)) length(b.target);
  pieces texts(r.data);
  size_t size = 0;
  for (std::string_view piece; texts.next(piece);) size += 1 + piece.size();
  require(size <= r.data.size(), "texts lie within their record");
  if (r.kind != type::opt) return;
  options all(r);
  uint16_t code = 0;
  size = 0;
  for (std::span<const uint8_t> data; all.next(code, data);) size += 4 + data.size();
  require(size <= r.data.size(), "options lie within their record");
}

size_t walk(message::records all) {
  size_t count = 0;
  for (record r; all.next(r); ++count) {
    length(r.owner);
    read_data(r);
  }
  return count;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::reader in(data, size);
  static constexpr uint16_t kinds[] = {type::a, type::aaaa, type::https, type::txt, type::cname};
  const uint8_t choice = in.byte();
  const auto bytes = in.take(size);
  message m;
  const defect d = message::read(bytes, m);
  require(!sentence(d).empty(), "what is wrong has a sentence");
  if (d != defect::none) return 0;
  require(walk(m.answers()) + walk(m.authorities()) + walk(m.additionals()) <= message::records_max, "a message has only so many records");
  require(walk(m.answers()) == m.answers().left(), "what was checked as a whole is read as a whole");

  question q{.name = m.asked_name().text(), .kind = kinds[choice % std::size(kinds)]};
  q.secret.id = m.id();
  if (match(q, bytes, m) != fit::fits) return 0;
  const findings f = read_findings(q, m);
  require(f.addresses.size() <= found_max && f.services.size() <= found_max && f.texts.size() <= found_max, "findings are few");
  require((f.what == findings::kind::failed) == !f.why.empty(), "a failure has a sentence, and nothing else has");
  require(f.life <= 0x7FFFFFFF, "a life has 31 bits");
  return 0;
}
