// The contract's shape against the kept one, layout.txt: a struct that changed in place, or a number that
// was given a second meaning, breaks every plugin that is already built. Whoever changes it on purpose runs
// THARSIS_WRITE_LAYOUT=1 build/dev/tests/abi/abi_tests and shows the difference with the change.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "contract.inc"

namespace {

struct field {
  const char* name;
  size_t offset, size, alignment;
};

// Fields in order; where one is missed there is a gap that no alignment explains.
void check_gaps(const char* name, size_t size, size_t alignment, const std::vector<field>& fields) {
  size_t end = 0;
  for (const field& f : fields) {
    EXPECT_LE(end, f.offset) << name << "." << f.name;
    EXPECT_LT(f.offset - end, f.alignment) << "something stands before " << name << "." << f.name;
    end = f.offset + f.size;
  }
  EXPECT_LT(size - end, alignment) << "something stands at the end of " << name;
}

template <class T>
std::string value_text(const T& value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

std::string layout() {
  std::ostringstream out;
  std::vector<field> fields;
#define HEADER(name) out << "\n# " name "\n";
#define DEFINED(name) out << #name " " << value_text(name) << "\n";
#define NUMBER(name) out << #name " " << static_cast<long long>(name) << "\n";
#define STRUCT(name) fields.clear(), out << #name " " << sizeof(name) << "\n";
#define FIELD(owner, name)                                                                                       \
  fields.push_back({#name, offsetof(owner, name), sizeof(owner::name), alignof(decltype(owner::name))}), out << "  " \
      << offsetof(owner, name) << " " << sizeof(owner::name) << " " #name "\n";
#define END(name) check_gaps(#name, sizeof(name), alignof(name), fields);
#include "layout.inc"
  return out.str().substr(1);
}

std::string text_of(const std::string& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// "THARSIS_OK" -> "0", "tharsis_host" -> its size, "tharsis_host.self" -> "8 8".
std::map<std::string, std::string> parts_of(const std::string& layout) {
  std::map<std::string, std::string> parts;
  std::istringstream in(layout);
  std::string owner;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    const bool field = line[0] == ' ';
    const size_t cut = field ? line.rfind(' ') : line.find(' ');
    if (field) parts[owner + "." + line.substr(cut + 1)] = line.substr(2, cut - 2);
    else parts[owner = line.substr(0, cut)] = line.substr(cut + 1);
  }
  return parts;
}

// Handed over in lists, or by value: they cannot even grow.
const std::vector<std::string> fixed = {"tharsis_bytes", "tharsis_text", "tharsis_address", "tharsis_field", "tharsis_error", "tharsis_stn_codec_setting"};

// What breaks whoever was compiled against the first one; empty: nothing.
std::string broken_promises(const std::string& first, const std::string& now) {
  const auto before = parts_of(first), after = parts_of(now);
  std::string broken;
  for (const auto& [name, value] : before) {
    const bool is_struct = name.starts_with("tharsis_") && name.find('.') == std::string::npos;
    const bool may_grow = is_struct && std::find(fixed.begin(), fixed.end(), name) == fixed.end();
    const auto found = after.find(name);
    if (name == "THARSIS_ABI_MINOR") continue;
    if (found == after.end()) broken += name + " is gone\n";
    else if (may_grow ? std::stoul(found->second) < std::stoul(value) : found->second != value)
      broken += name + " was " + value + " and is " + found->second + "\n";
  }
  return broken;
}

}  // namespace

// See sdk/ABI.md. The headers in tests/abi/first are never changed.
TEST(Abi, WhatTheFirstVersionPromisedHolds) {
  const std::string first = text_of("tests/abi/first/layout.txt");
  ASSERT_FALSE(first.empty()) << "run from the top of the repository";
  EXPECT_EQ(broken_promises(first, layout()), "") << "append to the end of a struct, or give the interface a new id";
}

TEST(Abi, EveryBrokenPromiseIsSeen) {
  const std::string first = "THARSIS_OK 0\nTHARSIS_X_ID tharsis.x/1\ntharsis_x 16\n  0 4 size\n  8 8 self\ntharsis_text 16\n  0 8 data\n";
  EXPECT_EQ(broken_promises(first, first), "");
  EXPECT_EQ(broken_promises(first, first + "tharsis_y 4\n"), "") << "new ones break nobody";
  const auto with = [&](std::string text, const std::string& before, const std::string& after) { return text.replace(text.find(before), before.size(), after); };
  EXPECT_EQ(broken_promises(first, with(first, "tharsis_x 16", "tharsis_x 24")), "") << "it has grown";
  for (const auto& [before, after] : std::map<std::string, std::string>{{"OK 0", "OK 1"}, {"x/1", "x/2"}, {"tharsis_x 16", "tharsis_x 8"}, {"8 8 self", "4 8 self"}, {"8 8 self", "8 4 self"}, {"self", "mine"}, {"tharsis_text 16", "tharsis_text 24"}})
    EXPECT_NE(broken_promises(first, with(first, before, after)), "") << before << " -> " << after;
}

TEST(Abi, EveryLayoutIsTheKeptOne) {
  const std::string path = "tests/abi/layout.txt", now = layout();
  if (std::getenv("THARSIS_WRITE_LAYOUT") != nullptr) std::ofstream(path) << now;
  EXPECT_EQ(now, text_of(path)) << "if that is meant: THARSIS_WRITE_LAYOUT=1, see layout_test.cpp";
}
