// A runtime as a host application holds it: through the C functions of libtharsis only.
#pragma once
#include <sys/stat.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "sdk/abi/runtime.h"

namespace tharsis::test {

class state_folder {
 public:
  state_folder() {
    path_ = std::filesystem::temp_directory_path().string() + "/tharsis.host.XXXXXX";
    if (mkdtemp(path_.data()) == nullptr) ADD_FAILURE() << "no folder in " << path_;
  }
  ~state_folder() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline tharsis_error no_reason() {
  tharsis_error e{};
  e.size = sizeof e;
  return e;
}

inline std::string text(tharsis_owned_text owned) {
  const std::string copy(owned.data, owned.size);
  EXPECT_EQ(owned.data[owned.size], '\0');
  tharsis_text_free(owned);
  return copy;
}

class host {
 public:
  static constexpr int64_t second = 1'000'000'000;
  // Longer than any machine needs; only a failing test waits so long.
  static constexpr std::chrono::seconds limit{60};

  explicit host(const std::string& plugins) : profile_("tharsis: 1\nplugins:\n" + plugins) {
    options.size = sizeof options;
    options.profile = "host.yaml";
    options.text = profile_.c_str();
    options.plugin_folders = folders_;
    options.plugin_folders_count = 2;
    options.state = folder_.path().c_str();
  }
  ~host() { tharsis_runtime_destroy(runtime); }
  host(const host&) = delete;

  bool create() { return told(tharsis_runtime_create(&options, &runtime, &why)); }
  bool start() { return create() && told(tharsis_runtime_start(runtime, &why)); }
  bool settle() {
    return start() && pump([&] { return tharsis_runtime_settled(runtime) == 1; });
  }

  // As an application's loop does, until `met`.
  bool pump(const std::function<bool()>& met) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!met()) {
      if (std::chrono::steady_clock::now() > end) return false;
      tharsis_runtime_wait(runtime, second / 10);
      if (tharsis_runtime_run_once(runtime, second / 100) < 0) return false;
    }
    return true;
  }

  const std::string& state() const { return folder_.path(); }
  std::string report() const { return text(tharsis_runtime_report(runtime)); }
  bool reports(const std::string& part) const { return report().find(part) != std::string::npos; }

  tharsis_runtime_options options{};
  tharsis_runtime* runtime = nullptr;
  tharsis_error why = no_reason();

 private:
  bool told(tharsis_status s) {
    EXPECT_EQ(s, THARSIS_OK) << why.text;
    return s == THARSIS_OK;
  }

  state_folder folder_;
  std::string profile_;
  const char* folders_[2] = {THARSIS_FIXTURES, THARSIS_PLUGINS};
};

}  // namespace tharsis::test
