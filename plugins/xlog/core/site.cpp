#include "plugins/xlog/core/site.h"

#include "plugins/xlog/core/bits.h"
#include "sdk/pure/log_format.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {
namespace {

// Texts in the order in which they are written.
constexpr std::string site::*texts[] = {&site::plugin, &site::tag, &site::file, &site::text, &site::codes};

error damaged(const char* what) {
  return {THARSIS_E_PROTOCOL, std::string("a damaged site: ") + what};
}

}  // namespace

std::optional<size_t> fixed_bytes(char code) {
  const int size = fixed_bytes_of(code);
  return size < 0 ? std::nullopt : std::optional(static_cast<size_t>(size));
}

std::optional<size_t> fixed_bytes(std::string_view codes) {
  if (codes.size() > arguments_max) return {};
  size_t all = 0;
  for (const char code : codes) {
    const auto one = fixed_bytes(code);
    if (!one) return {};
    all += *one;
  }
  return all;
}

void append_site(std::string& to, uint32_t number, const site& s) {
  byte_sink fields;
  fields.varint(number);
  fields.varint(s.level);
  fields.varint(s.line);
  for (const auto text : texts) {
    const std::string_view kept = std::string_view(s.*text).substr(0, site_text_max);
    fields.varint(kept.size());
    fields.append(as_bytes(kept));
  }
  byte_sink length;
  length.varint(fields.size());
  to += as_text(length.bytes());
  to += as_text(fields.bytes());
}

result<site_entry> read_site(std::string_view& from) {
  byte_source all(as_bytes(from));
  const uint64_t length = all.varint();
  if (!all.ok() || length > all.size()) return damaged("cut off");
  byte_source fields(all.take(length));
  from.remove_prefix(from.size() - all.size());

  site_entry entry;
  const uint64_t number = fields.varint();
  const uint64_t level = fields.varint();
  const uint64_t line = fields.varint();
  for (const auto text : texts) {
    const uint64_t size = fields.varint();
    if (size > site_text_max) return damaged("a text is longer than 64 KiB");
    entry.value.*text = as_text(fields.take(size));
  }
  if (!fields.ok()) return damaged("cut off");
  if (number == 0 || number >= sites_max) return damaged("its number is out of range");
  if (level >= THARSIS_LOG_OFF || line > UINT32_MAX) return damaged("its level or line is out of range");
  if (!fixed_bytes(entry.value.codes)) return damaged("its arguments are of no kind we know");
  entry.number = static_cast<uint32_t>(number);
  entry.value.level = static_cast<uint32_t>(level);
  entry.value.line = static_cast<uint32_t>(line);
  return entry;
}

}  // namespace tharsis::xlog
