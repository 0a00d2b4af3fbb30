// tharsis.files/1 and tharsis.random/1 on both platforms.
#include "tests/platform/both_platforms.h"

#include <vector>

using namespace tharsis;
using namespace tharsis::test;

namespace {

class Files : public BothPlatforms {
 protected:
  Files() { EXPECT_EQ(files.make_folder(files.self, text_of(folder_), &why), THARSIS_OK) << why.text; }

  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  tharsis_status open(const std::string& name, uint32_t mode, tharsis_handle& h) {
    const std::string whole = path(name);
    return files.open(files.self, text_of(whole), mode, &h, &why);
  }
  tharsis_status append(tharsis_handle h, std::string_view data) {
    return files.append(files.self, h, bytes_of(as_bytes(data)), &why);
  }
  tharsis_status replace(const std::string& name, std::string_view data) {
    const std::string whole = path(name);
    return files.replace(files.self, text_of(whole), bytes_of(as_bytes(data)), &why);
  }
  tharsis_status remove(const std::string& name) {
    const std::string whole = path(name);
    return files.remove(files.self, text_of(whole), &why);
  }
  std::string read(tharsis_handle h, uint64_t offset, size_t capacity) {
    std::string into(capacity, '\0');
    size_t count = 99;
    EXPECT_EQ(
        files.read(files.self, h, offset, reinterpret_cast<uint8_t*>(into.data()), capacity, &count, &why),
        THARSIS_OK)
        << why.text;
    into.resize(count);
    return into;
  }
  std::string content(const std::string& name) {
    tharsis_handle h = 0;
    EXPECT_EQ(open(name, THARSIS_FILES_READ, h), THARSIS_OK) << why.text;
    const std::string all = read(h, 0, 1000);
    EXPECT_EQ(files.close(files.self, h), THARSIS_OK);
    return all;
  }
  std::string names(const std::string& folder) {
    std::string all;
    const auto visit = [](void* context, tharsis_text name) {
      *static_cast<std::string*>(context) += std::string(view(name)) + " ";
    };
    EXPECT_EQ(files.list(files.self, text_of(folder), visit, &all, &why), THARSIS_OK) << why.text;
    return all;
  }

  const tharsis_files& files = *stage_->platform()->files;
  tharsis_error why = no_error();
};

}  // namespace
THARSIS_ON_BOTH(Files);

TEST_P(Files, WhatWasAppendedIsReadFromAnyOffset) {
  tharsis_handle h = 0;
  ASSERT_EQ(open("log", THARSIS_FILES_APPEND | THARSIS_FILES_READ, h), THARSIS_OK) << why.text;
  EXPECT_EQ(append(h, "one "), THARSIS_OK);
  EXPECT_EQ(append(h, "two"), THARSIS_OK);
  EXPECT_EQ(files.sync(files.self, h, &why), THARSIS_OK);
  uint64_t length = 0;
  EXPECT_EQ(files.length(files.self, h, &length, &why), THARSIS_OK);
  EXPECT_EQ(length, 7u);
  EXPECT_EQ(read(h, 0, 100), "one two");
  EXPECT_EQ(read(h, 4, 2), "tw");
  EXPECT_EQ(read(h, 7, 10), "");
  EXPECT_EQ(read(h, 700, 10), "");
  EXPECT_EQ(files.close(files.self, h), THARSIS_OK);
  EXPECT_EQ(files.close(files.self, h), THARSIS_E_GONE);
  EXPECT_EQ(append(h, "x"), THARSIS_E_GONE);
  ASSERT_EQ(open("log", THARSIS_FILES_APPEND, h), THARSIS_OK);
  EXPECT_EQ(append(h, "!"), THARSIS_OK);
  EXPECT_EQ(content("log"), "one two!");
}

TEST_P(Files, AMissingFileIsNamed) {
  tharsis_handle h = 0;
  EXPECT_EQ(open("nowhere", THARSIS_FILES_READ, h), THARSIS_E_NOT_FOUND);
  EXPECT_NE(std::string(why.text).find(path("nowhere")), std::string::npos) << why.text;
  EXPECT_EQ(open("no/folder", THARSIS_FILES_APPEND, h), THARSIS_E_NOT_FOUND);
  EXPECT_EQ(replace("no/folder", "x"), THARSIS_E_NOT_FOUND);
  EXPECT_EQ(remove("nowhere"), THARSIS_E_NOT_FOUND);
  EXPECT_EQ(files.list(files.self, text_of(path("nowhere")), nullptr, nullptr, &why), THARSIS_E_NOT_FOUND);
}

