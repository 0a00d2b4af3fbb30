// Goal: whoever reads a file through the service gets its lines whatever its form is. Method: files on a simulated disk.
#include "plugins/xlog/reader_service.h"

#include <gtest/gtest.h>

#include "sdk/pure/views.h"
#include "sdk/sim/disk.h"
#include "sdk/sim/files.h"
#include "tests/plugins/xlog/mars_files.h"

using namespace tharsis;
using namespace tharsis::xlog;
using list = std::vector<std::string>;

namespace {

struct read_file {
  tharsis_status status = THARSIS_OK;
  std::string why;
  list texts;
};

read_file read_back(const std::string& content) {
  const auto disk = std::make_shared<sim::disk>();
  sim::files files(disk);
  const tharsis_files* const table = files.table();
  tharsis_handle file = 0;
  EXPECT_EQ(table->open(table->self, text_of("/some"), THARSIS_FILES_APPEND, &file, nullptr), THARSIS_OK);
  EXPECT_EQ(table->append(table->self, file, bytes_of(as_bytes(content)), nullptr), THARSIS_OK);
  table->close(table->self, file);
  read_file r;
  tharsis_error why = no_error();
  const auto on_line = [](void* context, const tharsis_log_record* line) { static_cast<list*>(context)->emplace_back(view(line->text)); };
  r.status = read_log(table, text_of("/some"), on_line, &r.texts, &why);
  r.why = why.text;
  return r;
}

}  // namespace

TEST(XlogReaderService, FilesOfMarsAreRead) {
  std::vector<list> blocks;
  list said;
  for (int i = 0; i < 50; ++i) {  // More than is read at a time.
    said.push_back(std::to_string(i) + std::string(10'000, 'x'));
    blocks.push_back({said.back()});
  }
  const read_file r = read_back(mars_file({}, blocks, true));
  EXPECT_EQ(r.status, THARSIS_OK) << r.why;
  EXPECT_TRUE(r.texts == said);
}

TEST(XlogReaderService, WhatIsSealedIsDeniedAndDamageIsNamed) {
  const read_file sealed = read_back(mars_file({mars_compression::zlib, 0, test_mars_pair(1).open}, {{"x"}}));
  EXPECT_EQ(sealed.status, THARSIS_E_DENIED);
  EXPECT_NE(sealed.why.find("/some: byte 0: "), std::string::npos) << sealed.why;
  const std::string file = mars_file({mars_compression::zstd, 0, {}}, {{"a"}, {"b"}, {"c"}});  // Its checksum tells.
  std::string wrong = file;
  wrong[80] = static_cast<char>(wrong[80] ^ 0x55);
  const read_file damaged = read_back(wrong);
  EXPECT_EQ(damaged.status, THARSIS_E_PROTOCOL);
  ASSERT_GE(damaged.texts.size(), 2u);
  EXPECT_EQ(list(damaged.texts.end() - 2, damaged.texts.end()), (list{"b", "c"}));
  EXPECT_EQ(read_back("some notes").status, THARSIS_E_PROTOCOL);
}
