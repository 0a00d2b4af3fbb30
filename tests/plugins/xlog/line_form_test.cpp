// Goal: files of lines hold each line once, as blocks do, though they cannot say what they hold: whenever a process dies, and
// whoever takes over dies too. Method: rings and disks in memory; death comes before, behind or inside any write.
#include <gtest/gtest.h>

#include <algorithm>

#include "plugins/xlog/collect_dead.h"
#include "plugins/xlog/core/line.h"
#include "plugins/xlog/drain.h"
#include "sdk/sim/disk.h"
#include "sdk/sim/files.h"
#include "tests/plugins/xlog/heap_rings.h"
#include "tests/plugins/xlog/log_reader.h"
#include "tests/plugins/xlog/mars_files.h"
#include "tests/plugins/xlog/simulated_segments.h"

using namespace tharsis;
using namespace tharsis::xlog;
using list = std::vector<std::string>;

namespace {

constexpr int64_t today = 20'000 * day_length + day_length / 2;
constexpr clock_anchor wall_clock{0, 0, 1e9};
const std::string ghost = "/log/test.1-1.ring";

enum class moment { before, behind, inside };
struct death {};

// A disk whose user dies at one of its writes.
class deadly_files {
 public:
  explicit deadly_files(const tharsis_files* to) : append_(to->append), table_(*to) {
    table_.append = append;
    current = this;
  }
  deadly_files(const deadly_files&) = delete;
  ~deadly_files() { current = nullptr; }
  const tharsis_files* table() const { return &table_; }
  void kill_at(uint64_t write, moment m) { left = write, when = m; }
  void spare() { left = never; }
  bool spared() const { return left != never && left > 0; }  // There were not so many writes.

 private:
  static constexpr uint64_t never = ~uint64_t{0};

  static tharsis_status append(void* self, tharsis_handle file, tharsis_bytes data, tharsis_error* why) {
    deadly_files& d = *current;
    if (d.left == never || --d.left > 0) return d.append_(self, file, data, why);
    if (d.when == moment::inside) data.size /= 2;
    if (d.when != moment::before) d.append_(self, file, data, why);
    throw death();
  }
  static inline deadly_files* current = nullptr;

  decltype(tharsis_files::append) append_;
  tharsis_files table_;
  uint64_t left = never;
  moment when = moment::before;
};

struct world {
  explicit world(file_format f) : format(f) {}

  // A process: rings, and files that it writes.
  struct life {
    life(world& t, uint8_t id) : rings({3, 64 << 10, 64 << 10}, t.store, id) {
      s.directory = "/log";
      s.format = t.format;
      out.emplace(drain::host_tables{t.deadly.table(), &t.random_table, nullptr, 7}, s, std::vector<public_key>(), rings.info.id, *rings.rings,
                  *rings.sites, wall_clock);
      EXPECT_EQ(out->open(today).failure.text, "");
    }
    collection collects(world& t) {
      const auto keep = [this](const recovered_payload& left, const unique_id& segment, const clock_anchor& anchor, const will_write& will) {
        return out->keep_recovered(left, segment, anchor, today, will).failure;
      };
      return collect_dead(t.store, t.deadly.table(), "/log", keep, {}, 1);  // A ring at a time.
    }
    void say(world& t) {
      const uint32_t site = rings.site_of("speaker", "line {}", "s");
      for (int i = 0; i < 5; ++i) {
        t.said.push_back("line " + std::to_string(t.said.size()));
        const std::string text = text_argument(t.said.back().substr(5));
        if (i % 2 == 0) rings.write(site, ++t.tick, text);
        else rings.write_shared(site, ++t.tick, text);
      }
    }
    bool run() { return out->run(today, wall_clock, true).failure.status == THARSIS_OK; }

    settings s;
    heap_rings rings;
    std::optional<drain> out;
  };
  std::unique_ptr<life> born() {
    store.pid = ++lives;
    return std::make_unique<life>(*this, static_cast<uint8_t>(lives));
  }

  void texts_in(const std::string& path, list& to) {
    const std::string content = disk->content(path).value_or("");
    const std::string ending = path.substr(std::min(path.rfind('.'), path.size()));
    if (ending.empty()) return;  // A folder.
    if (ending == ".xlog") {
      const mars_reading r = read_mars(content);
      to.insert(to.end(), r.texts.begin(), r.texts.end());
      torn = torn || !r.damage.empty();
      return;
    }
    for (size_t at = 0, end = 0; at < content.size(); at = end + 1) {
      end = content.find('\n', at);
      if (end == std::string::npos) return void(torn = true);
      const std::string line = content.substr(at, end - at);
      record r;
      const size_t text = line.find("\"text\":\"") + 8;
      if (ending == ".jsonl") r.text = line.substr(text, line.find('"', text) - text);
      else EXPECT_FALSE(parse_line(line, r)) << line;
      to.push_back(r.text);
    }
  }
  list texts() {
    list all;
    torn = false;
    for (const std::string& path : disk->paths()) texts_in(path, all);
    return all;
  }
  // All that was said, once; twice only where a write was cut.
  void check(const std::string& where) {
    list all = texts();
    for (const std::string& text : said) ASSERT_GE(std::count(all.begin(), all.end(), text), 1) << text << " is lost, " << where;
    std::sort(all.begin(), all.end());
    ASSERT_TRUE(torn || std::adjacent_find(all.begin(), all.end()) == all.end()) << *std::adjacent_find(all.begin(), all.end()) << " is doubled, " << where;
  }
  const file_format format;
  std::shared_ptr<sim::disk> disk = std::make_shared<sim::disk>();
  sim::files files{disk};
  deadly_files deadly{files.table()};
  seeded_random random{1};
  tharsis_random random_table = random;
  simulated_disk store;
  uint32_t lives = 0;
  uint64_t tick = static_cast<uint64_t>(today);
  list said;
  bool torn = false;
};

struct XlogLineForm : testing::TestWithParam<file_format> {};

std::string name_of(const testing::TestParamInfo<file_format>& info) { return std::string(format_names[static_cast<size_t>(info.param)]); }

}  // namespace

