#include "plugins/sdt/core/header_changes.h"

#include <gtest/gtest.h>

using namespace tharsis;
using namespace tharsis::sdt;

using names = std::vector<std::string>;

// A carrier writes its subscriber's number into what passes: a report must not carry it on.
TEST(SdtHeaderChanges, OfAnAnswerOnlyNamesAreKept) {
  const http1::field_list plain = {{"X-MSISDN", "4915112345678"}, {"Server", "other"}, {"Date", "now"}};
  const http1::field_list twin = {{"server", "nginx"}, {"X-Kept", "1"}, {"Date", "then"}};
  const header_changes found = compare_headers(plain, twin);
  EXPECT_EQ(found.added, names{"X-MSISDN"});
  EXPECT_EQ(found.changed, (names{"Server", "X-Kept"}));
}

TEST(SdtHeaderChanges, OfAQuestionOnlyNamesAreKeptAndWhatAProxySaysOfItself) {
  const http1::field_list asked = {{"User-Agent", "tharsis-sdt"}, {"aCCepT", "*/*"}};
  const header_changes found =
      compare_question("GET /echo HTTP/1.1\nHost: a.test\nUser-Agent: tharsis-sdt\nAccept: */*\nVia: 1.1 box\nX-MSISDN: 4915112345678\n 4915112345678:1\n4915112345678\n", asked);
  EXPECT_EQ(found.added, (names{"Accept", "Via", "X-MSISDN", "(a line without a name)", "(a line without a name)"}));
  EXPECT_EQ(found.changed, names{"aCCepT"});
  EXPECT_EQ(found.via, " 1.1 box");
  EXPECT_TRUE(compare_question("", asked).added.empty());
}
