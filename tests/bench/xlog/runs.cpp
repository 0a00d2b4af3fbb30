#include "tests/bench/xlog/runs.h"

#include <filesystem>
#include <sstream>
#include <stdexcept>

#include "tests/bench/child.h"
#include "tests/bench/xlog/rings.h"

namespace tharsis::bench {
namespace {

// Of files that readers read; rings are gone when the process has ended.
uint64_t bytes_in(const std::string& folder) {
  uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) bytes += entry.file_size();
  return bytes;
}

std::string public_key() {
  static const own_folder folder;
  static const std::string key = [] {
    child made({THARSIS_PROGRAM, "xlog", "keygen", folder.path + "/key", "--state", folder.path, "--plugins", THARSIS_PLUGINS});
    if (made.await_end() != 0) throw std::runtime_error("no key could be made");
    return folder.path + "/key.pub";
  }();
  return key;
}

}  // namespace

sample runs::number(const std::shared_ptr<runs>& of, const std::string& name) {
  return [of, name, next = size_t{0}]() mutable {
    if (next == of->done_.size()) of->done_.push_back(of->run());
    return of->done_[next++].at(name);
  };
}

runs::numbers runs::run() const {
  const own_folder folder;
  std::filesystem::create_directory(folder.path + "/log");
  std::string settings = words_.settings;
  if (const size_t at = settings.find("KEY"); at != std::string::npos) settings.replace(at, 3, public_key());
  child c({words_.program, words_.what, std::to_string(words_.corpus), std::to_string(words_.threads), std::to_string(words_.lines),
           folder.path, settings});
  const std::string said = c.rest();
  if (c.await_end() != 0) throw std::runtime_error(words_.program + " failed: " + said);
  numbers found;
  std::istringstream words(said);
  double value = 0;
  for (std::string name; words >> name >> value;) found[name] = value;
  const auto lines = static_cast<double>(words_.lines * words_.threads);
  if (found.contains("wall")) found["speed"] = 1e3 / found["wall"];
  found["bytes"] = static_cast<double>(bytes_in(folder.path + "/log")) / lines;
  return found;
}

}  // namespace tharsis::bench
