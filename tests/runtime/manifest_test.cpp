#include "runtime/manifest.h"

#include <gtest/gtest.h>

#include "runtime/host_keys.h"
#include "tests/runtime/profile_folder.h"

using namespace tharsis::runtime;

namespace {

constexpr const char* head = "id: com.acme.hello\nversion: 1.0.0\nabi: 1\nlibrary: hello.so\n";

std::string messages_of(const std::string& text, manifest_pointer* made = nullptr) {
  diagnostics problems;
  const manifest_pointer m =
      parse_manifest(std::make_shared<const source>(source{"plugin.yaml", text, source::kind::manifest}), "/plugins/hello", problems);
  EXPECT_EQ(m == nullptr, !problems.empty()) << text;
  if (made != nullptr) *made = m;
  std::string out;
  for (const diagnostic& d : problems.kept()) out += (out.empty() ? "" : "; ") + d.text;
  return out;
}
std::string preset_of(std::string_view host_key) {
  for (const setting& s : host_settings())
    if (s.name == host_key && s.preset) return s.preset->text;
  return "";
}
std::string with(const std::string& rest) { return messages_of(head + rest); }

}  // namespace

TEST(Manifest, AWholeOneIsRead) {
  manifest_pointer m;
  ASSERT_EQ(messages_of(std::string(head) +
                            "summary: It greets.\nprovides: [acme.hello/1]\nrequires: [tharsis.stn/1]\nwants: [tharsis.dns/2]\n"
                            "publishes: [hello.said]\nsubscribes: [stn.link, \"stn.*\", \"**\"]\ncapabilities: [net.listen]\n"
                            "commands: { say: \"say WORD: print it.\" }\nsettings:\n  greeting: { type: text, default: hi }\n",
                        &m),
            "");
  EXPECT_EQ(m->id, "com.acme.hello");
  EXPECT_EQ(m->library_path(), "/plugins/hello/hello.so");
  EXPECT_EQ(m->file(), "/plugins/hello/plugin.yaml");
  EXPECT_TRUE(holds(m->provided, "acme.hello/1"));
  EXPECT_FALSE(holds(m->provided, "acme.hello/2"));
  EXPECT_EQ(m->wanted.at(0).at.text(), "plugin.yaml:8:9");
  EXPECT_EQ(m->subscribed.size(), 3u);
  EXPECT_EQ(m->commands.at(0).name, "say");
  EXPECT_NE(m->settings.member("greeting"), nullptr);
}

TEST(Manifest, WhatIsNeededIsDemandedInOnePass) {
  EXPECT_EQ(messages_of("summary: x\n"),
            "id: is required and has no default; set it; version: is required and has no default; set it; abi: is required and "
            "has no default; set it; library: is required and has no default; set it");
  EXPECT_EQ(messages_of("[1]\n"), "expected a map like '{ key: value }', got a list");
  EXPECT_EQ(with("requries: [x.y/1]\n"), "unknown key 'requries'");
}

