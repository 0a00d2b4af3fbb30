#include "sdk/pure/stream_frame.h"

#include <algorithm>

#include "sdk/pure/shipping.h"
#include "sdk/pure/utf8.h"
#include "sdk/pure/views.h"

namespace tharsis::streams {
namespace {

template <class T>
void put(std::vector<uint8_t>& out, T value) {
  for (size_t i = sizeof(T); i-- > 0;) out.push_back(static_cast<uint8_t>(value >> (8 * i)));
}
void put(std::vector<uint8_t>& out, std::span<const uint8_t> bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

// Takes fields from the front; what is not there is a failure, and zero.
class fields {
 public:
  explicit fields(std::span<const uint8_t> all) : rest_(all) {}
  template <class T>
  T number() {
    const auto bytes = take(sizeof(T));
    T value = 0;
    for (const uint8_t b : bytes) value = static_cast<T>(static_cast<T>(value << 8) | b);
    return value;
  }
  // Also the largest, where that stands for something else.
  uint64_t offset(bool may_be_unknown = false) {
    const auto value = number<uint64_t>();
    const bool wrong = value > offset_max && !(may_be_unknown && value == size_unknown);
    short_ = short_ || wrong;
    return value;
  }
  std::span<const uint8_t> take(size_t size) {
    if (size > rest_.size()) {
      short_ = true;
      rest_ = {};
      return {};
    }
    const auto taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }
  void sum(streams::sum& into) {
    const auto bytes = take(into.size());
    std::copy(bytes.begin(), bytes.end(), into.begin());
  }
  std::span<const uint8_t> rest() { return take(rest_.size()); }
  bool whole() const { return !short_ && rest_.empty(); }

 private:
  std::span<const uint8_t> rest_;
  bool short_ = false;
};

void append_open(std::vector<uint8_t>& out, const message& m) {
  put(out, static_cast<uint8_t>(m.direction));
  put(out, static_cast<uint8_t>(m.priority));
  put(out, m.command);
  put(out, m.size);
  put(out, m.has);
  put(out, std::span<const uint8_t>(m.sum));
  put(out, m.limit);
  put(out, static_cast<uint8_t>(m.key.size()));
  put(out, m.key);
  put(out, as_bytes(m.name));
}

bool read_open(fields& f, message& m) {
  const auto way = f.number<uint8_t>();
  m.direction = static_cast<direction>(way);
  m.priority = static_cast<int8_t>(f.number<uint8_t>());
  m.command = f.number<uint32_t>();
  m.size = f.offset(true);
  m.has = f.offset();
  f.sum(m.sum);
  m.limit = f.offset();
  m.key = f.take(f.number<uint8_t>());
  m.name = as_text(f.rest());
  return way >= 1 && way <= 3 && !m.key.empty() && m.key.size() <= key_max && !m.name.empty() && m.name.size() <= name_max && is_text(m.name);
}

bool read_reset(fields& f, message& m) {
  const auto code = f.number<uint8_t>();
  m.code = static_cast<reset_code>(code);
  m.text = as_text(f.rest());
  return code >= 1 && code <= reset_code_max && m.text.size() <= text_max && is_text(m.text);
}

bool read_fields(fields& f, message& m) {
  switch (m.is) {
    case message::kind::open: return read_open(f, m);
    case message::kind::opened:
      m.has = f.offset();
      f.sum(m.sum);
      m.limit = f.offset();
      m.from = f.offset();
      m.size = f.offset(true);
      return true;
    case message::kind::data:
      m.offset = f.offset();
      m.bytes = f.rest();
      return !m.bytes.empty() && m.bytes.size() <= data_max;
    case message::kind::credit:
      m.seen = f.offset();
      m.confirmed = f.offset();
      m.limit = f.offset();
      return m.confirmed <= m.seen;
    case message::kind::end:
      m.size = f.offset();
      f.sum(m.sum);
      return true;
    case message::kind::done: m.size = f.offset(); return true;
    case message::kind::reset: return read_reset(f, m);
  }
  return false;
}

}  // namespace

bool is_text(std::string_view text) {
  while (!text.empty()) {
    const size_t n = utf8_size(text);
    if (n == 0 || static_cast<uint8_t>(text.front()) < 0x20 || text.front() == 0x7f) return false;
    text.remove_prefix(n);
  }
  return true;
}

void append_message(std::vector<uint8_t>& out, const message& m) {
  put(out, static_cast<uint8_t>(m.is));
  put(out, m.stream);
  switch (m.is) {
    case message::kind::open: return append_open(out, m);
    case message::kind::opened:
      put(out, m.has);
      put(out, std::span<const uint8_t>(m.sum));
      put(out, m.limit);
      put(out, m.from);
      return put(out, m.size);
    case message::kind::data: put(out, m.offset); return put(out, m.bytes);
    case message::kind::credit:
      put(out, m.seen);
      put(out, m.confirmed);
      return put(out, m.limit);
    case message::kind::end: put(out, m.size); return put(out, std::span<const uint8_t>(m.sum));
    case message::kind::done: return put(out, m.size);
    case message::kind::reset:
      put(out, static_cast<uint8_t>(m.code));
      return put(out, as_bytes(m.text.substr(0, text_max)));
  }
}

result<message> read_message(std::span<const uint8_t> body) {
  fields f(body);
  message m;
  const auto kind = f.number<uint8_t>();
  m.is = static_cast<message::kind>(kind);
  m.stream = f.number<uint32_t>();
  if (kind < 1 || kind > 7) return error{THARSIS_E_PROTOCOL, "a message of streams is of kind 1 to 7, not " + std::to_string(kind)};
  const bool understood = read_fields(f, m);
  if (!understood || !f.whole() || m.stream == 0)
    return error{THARSIS_E_PROTOCOL, "a message of streams, kind " + std::to_string(kind) + " with " + std::to_string(body.size()) + " bytes, means nothing"};
  return m;
}

bool is_file_name(std::string_view text) { return shipping::is_name(text); }

tharsis_status status_of(reset_code c) {
  switch (c) {
    case reset_code::cancelled: return THARSIS_E_CANCELLED;
    case reset_code::denied: return THARSIS_E_DENIED;
    case reset_code::later: return THARSIS_E_BUSY;
    case reset_code::full: return THARSIS_E_FULL;
    case reset_code::not_found: return THARSIS_E_NOT_FOUND;
    case reset_code::conflict: return THARSIS_E_INVALID;
    case reset_code::disk: return THARSIS_E_IO;
    case reset_code::taken: return THARSIS_E_IN_USE;
    case reset_code::leaves: return THARSIS_E_RESET;
    default: return THARSIS_E_PROTOCOL;
  }
}

}  // namespace tharsis::streams
