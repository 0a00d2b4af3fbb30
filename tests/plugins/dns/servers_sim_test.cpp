#include <gtest/gtest.h>

#include "sdk/async/file_reader.h"
#include "tests/plugins/dns/servers_world.h"

using namespace tharsis;
using namespace tharsis::dns;
using namespace tharsis::dns::test;

TEST(ServersSim, TheServiceAsksTheProfilesServersAndRemembersAsLongAsTheySay) {
  network n(1);
  n.add_plain("10.0.0.53", says(truth, 30));
  n.start();
  EXPECT_EQ(n.ask("im.example.com"), "192.0.2.1 single");
  EXPECT_EQ(n.source, uint32_t{THARSIS_DNS_SERVERS});
  n.world.run_for(25s);
  n.ask("im.example.com");
  EXPECT_EQ(n.source, uint32_t{THARSIS_DNS_CACHED});
  EXPECT_EQ(n.servers[0]->asked, 1u);
  n.world.run_for(6s);
  EXPECT_EQ(n.ask("im.example.com"), "192.0.2.1 single");
  EXPECT_EQ(n.servers[0]->asked, 2u);
}

TEST(ServersSim, ATrustedServerIsBelievedAgainstLiars) {
  network n(2);
  n.add_plain("10.0.0.53", says(lie));
  n.add_plain("10.0.0.54", says(lie));
  n.add_trusted("10.0.0.55", says(truth));
  n.start();
  EXPECT_EQ(n.ask("im.example.com"), "192.0.2.1! disputed");
  EXPECT_EQ(n.refused, "203.0.113.66 203.0.113.66 ");
}

TEST(ServersSim, StrictModeHasNoAddressWithoutATrustedServer) {
  network n(3);
  n.s.mode = trust::strict;
  n.add_plain("10.0.0.53", says(lie));
  n.add_trusted("10.0.0.55", says(truth)).down = true;
  n.start();
  EXPECT_EQ(n.ask("im.example.com"), "not_trusted");
}

// Goal: two forged answers and a true one; whoever is first does not win, and the race is told of.
TEST(ServersSim, ForgedAnswersThatComeFirstLose) {
  network n(4);
  n.add_plain("10.0.0.53", [](const octets& asked) {
    return std::vector<dns_server::saying>{{answer_writer(asked).address(lie).bytes, 0s}, {answer_writer(asked).address("203.0.113.67").bytes, 1ms}, {answer_writer(asked).address(truth).bytes, 30ms}};
  });
  n.start();
  EXPECT_EQ(n.ask("im.example.com"), "192.0.2.1 injection");
  EXPECT_EQ(n.refused, "203.0.113.66 203.0.113.67 ");
}

TEST(ServersSim, EveryServerDeadIsAFailureInTime) {
  network n(5);
  n.s.servers = {*parse_server("udp://10.9.9.9"), *parse_server("tcp://10.9.9.9"), *parse_server("tls://10.9.9.9#dns.test")};
  n.start();
  const instant began = n.world.now();
  EXPECT_EQ(n.ask("im.example.com"), "no_answer");
  EXPECT_LE(n.world.now() - began, 1600ms);
}

