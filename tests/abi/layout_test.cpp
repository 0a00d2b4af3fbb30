// The contract's shape against the kept one, layout.txt: a struct that changed in place, or a number that
// was given a second meaning, breaks every plugin that is already built. Whoever changes it on purpose runs
// THARSIS_WRITE_LAYOUT=1 build/dev/tests/abi/abi_tests and shows the difference with the change.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
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

}  // namespace

TEST(Abi, EveryLayoutIsTheKeptOne) {
  const std::string path = "tests/abi/layout.txt", now = layout();
  if (std::getenv("THARSIS_WRITE_LAYOUT") != nullptr) std::ofstream(path) << now;
  std::ifstream in(path);
  std::stringstream kept;
  kept << in.rdbuf();
  EXPECT_EQ(now, kept.str()) << "if that is meant: THARSIS_WRITE_LAYOUT=1, see layout_test.cpp";
}