TEST_P(Files, PathsAreAbsoluteAndModesKnown) {
  tharsis_handle h = 0;
  EXPECT_EQ(files.open(files.self, text_of("log"), THARSIS_FILES_APPEND, &h, &why), THARSIS_E_INVALID);
  EXPECT_EQ(files.make_folder(files.self, text_of(""), &why), THARSIS_E_INVALID);
  EXPECT_EQ(files.replace(files.self, text_of("log"), {}, &why), THARSIS_E_INVALID);
  EXPECT_EQ(open("log", 0, h), THARSIS_E_INVALID);
  EXPECT_EQ(open("log", THARSIS_FILES_SECRET, h), THARSIS_E_INVALID);
  EXPECT_EQ(open("log", THARSIS_FILES_SECRET | THARSIS_FILES_APPEND, h), THARSIS_E_INVALID);
  EXPECT_EQ(open("log", THARSIS_FILES_READ | 8, h), THARSIS_E_INVALID);
}

TEST_P(Files, AFileIsUsedOnlyAsItWasOpened) {
  ASSERT_EQ(replace("log", "x"), THARSIS_OK);
  tharsis_handle reader = 0, writer = 0;
  ASSERT_EQ(open("log", THARSIS_FILES_READ, reader), THARSIS_OK);
  ASSERT_EQ(open("log", THARSIS_FILES_APPEND, writer), THARSIS_OK);
  EXPECT_EQ(append(reader, "y"), THARSIS_E_INVALID);
  uint8_t byte = 0;
  size_t count = 0;
  EXPECT_EQ(files.read(files.self, writer, 0, &byte, 1, &count, &why), THARSIS_E_INVALID);
}

TEST_P(Files, AFolderIsNoFileAndAFileNoFolder) {
  ASSERT_EQ(replace("file", "x"), THARSIS_OK);
  ASSERT_EQ(files.make_folder(files.self, text_of(path("folder")), &why), THARSIS_OK);
  tharsis_handle h = 0;
  EXPECT_EQ(open("folder", THARSIS_FILES_READ, h), THARSIS_E_IO);
  EXPECT_EQ(open("folder", THARSIS_FILES_APPEND, h), THARSIS_E_IO);
  EXPECT_EQ(replace("folder", "x"), THARSIS_E_IO);
  EXPECT_EQ(open("file/inside", THARSIS_FILES_APPEND, h), THARSIS_E_NOT_FOUND);
  EXPECT_EQ(files.make_folder(files.self, text_of(path("file")), &why), THARSIS_E_IO);
  EXPECT_EQ(files.make_folder(files.self, text_of(path("file/inside")), &why), THARSIS_E_IO);
  EXPECT_EQ(files.list(files.self, text_of(path("file")), nullptr, nullptr, &why), THARSIS_E_NOT_FOUND);
}

TEST_P(Files, AReplacedFileHasTheNewContentAndWhoReadsTheOldOneReadsOn) {
  ASSERT_EQ(replace("state", "old"), THARSIS_OK);
  tharsis_handle h = 0;
  ASSERT_EQ(open("state", THARSIS_FILES_READ, h), THARSIS_OK);
  ASSERT_EQ(replace("state", "new one"), THARSIS_OK);
  EXPECT_EQ(content("state"), "new one");
  EXPECT_EQ(read(h, 0, 100), "old");
  EXPECT_EQ(names(folder_), "state ") << "nothing is left beside it";
}