// The same question from many at once is one question to the server.
TEST(ServersSim, TenThousandQuestionsForOneNameAreOneQuery) {
  network n(6);
  n.s.questions_max = 20'000;
  n.add_plain("10.0.0.53", says(truth));
  n.start();
  size_t answers = 0;
  n.asker.send([&] {
    const tharsis_dns& table = *n.asked->table();
    for (int i = 0; i < 10'000; ++i) {
      tharsis_handle id = 0;
      const auto count = [](void* c, tharsis_handle, const tharsis_dns_answer* a) { *static_cast<size_t*>(c) += a->count; };
      ASSERT_EQ(table.resolve(table.self, text_of("im.example.com"), 4, count, &answers, &id, nullptr), THARSIS_OK);
    }
  });
  EXPECT_TRUE(n.world.run_until([&] { return answers == 10'000; }, n.world.now() + 10s));
  EXPECT_EQ(n.servers[0]->asked, 1u);
}

// A trusted server that is blocked later: what it said stays in use, marked, whatever the liars say.
TEST(ServersSim, WhatWasProvenOutlivesTheServerThatProvedIt) {
  for (const trust mode : {trust::strict, trust::guarded}) {
    network n(20);
    n.s.mode = mode;
    n.add_plain("10.0.0.53", says(lie));
    dns_server& trusted = n.add_trusted("10.0.0.55", says(truth));
    n.start();
    EXPECT_EQ(n.ask("im.example.com"), "192.0.2.1! disputed");
    trusted.down = true;
    n.world.run_for(1h);
    EXPECT_EQ(n.ask("im.example.com").substr(0, 12), "192.0.2.1!~ ");
    EXPECT_EQ(n.refused, "203.0.113.66 ");
    trusted.down = false;
    n.world.run_for(1min);
    EXPECT_EQ(n.ask("im.example.com").substr(0, 11), "192.0.2.1! ");
  }
}

// In open mode the first answer counts, whoever gave another one before; only where there is none the last one is told again.
TEST(ServersSim, OpenModeAsksNobodyForProofs) {
  network n(21);
  n.s.mode = trust::open;
  dns_server& trusted = n.add_trusted("10.0.0.55", says(truth));
  n.start();
  EXPECT_EQ(n.ask("im.example.com"), "192.0.2.1! proven");
  trusted.down = true;
  n.world.run_for(1h);
  EXPECT_EQ(n.ask("im.example.com"), "192.0.2.1!~ proven");
}

// A liar has both families at once, the trusted server one of them at once and the other too late.
TEST(ServersSim, AFamilyThatOnlyALiarGivesIsNotWaitedForButNotTakenEither) {
  network n(22);
  n.add_plain("10.0.0.53", [](const octets& asked) {
    return std::vector<dns_server::saying>{{answer_writer(asked).address(kind_of(asked) == type::a ? lie : "2600::66").bytes, 0s}};
  });
  n.add_trusted("10.0.0.55", [](const octets& asked) {
    if (kind_of(asked) == type::aaaa) return std::vector<dns_server::saying>{{answer_writer(asked).address("2600::1").bytes, 600ms}};
    return std::vector<dns_server::saying>{{answer_writer(asked).address(truth).bytes, 0s}};
  });
  n.start();
  EXPECT_EQ(n.ask("im.example.com", 0), "192.0.2.1! disputed");
  EXPECT_NE(n.refused.find("2600::66 "), std::string::npos);
}

// What is asked on a network that is left is asked again on the next one; the old one's answer, late or not, is none.
TEST(ServersSim, AChangeOfTheNetworkInTheMiddleOfAQuestionAsksAgain) {
  for (const bool secure : {false, true}) {
    std::vector<const char*> answers = {lie, truth};
    network n(23 + secure);
    const auto in_turn = [&answers](const octets& asked) {
      const char* const ip = answers.front();
      if (answers.size() > 1) answers.erase(answers.begin());
      return std::vector<dns_server::saying>{{answer_writer(asked).address(ip).bytes, 300ms}};
    };
    if (secure) n.add_trusted("10.0.0.53", in_turn);
    else n.add_plain("10.0.0.53", in_turn);
    n.start();
    n.world.at(n.world.now() + 200ms, [&n] {
      EXPECT_EQ(n.servers[0]->asked, 1u);
      n.move();
    });
    EXPECT_EQ(n.ask("im.example.com"), secure ? "192.0.2.1! proven" : "192.0.2.1 single");
    EXPECT_EQ(n.refused, "");
    EXPECT_EQ(n.servers[0]->asked, 2u);
  }
}

// Goal: a day on a network whose resolvers always lie brings not one wrong address. Method: three liars of different kinds, one
// trusted server, a question every three minutes, in strict and guarded mode; each must be answered with the truth alone.
TEST(ServersSim, ADayAmongLiarsBringsNoWrongAddress) {
  size_t answers = 0;
  for (const trust mode : {trust::strict, trust::guarded}) {
    network n(7 + static_cast<uint64_t>(mode));
    n.s.mode = mode;
    n.add_plain("10.0.0.53", says(lie));
    n.add_plain("10.0.0.54", says("10.6.6.6"));
    n.add_plain("10.0.0.56", [](const octets& asked) { return std::vector<dns_server::saying>{{answer_writer(asked, rcode::no_name).bytes, 0s}}; });
    n.add_trusted("10.0.0.55", says(truth));
    n.start();
    const instant end = n.world.now() + 24h;
    while (n.world.now() < end) {
      ASSERT_EQ(n.ask("im" + std::to_string(answers % 5) + ".example.com").substr(0, 11), "192.0.2.1! ");
      ASSERT_EQ(n.said.find(lie), std::string::npos);
      ++answers;
      n.world.run_for(3min);
    }
  }
  EXPECT_GE(answers, 950u);
}

// What was proven is there at once after a start, marked once it is old, also where no server answers; what was not proven is not
// there. A file that was damaged is put aside and told of, and what is whole in it is used.
TEST(ServersSim, WhatWasProvenIsThereAtTheNextStart) {
  network n(30);
  n.add_plain("10.0.0.53", [](const octets& asked) {
    message m;
    return message::read(asked, m) == defect::none && m.asked_name().text() == "plain.example.com"
               ? std::vector<dns_server::saying>{{answer_writer(asked).address(lie).bytes, 0s}}
               : std::vector<dns_server::saying>{};
  });
  dns_server& trusted = n.add_trusted("10.0.0.55", says(truth));
  n.kept_in = "/state";
  n.start();
  EXPECT_EQ(n.ask("im.example.com"), "192.0.2.1! proven");
  trusted.down = true;
  EXPECT_EQ(n.ask("plain.example.com").substr(0, 13), "203.0.113.66 ");
  const auto files = n.client.platform()->files;
  n.restart();
  instant began = n.world.now();
  EXPECT_EQ(n.ask("im.example.com"), "192.0.2.1! proven");
  EXPECT_LE(n.world.now() - began, 5ms) << "it holds still";
  n.restart(2h);
  began = n.world.now();
  EXPECT_EQ(n.ask("im.example.com"), "192.0.2.1!~ proven");
  EXPECT_LE(n.world.now() - began, 5ms);
  n.restart(0s, [&] {
    const std::string text = *read_whole(files, "/state/proven", 1 << 20, "a file");
    EXPECT_EQ(text.find(lie), std::string::npos);
    const std::string cut = text.substr(0, text.rfind("end "));
    EXPECT_EQ(files->replace(files->self, text_of("/state/proven"), tharsis::bytes_of(as_bytes(cut)), nullptr), THARSIS_OK);
  });
  EXPECT_EQ(n.ask("im.example.com"), "192.0.2.1!~ proven");
  EXPECT_TRUE(std::any_of(n.box.lines.begin(), n.box.lines.end(), [](const auto& l) { return l.find("/state/proven.damaged") != std::string::npos; }));
  n.s.servers.pop_back();
  n.restart();
  EXPECT_EQ(n.ask("im.example.com"), "no_answer") << "whom the profile does not trust any more has proved nothing";
}

// A liar that is nearer makes the truth no later: it is there as soon as the server that proves its name has answered.
TEST(ServersSim, TheFirstTrueAnswerIsThereWithinARoundTripOfTheFastestHonestSource) {
  network n(30);
  const duration round_trip = 2 * sim::path{}.delay;
  n.add_plain("10.0.0.53", says(lie));
  n.add_plain("10.0.0.54", [](const octets&) { return std::vector<dns_server::saying>(); });
  n.add_trusted("10.0.0.55", says(truth));
  n.start();
  const auto takes = [&n](const std::string& name) {
    const instant began = n.world.now();
    EXPECT_TRUE(n.ask(name).starts_with("192.0.2.1! ")) << n.said << n.reason;  // Whatever the verdict: the liar may not even be heard out.
    return n.world.now() - began;
  };
  // Three of its own: the connection, TLS, the question.
  EXPECT_LE(takes("im.example.com"), 4 * round_trip);
  EXPECT_LE(takes("push.example.com"), 2 * round_trip) << "over the connection that is there";
}

// Goal: a trusted server that is dead, be it that its network drops what goes to it, costs three questions their patience and no more;
// and nobody who answers late is taken for dead for long. Method: each question's time.
TEST(ServersSim, ADeadServerCostsFewQuestionsTheirPatience) {
  network n(90);
  n.s.proof.per_minute = 0;
  n.add_plain("10.0.0.53", says(truth));
  dns_server& trusted = n.add_trusted("10.0.0.55", says(truth));
  trusted.down = true;
  n.start();
  int asked = 0;
  const auto took = [&] {
    const instant began = n.world.now();
    EXPECT_NE(n.ask("n" + std::to_string(asked++) + ".example.com").find(truth), std::string::npos);
    return n.world.now() - began;
  };
  for (int i = 0; i < 3; ++i) EXPECT_GE(took(), n.s.budget) << i;
  int slow = 0;
  for (int i = 0; i < 20; ++i) slow += took() > 400ms;
  EXPECT_EQ(slow, 2) << "one in ten waits in full";
  trusted.down = false;
  for (int i = 0; i < 10; ++i) (void)took();
  EXPECT_EQ(n.ask("back.example.com"), "192.0.2.1! proven");
  // On another network it may be alive.
  trusted.down = true;
  for (int i = 0; i < 3; ++i) (void)took();
  EXPECT_LE(took(), 400ms);
  n.move();
  n.world.run_for(1s);
  EXPECT_GE(took(), n.s.budget);
}

// A tunnel is nobody's fault: where nobody has answered no server is waited for less after it, and a trusted one that is far is heard.
TEST(ServersSim, AnOutageOfTheNetworkMakesNoServerADeadOne) {
  network n(93);
  n.s.proof.per_minute = 0;
  n.add_plain("10.0.0.53", says(truth));
  dns_server& trusted = n.add_trusted("10.0.0.55", [](const octets& asked) { return std::vector<dns_server::saying>{{answer_writer(asked).address(truth).bytes, 500ms}}; });
  n.start();
  for (auto& server : n.servers) server->down = true;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(n.ask("n" + std::to_string(i) + ".example.com"), "no_answer");
  for (auto& server : n.servers) server->down = false;
  EXPECT_EQ(n.ask("after.example.com"), "192.0.2.1! proven");
  EXPECT_GT(trusted.asked, 5u);
}

// Strict mode has nobody to take a server's place, and where nobody else has answered there is nothing to be quick with.
TEST(ServersSim, WhoHasNobodyElseWaitsForASlowServerInFull) {
  for (const trust mode : {trust::strict, trust::guarded}) {
    network n(91);
    n.s.mode = mode;
    n.s.proof.per_minute = 0;
    if (mode == trust::guarded) n.add_plain("10.0.0.53", says("10.6.6.6"));
    dns_server& trusted = n.add_trusted("10.0.0.55", [](const octets& asked) { return std::vector<dns_server::saying>{{answer_writer(asked).address(truth).bytes, 600ms}}; });
    trusted.down = true;
    n.start();
    for (int i = 0; i < 5; ++i) (void)n.ask("n" + std::to_string(i) + ".example.com");
    trusted.down = false;
    EXPECT_NE(n.ask("late.example.com").find("192.0.2.1! "), std::string::npos) << n.said << ": a liar alone is nobody who has answered";
  }
}

// What is known of a server is told to who wants to know how an answer comes about.
TEST(ServersSim, AnExplanationTellsHowAServerHasAnswered) {
  network n(92);
  n.s.proof.per_minute = 0;
  n.add_plain("10.0.0.53", says(truth));
  n.add_trusted("10.0.0.55", says(truth)).down = true;
  n.start();
  for (int i = 0; i < 4; ++i) (void)n.ask("n" + std::to_string(i) + ".example.com");
  std::string says;
  n.asker.send([&] {
    const auto told = [](void* self, tharsis_handle, const tharsis_dns_explanation* e) {
      for (size_t i = 0; i < e->heard_count; ++i) *static_cast<std::string*>(self) += std::string(view(e->heard[i]->source)) + ": " + std::string(view(e->heard[i]->says)) + "\n";
    };
    tharsis_dns_wish w{};
    w.size = sizeof w;
    w.type = 1;
    w.name = text_of("im.example.com");
    tharsis_handle id = 0;
    ASSERT_EQ(n.asked->table()->explain(n.asked->table()->self, &w, told, &says, &id, nullptr), THARSIS_OK);
  });
  EXPECT_TRUE(n.world.run_until([&] { return !says.empty(); }, n.world.now() + 10s));
  EXPECT_NE(says.find("udp://10.0.0.53: 192.0.2.1 for 60 s\n"), std::string::npos) << says;
  EXPECT_NE(says.find("; before, it left the last 3 questions without a word, and is waited for no longer than 200 ms where others have answered\n"), std::string::npos) << says;
}
