// How a plugin or a host writes its log:
//
//   const logger log(host.log, "net");                   // "net" is the tag of its lines
//   log.info("sent {bytes} bytes to {}", count, name);   // also verbose, debug, warning, error, fatal
//
// The text is checked when it is compiled. A line costs a few stores into a ring of the calling thread; it is
// put into words by whoever reads the log. Where there is no ring it is put into words at once. [any thread]
//
// Arguments: bool, characters, numbers, enums (their numbers), pointers, texts, spans of bytes (in hexadecimal),
// durations, times of the system's clock, secret(x) (never written anywhere), and whatever has a to_text(x). A field
// with the name of a secret, such as {password} or {session_token}, is written no more than secret(x): the log says
// which names those are. Such a line is put into words at once.
//
// A signal handler may log where its thread and the line's place have logged before; else it takes locks and memory.
// If it interrupts another line of its thread, its own goes as it is written, without its arguments.
#pragma once
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include "sdk/abi/log.h"
#include "sdk/pure/log_format.h"
#include "sdk/pure/views.h"

namespace tharsis {

// An argument that no log may hold: its place is shown as "(secret)".
struct secret_argument {};
template <class T>
constexpr secret_argument secret(const T&) {
  return {};
}

namespace log_detail {

// An argument as it stands in a ring: a code, a fixed part, and perhaps bytes behind it.
template <char Code, class Fixed>
struct number {
  static constexpr char code = Code;
  static constexpr size_t fixed = sizeof(Fixed);
  Fixed value;
};
struct text {
  static constexpr char code = THARSIS_LOG_TEXT;
  static constexpr size_t fixed = 4;
  std::string_view value;
};
struct made_text {
  static constexpr char code = THARSIS_LOG_TEXT;
  static constexpr size_t fixed = 4;
  std::string value;
};
struct bytes {
  static constexpr char code = THARSIS_LOG_BYTES;
  static constexpr size_t fixed = 4;
  std::string_view value;
};
struct nothing {
  static constexpr char code = THARSIS_LOG_SECRET;
  static constexpr size_t fixed = 0;
};

template <class T>
constexpr bool is_duration = false;
template <class Rep, class Period>
constexpr bool is_duration<std::chrono::duration<Rep, Period>> = true;

template <class T>
constexpr bool is_wall = false;
template <class Duration>
constexpr bool is_wall<std::chrono::time_point<std::chrono::system_clock, Duration>> = true;

// What is longer than an i64 of nanoseconds holds, 292 years, is as long as that.
template <class Rep, class Period>
constexpr int64_t nanoseconds_of(std::chrono::duration<Rep, Period> d) {
  using std::chrono::duration, std::chrono::duration_cast, std::chrono::nanoseconds;
  if constexpr (std::is_floating_point_v<Rep>) {
    const double n = duration<double, std::nano>(d).count();
    return n >= 9.2e18 ? INT64_MAX : n <= -9.2e18 ? INT64_MIN : n == n ? static_cast<int64_t>(n) : 0;
  } else if constexpr (std::ratio_greater_v<Period, std::nano>) {
    using wide = duration<int64_t, Period>;
    constexpr int64_t most = duration_cast<wide>(nanoseconds::max()).count();
    const auto n = static_cast<int64_t>(d.count());
    return n > most ? INT64_MAX : n < -most ? INT64_MIN : duration_cast<nanoseconds>(wide(n)).count();
  } else {
    return duration_cast<nanoseconds>(d).count();
  }
}

// A line is never lost, nor an exception let out, because somebody's to_text() fails.
template <class T>
std::string made_by(const T& value) noexcept {
  const int number = errno;
  std::string made;
  try {
    made = to_text(value);
  } catch (...) {
    made = "(to_text threw)";  // Short enough to need no memory.
  }
  errno = number;
  return made;
}

template <class T>
auto wire(const T& value) {
  if constexpr (std::is_same_v<T, secret_argument>) return nothing{};
  else if constexpr (std::is_same_v<T, bool>) return number<THARSIS_LOG_BOOL, uint8_t>{value};
  else if constexpr (std::is_same_v<T, char>) return number<THARSIS_LOG_CHAR, uint8_t>{static_cast<uint8_t>(value)};
  else if constexpr (std::is_enum_v<T>) return wire(static_cast<std::underlying_type_t<T>>(value));
  else if constexpr (std::is_integral_v<T> && sizeof(T) <= 4 && std::is_signed_v<T>) return number<THARSIS_LOG_I32, int32_t>{value};
  else if constexpr (std::is_integral_v<T> && sizeof(T) <= 4) return number<THARSIS_LOG_U32, uint32_t>{value};
  else if constexpr (std::is_integral_v<T> && std::is_signed_v<T>) return number<THARSIS_LOG_I64, int64_t>{value};
  else if constexpr (std::is_integral_v<T>) return number<THARSIS_LOG_U64, uint64_t>{value};
  else if constexpr (std::is_floating_point_v<T>) return number<THARSIS_LOG_F64, double>{static_cast<double>(value)};
  else if constexpr (is_duration<T>) return number<THARSIS_LOG_DURATION, int64_t>{nanoseconds_of(value)};
  else if constexpr (is_wall<T>) return number<THARSIS_LOG_WALL, int64_t>{nanoseconds_of(value.time_since_epoch())};
  else if constexpr (std::is_convertible_v<const T&, const char*>) {
    const char* t = value;
    return text{t != nullptr ? std::string_view(t) : std::string_view("(null)")};
  } else if constexpr (std::is_convertible_v<const T&, std::string_view>) return text{value};
  else if constexpr (std::is_convertible_v<const T&, std::span<const uint8_t>>) {
    const std::span<const uint8_t> b = value;
    return bytes{{reinterpret_cast<const char*>(b.data()), b.size()}};
  } else if constexpr (std::is_pointer_v<T>) return number<THARSIS_LOG_POINTER, uint64_t>{reinterpret_cast<uintptr_t>(value)};
  else return made_text{made_by(value)};
}
template <class T>
using wire_of = decltype(wire(std::declval<const T&>()));

inline constexpr size_t arguments_max = 64;
inline constexpr size_t header_size = 16;  // Bytes in all, site, clock.

template <class... A>
inline constexpr std::array<char, sizeof...(A) + 1> codes = {wire_of<A>::code..., '\0'};
template <class... A>
inline constexpr size_t fixed_size = (size_t{0} + ... + wire_of<A>::fixed);

inline size_t tail(const text& t) { return t.value.size(); }
inline size_t tail(const made_text& t) { return t.value.size(); }
inline size_t tail(const bytes& b) { return b.value.size(); }
template <class T>
constexpr size_t tail(const T&) {
  return 0;
}

// Stores combined with the keystream.
struct sealer {
  uint8_t* to;
  const uint8_t* key;

