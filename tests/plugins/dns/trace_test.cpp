#include "plugins/dns/core/trace.h"

#include <gtest/gtest.h>

#include "plugins/dns/resolve_line.h"
#include "plugins/dns/trace_report.h"
#include "sdk/pure/address.h"

using namespace tharsis;
using namespace tharsis::dns;

namespace {

instant at(duration after) { return later(instant{}, 1h + after); }

testimony said(const std::string& source, bool vouched, const char* ip, duration after) {
  testimony t;
  t.source = source;
  t.vouched = vouched;
  t.began = at(0s);
  t.what.came = at(after);
  t.what.life = 60;
  if (ip == nullptr) return t.what.why = "no answer came in time", t;
  t.what.what = findings::kind::found;
  t.what.addresses = {*parse_ip(ip)};
  return t;
}

trace_matter lied_to() {
  trace_matter m{{.name = "im.example.com", .kind = type::a}, {}};
  m.heard = {said("udp://10.0.0.53", false, "203.0.113.66", 1ms), said("https://10.0.0.55", true, "192.0.2.1", 30ms), said("tcp://10.0.0.54", false, nullptr, 90ms)};
  return m;
}

}  // namespace

TEST(Trace, StepsComeInTheOrderOfTimeAndTellWhenEnoughWasKnown) {
  std::string all;
  for (const trace_step& s : steps_of(lied_to(), trust::guarded, at(0s))) all += std::string(word(s.what)) + "@" + std::to_string(milliseconds(s.after)) + " ";
  EXPECT_EQ(all, "asked@0 asked@0 asked@0 answered@1 answered@30 decided@30 failed@90 ");
  const auto open = steps_of(lied_to(), trust::open, at(0s));
  const auto first = std::find_if(open.begin(), open.end(), [](const trace_step& s) { return s.what == trace_step::kind::decided; });
  EXPECT_EQ(milliseconds(first->after), 1) << "open mode takes the liar's word";
}

TEST(Trace, WhatIsKnownOfAServerIsToldWhereItIsAsked) {
  trace_matter m = lied_to();
  m.heard[1].health = "it left the last 4 questions without a word";
  const auto steps = steps_of(m, trust::guarded, at(0s));
  EXPECT_EQ(steps[0].says, "it proves nothing");
  EXPECT_EQ(steps[1].says, "it has to prove its name; it left the last 4 questions without a word");
}

TEST(Trace, ForgedAnswersHaveTheirMoment) {
  trace_matter m{{.name = "im.example.com", .kind = type::a}, {said("udp://10.0.0.53", false, "192.0.2.1", 30ms)}};
  findings forged = said("", false, "203.0.113.66", 2ms).what;
  m.heard[0].forged = {forged};
  const auto steps = steps_of(m, trust::guarded, at(0s));
  ASSERT_EQ(steps.size(), 4u);
  EXPECT_EQ(word(steps[1].what), "forged");
  EXPECT_EQ(steps[1].says, "203.0.113.66 for 60 s");
}

TEST(Trace, VotesTellWhoGaveWhichAddress) {
  trace_matter m = lied_to();
  m.heard.push_back(said("udp://10.0.0.56", false, "192.0.2.1", 5ms));
  const auto votes = votes_of(m);
  ASSERT_EQ(votes.size(), 2u);
  EXPECT_FALSE(votes[0].proven);
  EXPECT_TRUE(votes[1].proven);
  EXPECT_EQ(votes[1].by, (std::vector<std::string>{"https://10.0.0.55", "udp://10.0.0.56"}));
}

TEST(Trace, AReportIsReadByAPersonAndByAProgram) {
  trace_report r{.name = "im.example.com", .mode = trust::guarded, .began = at(0s), .took = 90ms, .matters = {lied_to()}, .what = {}};
  r.what = answer_of(judge(r.matters[0].what, r.mode, r.matters[0].heard, {}));
  const std::string text = r.text();
  for (const char* part : {"im.example.com, guarded mode", "30.0 ms  answered  A     https://10.0.0.55", "enough is known; 1 may still speak", "proven for 192.0.2.1: https://10.0.0.55",
                           "refused    203.0.113.66 from udp://10.0.0.53: no trusted server gives it", "verdict    disputed after 90.0 ms"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  const std::string json = r.json();
  for (const char* part : {R"("ms":30)", R"("step":"decided")", R"("votes":[{"address":"203.0.113.66","proven":false,"by":["udp://10.0.0.53"]})", R"("verdict":"disputed")"})
    EXPECT_NE(json.find(part), std::string::npos) << part << "\n" << json;
}

TEST(Trace, ItsWordsAreThoseOfResolve) {
  EXPECT_EQ(parse_resolve_line({"im.example.com", "--type", "HTTPS", "--server", "udp://192.0.2.53"}, "dns trace")->kind, type::https);
  EXPECT_NE(parse_resolve_line({}, "dns trace").failure().text.find("dns trace"), std::string::npos);
}
