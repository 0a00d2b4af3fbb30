// A folder of its own for each test: plugins with their manifests, and a profile. Messages are compared
// with the folder's name replaced by "DIR".
#pragma once
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "runtime/profile.h"

namespace tharsis::runtime {

class profile_folder {
 public:
  profile_folder() {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    std::string name = std::filesystem::temp_directory_path().string() + "/tharsis." + test->test_suite_name() + "." +
                       test->name() + ".XXXXXX";
    path = mkdtemp(name.data()) ? name : "";
    EXPECT_FALSE(path.empty());
    request.plugin_folders = {path + "/plugins"};
    request.data_folder = path + "/state";
    request.file = path + "/profile.yaml";
  }
  ~profile_folder() { std::filesystem::remove_all(path); }
  profile_folder(const profile_folder&) = delete;

  void write(const std::string& file, const std::string& text) const {
    const std::filesystem::path whole = path + "/" + file;
    std::filesystem::create_directories(whole.parent_path());
    std::ofstream(whole, std::ios::binary) << text;
  }

  // A manifest whose first four lines are always the same; `rest` begins at line 5.
  void add_plugin(const std::string& id, const std::string& rest = "") const { add_plugin_at("plugins/" + id, id, rest); }
  void add_plugin_at(const std::string& folder, const std::string& id, const std::string& rest = "") const {
    write(folder + "/plugin.yaml", "id: " + id + "\nversion: 1.0.0\nabi: 1\nlibrary: " + id + ".so\n" + rest);
  }

  profile load(const std::string& text) {
    write("profile.yaml", text);
    problems = {};
    return load_profile(request, problems, &catalogue);
  }

  // What a person would read.
  std::string messages() const {
    std::string text = render(problems);
    for (size_t at; (at = text.find(path)) != std::string::npos;) text.replace(at, path.size(), "DIR");
    return text;
  }
  std::string messages_of(const std::string& text) {
    load(text);
    return messages();
  }

  std::string path;
  profile_request request;
  diagnostics problems;
  plugin_catalogue catalogue;
};

}  // namespace tharsis::runtime
