// Goal: a file comes whole or with a sentence. Method: a simulated disk.
#include "sdk/async/file_reader.h"

#include <gtest/gtest.h>

#include "sdk/pure/views.h"
#include "sdk/sim/world.h"

using namespace tharsis;

class FileReader : public testing::Test {
 protected:
  void put(const std::string& text) {
    ASSERT_EQ(files->replace(files->self, text_of(path), bytes_of(as_bytes(text)), nullptr), THARSIS_OK);
  }

  sim::world world{1};
  sim::machine& machine = world.add_machine("client", {"10.0.0.2"});
  const tharsis_files* const files = machine.platform()->files;
  const std::string path = "/file";
};

TEST_F(FileReader, AWholeFileComesUpToWhatItMayHave) {
  put("0123456789");
  EXPECT_EQ(*read_whole(files, path, 10, "a number"), "0123456789");
  EXPECT_EQ(read_whole(files, path, 9, "a number").failure().text, "/file is too large to be a number: 10 bytes, at most 9");
  put("");
  EXPECT_EQ(*read_whole(files, path, 0, "nothing"), "");
}

TEST_F(FileReader, ABeginningIsAsLongAsThereIs) {
  put("0123456789");
  EXPECT_EQ(*read_beginning(files, path, 4), "0123");
  EXPECT_EQ(*read_beginning(files, path, 40), "0123456789");
  const auto file = file_reader::open(files, path);
  ASSERT_TRUE(file);
  EXPECT_EQ(*file->read(8, 40), "89");
  EXPECT_EQ(*file->read(10, 40), "");
}

TEST_F(FileReader, WhatIsNotThereIsSaid) {
  EXPECT_EQ(read_whole(files, path, 10, "a number").status(), THARSIS_E_NOT_FOUND);
  EXPECT_EQ(read_beginning(files, path, 10).status(), THARSIS_E_NOT_FOUND);
}