  template <class T>
  void put(T value) {
    std::make_unsigned_t<T> v, k;
    std::memcpy(&v, &value, sizeof v);
    std::memcpy(&k, key, sizeof k);
    v = static_cast<decltype(v)>(v ^ k);
    std::memcpy(to, &v, sizeof v);
    to += sizeof v;
    key += sizeof k;
  }
  void put(double value) {
    uint64_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    put(bits);
  }
  // In words, of which the last one overlaps the one before it: no call, and few branches for the short texts that
  // most are.
  void put(std::string_view from) {
    const char* p = from.data();
    const size_t n = from.size();
    if (n >= 16) {
      for (size_t i = 0; i + 16 < n; i += 16) at<sixteen>(i, p);
      at<sixteen>(n - 16, p);
    } else if (n >= 8) {
      at<uint64_t>(0, p);
      at<uint64_t>(n - 8, p);
    } else if (n >= 4) {
      at<uint32_t>(0, p);
      at<uint32_t>(n - 4, p);
    } else {
      for (size_t i = 0; i < n; ++i) at<uint8_t>(i, p);
    }
    to += n;
    key += n;
  }

 private:
  using sixteen [[gnu::vector_size(16)]] = uint64_t;

  template <class T>
  void at(size_t i, const char* p) {
    T v, k;
    std::memcpy(&v, p + i, sizeof v);
    std::memcpy(&k, key + i, sizeof k);
    v = static_cast<T>(v ^ k);
    std::memcpy(to + i, &v, sizeof v);
  }
};

template <class Out, char Code, class Fixed>
void put_fixed(Out& out, const number<Code, Fixed>& n) {
  out.put(n.value);
}
template <class Out>
void put_fixed(Out&, const nothing&) {}
template <class Out, class Text>
void put_fixed(Out& out, const Text& t) {
  out.put(static_cast<uint32_t>(t.value.size()));
}
template <class Out, class T>
void put_tail(Out& out, const T& t) {
  if constexpr (T::code == THARSIS_LOG_TEXT || T::code == THARSIS_LOG_BYTES) out.put(std::string_view(t.value));
}

// Of a record, a multiple of 8.
template <class... W>
uint64_t size_of(const W&... w) {
  constexpr size_t fixed = (header_size + ... + W::fixed);
  return (fixed + (size_t{0} + ... + tail(w)) + 7) & ~uint64_t{7};
}

template <class... W>
std::string in_words(const tharsis_log* log, const char* text, const char* codes, const W&... w) {
  std::vector<uint8_t> arguments(size_of(w...));
  const std::vector<uint8_t> zeros(arguments.size());
  [[maybe_unused]] sealer out{arguments.data(), zeros.data()};
  (put_fixed(out, w), ...);
  (put_tail(out, w), ...);
  return format_line(text, std::string_view(codes, sizeof...(W)), arguments, log);
}

// What ring() answered this thread last, in this library, and when. A signal handler may log, too: the generation is
// written after the ring and read before it, so that no new generation is ever seen with an old ring.
struct thread_state {
  uint32_t generation = 0;
  bool asking = false;
  tharsis_log_ring* ring = nullptr;
};
inline thread_local constinit thread_state this_thread;

inline constexpr uint32_t no_rings = 0;  // The generation where there are never any.

// False: this thread is inside a line of the ring already, which a signal interrupted.
inline bool enter(tharsis_log_ring& ring) {
  if (__atomic_load_n(&ring.busy, __ATOMIC_RELAXED) != 0) return false;
  __atomic_store_n(&ring.busy, 1, __ATOMIC_RELAXED);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  return true;
}
inline void leave(tharsis_log_ring& ring) { __atomic_store_n(&ring.busy, 0, __ATOMIC_RELEASE); }

inline uint64_t tick(const tharsis_log_ring& ring) {
  if (ring.clock != nullptr) return __atomic_load_n(ring.clock, __ATOMIC_RELAXED);
#if defined(__x86_64__)
  return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
  uint64_t count;
  asm volatile("mrs %0, cntvct_el0" : "=r"(count));
  return count;
#else
#error "this processor's counter is not known here"
#endif
}

// Called where a format does not fit its arguments; that they cannot be called when a program is compiled is the
// error that the compiler shows.
void the_format_is_broken();
void the_format_has_more_places_than_arguments();
void the_format_has_fewer_places_than_arguments();
void a_spec_of_the_format_does_not_fit_its_argument();

}  // namespace log_detail

// A text that has been checked against the types of its arguments, and where it stands.
template <class... A>
struct log_text {
  const char* text;
  const char* file;
  uint32_t line;

