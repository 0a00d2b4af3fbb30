// Any bytes as packets through the relay, under a plan that uses every parser: pieces of the input are
// packets of both directions. What it makes itself must be whole, and what it carries is what came.
#include "sdk/pure/address.h"
#include "tests/fuzz/harness.h"
#include "tests/lab/relay/answer.h"
#include "tests/lab/relay/client_hello.h"
#include "tests/lab/relay/forge.h"
#include "tests/lab/relay/relay.h"

using namespace tharsis;
using namespace tharsis::lab;
using fuzz::require;

namespace {

plan harsh_plan() {
  network_state state;
  state.lines[0].drop_over = 1200;
  state.lines[0].icmp = true;
  state.lines[1].duplicate = state.lines[1].corrupt = 0.5;
  block_rule closed;
  closed.port = 81;
  closed.says = block_rule::answer::reset;
  state.blocked.push_back(closed);
  closed.port = 82;
  closed.says = block_rule::answer::unreachable;
  state.blocked.push_back(closed);
  state.forged = {{"test", *parse_ip("203.0.113.66"), {}, false}, {"test", *parse_ip("2001:db8::66"), {}, true}};
  state.client_hellos = {{"blocked.test", false}, {"reset.test", true}};
  return {state};
}

void look_at(byte_view piece) {
  if (const auto question = parse_question(piece)) require(question->name.size() < 256, "a name is no longer than names are");
  const server_name name = find_server_name(piece);
  require(name.is == server_name::state::found || name.name.empty(), "no name without having found one");
  const auto p = parse_packet(piece);
  if (!p) return;
  require(p->whole.size() <= piece.size() && p->transport.size() <= p->whole.size(), "a view stays inside");
  for (const icmp_error what : {icmp_error::too_big, icmp_error::host_unreachable})
    if (const auto answer = icmp_answer(*p, what, 1300)) {
      const auto back = parse_packet(*answer);
      require(back && is_icmp_error(*back) && back->whole.size() == answer->size(), "an error is whole");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::reader input(data, size);
  relay carries(harsh_plan(), 1);
  instant now = instant_from(0);
  uint64_t in = 0, out = 0;
  while (!input.empty()) {
    const uint8_t control = input.byte();
    const byte_view piece = input.take((control & 1u) != 0 ? input.byte() + 256u * (input.byte() % 8u) : 4096u);
    look_at(piece);
    carries.on_packet((control & 2u) != 0 ? direction::down : direction::up, piece, now += 1ms);
    if ((control & 4u) != 0) carries.reset(now);
    while (const auto due = carries.take_due(now)) {
      const auto p = parse_packet(due->packet);
      require((control & 2u) != 0 || !p || p->whole.size() == due->packet.size(), "what is handed out is a packet");
    }
    require(carries.next_due() == never, "nothing is kept without a delay");
  }
  for (const counters& c : carries.counted()) {
    in += c.in_packets + c.duplicated + c.resets + c.forged + c.icmp;
    out += c.out_packets;
    for (const uint64_t dropped : c.dropped) out += dropped;
  }
  require(in == out, "every packet goes out or is counted as dropped");
  return 0;
}
