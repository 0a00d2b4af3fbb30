// Log lines to measure with, always the same for a seed: records as they stand in a ring, one after the other.
//
// im: a messenger's client, 23 sites, some lines often and most seldom, texts out of tables; about 150 bytes a line as
// text with time, thread, level, tag and file in front of it, 37 bytes of arguments in the ring.
// free_text: the same, but every fifth line is 5 to 12 words that never come again in this order.
// predictable: one site, a counter and two numbers that hardly move.
#pragma once
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/xlog/core/row.h"
#include "plugins/xlog/core/site.h"
#include "sdk/pure/views.h"

namespace tharsis::bench {

struct log_corpus {
  std::vector<xlog::site> sites;  // Number 1 is the first.
  std::vector<uint8_t> bytes;     // u32 size, u32 site, u64 tick, arguments; padded to 8.
  size_t rows = 0;

  // The record at `at`, which goes on to the next; false: there is none.
  bool next(size_t& at, xlog::row& r) const {
    if (at == bytes.size()) return false;
    uint32_t size;
    std::memcpy(&size, &bytes[at], 4);
    std::memcpy(&r.site, &bytes[at + 4], 4);
    std::memcpy(&r.tick, &bytes[at + 8], 8);
    r.arguments = std::span(bytes).subspan(at + xlog::row_head, size - xlog::row_head);
    at += size;
    return true;
  }
};

// What they have in common: chance, and a record that grows.
class corpus_maker {
 public:
  // Ticks of 2.5 GHz; lines come `gap_ns` after one another in the mean.
  corpus_maker(uint64_t seed, double gap_ns) : state_(seed * 2 + 1), gap_ticks_(gap_ns * 2.5) {}

  uint64_t below(uint64_t n) { return (random() >> 11) % n; }
  double uniform() { return static_cast<double>(random() >> 11) * 0x1p-53; }
  // A place in a table of n, the first ones often.
  uint64_t skewed(uint64_t n) { return static_cast<uint64_t>(static_cast<double>(n) * std::pow(uniform(), 2.0)); }
  // Around `middle`, seldom far above.
  uint64_t around(double middle) { return static_cast<uint64_t>(middle * std::exp(1.2 * (uniform() + uniform() - 1))); }

