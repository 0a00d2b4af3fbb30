#include "plugins/sdt/core/link_judge.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "sdk/pure/error.h"

using namespace tharsis;
using namespace tharsis::sdt;

namespace {

tharsis_address at(const char* ip) {
  auto a = *parse_ip(ip);
  a.port = 443;
  return a;
}
evidence about(link_report link, std::vector<tharsis_status> dials, tharsis_status name = THARSIS_OK) {
  evidence e;
  e.server = *parse_endpoint("tcps://im.tharsis.test:443");
  e.link = std::move(link);
  e.found.name = {true, name, {at("192.0.2.1")}, 3ms};
  const char* ips[] = {"192.0.2.1", "2001:db8::1", "192.0.2.3"};
  for (size_t i = 0; i < dials.size(); ++i) e.found.dials.push_back({at(ips[i]), dials[i], 5ms});
  return e;
}
link_report failed(tharsis_status status, std::string reason = {}) {
  return {link_report::kind::failed, status, std::move(reason)};
}
const link_report nobody{};
const link_report connecting{link_report::kind::connecting, THARSIS_OK, {}};

bool one_of(uint32_t code, std::initializer_list<int> codes) {
  return std::find(codes.begin(), codes.end(), static_cast<int>(code)) != codes.end();
}

constexpr tharsis_status dial_ends[] = {THARSIS_OK,           THARSIS_E_REFUSED, THARSIS_E_RESET, THARSIS_E_TIMEOUT,
                                        THARSIS_E_UNREACHABLE, THARSIS_E_NETWORK, THARSIS_E_DENIED};
std::vector<std::vector<tharsis_status>> all_dials() {
  std::vector<std::vector<tharsis_status>> all = {{}};
  for (const auto a : dial_ends) {
    all.push_back({a});
    for (const auto b : dial_ends) {
      all.push_back({a, b});
      for (const auto c : dial_ends) all.push_back({a, b, c});
    }
  }
  return all;
}
std::vector<link_report> all_reports() {
  std::vector<link_report> all = {nobody, connecting};
  for (tharsis_status s = THARSIS_E_FULL; s < THARSIS_OK; ++s) {
    all.push_back(failed(s));
    all.push_back(failed(s, "stn's own words."));
  }
  return all;
}

// The rules, written from the evidence's side.
void expect_no_contradiction(const evidence& e, const link_verdict& v) {
  const auto met = [&](tharsis_status s) {
    return std::any_of(e.found.dials.begin(), e.found.dials.end(), [s](const auto& d) { return d.status == s; });
  };
  const bool answered = met(THARSIS_OK) || met(THARSIS_E_REFUSED) || met(THARSIS_E_RESET);
  if (e.found.offline && !answered) {
    ASSERT_EQ(v.code, uint32_t{THARSIS_SDT_UNREACHABLE});
    ASSERT_NE(v.headline.find("no network: no default route"), std::string::npos);
    return;
  }
  ASSERT_EQ(v.headline.find("no network"), std::string::npos);
  const bool nameless = e.found.name.asked && e.found.name.status != THARSIS_OK;
  ASSERT_LE(v.code, uint32_t{THARSIS_SDT_PROTOCOL});
  ASSERT_TRUE(v.confidence > 0 && v.confidence <= 100);
  ASSERT_NE(v.headline.find("im.tharsis.test"), std::string::npos);
  ASSERT_EQ(v.headline.find('\n'), std::string::npos);
  ASSERT_FALSE(v.headline.ends_with('.'));
  ASSERT_EQ(v.advice.empty(), v.code == THARSIS_SDT_FINE);
  ASSERT_FALSE(nameless && v.code != THARSIS_SDT_NAME_UNRESOLVED);
  ASSERT_FALSE(one_of(v.code, {THARSIS_SDT_FINE, THARSIS_SDT_SILENT}) && !met(THARSIS_OK));
  ASSERT_FALSE(v.code == THARSIS_SDT_UNTRUSTED && e.link.status != THARSIS_E_UNTRUSTED);
  ASSERT_FALSE(v.code == THARSIS_SDT_PROTOCOL && e.link.status != THARSIS_E_PROTOCOL);
  if (nameless || e.found.dials.empty()) return;
  ASSERT_EQ(v.code == THARSIS_SDT_REFUSED, met(THARSIS_E_REFUSED) && !met(THARSIS_OK));
  ASSERT_EQ(met(THARSIS_OK), one_of(v.code, {THARSIS_SDT_FINE, THARSIS_SDT_SILENT, THARSIS_SDT_UNTRUSTED,
                                             THARSIS_SDT_PROTOCOL}) ||
                                 v.headline.find(" takes connections and cuts them") != std::string::npos);
}

}  // namespace

