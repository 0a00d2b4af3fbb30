// The lines of corpus.h, said: each of its sites is a call of its own here, with the arguments that a record of the
// corpus holds. `log` is a logger, or speaks like one.
#pragma once
#include <cstring>
#include <string_view>
#include <tuple>

#include "tests/bench/xlog/corpus.h"

namespace tharsis::bench {

template <class T>
constexpr size_t fixed_bytes_of = std::is_same_v<T, std::string_view> ? 4 : sizeof(T);

// Arguments one after the other: fixed parts, then texts.
struct argument_source {
  const uint8_t* fixed;
  const char* texts;

  template <class T>
  T take() {
    if constexpr (std::is_same_v<T, std::string_view>) {
      const auto size = take<uint32_t>();
      const std::string_view text(texts, size);
      texts += size;
      return text;
    } else {
      T value;
      std::memcpy(&value, fixed, sizeof value);
      fixed += sizeof value;
      return value;
    }
  }
};

template <class... A, class Say>
void with(const uint8_t* arguments, const Say& say) {
  argument_source from{arguments, reinterpret_cast<const char*>(arguments) + (size_t{0} + ... + fixed_bytes_of<A>)};
  const std::tuple<A...> values{from.take<A>()...};  // Braces: in this order.
  std::apply(say, values);
}

template <class Log>
void say_messenger(const Log& log, uint32_t site, const uint8_t* arguments) {
  using i = int32_t;
  using u = uint32_t;
  using l = int64_t;
  using d = double;
  using b = bool;
  using s = std::string_view;
  switch (site) {
    case 1: return with<i, u, i, d>(arguments, [&](const auto&... a) { log.info("recv packet cmd={} seq={} len={} cost={} ms", a...); });
    case 2: return with<i, u, i, i>(arguments, [&](const auto&... a) { log.info("send packet cmd={} seq={} len={} queue={}", a...); });
    case 3: return with<l, s, s, i, i>(arguments, [&](const auto&... a) { log.info("message {} from {} in {} stored, type={} size={}", a...); });
    case 4: return with<s, i, i, i>(arguments, [&](const auto&... a) { log.debug("query {} rows={} took {} us, plan={}", a...); });
    case 5: return with<l, l, i, b>(arguments, [&](const auto&... a) { log.debug("sync key {} -> {} batch={} more={}", a...); });
    case 6: return with<s, l, s>(arguments, [&](const auto&... a) { log.info("read receipt {} up to {} in {}", a...); });
    case 7: return with<s, i, i, d, d>(arguments, [&](const auto&... a) { log.debug("decoded {} {}x{} in {} ms, cache hit ratio {}", a...); });
    case 8: return with<u, d, i, s>(arguments, [&](const auto&... a) { log.verbose("frame {} took {} ms, {} views on {}", a...); });
    case 9: return with<u, i, i, d, d>(arguments, [&](const auto&... a) { log.info("task {} cgi={} retries={} total={} ms rtt={} ms", a...); });
    case 10: return with<u, i, i, s>(arguments, [&](const auto&... a) { log.debug("heartbeat {} after {} ms, interval {} s, state {}", a...); });
    case 11: return with<u, s, i, i, s>(arguments, [&](const auto&... a) { log.warning("task {} to {} failed with {} after {} ms: {}", a...); });
    case 12: return with<s, i, i, i>(arguments, [&](const auto&... a) { log.info("connecting to {} as {} of {}, timeout {} ms", a...); });
    case 13: return with<s, d, i>(arguments, [&](const auto&... a) { log.info("connected to {} in {} ms, fd {}", a...); });
    case 14: return with<s, i, s>(arguments, [&](const auto&... a) { log.error("link to {} ended with {}: {}", a...); });
    case 15: return with<l, l, l, i>(arguments, [&](const auto&... a) { log.debug("heap {} native {} free {} fragments {}", a...); });
    case 16: return with<s, i, d, d>(arguments, [&](const auto&... a) { log.info("codec {} bitrate {} loss {} jitter {} ms", a...); });
    case 17: return with<i, i, i, l>(arguments, [&](const auto&... a) { log.debug("buffer {} ms, late {} early {} at {}", a...); });
    case 18: return with<s, i, i, d>(arguments, [&](const auto&... a) { log.info("uploading {} part {} of {}, {} bytes/s", a...); });
    case 19: return with<s, d, d>(arguments, [&](const auto&... a) { log.warning("slow query on {}: {} ms, lock {} ms", a...); });
    case 20: return with<s, s, i>(arguments, [&](const auto&... a) { log.info("{} -> {} by {}", a...); });
    case 21: return with<l, s, i>(arguments, [&](const auto&... a) { log.error("message {} not sent to {}: code {}", a...); });
    case 22: return with<s, i, u>(arguments, [&](const auto&... a) { log.info("session of {} refreshed, valid {} s, flags {}", a...); });
    case 23: return with<i, s, l>(arguments, [&](const auto&... a) { log.info("pushed {} of {} at {}", a...); });
    default: return with<s>(arguments, [&](const auto&... a) { log.info("{}", a...); });
  }
}

template <class Log>
void say_predictable(const Log& log, const uint8_t* arguments) {
  with<uint32_t, int32_t, int32_t>(arguments, [&](const auto&... a) { log.info("turn {} took {} ns, queue {}", a...); });
}

// A corpus and who says its lines.
enum class kind { messenger, free_text, predictable };
inline constexpr std::pair<kind, const char*> kinds[] = {
    {kind::messenger, "IM"}, {kind::free_text, "free text"}, {kind::predictable, "predictable"}};

// Says `count` lines from a place in the corpus on, again and again from its front.
template <class Log>
void say_lines(const Log& log, kind k, const log_corpus& corpus, size_t& at, size_t count) {
  xlog::row r;
  for (size_t i = 0; i < count; ++i) {
    if (!corpus.next(at, r)) corpus.next(at = 0, r);
    if (k == kind::predictable) say_predictable(log, r.arguments.data());
    else say_messenger(log, r.site, r.arguments.data());
  }
}

// The record at `at` into a raw ring; answers where the next one is.
template <class Ring>
size_t write_raw(Ring& ring, const log_corpus& corpus, size_t at) {
  if (at == corpus.bytes.size()) at = 0;
  uint32_t size;
  std::memcpy(&size, &corpus.bytes[at], 4);
  ring.write(&corpus.bytes[at], size);
  return at + size;
}

inline log_corpus make_corpus(kind k) {
  switch (k) {
    case kind::messenger: return im_corpus(1);
    case kind::free_text: return free_text_corpus(1);
    default: return predictable_corpus(1);
  }
}

}  // namespace tharsis::bench
