#include "sdk/pure/dns_question.h"

#include <algorithm>

#include "sdk/pure/dns_record_data.h"

namespace tharsis::dns {
namespace {

class writer {
 public:
  explicit writer(std::array<uint8_t, question_max>& into) : into_(into) {}
  void one(size_t v) { into_[size_++] = static_cast<uint8_t>(v); }
  void two(size_t v) { one(v >> 8), one(v & 0xFF); }
  void all(std::span<const uint8_t> bytes) {
    std::copy(bytes.begin(), bytes.end(), into_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += bytes.size();
  }
  void zeros(size_t n) {
    for (; n > 0; --n) one(0);
  }
  size_t size() const { return size_; }
  std::span<const uint8_t> bytes() const { return std::span(into_).first(size_); }

 private:
  std::array<uint8_t, question_max>& into_;
  size_t size_ = 0;
};

char with_case(char c, const chance& secret, size_t at) {
  const bool large = (secret.cases[at / 8 % secret.cases.size()] >> (at % 8) & 1) != 0;
  return large && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

void write_name(writer& out, const question& q) {
  for (size_t from = 0; from < q.name.size();) {
    const size_t end = std::min(q.name.find('.', from), q.name.size());
    out.one(end - from);
    for (size_t i = from; i < end; ++i) out.one(static_cast<uint8_t>(with_case(q.name[i], q.secret, i)));
    from = end + 1;
  }
  out.one(0);
}

// Did it come with the letters as they were sent? The name is known to be the same.
bool kept_case(const question& q, const wire_name& name) {
  wire_name::labels labels(name);
  size_t at = 0;
  for (std::string_view label; labels.next(label); ++at)
    for (const char c : label)
      if (c != with_case(q.name[at], q.secret, at)) return false;
      else ++at;
  return true;
}

// An answer need not have one, but what has one shows that its sender saw ours.
bool foreign_cookie(const question& q, const message& m) {
  if (!q.cookie || !m.has_options()) return false;
  options all(m.options());
  uint16_t code = 0;
  for (std::span<const uint8_t> data; all.next(code, data);)
    if (code == option_cookie)
      return data.size() < q.secret.cookie.size() || !std::equal(q.secret.cookie.begin(), q.secret.cookie.end(), data.begin());
  return false;
}

}  // namespace

std::span<const uint8_t> write(const question& q, std::array<uint8_t, question_max>& into) {
  writer out(into);
  out.two(q.secret.id);
  out.two(0x0100);  // Recursion, please.
  out.two(1), out.two(0), out.two(0), out.two(q.bare ? 0 : 1);
  write_name(out, q);
  out.two(q.kind), out.two(class_internet);

  if (q.bare) return out.bytes();

  const size_t cookie = q.cookie ? 4 + q.secret.cookie.size() : 0;
  const size_t bare = out.size() + 11 + cookie;
  size_t padding = 0;
  if (q.padded_to > 0) padding = 4 + (q.padded_to - (bare + 4) % q.padded_to) % q.padded_to;
  out.one(0), out.two(type::opt), out.two(datagram_max), out.zeros(4);
  out.two(cookie + padding);
  if (q.cookie) {
    out.two(option_cookie), out.two(q.secret.cookie.size());
    out.all(q.secret.cookie);
  }
  if (padding > 0) out.two(option_padding), out.two(padding - 4), out.zeros(padding - 4);
  return out.bytes();
}

fit match(const question& q, std::span<const uint8_t> bytes, message& into, defect* why) {
  const defect d = message::read(bytes, into);
  if (why != nullptr) *why = d;
  return d != defect::none ? fit::damaged : match(q, into);
}

fit match(const question& q, const message& m) {
  if (!m.is_answer() || m.operation() != 0) return fit::no_answer;
  if (m.id() != q.secret.id) return fit::other_id;
  if (!m.has_question()) return m.code() == rcode::format ? fit::fits : fit::other_question;
  if (m.asked_kind() != q.kind || m.asked_group() != class_internet || !m.asked_name().is(q.name)) return fit::other_question;
  if (!kept_case(q, m.asked_name())) return fit::other_case;
  return foreign_cookie(q, m) ? fit::other_cookie : fit::fits;
}

}  // namespace tharsis::dns