// Goal: a verdict never contradicts its evidence, whatever the evidence. Method: every combination of
// what the name, up to three addresses and stn may say.
TEST(Judge, NoVerdictContradictsItsEvidence) {
  int combinations = 0;
  for (const auto name : {THARSIS_OK, THARSIS_E_NOT_FOUND, THARSIS_E_TIMEOUT, THARSIS_E_NETWORK, THARSIS_E_CANCELLED})
    for (const bool asked : {true, false})
      for (const auto& dials : all_dials())
        for (const link_report& link : all_reports())
          for (const bool offline : {false, true}) {
            evidence e = about(link, dials, name);
            e.found.name.asked = asked;
            e.found.offline = offline;
            const link_verdict v = judge(e);
            ++combinations;
            expect_no_contradiction(e, v);
            if (HasFatalFailure()) FAIL() << v.evidence << " => " << v.headline;
          }
  EXPECT_EQ(combinations, 2 * 5 * 2 * (1 + 7 + 49 + 343) * (2 + 2 * 18));
}

TEST(Judge, TheOrderOfTheAddressesDoesNotMatter) {
  for (auto dials : all_dials())
    for (const link_report& link : all_reports()) {
      std::sort(dials.begin(), dials.end());
      const link_verdict first = judge(about(link, dials));
      do {
        const link_verdict v = judge(about(link, dials));
        ASSERT_EQ(v.code, first.code);
        ASSERT_EQ(v.confidence, first.confidence);
      } while (std::next_permutation(dials.begin(), dials.end()));
    }
}

TEST(Judge, AddressesThatMeetDifferentFatesMakeItLessSure) {
  EXPECT_LT(judge(about(nobody, {THARSIS_E_REFUSED, THARSIS_E_TIMEOUT})).confidence,
            judge(about(nobody, {THARSIS_E_REFUSED, THARSIS_E_REFUSED})).confidence);
}

