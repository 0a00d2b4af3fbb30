// The architecture as a test: who may include whom, and where the outside world may be touched.
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace fs = std::filesystem;
using std::string, std::string_view;

namespace {

struct layer {
  string folder;
  std::vector<string> may_include;
};

std::vector<string> plugins() {
  std::vector<string> names;
  for (const auto& entry : fs::directory_iterator("plugins"))
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  return names;
}

// First match wins, so a plugin's core comes before the plugin.
std::vector<layer> layers() {
  std::vector<layer> all = {
      {"sdk/abi/", {"sdk/abi/"}},
      {"sdk/pure/", {"sdk/abi/", "sdk/pure/"}},
      {"sdk/async/", {"sdk/abi/", "sdk/pure/", "sdk/async/"}},
      {"sdk/sim/", {"sdk/abi/", "sdk/pure/", "sdk/sim/"}},
      {"sdk/", {"sdk/"}},
      {"runtime/simulation/", {"sdk/abi/", "sdk/pure/", "sdk/sim/", "runtime/"}},
      {"runtime/", {"sdk/abi/", "sdk/pure/", "runtime/"}},
  };
  for (const string& plugin : plugins()) {
    const string folder = "plugins/" + plugin + "/";
    all.push_back({folder + "core/", {"sdk/abi/", "sdk/pure/", folder + "core/"}});
    all.push_back({folder, {"sdk/", folder}});
  }
  return all;
}

bool starts_with_any(string_view text, const std::vector<string>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](const string& p) { return text.starts_with(p); });
}

bool is_source(const fs::path& path) {
  const string end = path.extension().string();
  return end == ".h" || end == ".cpp" || end == ".c";
}

const std::vector<string> sources = {"sdk", "runtime", "plugins"};

using visitor = std::function<void(const string& path, int number, const string& line)>;

int for_each_line(const std::vector<string>& tops, const visitor& visit) {
  int files = 0;
  for (const string& top : tops) {
    if (!fs::exists(top)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(top)) {
      if (!entry.is_regular_file() || !is_source(entry.path())) continue;
      ++files;
      const string path = entry.path().generic_string();
      std::ifstream in(path);
      int number = 0;
      for (string line; std::getline(in, line);) visit(path, ++number, line);
    }
  }
  return files;
}

// What a call may be named, and the only files that may name it. `os_*` files of the runtime are
// the platform's home; a plugin's are listed one by one.
struct confined {
  std::vector<string> calls;
  std::vector<string> only_in;
};
const std::vector<confined> confinements = {
    {{"::socket(", "::connect(", "::bind(", "::listen(", "::accept4(", "getaddrinfo(", "::sendto(", "::recvfrom("},
     {"runtime/os_net_linux.cpp", "runtime/os_control_linux.cpp", "runtime/os_network_linux.cpp"}},
    {{"epoll_wait(", "epoll_ctl(", "eventfd("}, {"runtime/os_poller_linux.cpp", "runtime/os_host_wake_linux.cpp"}},
    {{"dlopen(", "dlsym("}, {"runtime/os_library_linux.cpp"}},
    {{"steady_clock::now(", "system_clock::now(", "clock_gettime(", "gettimeofday("}, {"runtime/os_clock.cpp", "plugins/xlog/os_"}},
    {{"std::thread ", "std::thread(", "std::jthread", "pthread_create("}, {"runtime/os_thread.cpp", "runtime/os_thread.h", "plugins/xlog/os_load_linux.cpp"}},
    {{"fork("}, {"runtime/os_child_linux.cpp", "runtime/os_fork_linux.cpp", "plugins/xlog/os_segment_linux.cpp"}},
    {{"random_device", "getrandom("}, {"runtime/os_random.cpp"}},
    {{"std::ofstream", "std::ifstream", "fopen(", "std::filesystem"}, {"runtime/os_"}},
    {{"sleep_for(", "usleep(", "nanosleep("}, {"plugins/xlog/os_load_linux.cpp"}},
    {{"getenv("}, {"runtime/os_"}},
    {{"std::mutex", "std::shared_mutex", "std::condition_variable"}, {"runtime/", "plugins/xlog/intake.h", "plugins/xlog/site_registry.h", "plugins/xlog/held.h", "plugins/xlog/os_", "plugins/xlog/ring_set.",
      "plugins/xlog/taps.", "plugins/xlog/current_file.h", "plugins/xlog/reader_service."}},
    {{"thread_local"}, {"runtime/", "sdk/pure/logger.h", "plugins/xlog/held.h", "plugins/dns/core/reader_gate.h"}},
};

}  // namespace

TEST(Tidy, IncludesPointDownwardsOnly) {
  const auto all = layers();
  const int files = for_each_line(sources, [&](const string& path, int number, const string& line) {
    if (!line.starts_with("#include \"")) return;
    const string target = line.substr(10, line.rfind('"') - 10);
    // An example is built outside of this tree too, where its own files have no path.
    if (path.starts_with("sdk/examples/") && target.find('/') == string::npos) return;
    for (const auto& l : all) {
      if (!path.starts_with(l.folder)) continue;
      if (!starts_with_any(target, l.may_include))
        ADD_FAILURE() << path << ":" << number << ": " << l.folder << " may not include " << target;
      return;
    }
    ADD_FAILURE() << path << ": belongs to no layer";
  });
  EXPECT_GT(files, 10) << "the sources were not found; run from the top of the repository";
}

