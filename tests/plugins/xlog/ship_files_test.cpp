// Goal: the files that may be shipped are found, each once, under names that differ where the files do.
// Method: folders on a simulated disk.
#include "plugins/xlog/ship_files.h"

#include <gtest/gtest.h>

#include "plugins/xlog/core/file_name.h"
#include "sdk/pure/views.h"
#include "sdk/sim/world.h"
#include "tests/plugins/xlog/written_log.h"

using namespace tharsis;
using namespace tharsis::xlog;

namespace {

struct stage {
  sim::world world{1};
  sim::machine& machine = world.add_machine("one", {"10.0.0.1"});
  const tharsis_files* files = machine.platform()->files;

  void write(const std::string& path, std::string_view content) {
    const std::string folder = path.substr(0, path.rfind('/'));
    files->make_folder(files->self, text_of(folder), nullptr);
    ASSERT_EQ(files->replace(files->self, text_of(path), bytes_of(as_bytes(content)), nullptr), THARSIS_OK);
  }
  void append(const std::string& path, std::string_view content) {
    tharsis_handle file = 0;
    ASSERT_EQ(files->open(files->self, text_of(path), THARSIS_FILES_APPEND, &file, nullptr), THARSIS_OK);
    EXPECT_EQ(files->append(files->self, file, bytes_of(as_bytes(content)), nullptr), THARSIS_OK);
    files->close(files->self, file);
  }
  std::vector<std::string> names(const std::string& path, int64_t since = 0, const std::string& of = {}) {
    found = find_logs(files, {{path, path}}, since, of);
    std::vector<std::string> all;
    for (const found_log& f : found.all) all.push_back(f.file.name);
    return all;
  }
  found_logs found;
};

}  // namespace

TEST(XlogShipFiles, EachFileHasANameOfItsOwnThatReadersFind) {
  stage s;
  const written_log log;
  s.write("/a/xlog_20261126.tlog", log.bytes);
  s.write("/a/app_20261126.xlog", std::string(300, 'a'));
  s.write("/a/some app.mmap3", std::string(300, 'b'));
  s.write("/a/notes.txt", "none of ours");
  s.write("/a/xlog_20261127.tlog", "");
  const auto names = s.names("/a");
  ASSERT_EQ(names.size(), 3u);
  for (const std::string& name : names) EXPECT_TRUE(shipping::is_name(name)) << name;
  EXPECT_TRUE(names[0].starts_with("app-") && parse_file_name(names[0])) << names[0];
  EXPECT_TRUE(names[1].starts_with("log-some-app-") && names[1].ends_with(".mmap3")) << names[1];
  EXPECT_EQ(names[2], "xlog-01000000_20261126.tlog");
  EXPECT_EQ(s.names("/a", 0, "xlog").size(), 1u);
  s.write("/b/app_20261126.xlog", std::string(300, 'c'));
  EXPECT_NE(s.names("/b")[0], names[0]) << "another file of the same name";
}

TEST(XlogShipFiles, AFileThatIsFoundTwiceGoesOnce) {
  stage s;
  const written_log log;
  s.write("/a/xlog_20261126.tlog", log.bytes);
  s.write("/b/xlog_20261126.tlog", log.bytes);
  EXPECT_EQ(find_logs(s.files, {{"/a", "a"}, {"/b", "b"}, {"/a/xlog_20261126.tlog", "f"}}, 0).all.size(), 1u);
}

TEST(XlogShipFiles, WhatGrowsIsKnownBySoMuchAsStays) {
  stage s;
  s.write("/a/xlog_20261126.log", "short");
  tharsis_handle lock = 0;
  const std::string path = "/a/xlog_20261126.log";
  ASSERT_EQ(s.files->lock(s.files->self, text_of(path), &lock, nullptr), THARSIS_OK);
  EXPECT_TRUE(s.names("/a").empty()) << "its name would change as it grows";
  s.append(path, std::string(256, 'x'));
  const auto name = s.names("/a").at(0);
  EXPECT_TRUE(s.found.all[0].being_written);
  s.append(path, "and more");
  EXPECT_EQ(s.names("/a").at(0), name);
  s.files->close(s.files->self, lock);
}

TEST(XlogShipFiles, WhatIsOlderThanWantedOrNotThereIsNotFound) {
  stage s;
  s.write("/a/xlog_20261126.log", std::string(256, 'x'));
  tharsis_file_facts facts{sizeof facts, 0, 0, 0};
  const std::string path = "/a/xlog_20261126.log";
  ASSERT_EQ(s.files->describe(s.files->self, text_of(path), &facts, nullptr), THARSIS_OK);
  EXPECT_EQ(s.names("/a", facts.modified).size(), 1u);
  EXPECT_TRUE(s.names("/a", facts.modified + 1).empty());
  EXPECT_TRUE(s.names("/nowhere").empty());
  EXPECT_EQ(s.found.complaints.size(), 1u);
}