TEST(Judge, SaysWhatIsWrongAndWhere) {
  struct {
    evidence seen;
    uint32_t code;
    std::string headline;
  } const cases[] = {
      {about(failed(THARSIS_E_RESET), {THARSIS_E_REFUSED}), THARSIS_SDT_REFUSED,
       "im.tharsis.test:443 refuses connections: the host 192.0.2.1 is up but nothing listens on port 443"},
      {about(failed(THARSIS_E_TIMEOUT), {THARSIS_E_TIMEOUT, THARSIS_E_UNREACHABLE}), THARSIS_SDT_NO_ANSWER,
       "im.tharsis.test:443 does not answer: connecting to 192.0.2.1 gets no answer in 5 ms"},
      {about(failed(THARSIS_E_TIMEOUT), {THARSIS_E_UNREACHABLE, THARSIS_E_UNREACHABLE}), THARSIS_SDT_UNREACHABLE,
       "im.tharsis.test:443 is unreachable: no route leads to 192.0.2.1 and 2001:db8::1"},
      {about(failed(THARSIS_E_NOT_FOUND), {}, THARSIS_E_NOT_FOUND), THARSIS_SDT_NAME_UNRESOLVED,
       "im.tharsis.test has no address: no resolver knows the name"},
      {about(failed(THARSIS_E_TIMEOUT), {}, THARSIS_E_TIMEOUT), THARSIS_SDT_NAME_UNRESOLVED,
       "im.tharsis.test cannot be resolved: no resolver answered within 3 ms"},
      {about(failed(THARSIS_E_RESET, "the peer reset the connection."), {THARSIS_OK}), THARSIS_SDT_CUT,
       "im.tharsis.test:443 takes connections and cuts them: the peer reset the connection"},
      {about(failed(THARSIS_E_RESET), {THARSIS_E_RESET}), THARSIS_SDT_CUT,
       "im.tharsis.test:443 cuts connections: connecting to 192.0.2.1 is reset"},
      {about(failed(THARSIS_E_TIMEOUT), {THARSIS_OK}), THARSIS_SDT_SILENT,
       "im.tharsis.test:443 is silent: 192.0.2.1 takes connections in 5 ms and says nothing on them"},
      {about(connecting, {THARSIS_OK}), THARSIS_SDT_SILENT,
       "im.tharsis.test:443 is silent: 192.0.2.1 takes connections in 5 ms and says nothing on them"},
      {about(failed(THARSIS_E_UNTRUSTED, "the certificate has expired"), {THARSIS_OK}), THARSIS_SDT_UNTRUSTED,
       "im.tharsis.test:443 cannot prove who it is: the certificate has expired"},
      {about(failed(THARSIS_E_PROTOCOL, "a frame of 4 GiB"), {THARSIS_OK}), THARSIS_SDT_PROTOCOL,
       "im.tharsis.test:443 is not understood: a frame of 4 GiB"},
      {about(nobody, {THARSIS_OK}), THARSIS_SDT_FINE,
       "im.tharsis.test:443 answers: connecting to 192.0.2.1 takes 5 ms"},
  };
  for (const auto& c : cases) {
    const link_verdict v = judge(c.seen);
    EXPECT_EQ(v.headline, c.headline);
    EXPECT_EQ(v.code, c.code) << c.headline;
  }
}

TEST(Judge, WithoutANetworkThatIsTheReasonUnlessSomethingAnswered) {
  evidence e = about(failed(THARSIS_E_NETWORK), {}, THARSIS_E_NETWORK);
  e.found.offline = true;
  const link_verdict nameless = judge(e);
  EXPECT_EQ(nameless.code, uint32_t{THARSIS_SDT_UNREACHABLE});
  EXPECT_EQ(nameless.headline, "im.tharsis.test:443 is unreachable: no network: no default route leads out of this machine");
  EXPECT_EQ(nameless.evidence, "stn: network; network: no default route; dns: network in 3 ms");
  e.found.dials = {{at("192.0.2.1"), THARSIS_E_TIMEOUT, 5ms}};
  const link_verdict timed_out = judge(e);
  EXPECT_EQ(timed_out.code, uint32_t{THARSIS_SDT_UNREACHABLE});
  EXPECT_LT(timed_out.confidence, nameless.confidence) << "when it began there was a way";
  e.found.name.status = THARSIS_OK;
  e.found.dials[0].status = THARSIS_E_REFUSED;
  EXPECT_EQ(judge(e).code, uint32_t{THARSIS_SDT_REFUSED}) << "a server on this machine needs no way out";
}

TEST(Judge, TellsHowLongItHasBeenSoAndWhatEachCheckFound) {
  evidence e = about(failed(THARSIS_E_RESET, "cut by the peer"), {THARSIS_E_REFUSED, THARSIS_OK});
  e.failing_for = 1234ms;
  e.found.took = 42ms;
  const link_verdict v = judge(e);
  EXPECT_TRUE(v.headline.ends_with(" (for 1.2 s)")) << v.headline;
  EXPECT_EQ(v.evidence, "stn: reset (cut by the peer); dns: 192.0.2.1 in 3 ms; tcp 192.0.2.1:443: refused in 5 ms; "
                        "tcp [2001:db8::1]:443: connected in 5 ms");
  EXPECT_EQ(v.took, 42ms);
}

TEST(Judge, ALinkThatIsUpAgainIsFine) {
  const link_verdict v = recovered(*parse_endpoint("tcps://im.tharsis.test:443"), 2100ms);
  EXPECT_EQ(v.code, uint32_t{THARSIS_SDT_FINE});
  EXPECT_EQ(v.headline, "im.tharsis.test:443 answers again after 2.1 s");
}
