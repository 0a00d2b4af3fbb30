// A second opinion: what libldns reads in a message, and what we do.
#include <gtest/gtest.h>
#include <ldns/ldns.h>

#include <algorithm>

#include "plugins/dns/core/findings.h"
#include "sdk/pure/dice.h"
#include "sdk/pure/dns_record_data.h"
#include "tests/plugins/dns/answer_writer.h"

using namespace tharsis;
using namespace tharsis::dns;
using namespace tharsis::dns::test;

namespace {

constexpr uint64_t messages = 140'000;

// Writes names as servers do: the tail of one that stands there already is a pointer.
class compressor {
 public:
  explicit compressor(octets& to) : to_(to) {}
  void write(std::string_view name) {
    while (!name.empty()) {
      if (const auto known = known_.find(std::string(name)); known != known_.end()) return two(to_, 0xC000 | known->second);
      if (to_.size() < 0x3FFF) known_[std::string(name)] = to_.size();
      const std::string_view label = name.substr(0, name.find('.'));
      to_.push_back(static_cast<uint8_t>(label.size()));
      to_.insert(to_.end(), label.begin(), label.end());
      name.remove_prefix(std::min(name.size(), label.size() + 1));
    }
    to_.push_back(0);
  }

 private:
  octets& to_;
  std::map<std::string, size_t> known_;
};

class author {
 public:
  explicit author(uint64_t seed) : dice_(seed), names_(bytes) {}

  octets bytes;

  void write() {
    static constexpr uint16_t kinds[] = {type::a, type::aaaa, type::cname, type::soa, type::txt, type::ns, type::ptr};
    const size_t counts[] = {dice_.below(12), dice_.below(4), dice_.below(4)};
    const bool options = dice_.below(2) == 0;
    two(bytes, dice_.next() & 0xFFFF), two(bytes, 0x8000 | (dice_.next() & 0x7FFF));
    two(bytes, 1), two(bytes, counts[0]), two(bytes, counts[1]), two(bytes, counts[2] + options);
    names_.write(name());
    two(bytes, kinds[dice_.below(std::size(kinds))]), two(bytes, 1);
    for (size_t n = counts[0] + counts[1] + counts[2]; n > 0; --n) record_of(kinds[dice_.below(std::size(kinds))]);
    if (options) {
      bytes.push_back(0);
      two(bytes, type::opt), two(bytes, 512 + dice_.below(4000)), four(bytes, dice_.below(2) == 0 ? 0 : 0x8000), two(bytes, 0);
    }
  }
  // Now and then an octet of it is another, or it is cut.
  void damage() {
    if (dice_.below(2) == 0) bytes.resize(dice_.below(bytes.size()));
    else bytes[dice_.below(bytes.size())] = static_cast<uint8_t>(dice_.next());
  }

 private:
  std::string name() {
    std::string n;
    for (size_t labels = 1 + dice_.below(dice_.below(20) == 0 ? 30 : 4); labels > 0; --labels) {
      if (!n.empty()) n += '.';
      for (size_t c = 1 + dice_.below(dice_.below(30) == 0 ? 6 : 3); c > 0; --c) n += "abcdeXYZ-_09"[dice_.below(12)];
    }
    return n;
  }
  void record_of(uint16_t kind) {
    names_.write(name());
    two(bytes, kind), two(bytes, 1), four(bytes, dice_.next() & 0xFFFFFFFF);
    const size_t length_at = bytes.size();
    two(bytes, 0);
    switch (kind) {
      case type::a: some(4); break;
      case type::aaaa: some(16); break;
      case type::txt:
        for (size_t n = 1 + dice_.below(3); n > 0; --n) {
          bytes.push_back(static_cast<uint8_t>(dice_.below(40)));
          some(bytes.back());
        }
        break;
      case type::soa: names_.write(name()), names_.write(name()), some(20); break;
      default: names_.write(name());
    }
    const size_t size = bytes.size() - length_at - 2;
    bytes[length_at] = static_cast<uint8_t>(size >> 8), bytes[length_at + 1] = static_cast<uint8_t>(size);
  }
  void some(size_t n) {
    for (; n > 0; --n) bytes.push_back(static_cast<uint8_t>(dice_.next()));
  }

