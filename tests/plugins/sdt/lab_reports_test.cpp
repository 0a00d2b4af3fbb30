// What the probes saw in the lab's broken networks (tests/lab/cases/diagnosis), at least one run of each case, judged anew.
//
// lab_reports.jsonl has one line each: {"case", "verdict", "action", "report"}, with "label" where it has to be less sure than it
// could; a report is what `sdt diagnose --json` printed there.
#include <gtest/gtest.h>

#include <fstream>

#include "plugins/sdt/core/judge.h"
#include "plugins/sdt/core/observation_json.h"
#include "plugins/sdt/core/redact.h"
#include "sdk/pure/json_value.h"

using namespace tharsis;
using namespace tharsis::sdt;

TEST(LabReports, EachIsJudgedAsItsNetworkWasBroken) {
  std::ifstream in("tests/plugins/sdt/lab_reports.jsonl");
  size_t count = 0;
  for (std::string line; std::getline(in, line); ++count) {
    const auto entry = parse_json(line);
    ASSERT_TRUE(entry) << entry.failure().text;
    const std::string name = entry->find("case")->text, action = entry->find("action")->text;
    const size_t from = line.find("\"report\":") + 9;
    const auto seen = parse_observations(std::string_view(line).substr(from, line.size() - from - 1));
    ASSERT_TRUE(seen) << name << ": " << seen.failure().text;
    const report r = judge(*seen);
    EXPECT_EQ(name_of(r.headline().code), entry->find("verdict")->text) << name << ": " << r.headline().detail;
    if (!action.empty()) {
      EXPECT_EQ(r.headline().act.text(), action) << name;
    }
    if (const auto* label = entry->find("label")) {
      EXPECT_EQ(name_of(r.headline().how), label->text) << name;
    }
    EXPECT_EQ(judge(redacted(r).seen).headline().code, r.headline().code) << name << ", redacted";
  }
  EXPECT_GE(count, 69u);
}
