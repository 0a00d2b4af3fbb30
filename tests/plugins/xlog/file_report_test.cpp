// Goal: what files say about themselves in the clear is told right, whatever state they are in; who asks for a time gets all files
// that may have lines of it.
#include "plugins/xlog/file_report.h"

#include <gtest/gtest.h>

#include "plugins/xlog/core/left_out.h"
#include "plugins/xlog/drain.h"
#include "plugins/xlog/files_service.h"
#include "sdk/sim/disk.h"
#include "sdk/sim/files.h"
#include "tests/plugins/xlog/heap_rings.h"
#include "sdk/pure/views.h"
#include "tests/plugins/xlog/sealing.h"
#include "tests/plugins/xlog/written_log.h"

using namespace tharsis;
using namespace tharsis::xlog;
using list = std::vector<std::string>;

namespace {

constexpr int64_t second = 1'000'000'000;
constexpr int64_t today = 20'000 * day_length + day_length / 2;
constexpr clock_anchor wall_clock{0, 0, 1e9};

struct XlogFileReport : testing::Test {
  XlogFileReport() { s.directory = "/log"; }
  void begin(std::vector<public_key> recipients = {}) {
    info = rings.site_of("speaker");
    out.emplace(drain::host_tables{files.table(), &random_table, nullptr}, s, std::move(recipients), rings.info.id, *rings.rings,
                *rings.sites, wall_clock);
    EXPECT_EQ(out->open(today).failure.text, "");
  }
  void say(int64_t wall) {
    rings.write(info, static_cast<uint64_t>(wall), text_argument("x"));
    EXPECT_EQ(out->run(wall, wall_clock, true).failure.text, "");
  }
  file_reports all(const file_span& wanted = {}, const list& folders = {"/log"}) { return reports_in(files.table(), folders, wanted); }
  file_report only() {
    const auto found = all().files;
    EXPECT_EQ(found.size(), 1u);
    return found.empty() ? file_report() : found.front();
  }
  file_span between(int64_t since, int64_t until) { return {{}, since, until}; }

  std::shared_ptr<sim::disk> disk = std::make_shared<sim::disk>();
  sim::files files{disk};
  seeded_random random{1};
  tharsis_random random_table = random;
  heap_rings rings;
  settings s;
  std::optional<drain> out;
  uint32_t info = 0;
  const std::string first_file = "/log/" + name_text({20'000, 0}), second_file = "/log/" + name_text({20'001, 0});
};

}  // namespace

