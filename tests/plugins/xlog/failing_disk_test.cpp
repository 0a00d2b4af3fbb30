// Goal: whichever operation of the disk fails, each line is in the files once and in order, and what is said to be kept is on
// the disk. Method: the same turns again and again, with one operation more that works before some fail.
#include <gtest/gtest.h>

#include "plugins/xlog/core/log_reader.h"
#include "plugins/xlog/drain.h"
#include "sdk/sim/disk.h"
#include "sdk/sim/files.h"
#include "tests/plugins/xlog/heap_rings.h"
#include "tests/plugins/xlog/sealing.h"

using namespace tharsis;
using namespace tharsis::xlog;
using list = std::vector<std::string>;

namespace {

constexpr int64_t today = 20'000 * day_length + day_length / 2;
constexpr clock_anchor wall_clock{0, 0, 1e9};

// A disk of which the operations from one on fail, so many of them.
struct failing_files {
  explicit failing_files(const tharsis_files* t) : to(t) {
    table = {sizeof table, this, open, append, read, length, sync, close, replace, make_folder, remove, list, lock};
  }
  failing_files(const failing_files&) = delete;
  static failing_files& of(void* self) { return *static_cast<failing_files*>(self); }
  template <class Call>
  static tharsis_status unless_failing(void* self, tharsis_error* why, Call call) {
    failing_files& f = of(self);
    const uint64_t number = f.operations++;
    if (number >= f.first && number - f.first < f.count) return fail(why, f.status, "the test wants it so");
    return call(*f.to, f.to->self);
  }
  static tharsis_status open(void* self, tharsis_text path, uint32_t mode, tharsis_handle* file, tharsis_error* why) {
    return unless_failing(self, why, [&](auto& t, void* s) { return t.open(s, path, mode, file, why); });
  }
  static tharsis_status append(void* self, tharsis_handle file, tharsis_bytes data, tharsis_error* why) {
    return unless_failing(self, why, [&](auto& t, void* s) { return t.append(s, file, data, why); });
  }
  static tharsis_status read(void* self, tharsis_handle file, uint64_t offset, uint8_t* into, size_t room, size_t* count, tharsis_error* why) {
    return unless_failing(self, why, [&](auto& t, void* s) { return t.read(s, file, offset, into, room, count, why); });
  }
  static tharsis_status length(void* self, tharsis_handle file, uint64_t* bytes, tharsis_error* why) {
    return unless_failing(self, why, [&](auto& t, void* s) { return t.length(s, file, bytes, why); });
  }
  static tharsis_status sync(void* self, tharsis_handle file, tharsis_error* why) {
    return unless_failing(self, why, [&](auto& t, void* s) { return t.sync(s, file, why); });
  }
  static tharsis_status close(void* self, tharsis_handle file) { return of(self).to->close(of(self).to->self, file); }
  static tharsis_status replace(void* self, tharsis_text path, tharsis_bytes data, tharsis_error* why) {
    return unless_failing(self, why, [&](auto& t, void* s) { return t.replace(s, path, data, why); });
  }
  static tharsis_status make_folder(void* self, tharsis_text path, tharsis_error* why) {
    return unless_failing(self, why, [&](auto& t, void* s) { return t.make_folder(s, path, why); });
  }
  static tharsis_status remove(void* self, tharsis_text path, tharsis_error* why) {
    return unless_failing(self, why, [&](auto& t, void* s) { return t.remove(s, path, why); });
  }
  static tharsis_status list(void* self, tharsis_text folder, void (*visit)(void*, tharsis_text), void* context, tharsis_error* why) {
    return unless_failing(self, why, [&](auto& t, void* s) { return t.list(s, folder, visit, context, why); });
  }
  static tharsis_status lock(void* self, tharsis_text path, tharsis_handle* lock, tharsis_error* why) {
    return unless_failing(self, why, [&](auto& t, void* s) { return t.lock(s, path, lock, why); });
  }