TEST(Manifest, NamesHaveTheirForms) {
  EXPECT_EQ(messages_of("id: Hello World\nversion: 1 0\nabi: 1\nlibrary: ../x.so\n"),
            "id: expected dotted lower-case words like 'com.acme.hello', got 'Hello World'; version: expected a version like "
            "'1.0.0', got '1 0'; library: expected the name of a file beside this manifest, without any '/', got '../x.so'");
  for (const char* id : {"stn", "stn/0", "stn/01", "stn/-1", "stn/x", "/1", "stn/", "Stn/1", "a..b/1", "stn/999999"})
    EXPECT_NE(with("provides: [\"" + std::string(id) + "\"]\n").find("provides: expected an interface id"), std::string::npos) << id;
  EXPECT_NE(with("publishes: [\"stn.*\"]\n").find("publishes: expected a topic"), std::string::npos);
  EXPECT_NE(with("subscribes: [\"stn..x\"]\n").find("subscribes: expected a topic or a pattern"), std::string::npos);
  EXPECT_EQ(with("requires: [x.y/1, x.y/1]\n"), "requires: 'x.y/1' stands here twice");
  EXPECT_EQ(with("commands: { Say: x }\n"), "commands: a command is a lower-case word, got 'Say'");
  EXPECT_EQ(with("commands: { say: \"\" }\n"), "commands.say: expected one line of help");
  EXPECT_EQ(with("commands: { say: \"it says\" }\ncarried_out_by: { say: other }\n"), "");
  EXPECT_EQ(with("carried_out_by: { say: other }\n"), "carried_out_by: there is no command 'say' among `commands`");
  EXPECT_EQ(with("commands: { say: \"it says\" }\ncarried_out_by: { say: Other }\n"), "carried_out_by.say: expected the id of a plugin, got 'Other'");
  EXPECT_EQ(with("commands: { say: \"it says\" }\nhelped_by: { say: other }\n"), "");
  EXPECT_EQ(with("helped_by: { say: other }\n"), "helped_by: there is no command 'say' among `commands`");
  EXPECT_EQ(with("commands: { say: \"it says\" }\nlive: [say]\n"), "");
  EXPECT_EQ(with("commands: { say: \"it says\" }\nlive: [sing]\n"), "live: there is no command 'sing' among `commands`");
  EXPECT_EQ(with("wants: [x.codec.*/1]\n"), "");
  EXPECT_NE(with("wants: [x.*.*/1]\n"), "");
  EXPECT_NE(with("wants: [\"*/1\"]\n"), "");
  EXPECT_NE(with("requires: [x.codec.*/1]\n"), "");
}

TEST(Manifest, TheHostsKeysAreNoSettings) {
  EXPECT_EQ(with("settings: { path: { type: path } }\n"),
            "settings: the key 'path' belongs to the host; give the setting another name");
}

TEST(Manifest, WhatAPluginWantsOfTheHostIsChecked) {
  manifest_pointer m;
  ASSERT_EQ(messages_of(std::string(head) + "host: { loop: dedicated, restart_limit: 3 }\n", &m), "");
  EXPECT_EQ(m->host_settings.size(), host_settings().size());
  for (const setting& s : m->host_settings)
    EXPECT_EQ(s.preset ? s.preset->text : "", s.name == "loop" ? "dedicated" : s.name == "restart_limit" ? "3" : preset_of(s.name)) << s.name;
  EXPECT_EQ(with("host: { loop: own }\n"), "host.loop: expected one of shared, dedicated or main, got 'own'");
  EXPECT_EQ(with("host: { lop: main }\n"), "host: unknown key 'lop'");
  EXPECT_EQ(with("host: { path: /there }\n"), "host: unknown key 'path'");
  EXPECT_EQ(with("host: { stall_limit: 2h }\n"), "host.stall_limit: must be between 1ms and 1h, got '2h'");
  EXPECT_EQ(with("host: [loop]\n"), "host: expected a map like '{ key: value }', got a list");
}

TEST(Manifest, AnotherContractIsRefused) {
  EXPECT_EQ(messages_of("id: a\nversion: 1.0.0\nabi: 2\nlibrary: a.so\n"),
            "abi: this plugin is made for version 2 of the contract, this host speaks version 1; get a build of the plugin that fits");
}

TEST(Manifest, TheFirstFolderWithAnIdCounts) {
  const profile_folder here;
  here.add_plugin_at("first/a", "a");
  here.add_plugin_at("second/other", "a");
  here.add_plugin_at("second/b", "b");
  here.write("second/broken/plugin.yaml", "id: [\n");
  here.write("second/no_plugin/readme", "x");
  const plugin_catalogue found = find_manifests({here.path + "/first", here.path + "/second", here.path + "/missing"});
  EXPECT_EQ(found.ids(), (std::vector<std::string>{"a", "b", "broken"}));
  EXPECT_EQ(found.find("a")->folder, here.path + "/first/a");
  EXPECT_EQ(found.find("broken")->manifest, nullptr);
  EXPECT_FALSE(found.find("broken")->problems.empty());
  EXPECT_EQ(found.manifests().size(), 2u);
  EXPECT_EQ(found.folders.size(), 3u);
}
