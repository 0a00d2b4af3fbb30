// Goal: the table of plugins/stn/MECHANISMS.md is whole and true. Method: each row is read. What switches it off is put into a profile, which
// the runtime checks against plugin.yaml and stn reads: it has to make a difference. Topics, fields, names and metrics are those that
// a running stn has declared. The tests that it names are looked for.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "plugins/stn/configuration.h"
#include "plugins/stn/core/fleet_heeds.h"
#include "plugins/stn/stream_service.h"
#include "runtime/plugin_settings.h"
#include "runtime/profile.h"
#include "tests/plugins/stn/link_world.h"

using namespace tharsis;
using std::string;

namespace {

constexpr const char* page = "plugins/stn/MECHANISMS.md";

struct table_row {
  string name;
  std::vector<string> off, topic, why, cost, metrics, tests;  // What stands in code marks in these columns.
};

std::vector<string> marked(const string& cell) {
  std::vector<string> all;
  for (size_t at = cell.find('`'); at != string::npos; at = cell.find('`', at + 1)) {
    const size_t end = cell.find('`', at + 1);
    if (end == string::npos) break;
    all.push_back(cell.substr(at + 1, end - at - 1));
    at = end;
  }
  return all;
}

string trimmed(const string& cell) {
  const size_t from = cell.find_first_not_of(' '), to = cell.find_last_not_of(' ');
  return from == string::npos ? "" : cell.substr(from, to - from + 1);
}

std::vector<table_row> rows() {
  std::vector<table_row> all;
  std::ifstream document(page);
  bool inside = false;
  for (string line; std::getline(document, line);) {
    if (line.starts_with("| mechanism |")) inside = true;
    else if (!line.starts_with("|")) inside = false;
    else if (inside && !line.starts_with("|---")) {
      std::vector<string> cells;
      for (size_t at = 1; at < line.size();) {
        const size_t end = line.find('|', at);
        cells.push_back(line.substr(at, end - at));
        at = end == string::npos ? end : end + 1;
      }
      EXPECT_EQ(cells.size(), 7u) << line;
      cells.resize(7);
      all.push_back({trimmed(cells[0]), marked(cells[1]), marked(cells[2]), marked(cells[3]), marked(cells[4]), marked(cells[5]), marked(cells[6])});
    }
  }
  return all;
}

// As a profile with these words says it; all that is off unless somebody wants it is on.
stn::settings settings_with(const std::vector<string>& sets) {
  runtime::profile_request asked;
  asked.file = "mechanisms.yaml";
  asked.text = "tharsis: 1\nplugins:\n  stn:\n    links: { main: { endpoints: ['tcps://im.example.com:443'] } }\n    outbox: { use: on }\n";
  asked.sets = sets;
  asked.plugin_folders = {"plugins"};
  runtime::diagnostics problems;
  const runtime::profile found = runtime::load_profile(asked, problems);
  EXPECT_EQ(runtime::render(problems), "");
  for (const runtime::plugin_entry& p : found.plugins) {
    if (p.id != "stn") continue;
    const runtime::plugin_settings shown(p.settings);
    tharsis_host given{};
    given.size = sizeof given;
    given.self = const_cast<tharsis_settings*>(shown.table());
    given.query = [](void* self, const char* id) -> const void* { return string(id) == THARSIS_SETTINGS_ID ? self : nullptr; };
    auto read = stn::read_settings(host(&given));
    EXPECT_TRUE(read) << (read ? "" : read.failure().text);
    return read ? *read : stn::settings();
  }
  ADD_FAILURE() << "stn was not found; run from the top of the repository";
  return {};
}

// "links.NAME.udp: off" as an option --set would have it.
string option_of(const string& written) {
  string text = "stn." + written;
  if (const size_t at = text.find("NAME"); at != string::npos) text.replace(at, 4, "main");
  const size_t colon = text.find(": ");
  EXPECT_NE(colon, string::npos) << written;
  return text.substr(0, colon) + "=" + text.substr(colon + 2);
}

// What a running stn has declared and counts.
struct promised {
  std::map<string, std::map<string, std::vector<string>>> topics;
  std::set<string> metrics;
};

promised promised_by_stn() {
  promised p;
  test::link_world w(1);
  w.serve();
  w.start();
  std::optional<stn::stream_service> streams;
  w.client.on_strand([&] { streams.emplace(*w.client.place, w.host.tables(), *w.dispatcher, w.settings.streams); });
  EXPECT_TRUE(w.wait_up());
  for (const auto& t : w.host.topics) p.topics[t.name] = t.fields;
  for (const auto& m : runtime::read_metrics(w.host.metrics.all)) p.metrics.insert(m.name);
  w.client.on_strand([&] { streams->stop(); });
  w.stop();
  w.client.on_strand([&] { streams.reset(); });
  return p;
}

// "what=raced" names a field and one of its values.
void expect_field(const promised& p, const string& topic, const string& written, const string& row) {
  const auto found = p.topics.find(topic);
  if (found == p.topics.end()) return;  // Told already.
  const string field = written.substr(0, written.find('='));
  const auto known = found->second.find(field);
  ASSERT_NE(known, found->second.end()) << row << ": " << topic << " has no field '" << field << "'";
  if (field == written) return;
  const string value = written.substr(field.size() + 1);
  EXPECT_TRUE(std::count(known->second.begin(), known->second.end(), value) == 1) << row << ": " << topic << "'s " << field << " is never '" << value << "'";
}

string names_of_all_tests() {
  string all;
  for (const auto& entry : std::filesystem::recursive_directory_iterator("tests")) {
    if (entry.path().extension() != ".cpp") continue;
    std::ifstream in(entry.path());
    for (string line; std::getline(in, line);)
      if (line.starts_with("TEST(")) all += "\n" + line.substr(5, line.find(')') - 5) + "\n";
  }
  return all;
}

}  // namespace

