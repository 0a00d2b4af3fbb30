#include "tests/lab/relay/client_hello.h"

#include "tests/lab/relay/settings.h"

namespace tharsis::lab {
namespace {

using state = server_name::state;

// Steps through bytes; past their end everything is 0 and `whole` is false.
class cursor {
 public:
  explicit cursor(byte_view left) : left_(left) {}
  bool whole = true;

  size_t number(size_t width) {
    size_t n = 0;
    for (const uint8_t byte : take(width)) n = n << 8 | byte;
    return n;
  }
  byte_view take(size_t size) {
    if (size > left_.size()) return whole = false, left_ = {}, byte_view();
    const byte_view taken = left_.first(size);
    left_ = left_.subspan(size);
    return taken;
  }
  byte_view block(size_t width) { return take(number(width)); }
  bool empty() const { return left_.empty(); }
  size_t size() const { return left_.size(); }

 private:
  byte_view left_;
};

server_name in_extension(byte_view content) {
  cursor names(cursor(content).block(2));
  while (!names.empty()) {
    const size_t type = names.number(1);
    const byte_view name = names.block(2);
    if (names.whole && type == 0 && !name.empty()) return {state::found, std::string(name.begin(), name.end())};
  }
  return {};
}

server_name in_hello(byte_view hello) {
  constexpr size_t server_name_extension = 0;
  cursor c(hello);
  c.take(2 + 32);  // Version, random.
  c.block(1);      // Session.
  c.block(2);      // Cipher suites.
  c.block(1);      // Compression.
  cursor extensions(c.block(2));
  while (c.whole && !extensions.empty()) {
    const size_t type = extensions.number(2);
    const byte_view content = extensions.block(2);
    if (extensions.whole && type == server_name_extension) return in_extension(content);
  }
  return {};
}

}  // namespace

server_name find_server_name(byte_view said) {
  constexpr uint8_t handshake = 22, client_hello = 1;
  constexpr size_t message_header = 4;
  bytes message;
  cursor records(said);
  while (!records.empty()) {
    if (records.number(1) != handshake) return {};
    records.number(2);
    const size_t length = records.number(2);
    if (!records.whole) break;
    append(message, records.take(std::min(length, records.size())));
    if (!message.empty() && message[0] != client_hello) return {};
    if (message.size() < message_header) continue;
    const size_t needs = read32(message, 0) & 0xffffff;
    if (needs > settings::client_hello_most) return {};
    if (message.size() >= message_header + needs) return in_hello(byte_view(message).subspan(message_header, needs));
  }
  return {state::unfinished, {}};
}

const client_hello_rule* match_client_hello(flow& f, const tcp_segment& segment,
                                            const std::vector<client_hello_rule>& rules) {
  const auto& first = f.sender(direction::up).first;
  if (rules.empty() || f.hello_read || !first || segment.data.empty() || segment.has(tcp_syn)) return nullptr;
  const size_t from = segment.sequence - (*first + 1);  // Seen before, when it is sent once more; so no gap.
  const size_t known = f.hello.size();
  if (from > known || from + segment.data.size() <= known) return nullptr;
  append(f.hello, segment.data.subspan(known - from));
  const server_name seen = find_server_name(f.hello);
  if (seen.is == state::unfinished && f.hello.size() <= settings::client_hello_most) return nullptr;
  f.hello_read = true;
  f.hello = {};
  for (const client_hello_rule& rule : rules)
    if (seen.is == state::found && is_at_or_below(seen.name, rule.name)) return &rule;
  return nullptr;
}

}  // namespace tharsis::lab