TEST(Tidy, EachCallToTheOutsideWorldHasOneHome) {
  for_each_line(sources, [](const string& path, int number, const string& line) {
    const string code = line.substr(0, line.find("//"));
    for (const auto& c : confinements)
      for (const auto& call : c.calls)
        if (code.find(call) != string::npos && !starts_with_any(path, c.only_in))
          ADD_FAILURE() << path << ":" << number << ": " << call << " belongs in " << c.only_in[0];
  });
}

// See sdk/async/task.h: g++ 12 destroys an aggregate that is made inside a co_await twice. A brace that
// makes one follows a name, a '>', a '(' or a ','.
TEST(Tidy, NoAggregateIsMadeInsideACoAwait) {
  string awaited;  // What has been read of an expression that is not over.
  int depth = -1;  // Of its parentheses; -1 outside.
  for_each_line({"sdk", "runtime", "plugins", "tests"}, [&](const string& path, int number, const string& line) {
    if (path == "tests/tidy_test.cpp") return;
    const string code = line.substr(0, line.find("//"));
    for (size_t at = 0; at < code.size(); ++at) {
      const char c = code[at];
      if (depth < 0) {
        if (code.compare(at, 9, "co_await ") == 0) depth = 0, awaited.clear(), at += 8;
        continue;
      }
      if (c == '(') ++depth;
      if (c == ';' || (c == ')' && --depth < 0)) depth = -1;
      const char before = awaited.empty() ? ' ' : awaited.back();
      const bool makes_one = std::isalnum(static_cast<unsigned char>(before)) || string_view("_>(,").find(before) != string::npos;
      if (c == '{' && makes_one) ADD_FAILURE() << path << ":" << number << ": name it on the line before the co_await";
      if (c != ' ') awaited += c;
    }
  });
}

// Whoever ports Tharsis reads there what is to be written anew.
TEST(Tidy, EveryFileOfASystemIsInTheListOfWhatAPortSupplies) {
  std::ifstream document("ARCHITECTURE.md");
  const string text((std::istreambuf_iterator<char>(document)), std::istreambuf_iterator<char>());
  int files = 0;
  for (const string& top : sources)
    for (const auto& entry : fs::recursive_directory_iterator(top)) {
      const string name = entry.path().filename().string();
      if (!name.starts_with("os_") || !name.ends_with(".cpp")) continue;
      ++files;
      const bool listed = text.find(name + " |") != string::npos || text.find(name + ", os_") != string::npos;
      EXPECT_TRUE(listed) << entry.path() << " is missing in ARCHITECTURE.md, under what a port supplies";
    }
  EXPECT_GT(files, 15);
}

TEST(Tidy, TheContractHoldsNoCode) {
  for (const auto& entry : fs::directory_iterator("sdk/abi"))
    EXPECT_EQ(entry.path().extension(), ".h") << entry.path();
}

TEST(Tidy, NoFolderIsADrawer) {
  for (const string_view top : {"sdk", "runtime", "plugins", "tests"})
    for (const auto& entry : fs::recursive_directory_iterator(top)) {
      const string stem = entry.path().stem().string();
      for (const string_view drawer : {"utils", "util", "common", "misc", "helpers", "helper"})
        EXPECT_NE(stem, drawer) << entry.path() << ": name it after what it holds";
    }
}

// g++ 12 spoils the frame of `if (!co_await f()) co_return;`: the coroutine stops with an illegal instruction.
TEST(Tidy, NoCoAwaitIsNegatedWhereItStands) {
  for_each_line({"sdk", "runtime", "plugins", "tests"}, [](const string& path, int number, const string& line) {
    if (path == "tests/tidy_test.cpp") return;
    if (line.substr(0, line.find("//")).find("!co_await") != string::npos)
      ADD_FAILURE() << path << ":" << number << ": name what was awaited on the line before, then ask";
  });
}

// What a document calls tested has that test: `Suite.Name` in its code marks.
TEST(Tidy, TestsThatDocumentsNameAreThere) {
  string all;
  for_each_line({"tests"}, [&](const string&, int, const string& line) {
    if (line.starts_with("TEST(")) all += line.substr(5, line.find(')') - 5) + "\n";
  });
  int named = 0;
  std::ifstream document("plugins/stn/MARS.md");
  for (string line; std::getline(document, line);)
    for (size_t at = line.find('`'); line.starts_with("| ") && at != string::npos; at = line.find('`', at + 1)) {
      const string word = line.substr(at + 1, line.find('`', at + 1) - at - 1);
      const size_t dot = word.find('.');
      if (word.find("Defect") == string::npos || dot == string::npos) continue;
      ++named;
      EXPECT_NE(all.find(word.substr(0, dot) + ", " + word.substr(dot + 1) + "\n"), string::npos) << word;
    }
  EXPECT_GT(named, 15);
}
