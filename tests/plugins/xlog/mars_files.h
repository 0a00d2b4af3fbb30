// What the tests of Mars' form share: a key of Mars', records, files of them, and what a reader says of a file.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "plugins/xlog/core/mars_export.h"
#include "plugins/xlog/core/mars_reader.h"
#include "sdk/pure/utc.h"
#include "sdk/pure/views.h"
#include "tests/plugins/xlog/sealing.h"

namespace tharsis::xlog {

struct mars_pair {
  private_key mine;
  mars_point open{};
};
inline mars_pair test_mars_pair(uint64_t seed) {
  seeded_random random(seed);
  const mars_key_pair keys = *make_mars_keys(random);
  return {{keys.mine, {}, true}, keys.open};
}

inline record test_line(const std::string& text, uint64_t thread = 7) {
  record r;
  r.wall = 20'000 * day_length + 1'000'000 * static_cast<int64_t>(thread);
  r.thread = thread;
  r.plugin = "stn";
  r.tag = "dialer";
  r.file = "dialer.cpp";
  r.line = 42;
  r.text = text;
  return r;
}

// A record for each of these lists.
inline std::string mars_file(const mars_settings& s, const std::vector<std::vector<std::string>>& records, bool at_once = false) {
  seeded_random random(1);
  const tharsis_random table = random;
  mars_export out(std::move(*mars_writer::make(s, table)), {}, at_once);
  std::string file;
  for (const auto& lines : records) {
    for (const std::string& text : lines) out.add(file, test_line(text), 7);
    out.end(file);
  }
  return file;
}

struct mars_reading {
  std::vector<std::string> texts, damage;
  std::vector<record> records;
};
// `at_once`: bytes that come at a time.
inline mars_reading read_mars(const std::string& file, const private_key* key = nullptr, size_t at_once = 1 << 20) {
  mars_reading r;
  mars_reader reader(key);
  const auto take = [&] {
    while (const auto i = reader.take()) {
      if (!i->damage.empty()) r.damage.push_back(i->damage);
      else r.texts.push_back(i->value.text), r.records.push_back(i->value);
    }
  };
  for (size_t at = 0; at < file.size(); at += at_once) {
    reader.on_bytes(std::string_view(file).substr(at, at_once));
    take();
  }
  reader.on_end();
  take();
  return r;
}

}  // namespace tharsis::xlog