  void begin(uint32_t site) {
    tick_ += static_cast<uint64_t>(-std::log(1 - uniform()) * gap_ticks_) + 1;
    site_ = site;
    fixed_.clear(), texts_.clear();
  }
  template <class T>
  corpus_maker& number(T value) {
    fixed_.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
  corpus_maker& i32(uint64_t value) { return number(static_cast<int32_t>(value)); }
  corpus_maker& i64(uint64_t value) { return number(static_cast<int64_t>(value)); }
  // Milliseconds with three decimals.
  corpus_maker& milliseconds(double middle) { return number(static_cast<double>(around(middle * 1000)) / 1000); }
  corpus_maker& text(std::string_view value) {
    texts_ += value;
    return number(static_cast<uint32_t>(value.size()));
  }
  corpus_maker& one_of(const std::vector<std::string>& table) { return text(table[skewed(table.size())]); }

  void end(log_corpus& to) {
    const size_t size = (xlog::row_head + fixed_.size() + texts_.size() + 7) / 8 * 8, at = to.bytes.size();
    to.bytes.resize(at + size);
    const auto size_32 = static_cast<uint32_t>(size);
    std::memcpy(&to.bytes[at], &size_32, 4);
    std::memcpy(&to.bytes[at + 4], &site_, 4);
    std::memcpy(&to.bytes[at + 8], &tick_, 8);
    if (!fixed_.empty()) std::memcpy(&to.bytes[at + 16], fixed_.data(), fixed_.size());
    if (!texts_.empty()) std::memcpy(&to.bytes[at + 16 + fixed_.size()], texts_.data(), texts_.size());
    ++to.rows;
  }

  std::vector<std::string> table(size_t n, std::string_view before, size_t letters, std::string_view after = "") {
    std::vector<std::string> all;
    for (size_t i = 0; i < n; ++i) all.push_back(std::string(before) + word(letters) + std::string(after));
    return all;
  }
  std::string word(size_t letters) {
    std::string made;
    for (size_t i = 0; i < letters; ++i) made += "etaoinshrdlucmfwypvbgkjqxz"[skewed(26)];
    return made;
  }

 private:
  uint64_t random() {  // splitmix64
    uint64_t z = state_ += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }

  uint64_t state_;
  double gap_ticks_;
  uint64_t tick_ = 7'000'000'000'000;
  uint32_t site_ = 0;
  std::string fixed_, texts_;
};

// The messenger's sites, and how one of its lines is drawn.
class messenger {
 public:
  messenger(corpus_maker& m, log_corpus& to) : m_(m), to_(to) {
    users_ = m.table(1500, "u_", 10);
    talks_ = m.table(600, "conv:", 12);
    files_ = m.table(300, "/data/user/0/im/cache/", 14, ".jpg");
    hosts_ = m.table(24, "", 8, ".edge.im.example:443");
    reasons_ = m.table(40, "connection closed by peer: ", 9);
    states_ = {"connected", "connecting", "idle", "closing", "backoff", "offline"};
    tables_ = m.table(18, "tbl_", 7);
    screens_ = m.table(48, "Screen", 9);
    codecs_ = {"opus", "h264", "vp9", "aac"};
    static const struct {
      uint32_t level;
      const char *tag, *file, *text, *codes;
    } list[] = {
        {2, "longlink", "longlink.cc", "recv packet cmd={} seq={} len={} cost={} ms", "iuid"},
        {2, "longlink", "longlink.cc", "send packet cmd={} seq={} len={} queue={}", "iuii"},
        {2, "message", "message_service.cc", "message {} from {} in {} stored, type={} size={}", "lssii"},
        {1, "database", "statement.cc", "query {} rows={} took {} us, plan={}", "siii"},
        {1, "sync", "sync_engine.cc", "sync key {} -> {} batch={} more={}", "llib"},
        {2, "message", "receipts.cc", "read receipt {} up to {} in {}", "sls"},
        {1, "image", "image_loader.cc", "decoded {} {}x{} in {} ms, cache hit ratio {}", "siidd"},
        {0, "ui", "frame_meter.cc", "frame {} took {} ms, {} views on {}", "udis"},
        {2, "network", "task_queue.cc", "task {} cgi={} retries={} total={} ms rtt={} ms", "uiidd"},
        {1, "heartbeat", "heartbeat.cc", "heartbeat {} after {} ms, interval {} s, state {}", "uiis"},
        {3, "network", "task_queue.cc", "task {} to {} failed with {} after {} ms: {}", "usiis"},
        {2, "longlink", "connector.cc", "connecting to {} as {} of {}, timeout {} ms", "siii"},
        {2, "longlink", "connector.cc", "connected to {} in {} ms, fd {}", "sdi"},
        {4, "longlink", "longlink.cc", "link to {} ended with {}: {}", "sis"},
        {1, "memory", "memory_watch.cc", "heap {} native {} free {} fragments {}", "llli"},
        {2, "voice", "voice_engine.cc", "codec {} bitrate {} loss {} jitter {} ms", "sidd"},
        {1, "voice", "jitter_buffer.cc", "buffer {} ms, late {} early {} at {}", "iiil"},
        {2, "upload", "uploader.cc", "uploading {} part {} of {}, {} bytes/s", "siid"},
        {3, "database", "statement.cc", "slow query on {}: {} ms, lock {} ms", "sdd"},
        {2, "ui", "navigator.cc", "{} -> {} by {}", "ssi"},
        {4, "message", "message_service.cc", "message {} not sent to {}: code {}", "lsi"},
        {2, "account", "session.cc", "session of {} refreshed, valid {} s, flags {}", "siu"},
        {2, "push", "push.cc", "pushed {} of {} at {}", "isl"},
    };
    for (const auto& s : list)
      to.sites.push_back({s.level, 100 + 37 * static_cast<uint32_t>(to.sites.size()), "im", s.tag, s.file, s.text, s.codes});
  }

  void line() {
    static constexpr uint32_t weights[] = {170, 130, 110, 100, 80, 70, 55, 55, 45, 35, 25, 20, 18, 12, 14, 14, 12, 10, 8, 7, 4, 3, 3};
    uint64_t at = m_.below(1000);
    uint32_t kind = 0;
    while (kind + 1 < std::size(weights) && at >= weights[kind]) at -= weights[kind++];
    m_.begin(kind + 1);
    if (kind < 7) often(kind);
    else if (kind < 15) sometimes(kind);
    else seldom(kind);
    m_.end(to_);
  }