  consteval log_text(const char* t, const char* f = __builtin_FILE(), uint32_t l = __builtin_LINE()) : text(t), file(f), line(l) {
    static_assert(sizeof...(A) <= log_detail::arguments_max, "a line of log has at most 64 arguments");
    switch (check_format(t, std::string_view(log_detail::codes<A...>.data(), sizeof...(A)))) {
      case format_mistake::none: break;
      case format_mistake::broken: log_detail::the_format_is_broken(); break;
      case format_mistake::too_few_arguments: log_detail::the_format_has_more_places_than_arguments(); break;
      case format_mistake::too_many_arguments: log_detail::the_format_has_fewer_places_than_arguments(); break;
      case format_mistake::spec_does_not_fit: log_detail::a_spec_of_the_format_does_not_fit_its_argument(); break;
    }
  }
};

class logger {
 public:
  // `log` and `tag` must outlive it.
  explicit logger(const tharsis_log* log, const char* tag = "") : log_(log), tag_(tag), level_(log->level) {
    if (log->size > offsetof(tharsis_log, level_of) && log->level_of != nullptr) {
      level_ = log->level_of(log->self, text_of(std::string_view(tag)));
      generation_ = log->generation;
    }
    for (const char c : std::string_view(tag)) salt_ = (salt_ ^ static_cast<uint8_t>(c)) * 16777619u;
  }

  bool logs(uint32_t level) const { return level >= __atomic_load_n(level_, __ATOMIC_RELAXED); }

