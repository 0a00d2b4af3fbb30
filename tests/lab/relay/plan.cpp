#include "tests/lab/relay/plan.h"

#include <algorithm>
#include <cassert>
#include <cctype>

#include "runtime/setting_value.h"
#include "sdk/pure/address.h"
#include "sdk/pure/units.h"

namespace tharsis::lab {
namespace {

using namespace runtime;

// As a plugin's manifest describes settings; LINE stands for what both directions have.
constexpr std::string_view plan_schema = R"(
plan:
  type: list
  min: 1
  of:
    type: group
    settings:
      at_us: { type: int, min: 0, max: 1000000000000, required: true }
      up: LINE
      down: LINE
      block:
        type: list
        of:
          type: group
          settings:
            direction: { type: enum, values: [up, down, both], default: both }
            address: { type: text, default: any }
            port: { type: int, min: 0, max: 65535, default: 0 }
            protocol: { type: enum, values: [any, tcp, udp, icmp], default: any }
            answer: { type: enum, values: [silence, reset, unreachable], default: silence }
      nat: { type: group, settings: { forget_after_us: { type: int, min: 0, max: 1000000000000, default: 0 } } }
      reset: { type: group, settings: { every_us: { type: int, min: 0, max: 1000000000000, default: 0 } } }
      forge:
        type: list
        of:
          type: group
          settings:
            name: { type: text, required: true }
            address: { type: text, required: true }
            servers: { type: text, default: any }
            only: { type: bool, default: false }
      client_hello:
        type: list
        of:
          type: group
          settings:
            name: { type: text, required: true }
            action: { type: enum, values: [drop, reset], default: drop }
)";
constexpr std::string_view line_schema = R"({
  type: group, settings: {
    delay_us: { type: int, min: 0, max: 60000000, default: 0 },
    jitter_us: { type: int, min: 0, max: 60000000, default: 0 },
    loss: { type: real, min: 0, max: 1, default: 0 },
    burst: { type: group, settings: {
      enter: { type: real, min: 0, max: 1, default: 0 },
      leave: { type: real, min: 0, max: 1, default: 1 },
      loss: { type: real, min: 0, max: 1, default: 1 } } },
    reorder: { type: real, min: 0, max: 1, default: 0 },
    duplicate: { type: real, min: 0, max: 1, default: 0 },
    corrupt: { type: real, min: 0, max: 1, default: 0 },
    rate_bps: { type: int, min: 0, max: 100000000000, default: 0 },
    queue_packets: { type: int, min: 1, max: 100000, default: 1000 },
    drop_over: { type: int, min: 0, max: 65575, default: 0 },
    icmp: { type: bool, default: false } } })";

// A profile's own machinery: unknown keys, types and ranges are told with their place.
const setting& schema() {
  static const setting read = [] {
    std::string text(plan_schema);
    constexpr std::string_view mark = "LINE";
    for (size_t at = text.find(mark); at != std::string::npos; at = text.find(mark)) text.replace(at, mark.size(), line_schema);
    diagnostics mistakes;
    const auto in = std::make_shared<source>(source{"the plan's schema", text, source::kind::manifest, {}});
    setting all = parse_settings(*parse_yaml(in, mistakes), mistakes);
    assert(mistakes.empty());
    return all.members.front();
  }();
  return read;
}

int64_t whole(const setting_value& in, std::string_view name) { return std::get<int64_t>(in.child(name)->scalar); }
double real(const setting_value& in, std::string_view name) { return std::get<double>(in.child(name)->scalar); }
bool flag(const setting_value& in, std::string_view name) { return std::get<bool>(in.child(name)->scalar); }
const std::string& text(const setting_value& in, std::string_view name) {
  return std::get<std::string>(in.child(name)->scalar);
}
duration time(const setting_value& in, std::string_view name) { return std::chrono::microseconds(whole(in, name)); }

line_faults line_of(const setting_value& v) {
  const setting_value& burst = *v.child("burst");
  line_faults made;
  made.delay = time(v, "delay_us");
  made.jitter = time(v, "jitter_us");
  made.loss = real(v, "loss");
  made.burst_enter = real(burst, "enter");
  made.burst_leave = real(burst, "leave");
  made.burst_loss = real(burst, "loss");
  made.reorder = real(v, "reorder");
  made.duplicate = real(v, "duplicate");
  made.corrupt = real(v, "corrupt");
  made.rate_bps = static_cast<uint64_t>(whole(v, "rate_bps"));
  made.queue_packets = static_cast<size_t>(whole(v, "queue_packets"));
  made.drop_over = static_cast<size_t>(whole(v, "drop_over"));
  made.icmp = flag(v, "icmp");
  return made;
}

// From a checked tree to states; adds what the schema cannot say.
class reader {
 public:
  explicit reader(diagnostics& problems) : problems_(problems) {}

  network_state state(const setting_value& v) {
    network_state made;
    made.at = time(v, "at_us");
    made.lines = {line_of(*v.child("up")), line_of(*v.child("down"))};
    for (const setting_value& each : v.child("block")->children) made.blocked.push_back(block(each));
    made.nat_forgets_after = time(*v.child("nat"), "forget_after_us");
    made.reset_every = time(*v.child("reset"), "every_us");
    for (const setting_value& each : v.child("forge")->children) made.forged.push_back(forge(each));
    for (const setting_value& each : v.child("client_hello")->children)
      made.client_hellos.push_back({name(*each.child("name")), text(each, "action") == "reset"});
    return made;
  }

