#include "sdk/pure/datagram_message.h"

#include <algorithm>

namespace tharsis::datagram {
namespace {

constexpr size_t echo_size = 4, kind_size = 1, task_size = 8;

bool is_probe(kind what) { return what == kind::probe || what == kind::here; }

void put(std::span<uint8_t>& into, uint32_t number) {
  for (int shift = 24; shift >= 0; shift -= 8, into = into.subspan(1)) into[0] = static_cast<uint8_t>(number >> shift);
}

void put(std::span<uint8_t>& into, std::span<const uint8_t> bytes) {
  std::copy(bytes.begin(), bytes.end(), into.begin());
  into = into.subspan(bytes.size());
}

uint32_t take_number(std::span<const uint8_t>& from) {
  uint32_t number = 0;
  for (const uint8_t b : from.first(4)) number = number << 8 | b;
  from = from.subspan(4);
  return number;
}

}  // namespace

size_t size_of(const message& m) {
  const size_t named = is_probe(m.what) ? 0 : task_size;
  return echo_size + kind_size + named + (m.what == kind::request ? 1 + m.key.size() : 0) + m.body.size();
}

size_t write(const message& m, std::span<uint8_t> into) {
  const size_t size = size_of(m);
  if (!fits(m) || into.size() < size) return 0;
  put(into, m.echo);
  into[0] = static_cast<uint8_t>(m.what);
  into = into.subspan(1);
  if (!is_probe(m.what)) put(into, m.sequence), put(into, m.command);
  if (m.what == kind::request) {
    into[0] = static_cast<uint8_t>(m.key.size());
    into = into.subspan(1);
    put(into, m.key);
  }
  put(into, m.body);
  return size;
}

void write_echo(std::span<uint8_t> written, uint32_t echo) { put(written, echo); }

std::optional<message> read_message(std::span<const uint8_t> content) {
  if (content.size() < echo_size + kind_size || content.size() > content_max) return std::nullopt;
  message m;
  m.echo = take_number(content);
  const uint8_t what = content[0];
  content = content.subspan(1);
  if (what < static_cast<uint8_t>(kind::probe) || what > static_cast<uint8_t>(kind::stream)) return std::nullopt;
  m.what = static_cast<kind>(what);
  if (!is_probe(m.what)) {
    if (content.size() < task_size) return std::nullopt;
    m.sequence = take_number(content);
    m.command = take_number(content);
  }
  if (m.what == kind::request) {
    if (content.empty() || content.size() < size_t{1} + content[0]) return std::nullopt;
    m.key = content.subspan(1, content[0]);
    content = content.subspan(1 + m.key.size());
  }
  m.body = content;
  return m;
}

}  // namespace tharsis::datagram