TEST(Mechanisms, EachHasItsRow) {
  std::set<string> have;
  for (const table_row& r : rows()) EXPECT_TRUE(have.insert(r.name).second) << r.name << " stands there twice";
  for (const char* name :
       {"lanes", "copies (hedging)", "datagrams", "second connection", "small segments", "race of addresses", "durable outbox", "streams", "server-told move",
        "rest (Retry-After)", "circuit breaker per address", "retry budget", "keys by the server's word", "pushes of several connections", "spread of reconnects",
        "bound on extra connections", "remedies (tharsis.stn.heal/1)", "learned heartbeat"})
    EXPECT_TRUE(have.count(name)) << page << " has no row for '" << name << "'";
}

TEST(Mechanisms, WhatSwitchesOneOffIsInTheProfileAndMakesADifference) {
  const stn::settings as_shipped = settings_with({});
  for (const table_row& r : rows()) {
    SCOPED_TRACE(r.name);
    ASSERT_EQ(r.off.size(), 1u);
    EXPECT_FALSE(settings_with({option_of(r.off[0])}) == as_shipped) << r.off[0] << " changes nothing";
  }
}

TEST(Mechanisms, ReasonAndCostAreOnTheBusAndCounted) {
  const promised p = promised_by_stn();
  for (const table_row& r : rows()) {
    SCOPED_TRACE(r.name);
    ASSERT_FALSE(r.topic.empty());
    EXPECT_TRUE(p.topics.count(r.topic[0])) << "no topic " << r.topic[0];
    for (size_t i = 1; i < r.topic.size(); ++i) expect_field(p, r.topic[0], r.topic[i], r.name);
    EXPECT_FALSE(r.why.empty());
    for (const string& f : r.why) expect_field(p, r.topic[0], f, r.name);
    for (const string& f : r.cost) expect_field(p, r.topic[0], f, r.name);
    EXPECT_FALSE(r.metrics.empty());
    for (const string& m : r.metrics) EXPECT_TRUE(p.metrics.count(m)) << "no metric " << m;
  }
}

// What is told by a number has a row that explains it.
TEST(Mechanisms, EachMeasureOnTheBusHasARow) {
  const promised p = promised_by_stn();
  for (const char* topic : {"stn.measure", "stn.server"}) {
    std::set<string> named;
    for (const table_row& r : rows())
      if (!r.topic.empty() && r.topic[0] == topic) named.insert(r.topic.begin() + 1, r.topic.end());
    ASSERT_TRUE(p.topics.count(topic));
    for (const string& value : p.topics.at(topic).at("what")) EXPECT_TRUE(named.count("what=" + value)) << topic << ": " << value << " has no row";
  }
}

TEST(Mechanisms, EachIsSwitchedOffInATest) {
  const string all = names_of_all_tests();
  for (const table_row& r : rows()) {
    EXPECT_FALSE(r.tests.empty()) << r.name;
    for (const string& test : r.tests) {
      const size_t dot = test.find('.');
      ASSERT_NE(dot, string::npos) << test;
      EXPECT_NE(all.find("\n" + test.substr(0, dot) + ", " + test.substr(dot + 1) + "\n"), string::npos) << r.name << ": there is no test " << test;
    }
  }
}

// The topics that the manifest promises are those that stn declares.
TEST(Mechanisms, TheManifestHasTheTopics) {
  const auto found = runtime::read_plugin_folder(std::filesystem::absolute("plugins/stn").string());
  ASSERT_TRUE(found.manifest);
  std::set<string> promised_topics;
  for (const auto& t : found.manifest->published) promised_topics.insert(t.name);
  std::set<string> declared;
  for (const auto& [name, fields] : promised_by_stn().topics) declared.insert(name);
  EXPECT_EQ(declared, promised_topics);
}

// What decides nothing in a simulated fleet is refused there by name, so each setting has to be in its list, once, or be part of one
// that is.
TEST(Mechanisms, EachSettingIsHeededByASimulatedFleetOrRefusedThere) {
  const auto found = runtime::read_plugin_folder(std::filesystem::absolute("plugins/stn").string());
  ASSERT_TRUE(found.manifest);
  std::set<string> listed;
  for (const stn::fleet_heed& h : stn::fleet_heeds) EXPECT_TRUE(listed.insert(string(h.path)).second) << h.path << " twice";
  for (const runtime::setting& top : found.manifest->settings.members) {
    if (listed.erase(top.name) > 0) continue;
    const bool links = top.name == "links";
    for (const runtime::setting& s : links ? top.element.front().members : top.members) {
      const string path = top.name + (links ? ".main." : ".") + s.name;
      EXPECT_EQ(listed.erase(path), 1u) << path << " is not in plugins/stn/core/fleet_heeds.h";
    }
  }
  for (const string& path : listed) ADD_FAILURE() << path << " is no setting of stn";
}