  dice dice_;
  compressor names_;
};

std::string hex(std::span<const uint8_t> bytes) {
  std::string out;
  for (const uint8_t b : bytes) out += "0123456789abcdef"[b >> 4], out += "0123456789abcdef"[b & 15];
  return out;
}
octets plain(const wire_name& name) {
  octets out;
  wire_name::labels all(name);
  for (std::string_view label; all.next(label);) {
    out.push_back(static_cast<uint8_t>(label.size()));
    out.insert(out.end(), label.begin(), label.end());
  }
  return out.push_back(0), out;
}

// Each record as one line: section, owner, numbers, and the data with its names written out.
std::string ours(const message& m) {
  std::string out = std::to_string(m.id()) + " " + std::to_string(m.code()) + " " + std::to_string(m.truncated()) + " " + hex(plain(m.asked_name())) + " " + std::to_string(m.asked_kind()) + "\n";
  size_t section = 0;
  for (auto all : {m.answers(), m.authorities(), m.additionals()}) {
    ++section;
    for (record r; all.next(r);) {
      if (r.kind == type::opt) continue;
      octets data(r.data.begin(), r.data.end());
      wire_name target;
      zone_start z;
      if (r.kind == type::cname || r.kind == type::ns || r.kind == type::ptr) data = read_target(r, target) ? plain(target) : octets{0xFF};
      if (r.kind == type::soa) {
        data = read_zone_start(r, z) ? plain(z.server) + plain(z.person) : octets{0xFF};
        for (const uint32_t v : {z.serial, z.refresh, z.retry, z.expire, z.minimum}) four(data, v);
      }
      out += std::to_string(section) + " " + hex(plain(r.owner)) + " " + std::to_string(r.kind) + " " + std::to_string(r.ttl) + " " + hex(data) + "\n";
    }
  }
  if (m.has_options()) out += "opt " + std::to_string(m.options().group) + "\n";
  return out;
}

std::string theirs(const ldns_pkt* p) {
  const auto rdf = [](const ldns_rdf* f) { return hex(std::span(ldns_rdf_data(f), ldns_rdf_size(f))); };
  const ldns_rr* asked = ldns_rr_list_rr(ldns_pkt_question(p), 0);
  std::string out = std::to_string(ldns_pkt_id(p)) + " " + std::to_string(ldns_pkt_get_rcode(p) | (ldns_pkt_edns(p) ? ldns_pkt_edns_extended_rcode(p) << 4 : 0)) + " " +
                    std::to_string(ldns_pkt_tc(p)) + " " + rdf(ldns_rr_owner(asked)) + " " + std::to_string(ldns_rr_get_type(asked)) + "\n";
  const ldns_rr_list* sections[] = {ldns_pkt_answer(p), ldns_pkt_authority(p), ldns_pkt_additional(p)};
  for (size_t s = 0; s < 3; ++s)
    for (size_t i = 0; i < ldns_rr_list_rr_count(sections[s]); ++i) {
      const ldns_rr* r = ldns_rr_list_rr(sections[s], i);
      out += std::to_string(s + 1) + " " + rdf(ldns_rr_owner(r)) + " " + std::to_string(ldns_rr_get_type(r)) + " " + std::to_string(ldns_rr_ttl(r)) + " ";
      for (size_t f = 0; f < ldns_rr_rd_count(r); ++f) out += rdf(ldns_rr_rdf(r, f));
      out += "\n";
    }
  if (ldns_pkt_edns(p)) out += "opt " + std::to_string(ldns_pkt_edns_udp_size(p)) + "\n";
  return out;
}

}  // namespace

// Goal: an honest message means the same to both. Method: messages of a server's kind from seeds, with compressed
// names; each record that libldns sees, we see, octet by octet. Of damaged ones: we read no further than it does,
// except where it looks into records that nobody asked for.
TEST(LdnsDifference, BothReadTheSameMessagesAlike) {
  uint64_t alike = 0, refused_by_both = 0, damaged = 0;
  for (uint64_t seed = 1; seed <= messages; ++seed) {
    author a(seed);
    a.write();
    const bool harmed = seed % 4 == 0;
    if (harmed) a.damage(), ++damaged;
    message m;
    const defect d = message::read(a.bytes, m);
    ldns_pkt* p = nullptr;
    const ldns_status s = ldns_wire2pkt(&p, a.bytes.data(), a.bytes.size());
    if (!harmed) {
      ASSERT_EQ(d, defect::none) << "seed " << seed << ": the message " << sentence(d);
      ASSERT_EQ(s, LDNS_STATUS_OK) << "seed " << seed << ": " << ldns_get_errorstr_by_id(s);
      ASSERT_EQ(ours(m), theirs(p)) << "seed " << seed;
      ++alike;
    } else {
      refused_by_both += d != defect::none && s != LDNS_STATUS_OK;
    }
    if (p != nullptr) ldns_pkt_free(p);
  }
  std::printf("%llu messages are alike; of %llu damaged ones both refuse %llu\n", static_cast<unsigned long long>(alike),
              static_cast<unsigned long long>(damaged), static_cast<unsigned long long>(refused_by_both));
  EXPECT_GE(alike, 100'000u);
  EXPECT_GT(refused_by_both, damaged / 3);
}

// What we ask, as it reads it.
TEST(LdnsDifference, OurQuestionsMeanTheSameToIt) {
  dice d(1);
  for (int i = 0; i < 10'000; ++i) {
    question q{.name = "a", .kind = static_cast<uint16_t>(1 + d.below(100)), .cookie = d.below(2) == 0, .padded_to = d.below(2) * 128};
    for (size_t n = d.below(40); n > 0; --n) q.name += "abc-.x"[q.name.back() == '.' ? d.below(3) : d.below(6)];
    if (q.name.back() == '.') q.name += 'z';
    q.secret.id = static_cast<uint16_t>(d.next());
    for (auto& b : q.secret.cases) b = static_cast<uint8_t>(d.next());
    const octets bytes = bytes_of(q);
    ldns_pkt* p = nullptr;
    ASSERT_EQ(ldns_wire2pkt(&p, bytes.data(), bytes.size()), LDNS_STATUS_OK) << q.name;
    const ldns_rr* asked = ldns_rr_list_rr(ldns_pkt_question(p), 0);
    char* const text = ldns_rdf2str(ldns_rr_owner(asked));
    std::string name(text);
    std::transform(name.begin(), name.end(), name.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    EXPECT_EQ(name, q.name + ".");
    EXPECT_EQ(ldns_rr_get_type(asked), q.kind);
    EXPECT_EQ(ldns_pkt_id(p), q.secret.id);
    EXPECT_TRUE(ldns_pkt_rd(p));
    EXPECT_EQ(ldns_pkt_edns_udp_size(p), datagram_max);
    std::free(text);
    ldns_pkt_free(p);
  }
}