TEST_F(XlogFileReport, AFileThatIsWrittenAndOneThatIsComplete) {
  begin();
  say(today);
  say(today + 5 * second);
  file_report r = only();
  EXPECT_EQ(r.file.path, first_file);
  EXPECT_EQ(r.flags, uint32_t{THARSIS_LOG_FILE_OPEN});
  EXPECT_EQ(r.lines, 2u);
  EXPECT_EQ(r.levels, 1u << THARSIS_LOG_INFO);
  EXPECT_LE(std::abs(r.first - today), 10'000) << "ticks are kept to a microsecond or so";
  EXPECT_LE(std::abs(r.last - today - 5 * second), 10'000);
  out->finish();
  EXPECT_EQ(only().flags, uint32_t{THARSIS_LOG_FILE_COMPLETE});
}

TEST_F(XlogFileReport, WhatWasLeftOutWhenItWasShippedIsTold) {
  written_log log;
  log.add_sites({{THARSIS_LOG_INFO, 1, "ui", "", "a.cpp", "{}", "t"}});
  log.add_line(1, 0, number_argument(int64_t{1}));
  log.end_block();
  const auto look = [&](const std::string& bytes) {
    files.table()->make_folder(files.table()->self, text_of("/log"), nullptr);
    EXPECT_EQ(files.table()->replace(files.table()->self, text_of(first_file), bytes_of(as_bytes(bytes)), nullptr), THARSIS_OK);
    return only().flags;
  };
  const auto missing = [](uint64_t until) { return left_out_frame({.number = 2}, {until, 0, 0, 0}); };
  EXPECT_EQ(look(log.bytes), 0u) << "its writer died";
  EXPECT_EQ(look(log.bytes + missing(left_out::open_end)), uint32_t{THARSIS_LOG_FILE_SHIPPED_OPEN});
  EXPECT_EQ(look(log.bytes + missing(5)), uint32_t{THARSIS_LOG_FILE_PART});
}

TEST_F(XlogFileReport, ASealedFileSaysAsMuchWithoutItsKey) {
  begin({test_key(5).open});
  say(today);
  out->finish();
  const file_report r = only();
  EXPECT_EQ(r.flags, uint32_t{THARSIS_LOG_FILE_COMPLETE} | uint32_t{THARSIS_LOG_FILE_SEALED});
  EXPECT_EQ(r.lines, 1u);
  EXPECT_LE(std::abs(r.first - today), 10'000);
}

TEST_F(XlogFileReport, CutAtAnyLengthItIsTornOrNotClosedAndHasNoMoreLinesThanThere) {
  begin();
  for (int64_t i = 0; i < 3; ++i) say(today + i * second);
  out->finish();
  out.reset();
  const std::string whole = *disk->content(first_file);
  uint64_t before = 0, not_closed = 0;
  for (size_t size = 0; size < whole.size(); ++size) {
    (*disk->find(first_file))->bytes = whole.substr(0, size);
    const file_report r = only();
    EXPECT_TRUE(r.flags == THARSIS_LOG_FILE_TORN || r.flags == 0) << size;
    not_closed += r.flags == 0 ? 1 : 0;
    EXPECT_GE(r.lines, before);
    before = r.lines;
  }
  EXPECT_EQ(before, 3u);
  EXPECT_EQ(not_closed, 6u) << "empty; behind the header, the sites, and each block";
}

TEST_F(XlogFileReport, WhoAsksForATimeGetsTheFilesThatMayHaveIt) {
  begin();
  say(today);
  say(today + day_length);
  out->finish();
  const auto paths = [&](const file_span& wanted) {
    list found;
    for (const file_report& r : all(wanted).files) found.push_back(r.file.path);
    return found;
  };
  EXPECT_EQ(paths({}), (list{first_file, second_file}));
  EXPECT_EQ(paths({20'001, INT64_MIN, INT64_MAX}), list{second_file});
  EXPECT_EQ(paths(between(today + second, INT64_MAX)), list{second_file});
  EXPECT_EQ(paths(between(INT64_MIN, today + second)), list{first_file});
  EXPECT_EQ(paths(between(today + second, today + 2 * second)), list{});
  EXPECT_EQ(paths(between(today - second, today + 2 * day_length)), (list{first_file, second_file}));
}

TEST_F(XlogFileReport, ACopyThatWasLeftOnTheWayIsListedOnce) {
  begin();
  say(today);
  out->finish();
  disk->make_folder("/young", nullptr);
  disk->replace("/young/" + name_text({20'000, 0}), *disk->content(first_file), nullptr);
  EXPECT_EQ(all({}, {"/log", "/young"}).files.size(), 1u);
  EXPECT_EQ(all({}, {"/young"}).files.size(), 1u);
}

TEST_F(XlogFileReport, OtherFormsAreListedAndNotLookedInto) {
  disk->make_folder("/log", nullptr);
  disk->replace("/log/xlog_20241005.log", "text", nullptr);
  disk->replace("/log/notes", "no log", nullptr);
  const file_report r = only();
  EXPECT_EQ(r.flags, uint32_t{THARSIS_LOG_FILE_UNKNOWN});
  EXPECT_EQ(r.file.bytes, 4u);
  EXPECT_EQ(all({}, {"/nowhere"}).complaints.size(), 1u);
}

TEST_F(XlogFileReport, PluginsAreToldWhichOneIsWrittenNow) {
  begin();
  say(today);
  say(today + day_length);
  std::vector<std::pair<std::string, uint32_t>> told;
  const auto note = [](void* context, const tharsis_log_file* f) {
    static_cast<decltype(told)*>(context)->emplace_back(view(f->path), f->flags);
  };
  tharsis_error why = no_error();
  EXPECT_EQ(tell_files(files.table(), {"/nowhere", "/log"}, second_file, nullptr, note, &told, &why), THARSIS_OK);
  EXPECT_EQ(told, (decltype(told){{first_file, THARSIS_LOG_FILE_COMPLETE}, {second_file, THARSIS_LOG_FILE_OPEN | THARSIS_LOG_FILE_CURRENT}}));
  EXPECT_EQ(tell_files(files.table(), {"/nowhere"}, {}, nullptr, note, &told, &why), THARSIS_E_NOT_FOUND);
  EXPECT_EQ(tell_files(files.table(), {"/log"}, {}, nullptr, nullptr, nullptr, &why), THARSIS_E_INVALID);
}
