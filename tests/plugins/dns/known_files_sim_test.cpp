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
    const tharsis_status status = hand_over_at_once(text);
    world.run_for(1s);
    return status;
  }
  // Nothing of dns runs meanwhile.
  tharsis_status hand_over_at_once(const std::string& text) {
    tharsis_error e = no_error();
    const tharsis_dns& table = *asked->table();
    const tharsis_status status = table.set_table(table.self, text_of(text), &e);
    why = e.text;
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
    asked.emplace(box.tables(), *box.place, s, std::string("/state"));
    box.send([this] { asked->open(0); });
    world.run_for(1s);
  }
  task<void> end(bool& over) {
    co_await asked->keep(box.place->now() + 5s);
    over = true;
  }
  // `tharsis reload`; what it tells comes into `said`.
  struct reading {
    std::string said;
    bool over = false;
    std::optional<task<void>> work;
    static task<void> run(service& s, reading& r) {
      const known_files::news n = co_await s.reread();
      for (const auto& text : n.changed) r.said += "+ " + text + "\n";
      for (const auto& text : n.refused) r.said += "- " + text + "\n";
      r.over = true;
    }
  };
  void begin_reread(reading& r) {
    box.send([&] { r.work.emplace(reading::run(*asked, r)).start(*box.place); });
  }
  std::string reread() {
    reading r;
    begin_reread(r);
    EXPECT_TRUE(world.run_until([&] { return r.over; }, world.now() + 10s));
    return r.said;
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

TEST(KnownFilesSim, OfTwoTablesInOneMomentTheSecondOfASerialIsRefused) {
  home h(3);
  h.s.known.table_file.clear();
  h.begin();
  EXPECT_EQ(h.hand_over_at_once(h.table(7, "192.0.2.1", owner)), THARSIS_OK) << h.why;
  EXPECT_EQ(h.hand_over_at_once(h.table(7, "192.0.2.1", owner)), THARSIS_OK) << "the same one again is no other: " << h.why;
  EXPECT_EQ(h.hand_over_at_once(h.table(7, "192.0.2.2", owner)), THARSIS_E_DENIED);
  EXPECT_NE(h.why.find("serial 7, and another table"), std::string::npos) << h.why;
  EXPECT_EQ(h.hand_over_at_once(h.table(6, "192.0.2.2", owner)), THARSIS_E_DENIED) << "it would never count";
  h.world.run_for(1s);
  EXPECT_EQ(h.ask("im.example.com"), "192.0.2.1! proven");
  EXPECT_EQ(h.hand_over_at_once(h.table(8, "192.0.2.3", owner)), THARSIS_OK) << h.why;
  EXPECT_EQ(h.hand_over_at_once(h.table(9, "192.0.2.4", owner)), THARSIS_OK) << h.why;
  h.world.run_for(1s);
  EXPECT_EQ(h.ask("im.example.com"), "192.0.2.4! proven");
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
  EXPECT_EQ(h.reread(), "");
  h.put("/etc/hosts", "192.0.2.51 host.example.com\n");
  h.put("/delivered/table", h.table(4, "192.0.2.78", owner));
  EXPECT_EQ(h.reread(), "+ the hosts files say something else\n+ another signed table counts, serial 4\n");
  EXPECT_EQ(h.ask("im.example.com"), "192.0.2.78! proven");
  EXPECT_EQ(h.ask("host.example.com"), "192.0.2.51! proven");
  for (const auto& [text, why] : {std::pair(h.table(9, "192.0.2.79", stranger), "another key"), std::pair(h.table(3, "192.0.2.79", owner), "is an older one, serial 3"),
                                  std::pair(h.table(9, "192.0.2.79", owner).substr(0, 150), "cut")}) {
    h.put("/delivered/table", text);
    for (int twice = 0; twice < 2; ++twice) {
      const std::string said = h.reread();
      EXPECT_NE(said.find(why), std::string::npos) << said;
      EXPECT_NE(said.find("; the one before goes on to count, serial 4"), std::string::npos) << said;
    }
    EXPECT_EQ(h.ask("im.example.com"), "192.0.2.78! proven");
  }
}

// Goal: what was read first never counts last. Method: the disk takes a second; who asks while it is read, and before the file changes,
// is told of the change: his own reading begins after the first.
TEST(KnownFilesSim, OneReadingAfterTheOther) {
  home h(9);
  h.put("/etc/hosts", "192.0.2.50 host.example.com\n");
  h.s.known.table_file.clear();
  h.begin();
  h.client.like().blocking_slow = 1s;
  home::reading first, second;
  h.begin_reread(first);
  h.world.run_for(500ms);
  h.begin_reread(second);
  h.world.run_for(1100ms);
  EXPECT_TRUE(first.over);
  EXPECT_FALSE(second.over);
  h.put("/etc/hosts", "192.0.2.51 host.example.com\n");
  EXPECT_TRUE(h.world.run_until([&] { return second.over; }, h.world.now() + 10s));
  EXPECT_EQ(first.said, "");
  EXPECT_EQ(second.said, "+ the hosts files say something else\n");
  EXPECT_EQ(h.ask("host.example.com"), "192.0.2.51! proven");
}

// Who reads files again is told of files: not of what an application handed over, nor of a file that is as it was when it counted.
TEST(KnownFilesSim, ATableThatWasHandedOverMakesNoReadingOfFilesFail) {
  home h(10);
  h.put("/delivered/table", h.table(7, "192.0.2.1", owner));
  h.put("/etc/hosts", "192.0.2.50 host.example.com\n");
  h.begin();
  const std::string newer = h.table(9, "192.0.2.9", owner);
  EXPECT_EQ(h.hand_over(newer), THARSIS_OK) << h.why;
  EXPECT_EQ(h.reread(), "") << "the file is as ever, and a newer table counts";
  EXPECT_EQ(h.hand_over(h.table(9, "192.0.2.10", owner)), THARSIS_E_DENIED);
  EXPECT_NE(h.why.find("has serial 9 as the one that counts, and other content"), std::string::npos) << h.why;
  EXPECT_EQ(h.hand_over(newer), THARSIS_OK) << "the same as the one that counts";
  EXPECT_EQ(h.reread(), "");
  EXPECT_EQ(h.ask("im.example.com"), "192.0.2.9! proven");
  h.put("/delivered/table", h.table(8, "192.0.2.8", owner));
  EXPECT_NE(h.reread().find("is an older one, serial 8"), std::string::npos) << "this is another file, and no use";
  h.put("/delivered/table", h.table(10, "192.0.2.11", owner));
  EXPECT_EQ(h.reread(), "+ another signed table counts, serial 10\n");
}

// The file that was there before a newer table was handed over is nobody's fault after a restart either; an older one than that is.
TEST(KnownFilesSim, AfterARestartTooAFileThatIsAsEverIsNobodysFault) {
  home h(12);
  h.s.known.hosts.clear();
  const std::string file = h.table(7, "192.0.2.1", owner), older = h.table(6, "192.0.2.6", owner);
  h.put("/delivered/table", file);
  h.begin();
  EXPECT_EQ(h.hand_over(h.table(9, "192.0.2.9", owner)), THARSIS_OK) << h.why;
  for (int twice = 0; twice < 2; ++twice) {
    h.restart();
    EXPECT_EQ(h.asked->complaint(), "");
    EXPECT_EQ(h.reread(), "");
    EXPECT_EQ(h.ask("im.example.com"), "192.0.2.9! proven");
  }
  h.put("/delivered/table", older);
  EXPECT_NE(h.reread().find("is an older one, serial 6"), std::string::npos) << h.asked->complaint();
  h.restart();
  EXPECT_NE(h.asked->complaint().find("is an older one, serial 6"), std::string::npos) << "a real step back is told of still";
  EXPECT_EQ(h.hand_over(h.table(9, "192.0.2.10", owner)), THARSIS_E_DENIED) << "nor does the one that was kept change";
  EXPECT_EQ(h.ask("im.example.com"), "192.0.2.9! proven");
  // Cut within what stands behind the table, it is the table still.
  const std::string kept = *h.client.storage()->content("/state/table");
  ASSERT_NE(kept.find("\nfile "), std::string::npos);
  h.box.send([&] { h.asked->close(); });
  h.world.run_for(1s);
  h.asked.reset();
  h.put("/state/table", kept.substr(0, kept.size() - 20));
  h.begin();
  EXPECT_EQ(h.ask("im.example.com"), "192.0.2.9! proven");
}

// Goal: who only looks (`tharsis dns resolve`) changes nothing of what a program that runs keeps, be it damaged.
TEST(KnownFilesSim, WhoOnlyLooksLeavesWhatIsKeptAsItIs) {
  home h(11);
  h.put("/delivered/table", h.table(7, "192.0.2.1", owner));
  h.begin();
  h.restart();
  const auto kept = [&] {
    std::string all;
    for (const std::string& path : h.client.storage()->paths())
      if (path.starts_with("/state/")) all += path + "\n" + *h.client.storage()->content(path);
    return all;
  };
  h.put("/state/liars", "what means nothing");
  const std::string before = kept();
  EXPECT_NE(before.find("/state/table"), std::string::npos);
  h.put("/delivered/table", h.table(8, "192.0.2.8", owner));
  h.box.send([&] { h.asked->close(); });
  h.world.run_for(1s);
  h.asked.reset();
  h.s.typed.table = true;
  h.s.known.table_keys = {owner.open(), stranger.open()};
  h.asked.emplace(h.box.tables(), *h.box.place, h.s, state_folder("/state", true));
  h.box.send([&] { h.asked->open(0); });
  h.world.run_for(1s);
  EXPECT_EQ(h.ask("im.example.com"), "192.0.2.8! proven");
  EXPECT_EQ(h.ask("other.example.com"), "203.0.113.66 single");
  bool over = false;
  h.box.send([&] { h.asked->close(); });
  h.world.run_for(1s);
  h.box.send([&] { h.ending.emplace(h.end(over)).start(*h.box.place); });
  EXPECT_TRUE(h.world.run_until([&] { return over; }, h.world.now() + 10s));
  h.ending.reset();
  EXPECT_EQ(kept(), before);
}