 private:
  block_rule block(const setting_value& v) {
    block_rule made;
    made.up = text(v, "direction") != "down";
    made.down = text(v, "direction") != "up";
    made.remote = prefix(*v.child("address"));
    made.port = static_cast<uint16_t>(whole(v, "port"));
    const std::string& protocol = text(v, "protocol");
    made.protocol = protocol == "tcp" ? protocol_tcp : protocol == "udp" ? protocol_udp : protocol == "icmp" ? protocol_icmp : 0;
    if (made.port != 0 && made.protocol == protocol_icmp)
      problems_.add(v.child("port")->at, "ICMP has no ports; leave 'port' out");
    const std::string& answer = text(v, "answer");
    made.says = answer == "reset"         ? block_rule::answer::reset
                : answer == "unreachable" ? block_rule::answer::unreachable
                                          : block_rule::answer::silence;
    return made;
  }

  forge_rule forge(const setting_value& v) {
    forge_rule made{name(*v.child("name")), {}, prefix(*v.child("servers")), flag(v, "only")};
    const auto address = parse_ip(text(v, "address"));
    if (address)
      made.address = *address;
    else
      problems_.add(v.child("address")->at, address.failure().text);
    return made;
  }

  network_prefix prefix(const setting_value& v) {
    const auto& written = std::get<std::string>(v.scalar);
    if (written == "any") return {};
    const auto parsed = parse_prefix(written);
    if (parsed) return *parsed;
    problems_.add(v.at, parsed.failure().text);
    return {};
  }

  std::string name(const setting_value& v) {
    const auto& written = std::get<std::string>(v.scalar);
    if (written.empty() || written == ".") problems_.add(v.at, "expected a name like 'im.test', got " + in_quotes(written));
    return written;
  }

  diagnostics& problems_;
};

void check_times(const setting_value& states, const plan& read, diagnostics& problems) {
  for (size_t i = 0; i < read.size(); ++i) {
    const source_position& at = states.children[i].child("at_us")->at;
    if (i == 0 && read[i].at.count() != 0) problems.add(at, "the first state holds from the beginning: at_us must be 0");
    if (i > 0 && read[i].at <= read[i - 1].at) problems.add(at, "at_us must be later than that of the state before");
  }
}

}  // namespace

result<network_prefix> parse_prefix(std::string_view text) {
  const size_t slash = text.find('/');
  const auto address = parse_ip(text.substr(0, slash));
  if (!address) return address.failure();
  const unsigned longest = address->family == 4 ? 32 : 128;
  if (slash == std::string_view::npos) return network_prefix{*address, longest};
  const auto length = parse_integer(text.substr(slash + 1));
  if (!length || *length < 0 || *length > longest)
    return error{THARSIS_E_INVALID, "expected a prefix like '198.51.100.0/24' or '2001:db8::/32', got " + in_quotes(text)};
  return network_prefix{*address, static_cast<unsigned>(*length)};
}

bool network_prefix::holds(const tharsis_address& candidate) const {
  if (address.family == 0) return true;
  if (address.family != candidate.family) return false;
  for (unsigned bit = 0; bit < length; bit += 8) {
    const uint8_t mask = static_cast<uint8_t>(length - bit >= 8 ? 0xff : 0xff << (8 - (length - bit)));
    if (((address.ip[bit / 8] ^ candidate.ip[bit / 8]) & mask) != 0) return false;
  }
  return true;
}

bool block_rule::fits(const packet& p, direction way) const {
  if (way == direction::up ? !up : !down) return false;
  const tharsis_address& other = way == direction::up ? p.target : p.source;
  const uint8_t spoken = p.protocol == protocol_icmp6 ? protocol_icmp : p.protocol;
  return remote.holds(other) && (protocol == 0 || protocol == spoken) && (port == 0 || port == other.port);
}

plan parse_plan(const std::shared_ptr<const source>& in, diagnostics& problems) {
  const auto tree = parse_yaml(in, problems);
  if (!tree || !problems.empty()) return {};
  const setting_value states = resolve({schema(), &*tree, "", {in, 0, 0}, nullptr}, problems);
  if (!problems.empty()) return {};
  reader reads(problems);
  plan made;
  for (const setting_value& v : states.children) made.push_back(reads.state(v));
  check_times(states, made, problems);
  if (!problems.empty()) made.clear();
  return made;
}

bool is_at_or_below(std::string_view name, std::string_view top) {
  if (name.ends_with('.')) name.remove_suffix(1);
  if (top.ends_with('.')) top.remove_suffix(1);
  if (name.size() < top.size()) return false;
  const std::string_view end = name.substr(name.size() - top.size());
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
  };
  return std::equal(end.begin(), end.end(), top.begin(), same) &&
         (name.size() == top.size() || name[name.size() - top.size() - 1] == '.');
}

}  // namespace tharsis::lab
