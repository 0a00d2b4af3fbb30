#include "plugins/sdt/core/observation_json.h"

#include <gtest/gtest.h>

#include <random>

using namespace tharsis;
using namespace tharsis::sdt;

namespace {

// One probe of most kinds, each field away from its default.
observations rich() {
  observations o;
  o.about.id = "s1";
  o.about.target = "tcps://im.test:443";
  o.about.host = "im.test";
  o.about.port = 443;
  o.about.sent = 1234;
  o.about.network.resolvers = {"192.0.2.53"};
  o.about.has_truth = true;
  link_probe link;
  link.id = "link:1", link.name = "eth0", link.type = "ethernet", link.up = link.carrier = true;
  link.signal_dbm = -61;
  link.addresses = {"10.77.0.2", "2001:db8::2"};
  o.links.push_back(link);
  connect_probe tcp;
  tcp.id = "tcp:1", tcp.to = "198.51.100.11:443", tcp.control = "tcp:2", tcp.state = probe_state::fail;
  tcp.failed = failure::refused, tcp.error_number = 111, tcp.said = "no \"thank\" you\n</script>";
  tcp.timestamps = false, tcp.rtt_ms = 40.25, tcp.icmp_type = 3;
  o.connects.push_back(tcp);
  tcp = {};
  tcp.id = "tcp:2", tcp.role = probe_role::control;
  o.connects.push_back(tcp);
  name_probe name;
  name.id = "dns:1", name.over = name_transport::https, name.rcode = 0, name.addresses = {"198.51.100.11"};
  o.names.push_back(name);
  loss_probe loss;
  loss.id = "loss:1", loss.small_sent = 40, loss.small_lost = 3, loss.rtts_ms = {40.5, 41, 39.25};
  o.losses.push_back(loss);
  trace_probe trace;
  trace.id = "trace:1";
  trace.hops = {{1, "10.77.0.1", hop_answer::passed_on, 0.5}, {2, "", hop_answer::silent, 0}};
  o.traces.push_back(trace);
  o.timeline = {{12.5, "the name is resolved"}};
  return o;
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  const size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), with);
}

std::string refusal(const std::string& json) {
  const auto r = parse_observations(json);
  return r ? "accepted" : r.failure().text;
}

}  // namespace

TEST(ObservationJson, WhatIsWrittenIsReadBackToTheSameBytes) {
  const std::string written = observations_json(rich()).text();
  const auto read = parse_observations(written);
  ASSERT_TRUE(read) << read.failure().text;
  EXPECT_EQ(observations_json(*read).text(), written);
  EXPECT_EQ(written.find('\n'), std::string::npos) << "a report is one line";
  EXPECT_EQ(read->connects[0].said, rich().connects[0].said);
  EXPECT_EQ(read->connects[0].timestamps, std::optional(false));
  EXPECT_FALSE(read->connects[1].timestamps);
  EXPECT_EQ(read->traces[0].hops.size(), 2u);
  EXPECT_EQ(read->links[0].signal_dbm, std::optional(-61));
}

TEST(ObservationJson, AForgedFieldIsToldWithItsPlace) {
  const std::string good = observations_json(rich()).text();
  const auto with = [&](std::string_view what, std::string_view instead) {
    return refusal(replaced(good, what, instead));
  };
  EXPECT_EQ(with("\"schema\":\"tharsis.sdt.report/1\"", "\"schema\":\"other/2\""),
            "its schema is 'other/2', and this program reads 'tharsis.sdt.report/1'");
  EXPECT_EQ(with("\"schema\":", "\"shema\":"), "it is no report of sdt: it has no 'schema'");
  EXPECT_EQ(with("\"kind\":\"link\"", "\"kind\":\"lamp\""), "probes[0]: there is no kind of probe 'lamp'");
  EXPECT_EQ(with("\"state\":\"fail\"", "\"state\":\"sad\""),
            "probes[1] (tcp): 'state' is 'sad', which is none of its words");
  EXPECT_EQ(with("\"id\":\"tcp:2\"", "\"id\":\"tcp:1\""), "the probe 'tcp:1' is there twice");
  EXPECT_EQ(with("\"control\":\"tcp:2\"", "\"control\":\"tcp:9\""),
            "the control 'tcp:9' of the probe 'tcp:1' is not there");
  EXPECT_EQ(with("\"icmp_type\":3", "\"icmp_type\":3.5"), "probes[1] (tcp): 'icmp_type' is no whole number");
  EXPECT_EQ(with("\"small_sent\":40", "\"small_sent\":-40"), "probes[4] (loss): 'small_sent' is out of range");
  EXPECT_EQ(with("\"small_sent\":40", "\"small_sent\":\"40\""), "probes[4] (loss): 'small_sent' is no number");
  EXPECT_EQ(with("\"errno\":111", "\"errno\":true"), "probes[1] (tcp): error: 'errno' is no number");
  EXPECT_EQ(with("\"answer\":\"silent\"", "\"answer\":7"), "probes[5] (trace): hops: 'answer' is no text");
  EXPECT_EQ(with("\"probes\":[", "\"probes\":[1,"), "probes[0] is no group");
  EXPECT_NE(with("\"target\":{", "\"targets\":{"), "accepted");
}

TEST(ObservationJson, UnknownFieldsOfANewerWriterAreLeftAside) {
  const std::string good = observations_json(rich()).text();
  EXPECT_EQ(refusal(replaced(good, "\"schema\"", "\"later\":{\"x\":[1]},\"schema\"")), "accepted");
}

// Goal: a file that is cut or damaged is refused or read, and never worse. Method: cut it at each byte;
// change bytes at random, by seed.
TEST(ObservationJson, CutAndDamagedFilesNeverDoHarm) {
  const std::string good = observations_json(rich()).text();
  for (size_t cut = 0; cut < good.size(); ++cut) EXPECT_NE(refusal(good.substr(0, cut)), "accepted") << cut;
  for (unsigned seed = 0; seed < 3000; ++seed) {
    std::mt19937 dice(seed);
    std::string text = good;
    for (int n = 0; n < 4; ++n) text[dice() % text.size()] = "{}[]\",:0129ae-\\u"[dice() % 16];
    EXPECT_FALSE(refusal(text).empty()) << seed;
  }
  EXPECT_NE(refusal(std::string(9u << 20, ' ')), "accepted");
}