TEST_P(XlogLineForm, LinesAreInFilesOfTheirEnding) {
  world w(GetParam());
  auto one = w.born();
  one->say(w);
  ASSERT_TRUE(one->run());
  one->say(w);
  ASSERT_TRUE(one->run());
  EXPECT_EQ(one->out->finish().failure.status, THARSIS_OK);
  ASSERT_EQ(w.disk->paths().back(), "/log/" + name_text({20'000, 0, "xlog", std::string(ending_of(GetParam()))}));
  EXPECT_EQ(w.texts(), w.said) << "in the order of their clocks";
  EXPECT_FALSE(w.torn);
}

TEST_P(XlogLineForm, WhoeverDiesAtAWriteLosesAndDoublesNothing) {
  for (const moment m : {moment::before, moment::behind, moment::inside})
    for (uint64_t first = 1; first <= 4; ++first)
      for (uint64_t second = 1; second <= 3; ++second) {
        const std::string where = "deaths at " + std::to_string(first) + " and " + std::to_string(second) + ", moment " + std::to_string(static_cast<int>(m));
        world w(GetParam());
        {
          auto one = w.born();
          w.deadly.kill_at(first, m);
          try {
            for (int i = 0; i < 3; ++i) one->say(w), one->run();
          } catch (const death&) {
          }
          w.deadly.spare();
        }
        try {
          auto two = w.born();
          w.deadly.kill_at(second, m);
          two->collects(w);
          two->say(w);
          two->run();
        } catch (const death&) {
        }
        w.deadly.spare();
        auto three = w.born();
        three->collects(w);
        three->say(w);
        EXPECT_TRUE(three->run());
        w.check(where);
        EXPECT_FALSE(w.store.exists(ghost)) << where;
      }
}

TEST_P(XlogLineForm, WhatTheDiskDoesNotTakeComesOnceAndInOrder) {
  world w(GetParam());
  auto one = w.born();
  for (int i = 0; i < 30; ++i) {
    w.disk->broken = i % 3 == 1;
    w.disk->capacity = i % 7 == 3 ? std::optional<uint64_t>(0) : std::nullopt;
    if (i % 2 == 0) one->say(w);
    one->run();
  }
  w.disk->broken = false;
  w.disk->capacity.reset();
  EXPECT_TRUE(one->run());
  w.check("a disk that fails");
  one.reset();
  EXPECT_EQ(w.born()->collects(w).kept, 0u) << "all is in files, and that is known";
}

// An empty file is used again; what was to be written there by somebody else was not.
TEST_P(XlogLineForm, AnothersBytesProveNothing) {
  world w(GetParam());
  {
    auto one = w.born();
    w.deadly.kill_at(1, moment::before);
    try {
      one->say(w), one->run();
    } catch (const death&) {
    }
    w.deadly.spare();
  }
  auto two = w.born();
  for (int i = 0; i < 5; ++i) two->say(w);
  EXPECT_TRUE(two->run());
  two->collects(w);
  w.check("two processes and one file");
}

TEST_P(XlogLineForm, WhatIsSealedGoesIntoAFileOfOurForm) {
  world w(GetParam());
  auto one = w.born();
  heap_rings dead;
  dead.write(dead.site_of("ghost"), static_cast<uint64_t>(today), text_argument("last words"));
  auto image = *dead.image();
  segment_file::superblock s;
  std::memcpy(&s, image.superblock.data(), sizeof s);
  s.flags |= segment_file::flag_sealed;
  s.sum = segment_file::sum_of(s, {});
  std::memcpy(image.superblock.data(), &s, sizeof s);
  for (const auto& payload : recovered_payloads(image))
    EXPECT_EQ(one->out->keep_recovered(payload, image.info.id, wall_clock, today).failure.text, "");
  log_reader lines;
  lines.on_bytes(w.disk->content("/log/" + name_text({20'000, 0})).value_or(""));
  lines.on_end();
  const auto first = lines.take();
  ASSERT_TRUE(first);
  EXPECT_NE(first->damage.find("--key"), std::string::npos) << first->damage;
  EXPECT_TRUE(lines.kept().contains(image.info.id));
}

INSTANTIATE_TEST_SUITE_P(All, XlogLineForm, testing::Values(file_format::mars, file_format::text, file_format::json), name_of);