TEST_P(Files, FoldersAreMadeWithTheirParentsListedInOrderAndRemovedWhenEmpty) {
  EXPECT_EQ(files.make_folder(files.self, text_of(path("a/b/c")), &why), THARSIS_OK) << why.text;
  EXPECT_EQ(files.make_folder(files.self, text_of(path("a/b/c")), &why), THARSIS_OK)
      << "one that exists is no error";
  for (const char* name : {"a/z", "a/B", "a/a"}) ASSERT_EQ(replace(name, "x"), THARSIS_OK);
  EXPECT_EQ(names(path("a")), "B a b z ");
  EXPECT_EQ(remove("a/b"), THARSIS_E_IO) << "it is not empty";
  EXPECT_EQ(remove("a/b/c"), THARSIS_OK);
  EXPECT_EQ(remove("a/b"), THARSIS_OK);
  EXPECT_EQ(remove("a/z"), THARSIS_OK);
  EXPECT_EQ(names(path("a")), "B a ");
}

TEST_P(Files, ALockIsHeldOnceUntilItIsClosed) {
  tharsis_handle first = 0, second = 0;
  const std::string name = path("lock");
  ASSERT_EQ(files.lock(files.self, text_of(name), &first, &why), THARSIS_OK) << why.text;
  EXPECT_EQ(files.lock(files.self, text_of(name), &second, &why), THARSIS_E_IN_USE);
  EXPECT_NE(std::string(why.text).find(name), std::string::npos) << why.text;
  EXPECT_EQ(files.close(files.self, first), THARSIS_OK);
  EXPECT_EQ(files.lock(files.self, text_of(name), &second, &why), THARSIS_OK) << why.text;
}

TEST_P(Files, ANameTellsWhatItStandsFor) {
  ASSERT_EQ(replace("file", "four"), THARSIS_OK);
  ASSERT_EQ(files.make_folder(files.self, text_of(path("folder")), &why), THARSIS_OK);
  const auto describe = [&](const std::string& name) {
    tharsis_file_facts facts{sizeof facts, 0, 0, 0};
    const std::string whole = path(name);
    EXPECT_EQ(files.describe(files.self, text_of(whole), &facts, &why), THARSIS_OK) << why.text;
    return facts;
  };
  EXPECT_EQ(describe("file").kind, THARSIS_FILE_PLAIN);
  EXPECT_EQ(describe("file").bytes, 4u);
  EXPECT_GT(describe("file").modified, 0);
  EXPECT_EQ(describe("folder").kind, THARSIS_FILE_FOLDER);
  tharsis_file_facts facts{sizeof facts, 0, 0, 0};
  EXPECT_EQ(files.describe(files.self, text_of(path("nowhere")), &facts, &why), THARSIS_E_NOT_FOUND);
}

TEST_P(Files, TheRoomOfAFolderIsKnown) {
  tharsis_space space{sizeof space, 0, 0, 0};
  ASSERT_EQ(files.space(files.self, text_of(folder_), &space, &why), THARSIS_OK) << why.text;
  EXPECT_GT(space.total, 0u);
  EXPECT_LE(space.free, space.total);
  EXPECT_EQ(files.space(files.self, text_of(path("nowhere")), &space, &why), THARSIS_E_NOT_FOUND);
}

TEST_P(Files, ARenamedFileTakesThePlaceOfAnother) {
  ASSERT_EQ(replace("one", "1"), THARSIS_OK);
  ASSERT_EQ(replace("two", "2"), THARSIS_OK);
  const auto rename = [&](const std::string& from, const std::string& to) {
    const std::string old_name = path(from), new_name = path(to);
    return files.rename(files.self, text_of(old_name), text_of(new_name), &why);
  };
  ASSERT_EQ(rename("one", "two"), THARSIS_OK) << why.text;
  EXPECT_EQ(names(folder_), "two ");
  EXPECT_EQ(content("two"), "1");
  EXPECT_EQ(rename("one", "three"), THARSIS_E_NOT_FOUND);
  EXPECT_EQ(rename("two", "nowhere/two"), THARSIS_E_NOT_FOUND);
  EXPECT_EQ(names(folder_), "two ");
}

TEST_P(Files, RandomBytesFillAllAndDiffer) {
  const tharsis_random& random = *stage_->platform()->random;
  std::vector<uint8_t> one(64), two(64);
  random.fill(random.self, one.data(), one.size());
  random.fill(random.self, two.data(), two.size());
  EXPECT_NE(one, two);
  EXPECT_NE(one, std::vector<uint8_t>(64));
}
