#include "tests/lab/relay/forge.h"

#include "tests/lab/relay/answer.h"
#include "tests/lab/relay/settings.h"

namespace tharsis::lab {
namespace {

constexpr size_t header_size = 12;

bytes answer_to(const dns_question& question, const tharsis_address* address) {
  bytes made(header_size);
  put16(made, 0, read16(question.header, 0));
  const uint16_t asked = read16(question.header, 2);
  put16(made, 2, static_cast<uint16_t>(0x8080 | (asked & 0x0100)));  // A response, recursion as if available.
  put16(made, 4, 1);
  put16(made, 6, address != nullptr ? 1 : 0);
  append(made, question.written);
  if (address == nullptr) return made;
  append16(made, 0xc000 | header_size);  // The question's name.
  append16(made, question.type);
  append16(made, 1);
  append32(made, settings::forged_ttl_s);
  const size_t length = address->family == 4 ? 4 : 16;
  append16(made, static_cast<uint16_t>(length));
  append(made, {address->ip, length});
  return made;
}

}  // namespace

std::optional<dns_question> parse_question(byte_view message) {
  constexpr size_t label_most = 63, name_most = 255;
  if (message.size() < header_size) return {};
  const uint16_t flags = read16(message, 2);
  if ((flags & 0xf800) != 0 || read16(message, 4) != 1) return {};  // A response, or no ordinary query.
  dns_question q;
  q.header = message.first(header_size);
  size_t at = header_size;
  for (;;) {
    if (at >= message.size()) return {};
    const size_t label = message[at++];
    if (label == 0) break;
    if (label > label_most || at + label > message.size() || at + label - header_size > name_most) return {};
    if (!q.name.empty()) q.name += '.';
    q.name.append(message.begin() + static_cast<std::ptrdiff_t>(at), message.begin() + static_cast<std::ptrdiff_t>(at + label));
    at += label;
  }
  if (at + 4 > message.size() || read16(message, at + 2) != 1) return {};  // Not of the Internet's class.
  q.type = read16(message, at);
  q.written = message.subspan(header_size, at + 4 - header_size);
  return q;
}

std::optional<forgery> forge_answer(const packet& query, const std::vector<forge_rule>& rules) {
  if (rules.empty() || query.target.port != dns_port || query.is_fragment) return {};
  const auto data = parse_udp(query);
  const auto question = data ? parse_question(*data) : std::optional<dns_question>();
  if (!question || (question->type != dns_type_a && question->type != dns_type_aaaa)) return {};
  const int asked_family = question->type == dns_type_a ? 4 : 6;
  const forge_rule* chosen = nullptr;
  for (const forge_rule& rule : rules) {
    if (!rule.servers.holds(query.target) || !is_at_or_below(question->name, rule.name)) continue;
    if (chosen == nullptr || (chosen->address.family != asked_family && rule.address.family == asked_family)) chosen = &rule;
  }
  if (chosen == nullptr) return {};
  const bytes answer = answer_to(*question, chosen->address.family == asked_family ? &chosen->address : nullptr);
  return forgery{make_udp(query.target, query.source, answer), chosen->only};
}

}  // namespace tharsis::lab
