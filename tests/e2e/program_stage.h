// The `tharsis` program as a person runs it: as a child, in a folder that goes with the test.
#pragma once
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/e2e/child_process.h"

namespace tharsis::test {

class program_stage : public ::testing::Test {
 protected:
  program_stage() {
    std::string name = std::filesystem::temp_directory_path().string() + "/tharsis.program.XXXXXX";
    folder_ = mkdtemp(name.data()) ? name : "";
  }
  ~program_stage() override { std::filesystem::remove_all(folder_); }

  // Answers the file's path.
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ + "/" + name) << text;
    return folder_ + "/" + name;
  }
  std::string profile(const std::string& plugins, const std::string& name = "profile") const {
    return write(name + ".yaml", "tharsis: 1\nplugins:\n" + plugins);
  }
  // `tharsis run` of a profile of fixtures.
  std::vector<std::string> run_words(const std::string& path) const {
    return {THARSIS_PROGRAM, "run", path, "--plugins", THARSIS_FIXTURES, "--state", folder_ + "/state"};
  }

  // Runs a program to its end and keeps what it said.
  int run_child(const std::vector<std::string>& words) {
    child_process child(words);
    const int code = child.wait();
    out_ = child.out;
    err_ = child.err;
    return code;
  }
  // `tharsis WORDS... --state DIR`, to its end.
  int ask(std::vector<std::string> given) {
    given.insert(given.begin(), THARSIS_PROGRAM);
    given.insert(given.end(), {"--state", folder_ + "/state"});
    return run_child(given);
  }

  void expect_error(const std::string& text) const {
    EXPECT_NE(err_.find(text), std::string::npos) << "wanted: " << text << "\ngot: " << err_;
  }

  std::string folder_, out_, err_;
};

}  // namespace tharsis::test