 private:
  void often(uint32_t kind) {
    switch (kind) {
      case 0: m_.i32(m_.skewed(60)).i32(sequence_ += 1 + m_.below(2)).i32(m_.around(900)).milliseconds(40); break;
      case 1: m_.i32(m_.skewed(60)).i32(sequence_ += 1).i32(m_.around(400)).i32(m_.skewed(12)); break;
      case 2: m_.i64(message_ += 1 + m_.below(1 << 22)).one_of(users_).one_of(talks_).i32(m_.skewed(9)).i32(m_.around(300)); break;
      case 3: m_.one_of(tables_).i32(m_.skewed(40)).i32(m_.around(500)).i32(m_.below(6)); break;
      case 4: m_.i64(key_), m_.i64(key_ += m_.below(1 << 16)).i32(m_.below(100)).number(static_cast<uint8_t>(m_.below(2))); break;
      case 5: m_.one_of(users_).i64(message_ - m_.below(1 << 24)).one_of(talks_); break;
      default: m_.one_of(files_).i32(240 * (1 + m_.below(5))).i32(m_.around(600)).milliseconds(8).number(ratio(1000)); break;
    }
  }
  void sometimes(uint32_t kind) {
    switch (kind) {
      case 7: m_.i32(frame_ += 1).milliseconds(9).i32(m_.around(120)).one_of(screens_); break;
      case 8: m_.i32(task_ += 1).i32(m_.skewed(80)).i32(m_.skewed(3)).milliseconds(150).milliseconds(45); break;
      case 9: m_.i32(beat_ += 1).i32(m_.around(60)).i32(30 * (1 + m_.below(10))).one_of(states_); break;
      case 10: m_.i32(task_).one_of(hosts_).i32(m_.below(20)).i32(m_.around(8000)).one_of(reasons_); break;
      case 11: m_.one_of(hosts_).i32(m_.below(4)).i32(4).i32(4000 * (1 + m_.below(3))); break;
      case 12: m_.one_of(hosts_).milliseconds(70).i32(40 + m_.below(90)); break;
      case 13: m_.one_of(hosts_).i32(m_.below(20)).one_of(reasons_); break;
      default: m_.i64(m_.around(9e7)).i64(m_.around(4e7)).i64(m_.around(2e7)).i32(m_.below(4000)); break;
    }
  }
  void seldom(uint32_t kind) {
    switch (kind) {
      case 15: m_.one_of(codecs_).i32(8000 * (1 + m_.below(8))).number(ratio(10'000)).milliseconds(30); break;
      case 16: m_.i32(20 * m_.below(12)).i32(m_.skewed(30)).i32(m_.skewed(10)).i64(position_ += 960); break;
      case 17: m_.one_of(files_).i32(m_.below(64)).i32(64).number(static_cast<double>(m_.around(400'000))); break;
      case 18: m_.one_of(tables_).milliseconds(220).milliseconds(60); break;
      case 19: m_.one_of(screens_).one_of(screens_).i32(m_.below(5)); break;
      case 20: m_.i64(message_).one_of(talks_).i32(m_.below(30)); break;
      case 21: m_.one_of(users_).i32(7200).i32(m_.below(16)); break;
      default: m_.i32(m_.skewed(30)).one_of(talks_).i64(message_); break;
    }
  }
  double ratio(uint64_t parts) { return static_cast<double>(m_.below(parts)) / static_cast<double>(parts); }

  corpus_maker& m_;
  log_corpus& to_;
  std::vector<std::string> users_, talks_, files_, hosts_, reasons_, states_, tables_, screens_, codecs_;
  uint64_t sequence_ = 40'000, message_ = 7'000'000'000'000, key_ = 810'000'000, frame_ = 0, task_ = 900, beat_ = 0,
           position_ = 0;
};

inline constexpr double paced_ns = 1e6, burst_ns = 100;

inline log_corpus im_corpus(uint64_t seed, size_t rows = 200'000, double gap_ns = paced_ns) {
  log_corpus made;
  corpus_maker m(seed, gap_ns);
  messenger lines(m, made);
  while (made.rows < rows) lines.line();
  return made;
}

inline log_corpus free_text_corpus(uint64_t seed, size_t rows = 200'000, double gap_ns = paced_ns) {
  log_corpus made;
  corpus_maker m(seed, gap_ns);
  messenger lines(m, made);
  made.sites.push_back({2, 77, "im", "note", "note.cc", "{}", "s"});
  std::vector<std::string> words;
  for (size_t i = 0; i < 2000; ++i) words.push_back(m.word(3 + m.below(7)));
  while (made.rows < rows) {
    if (m.below(5) != 0) {
      lines.line();
      continue;
    }
    std::string text = words[m.skewed(words.size())];
    for (uint64_t left = 4 + m.below(8); left > 0; --left) text += ' ' + words[m.skewed(words.size())];
    m.begin(static_cast<uint32_t>(made.sites.size()));
    m.text(text).end(made);
  }
  return made;
}

inline log_corpus predictable_corpus(uint64_t seed, size_t rows = 200'000, double gap_ns = paced_ns) {
  log_corpus made;
  corpus_maker m(seed, gap_ns);
  made.sites.push_back({2, 12, "im", "loop", "loop.cc", "turn {} took {} ns, queue {}", "uii"});
  while (made.rows < rows) {
    m.begin(1);
    m.i32(made.rows).i32(800 + m.below(16)).i32(m.below(4)).end(made);
  }
  return made;
}

}  // namespace tharsis::bench
