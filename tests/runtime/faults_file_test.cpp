// The file of faults: what it may say, and how it is told what is wrong.
#include "runtime/simulation/faults_file.h"

#include <fstream>

#include <gtest/gtest.h>

using namespace tharsis;
using namespace tharsis::runtime;
using sim::fault_kind;

namespace {

struct read_file {
  explicit read_file(const std::string& text) {
    const std::string path = testing::TempDir() + "/tharsis.faults." + std::to_string(::getpid()) + ".yaml";
    std::ofstream(path) << text;
    file = read_faults(path, {"stn", "client"}, problems);
    std::remove(path.c_str());
  }
  std::string told() const { return render(problems); }
  diagnostics problems;
  faults_file file;
};

}  // namespace

TEST(FaultsFile, SaysHowOftenHowLongAndForWhom) {
  const read_file read("faults:\n  stalls: { rate: 0.25, lasts: 3s, only: [stn] }\nhosts: { im.test: [10.0.0.2] }\n");
  ASSERT_TRUE(read.problems.empty()) << read.told();
  const sim::fault_rate& stalls = read.file.rates.at(fault_kind::stalls);
  EXPECT_EQ(stalls.rate, 0.25);
  EXPECT_EQ(stalls.lasts, 3s);
  EXPECT_EQ(stalls.only, std::vector<std::string>{"stn"});
  EXPECT_EQ(read.file.hosts.at("im.test"), std::vector<std::string>{"10.0.0.2"});
}

TEST(FaultsFile, AnEmptyOneDrawsNothing) {
  const read_file read("{}");
  ASSERT_TRUE(read.problems.empty()) << read.told();
  for (const auto& [kind, rate] : read.file.rates) EXPECT_EQ(rate.rate, 0);
}

TEST(FaultsFile, AllNamesEveryFault) {
  diagnostics problems;
  EXPECT_EQ(read_faults("all", {}, problems).rates.size(), sim::all_faults().size());
}

TEST(FaultsFile, TellsEverythingThatIsWrongAtItsPlace) {
  const auto wrong = [](const std::string& text) { return read_file(text).told(); };
  EXPECT_NE(wrong("faults: { stall: { rate: 1 } }").find("did you mean 'stalls'?"), std::string::npos);
  EXPECT_NE(wrong("faults: { stalls: { lasts: 1s } }").find("'stalls' needs a rate"), std::string::npos);
  EXPECT_NE(wrong("faults: { stalls: { rate: 1.5 } }").find("1.5"), std::string::npos);
  EXPECT_NE(wrong("faults: { stalls: { rate: 1, only: [snt] } }").find("did you mean 'stn'?"), std::string::npos);
  EXPECT_NE(wrong("hosts: { im.test: [nowhere] }").find("expected an IP address"), std::string::npos);
}

TEST(FaultsFile, AFileThatIsNotThereIsAProblem) {
  diagnostics problems;
  read_faults("/nowhere/faults.yaml", {}, problems);
  EXPECT_NE(render(problems).find("there is no such file"), std::string::npos);
}