  template <class Site = decltype([] {}), class... A>
  void verbose(std::type_identity_t<log_text<A...>> t, const A&... a) const {
    line<Site, THARSIS_LOG_VERBOSE>(t, a...);
  }
  template <class Site = decltype([] {}), class... A>
  void debug(std::type_identity_t<log_text<A...>> t, const A&... a) const {
    line<Site, THARSIS_LOG_DEBUG>(t, a...);
  }
  template <class Site = decltype([] {}), class... A>
  void info(std::type_identity_t<log_text<A...>> t, const A&... a) const {
    line<Site, THARSIS_LOG_INFO>(t, a...);
  }
  template <class Site = decltype([] {}), class... A>
  void warning(std::type_identity_t<log_text<A...>> t, const A&... a) const {
    line<Site, THARSIS_LOG_WARNING>(t, a...);
  }
  template <class Site = decltype([] {}), class... A>
  void error(std::type_identity_t<log_text<A...>> t, const A&... a) const {
    line<Site, THARSIS_LOG_ERROR>(t, a...);
  }
  template <class Site = decltype([] {}), class... A>
  void fatal(std::type_identity_t<log_text<A...>> t, const A&... a) const {
    line<Site, THARSIS_LOG_FATAL>(t, a...);
  }

  // For what must be true: a fatal line where it is not. Answers whether it is.
  template <class Site = decltype([] {}), class... A>
  bool check(bool holds, std::type_identity_t<log_text<A...>> t, const A&... a) const {
    if (!holds) [[unlikely]] line<Site, THARSIS_LOG_FATAL>(t, a...);
    return holds;
  }

  // The line as a person reads it, at once.
  template <class... A>
  std::string in_words(std::type_identity_t<log_text<A...>> t, const A&... a) const {
    return log_detail::in_words(log_, t.text, log_detail::codes<A...>.data(), log_detail::wire(a)...);
  }

  // Finished text.
  void write(uint32_t level, std::string_view text) const {
    if (logs(level)) log_->write(log_->self, level, text_of(text));
  }

 private:
  template <class Site, uint32_t Level, class... A>
  void line(const log_text<A...>& t, const A&... a) const {
    if (Level >= __atomic_load_n(level_, __ATOMIC_RELAXED)) keep<Site, Level>(t, log_detail::wire(a)...);
  }

  // Busy before the generation is looked at, so that a sink that closes sees us, or we see that it does.
  template <class Site, uint32_t Level, class Text, class... W>
  void keep(const Text& t, const W&... w) const {
    static constinit std::atomic<uint64_t> known{0};  // The place's number; above it when and for whom it is that.
    const uint32_t generation = log_detail::this_thread.generation;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    tharsis_log_ring* const ring = log_detail::this_thread.ring;
    if (ring == nullptr || !log_detail::enter(*ring)) [[unlikely]] return keep_slowly<Level>(known, t, w...);
    const uint64_t site = known.load(std::memory_order_acquire);
    const uint64_t size = log_detail::size_of(w...);
    if (generation != __atomic_load_n(generation_, __ATOMIC_RELAXED) || !is_number(site, generation) ||
        ring->position + size > ring->limit) [[unlikely]] {
      log_detail::leave(*ring);
      return keep_slowly<Level>(known, t, w...);
    }
    put(*ring, size, static_cast<uint32_t>(site), w...);
  }

  // One place in a program may write lines of several tags: they have a number each.
  bool is_number(uint64_t site, uint32_t generation) const {
    return site >> 32 == (generation ^ salt_) && static_cast<uint32_t>(site) != 0;
  }

  // Busy; not any more afterwards.
  template <class... W>
  void put(tharsis_log_ring& ring, uint64_t size, uint32_t site, const W&... w) const {
    const uint64_t at = ring.position & ring.mask;
    log_detail::sealer out{ring.bytes + at, ring.keystream + at};
    out.put(size | uint64_t{site} << 32);
    out.put(log_detail::tick(ring));
    (log_detail::put_fixed(out, w), ...);
    (log_detail::put_tail(out, w), ...);
    ring.position += size;
    __atomic_store_n(ring.head, ring.position, __ATOMIC_RELEASE);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (__atomic_load_n(ring.asleep, __ATOMIC_RELAXED) != 0) [[unlikely]] wake();
    log_detail::leave(ring);
  }