  const tharsis_files* const to;
  tharsis_files table{};
  uint64_t operations = 0;
  uint64_t first = ~uint64_t{0}, count = 1;
  tharsis_status status = THARSIS_E_FULL;
};

// One drain on a disk of its own, and what was said to it.
struct life {
  life() {
    s.directory = "/log";
    s.file_size = 4096;
    s.power_loss = 1s;
    site = rings.site_of("speaker");
    out.emplace(drain::host_tables{&failing.table, &random_table, nullptr}, s, std::vector<public_key>(), rings.info.id, *rings.rings,
                *rings.sites, wall_clock);
    EXPECT_EQ(out->open(today).failure.text, "");
    failing.operations = 0;
  }

  // Five files' worth of turns. Each is tried until it works.
  void live() {
    for (int turn = 0; turn < 20; ++turn) {
      for (int n = 0; n < 4; ++n) {
        said.push_back(std::to_string(said.size()) + " " + to_hex(random.data(100)));
        EXPECT_TRUE(rings.write(site, tick += 1'000'000, text_argument(said.back())));
      }
      drain::outcome o = out->run(today, wall_clock, true);
      for (int tries = 0; o.failure.status != THARSIS_OK && tries < 10; ++tries) {
        ++failures;
        EXPECT_FALSE(o.kept);
        o = out->run(today, wall_clock, true);
      }
      EXPECT_EQ(o.failure.text, "");
      EXPECT_TRUE(o.kept);
      EXPECT_TRUE(rings.rings->wait_kept(rings.rings->heads(), 0ns));
      kept_on_disk();
    }
  }
  // What a loss of power would leave of the last file is all of it.
  void kept_on_disk() {
    const auto file = disk->find(out->run(today, wall_clock, false).file);
    ASSERT_TRUE(file);
    EXPECT_TRUE((*file)->named);
    EXPECT_EQ((*file)->synced, (*file)->bytes.size());
  }
  list texts() {
    list all;
    std::vector<file_name> names;
    for (const std::string& path : disk->paths())
      if (const auto name = parse_file_name(path.substr(path.rfind('/') + 1))) names.push_back(*name);
    std::sort(names.begin(), names.end());
    for (const file_name& name : names) {
      log_reader lines;
      lines.on_bytes(disk->content("/log/" + name_text(name)).value_or(""));
      lines.on_end();
      while (const auto i = lines.take()) {
        EXPECT_EQ(i->damage, "");
        if (i->value.plugin == "speaker") all.push_back(i->value.text);
        else EXPECT_EQ(i->value.text.find("somebody"), std::string::npos) << i->value.text;
      }
    }
    return all;
  }

  std::shared_ptr<sim::disk> disk = std::make_shared<sim::disk>();
  sim::files files{disk};
  failing_files failing{files.table()};
  seeded_random random{1};
  tharsis_random random_table = random;
  heap_rings rings;
  settings s;
  std::optional<drain> out;
  uint32_t site = 0;
  uint64_t tick = static_cast<uint64_t>(today);
  list said;
  uint64_t failures = 0;
};

}  // namespace

TEST(XlogFailingDisk, AFailureAtAnyOperationLosesAndDoublesNothing) {
  for (const tharsis_status status : {THARSIS_E_FULL, THARSIS_E_DENIED, THARSIS_E_IO})
    for (const uint64_t count : {1, 4}) {
      uint64_t told = 0;
      for (uint64_t first = 0, all = 1; first < all; ++first) {
        life l;
        l.failing.first = first;
        l.failing.count = count;
        l.failing.status = status;
        l.live();
        EXPECT_EQ(l.texts(), l.said) << "from operation " << first << " on " << count << " fail with " << status;
        if (HasFailure()) return;
        all = l.failing.operations;
        told += l.failures > 0 ? 1 : 0;
      }
      EXPECT_GT(told, 20u) << "nothing failed: nothing was tested";
    }
}
