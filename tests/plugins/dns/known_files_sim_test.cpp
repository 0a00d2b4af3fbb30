// Names of files and of signed tables, as the service answers them.
#include <gtest/gtest.h>

#include "tests/plugins/dns/servers_world.h"
#include "tests/plugins/dns/signed_table.h"

using namespace tharsis;
using namespace tharsis::dns;
using namespace tharsis::dns::test;

namespace {

const table_signer owner = signer_of(1), stranger = signer_of(2);

// A client whose profile names a table, a hosts file and a server that lies.
struct home : network {
  explicit home(uint64_t seed) : network(seed) {
    s.known.table_keys = {owner.open()};
    s.known.table_file = "/delivered/table";
    s.known.hosts = {"/etc/hosts"};
    add_plain("10.0.0.53", says(lie));
  }
  int64_t today() { return box.place->wall() / 1'000'000'000; }
  void put(const std::string& path, const std::string& text) {
    const tharsis_files& files = *client.platform()->files;
    const std::string folder = path.substr(0, path.rfind('/'));
    EXPECT_EQ(files.make_folder(files.self, text_of(folder), nullptr), THARSIS_OK);
    EXPECT_EQ(files.replace(files.self, text_of(path), tharsis::bytes_of(as_bytes(text)), nullptr), THARSIS_OK);
  }
  std::string table(uint64_t serial, const char* ip, const table_signer& by) {
    address_table t;
    t.serial = serial;
    t.from = today() - 3600;
    t.until = today() + 86'400;
    t.names["im.example.com"] = {600, {{*parse_place(ip), 1, ""}}};
    return *write_table(t, by);
  }
  tharsis_status hand_over(const std::string& text) {
    tharsis_error e = no_error();
    const tharsis_dns& table = *asked->table();
    const tharsis_status status = table.set_table(table.self, text_of(text), &e);
    why = e.text;
    world.run_for(1s);
    return status;
  }
  // dns stops, and starts again with what it has kept.
  void restart() {
    bool over = false;
    box.send([this] { asked->close(); });
    world.run_for(1s);
    box.send([this, &over] { ending.emplace(end(over)).start(*box.place); });
    EXPECT_TRUE(world.run_until([&] { return over; }, world.now() + 10s));
    ending.reset();
    asked.reset();
    begin();
  }
  void begin() {
    asked.emplace(box.tables(), *box.place, s, "/state");
    box.send([this] { asked->open(0); });
    world.run_for(1s);
  }
  task<void> end(bool& over) {
    co_await asked->keep(box.place->now() + 5s);
    over = true;
  }
  std::string why;
  std::optional<task<void>> ending;
};

}  // namespace

TEST(KnownFilesSim, ATableAndHostsNeedNoServer) {
  home h(1);
  h.put("/delivered/table", h.table(7, "192.0.2.1:443", owner));
  h.put("/etc/hosts", "192.0.2.77 box.example.com\n");
  h.begin();
  EXPECT_EQ(h.ask("im.example.com"), "192.0.2.1! proven");
  EXPECT_EQ(h.source, uint32_t{THARSIS_DNS_TABLE});
  EXPECT_EQ(h.ask("box.example.com"), "192.0.2.77! proven");
  EXPECT_EQ(h.source, uint32_t{THARSIS_DNS_HOSTS});
  EXPECT_EQ(h.servers[0]->asked, 0u);
  EXPECT_EQ(h.ask("other.example.com"), "203.0.113.66 single") << "who is not known is asked for";
}

TEST(KnownFilesSim, FilesThatChangeAreReadAgain) {
  home h(2);
  h.begin();
  EXPECT_EQ(h.ask("im.example.com"), "203.0.113.66 single") << "there are no files yet";
  h.put("/delivered/table", h.table(7, "192.0.2.1", owner));
  h.put("/etc/hosts", "192.0.2.77 box.example.com\n");
  h.world.run_for(40s);
  (void)h.ask("other.example.com");
  h.world.run_for(1s);
  EXPECT_EQ(h.ask("im.example.com"), "192.0.2.1! proven");
  EXPECT_EQ(h.ask("box.example.com"), "192.0.2.77! proven");
  // What is no table, of another key, or older: the good one stays.
  for (const std::string& bad : {std::string("<html>"), h.table(8, "203.0.113.66", stranger), h.table(6, "203.0.113.66", owner)}) {
    h.put("/delivered/table", bad);
    h.world.run_for(40s);
    (void)h.ask("other.example.com");
    h.world.run_for(1s);
    EXPECT_EQ(h.ask("im.example.com"), "192.0.2.1! proven");
  }
}

TEST(KnownFilesSim, AnApplicationHandsATableOver) {
  home h(3);
  h.s.known.table_file.clear();
  h.begin();
  EXPECT_EQ(h.ask("im.example.com"), "203.0.113.66 single");
  EXPECT_EQ(h.hand_over(h.table(7, "192.0.2.1", owner)), THARSIS_OK) << h.why;
  EXPECT_EQ(h.ask("im.example.com"), "192.0.2.1! proven");
  EXPECT_EQ(h.hand_over(h.table(9, "203.0.113.66", stranger)), THARSIS_E_UNTRUSTED);
  EXPECT_EQ(h.hand_over(h.table(6, "203.0.113.66", owner)), THARSIS_E_DENIED);
  EXPECT_NE(h.why.find("serial 6: 7 was seen before"), std::string::npos) << h.why;
  EXPECT_EQ(h.hand_over("tharsis"), THARSIS_E_INVALID);
  EXPECT_EQ(h.ask("im.example.com"), "192.0.2.1! proven");
}

TEST(KnownFilesSim, ATableOutlivesARestartAndItsSerialDoesNotGoBack) {
  home h(4);
  h.s.known.table_file.clear();
  h.begin();
  EXPECT_EQ(h.hand_over(h.table(7, "192.0.2.1", owner)), THARSIS_OK);
  const std::string older = h.table(6, "203.0.113.66", owner);
  h.restart();
  EXPECT_EQ(h.ask("im.example.com"), "192.0.2.1! proven");
  EXPECT_EQ(h.hand_over(older), THARSIS_E_DENIED);
  // Damaged on the disk it is put aside, and nothing is believed of it.
  h.restart();
  h.put("/state/table", older.substr(0, older.size() / 2));
  h.restart();
  EXPECT_EQ(h.ask("other.example.com"), "203.0.113.66 single");
}

TEST(KnownFilesSim, WithoutAKeyNothingIsTaken) {
  home h(5);
  h.s.known.table_keys.clear();
  h.s.known.table_file.clear();
  h.begin();
  EXPECT_EQ(h.hand_over(h.table(7, "192.0.2.1", owner)), THARSIS_E_UNSUPPORTED);
  EXPECT_NE(h.why.find("dns.table.keys"), std::string::npos);
}

// `tharsis reload`: whatever the pause between two readings is, files count at once; a table that is refused leaves the one before.
TEST(KnownFilesSim, OnDemandFilesAreReadAtOnceAndARefusedTableLeavesTheOneBefore) {
  home h(8);
  h.put("/etc/hosts", "192.0.2.50 host.example.com\n");
  h.put("/delivered/table", h.table(3, "192.0.2.77", owner));
  h.begin();
  EXPECT_EQ(h.ask("im.example.com"), "192.0.2.77! proven");
  std::optional<task<void>> reading;
  const auto reread = [&] {
    std::string said;
    bool over = false;
    struct {
      static task<void> run(service& s, std::string& into, bool& done) {
        const known_files::news n = co_await s.reread();
        for (const auto& text : n.changed) into += "+ " + text + "\n";
        for (const auto& text : n.refused) into += "- " + text + "\n";
        done = true;
      }
    } once;
    h.box.send([&] { reading.emplace(once.run(*h.asked, said, over)).start(*h.box.place); });
    EXPECT_TRUE(h.world.run_until([&] { return over; }, h.world.now() + 1s));
    reading.reset();
    return said;
  };
  EXPECT_EQ(reread(), "");
  h.put("/etc/hosts", "192.0.2.51 host.example.com\n");
  h.put("/delivered/table", h.table(4, "192.0.2.78", owner));
  EXPECT_EQ(reread(), "+ the hosts files say something else\n+ another signed table counts, serial 4\n");
  EXPECT_EQ(h.ask("im.example.com"), "192.0.2.78! proven");
  EXPECT_EQ(h.ask("host.example.com"), "192.0.2.51! proven");
  for (const auto& [text, why] : {std::pair(h.table(9, "192.0.2.79", stranger), "another key"), std::pair(h.table(3, "192.0.2.79", owner), "is an older one, serial 3"),
                                  std::pair(h.table(9, "192.0.2.79", owner).substr(0, 150), "cut")}) {
    h.put("/delivered/table", text);
    for (int twice = 0; twice < 2; ++twice) {
      const std::string said = reread();
      EXPECT_NE(said.find(why), std::string::npos) << said;
      EXPECT_NE(said.find("; the one before goes on to count, serial 4"), std::string::npos) << said;
    }
    EXPECT_EQ(h.ask("im.example.com"), "192.0.2.78! proven");
  }
}