  [[gnu::noinline, gnu::cold]] void wake() const {
    const int number = errno;
    log_->wake(log_->self);
    errno = number;
  }

  // The first line of a thread, of a place, after a sink came or went, and where there is no room.
  template <uint32_t Level, class Text, class... W>
  [[gnu::noinline, gnu::cold]] void keep_slowly(std::atomic<uint64_t>& known, const Text& t, const W&... w) const {
    if (interrupts_a_line()) return log_->write(log_->self, Level, text_of(std::string_view(t.text)));
    const int number = errno;
    constexpr std::array<char, sizeof...(W) + 1> codes = {W::code..., '\0'};
    const uint64_t size = log_detail::size_of(w...);
    tharsis_log_ring* const ring = ring_of_this_thread();
    const uint32_t generation = log_detail::this_thread.generation;
    if (ring == nullptr) {
      say<Level>(t.text, codes.data(), w...);
    } else if (const uint32_t site = size <= (ring->mask + 1) / 2 ? number_of<Level>(known, t, codes.data()) : 0; site == 0) {
      log_detail::leave(*ring);
      say<Level>(t.text, codes.data(), w...);
    } else if (ring->position + size > ring->limit && log_->room(log_->self, ring, size, site) == 0) {
      log_detail::leave(*ring);
      // The sink went while we waited: it is not the one that counts this.
      if (__atomic_load_n(generation_, __ATOMIC_RELAXED) != generation) say<Level>(t.text, codes.data(), w...);
    } else {
      put(*ring, size, site, w...);
    }
    errno = number;
  }

  // A signal handler in the midst of one of this thread's lines, which may hold any lock: it gets by without memory.
  static bool interrupts_a_line() {
    const auto& mine = log_detail::this_thread;
    return mine.asking || (mine.ring != nullptr && __atomic_load_n(&mine.ring->busy, __ATOMIC_RELAXED) != 0);
  }

  // Busy, and of the sink that is there now; or null.
  tharsis_log_ring* ring_of_this_thread() const {
    for (int tries = 0; tries < 2; ++tries) {
      const uint32_t generation = __atomic_load_n(generation_, __ATOMIC_ACQUIRE);
      tharsis_log_ring* const ring = generation != 0 ? ring_of(generation) : nullptr;
      if (ring == nullptr || !log_detail::enter(*ring)) return nullptr;
      if (__atomic_load_n(generation_, __ATOMIC_RELAXED) == generation) return ring;
      log_detail::leave(*ring);
    }
    return nullptr;
  }

  tharsis_log_ring* ring_of(uint32_t generation) const {
    auto& mine = log_detail::this_thread;
    if (mine.generation == generation) return mine.ring;
    mine.asking = true;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    mine.ring = log_->ring(log_->self);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    mine.generation = generation;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    mine.asking = false;
    return mine.ring;
  }

  // Busy. 0: the sink has no number for it.
  template <uint32_t Level, class Text>
  uint32_t number_of(std::atomic<uint64_t>& known, const Text& t, const char* codes) const {
    const uint32_t generation = log_detail::this_thread.generation;
    const uint64_t site = known.load(std::memory_order_acquire);
    if (is_number(site, generation)) return static_cast<uint32_t>(site);
    const tharsis_log_site asked = {sizeof asked, Level, t.line, 0, t.file, t.text, codes, tag_};
    const uint32_t made = log_->site(log_->self, &asked);
    known.store(uint64_t{generation ^ salt_} << 32 | made, std::memory_order_release);
    return made;
  }

  // In words, at once.
  template <uint32_t Level, class... W>
  void say(const char* text, const char* codes, const W&... w) const noexcept {
    try {
      std::string line = tag_[0] != '\0' ? "[" + std::string(tag_) + "] " : std::string();
      line += log_detail::in_words(log_, text, codes, w...);
      log_->write(log_->self, Level, text_of(line));
    } catch (...) {
      log_->write(log_->self, Level, text_of(std::string_view(text)));  // No memory: so far as it goes.
    }
  }

  const tharsis_log* log_;
  const char* tag_;
  const volatile uint32_t* level_;
  const volatile uint32_t* generation_ = &log_detail::no_rings;
  uint32_t salt_ = 2166136261u;  // Of the tag.
};

}  // namespace tharsis
