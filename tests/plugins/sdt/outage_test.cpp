#include "plugins/sdt/core/outage.h"

#include <gtest/gtest.h>

#include <map>

#include "plugins/sdt/core/verdict_table.h"
#include "sdk/abi/sdt.h"

using namespace tharsis;
using namespace tharsis::sdt;

namespace {

constexpr instant t0{100s};
constexpr bool failure_set_it_off = true, somebody_asked = false;

// "fault", "fine", "fine 3s": what is told.
std::string told(const std::vector<outage::word>& all) {
  std::string text;
  for (const outage::word& w : all)
    text += std::string(text.empty() ? "" : ", ") + (w.fine ? "fine " + std::to_string(w.lasted / 1s) + "s" : "fault");
  return text;
}
std::string told(const std::optional<outage::word>& one) { return one ? told(std::vector{*one}) : ""; }

}  // namespace

TEST(Outage, AFaultIsToldOnceUntilAnotherOneIsFound) {
  outage o;
  o.on_link(THARSIS_STN_UP, t0);
  o.on_link(THARSIS_STN_DOWN, t0 + 1s);
  EXPECT_EQ(told(o.on_diagnosis(verdict_code::port_closed, failure_set_it_off)), "fault");
  EXPECT_EQ(told(o.on_diagnosis(verdict_code::port_closed, failure_set_it_off)), "");
  o.on_link(THARSIS_STN_CONNECTING, t0 + 2s);
  EXPECT_EQ(told(o.on_diagnosis(verdict_code::host_down, somebody_asked)), "fault");
  EXPECT_EQ(told(o.on_diagnosis(verdict_code::healthy, failure_set_it_off)), "") << "the link will tell";
  EXPECT_EQ(told(o.take_recovery()), "");
}

TEST(Outage, ThatTheLinkIsUpAgainIsToldOnceAndOnlyAfterAFault) {
  outage o;
  o.on_link(THARSIS_STN_UP, t0);
  o.on_link(THARSIS_STN_DOWN, t0);
  o.on_link(THARSIS_STN_UP, t0 + 1s);
  EXPECT_EQ(told(o.take_recovery()), "") << "nobody was told of a fault";
  o.on_link(THARSIS_STN_DOWN, t0 + 2s);
  (void)o.on_diagnosis(verdict_code::port_closed, failure_set_it_off);
  o.on_link(THARSIS_STN_CONNECTING, t0 + 3s);
  o.on_link(THARSIS_STN_DOWN, t0 + 4s);
  o.on_link(THARSIS_STN_UP, t0 + 7s);
  EXPECT_EQ(told(o.take_recovery()), "fine 5s");
  EXPECT_EQ(told(o.take_recovery()), "");
  o.on_link(THARSIS_STN_UP, t0 + 8s);
  EXPECT_EQ(told(o.take_recovery()), "");
}

TEST(Outage, OneThatIsOverWhenItsDiagnosisEndsIsToldWithItsEnd) {
  outage o;
  o.on_link(THARSIS_STN_CONNECTING, t0);
  o.on_link(THARSIS_STN_UP, t0 + 2s);
  EXPECT_EQ(told(o.on_diagnosis(verdict_code::port_closed, failure_set_it_off)), "fault, fine 2s");
  EXPECT_EQ(told(o.on_diagnosis(verdict_code::port_closed, failure_set_it_off)), "") << "once";
}

TEST(Outage, AFaultWithTheLinkUpIsToldAndItsEndWhenADiagnosisFindsNothing) {
  outage o;
  o.on_link(THARSIS_STN_UP, t0);
  EXPECT_EQ(told(o.on_diagnosis(verdict_code::pmtu_black_hole_up, somebody_asked)), "fault");
  EXPECT_EQ(told(o.on_diagnosis(verdict_code::healthy, somebody_asked)), "fine 0s");
  EXPECT_EQ(told(o.on_diagnosis(verdict_code::healthy, somebody_asked)), "");
}

TEST(Outage, OneThatWasGivenUpSaysNothing) {
  outage o;
  o.on_link(THARSIS_STN_DOWN, t0);
  EXPECT_EQ(told(o.on_diagnosis(verdict_code::cancelled, somebody_asked)), "");
  EXPECT_EQ(told(o.on_diagnosis(verdict_code::budget_exhausted, failure_set_it_off)), "");
  EXPECT_EQ(told(o.on_diagnosis(verdict_code::inconclusive, failure_set_it_off)), "fault");
}

TEST(Outage, EachVerdictHasItsKind) {
  const std::map<verdict_code, uint32_t> some = {
      {verdict_code::healthy, THARSIS_SDT_FINE},          {verdict_code::inconclusive, THARSIS_SDT_UNCLEAR},
      {verdict_code::no_interface, THARSIS_SDT_UNREACHABLE}, {verdict_code::clock_wrong, THARSIS_SDT_UNTRUSTED},
      {verdict_code::dns_unreachable, THARSIS_SDT_NAME_UNRESOLVED}, {verdict_code::name_unknown, THARSIS_SDT_NAME_UNRESOLVED},
      {verdict_code::captive_portal, THARSIS_SDT_UNREACHABLE}, {verdict_code::packet_loss, THARSIS_SDT_IMPAIRED},
      {verdict_code::pmtu_black_hole_up, THARSIS_SDT_SILENT}, {verdict_code::host_down, THARSIS_SDT_NO_ANSWER},
      {verdict_code::port_closed, THARSIS_SDT_REFUSED},   {verdict_code::service_resets, THARSIS_SDT_CUT},
      {verdict_code::tls_expired, THARSIS_SDT_UNTRUSTED}, {verdict_code::http_5xx, THARSIS_SDT_PROTOCOL},
      {verdict_code::ip_blocked, THARSIS_SDT_NO_ANSWER},  {verdict_code::weak_signal, THARSIS_SDT_IMPAIRED}};
  for (const auto& [code, kind] : some) EXPECT_EQ(entry_of(code).kind, kind) << name_of(code);
  for (const verdict_entry& e : verdict_table())
    EXPECT_EQ(e.kind == THARSIS_SDT_FINE, e.code == verdict_code::healthy) << name_of(e.code);
}
