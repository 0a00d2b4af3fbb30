// The control socket and its server, without a runtime: what is asked, what nobody should ask, and readers
// that do not read.
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "runtime/control_server.h"
#include "runtime/profile.h"
#include "runtime/running_runtime.h"
#include "sdk/abi/command.h"
#include "sdk/pure/views.h"
#include "tests/runtime/real_stage.h"

using namespace tharsis;
using namespace tharsis::runtime;

namespace {

struct noise {
  tharsis_text text;
};
constexpr tharsis_field fields[] = {{"text", THARSIS_FIELD_TEXT, offsetof(noise, text), nullptr, 0}};
constexpr tharsis_topic topic = {sizeof(tharsis_topic), THARSIS_TOPIC_EVENT, "test.noise", fields, 1, sizeof(noise), 0};

class Control : public ::testing::Test {
 protected:
  Control() : events([] { return int64_t{7}; }) {
    state = std::filesystem::temp_directory_path().string() + "/tharsis.control.XXXXXX";
    EXPECT_NE(mkdtemp(state.data()), nullptr);
    tharsis_error reason = no_error();
    EXPECT_EQ(events.declare("test", nullptr, &topic, &id, &reason), THARSIS_OK) << reason.text;
  }
  ~Control() override {
    server.reset();
    std::filesystem::remove_all(state);
  }

  void serve(const std::string& name = "demo") {
    auto socket = control_socket::open(state, name);
    ASSERT_TRUE(socket) << socket.failure().text;
    server.emplace(std::move(*socket), events,
                   control_server::answers{[] { return std::string(R"({"profile":"demo.yaml","process":1,"state":"running","plugins":[]})"); },
                                           [] { return std::string(R"({"profile":"demo.yaml","process":1,"metrics":[]})"); },
                                           [this] { stopped.tell(); },
                                           [](const auto&) { return std::optional<error>(); },
                                           {},
                                           {},
                                           [this](live_calls::wish w, std::function<void(std::string)> done) {
                                             wanted = std::move(w);
                                             done(R"({"taken":true,"printed":"a \"line\"\nand one\n","complained":"","code":3})");
                                           }});
  }
  std::unique_ptr<control_client> connect(const std::string& name = "demo") {
    auto client = control_client::reach(state, name);
    EXPECT_TRUE(client) << client.failure().text;
    return client ? std::move(*client) : nullptr;
  }
  void publish(const std::string& text) {
    const noise payload = {text_of(text)};
    EXPECT_EQ(events.publish("test", id, &payload), THARSIS_OK);
  }
  static std::string ask(control_client& client, const std::string& line) {
    const auto answer = client.ask(line);
    return answer ? *answer : "(closed)";
  }

  std::string state;
  bus events;
  tharsis_handle id = 0;
  test::told stopped;
  live_calls::wish wanted;
  std::optional<control_server> server;
};

}  // namespace

TEST_F(Control, AnswersWhatItKnowsAndSaysWhatItDoesNot) {
  serve();
  const auto client = connect();
  EXPECT_EQ(ask(*client, R"({"do":"status"})"), R"({"profile":"demo.yaml","process":1,"state":"running","plugins":[]})");
  EXPECT_EQ(ask(*client, R"({"do":"metrics"})"), R"({"profile":"demo.yaml","process":1,"metrics":[]})");
  EXPECT_EQ(ask(*client, R"({"do":"dance"})"), R"({"error":"this runtime does not know how to do 'dance'"})");
  EXPECT_EQ(ask(*client, "{\"do\":"), R"({"error":"a request is one line of JSON"})");
  EXPECT_EQ(ask(*client, "\x01\xff"), R"({"error":"a request is one line of JSON"})");
  EXPECT_EQ(ask(*client, R"({"do":"tail"})").find(R"({"error":)"), 0u) << "without a pattern";
  EXPECT_EQ(ask(*client, R"({"do":"stop"})"), R"({"stopping":true})");
  EXPECT_TRUE(stopped.wait());
}

// It comes when somebody looks whether there is still hope.
TEST_F(Control, WhoWaitsForAPluginThatHasGoneIsAnswered) {
  std::function<void(std::string)> owed;
  auto made = control_socket::open(state, "gone");
  ASSERT_TRUE(made) << made.failure().text;
  control_server::answers a{};
  a.command = [&](live_calls::wish, std::function<void(std::string)> done) { owed = std::move(done); };
  a.look = [&] {
    if (owed) std::exchange(owed, nullptr)(R"({"taken":true,"printed":"","complained":"dns went","code":1})");
  };
  control_server other(std::move(*made), events, a);
  const auto client = connect("gone");
  const auto outcome = ask_command(*client, "dns", {"cache"}, "/", false);
  ASSERT_TRUE(outcome) << outcome.failure().text;
  ASSERT_TRUE(outcome->has_value());
  EXPECT_EQ((*outcome)->complained, "dns went");
  EXPECT_EQ((*outcome)->code, 1);
}

// Words keep their quotes and spaces on the way, and what was printed its lines.
TEST_F(Control, ACommandOfAPluginIsHandedOnAndItsOutcomeComesBack) {
  serve();
  const auto client = connect();
  const auto outcome = ask_command(*client, "dns", {"cache", "flush", "a \"name\" of: [many], {words}"}, "/home/me", true);
  ASSERT_TRUE(outcome) << outcome.failure().text;
  ASSERT_TRUE(outcome->has_value());
  EXPECT_EQ((*outcome)->printed, "a \"line\"\nand one\n");
  EXPECT_EQ((*outcome)->complained, "");
  EXPECT_EQ((*outcome)->code, 3);
  EXPECT_EQ(wanted.plugin, "dns");
  EXPECT_EQ(wanted.extension, THARSIS_LIVE_COMMAND_ID);
  EXPECT_EQ(wanted.name, "cache");
  EXPECT_EQ(wanted.arguments, (std::vector<std::string>{"flush", "a \"name\" of: [many], {words}"}));
  EXPECT_EQ(wanted.folder, "/home/me");
  EXPECT_TRUE(wanted.colours);
}

// Connections that somebody forgot to close must not keep `tharsis stop` out. 64 have a place.
TEST_F(Control, WhoIsSilentAndWaitsForNothingMakesRoomForOthers) {
  serve();
  const auto events_of = connect();
  EXPECT_EQ(ask(*events_of, R"({"do":"tail","pattern":"test.*"})"), R"({"tail":"test.*"})");
  std::vector<std::unique_ptr<control_client>> forgotten;
  for (int i = 0; i < 100; ++i) {
    forgotten.push_back(connect());
    ASSERT_NE(forgotten.back(), nullptr) << i;
    if (i % 2 == 0) ask(*forgotten.back(), R"({"do":"status"})");
  }
  EXPECT_EQ(ask(*connect(), R"({"do":"stop"})"), R"({"stopping":true})");
  EXPECT_EQ(forgotten.front()->ask(R"({"do":"status"})").status(), THARSIS_E_GONE) << "the first one had to go";
  publish("still there");
  EXPECT_NE(events_of->read_line().value_or("").find("still there"), std::string::npos);
}

TEST_F(Control, ALineWithoutEndIsCutOff) {
  serve();
  const auto client = connect();
  EXPECT_EQ(client->ask(std::string(100'000, 'x')).status(), THARSIS_E_GONE);
  EXPECT_EQ(ask(*connect(), R"({"do":"status"})").find("{\"profile\""), 0u) << "others are served";
}

// Like a runtime that was stopped: its socket takes connections, and nobody reads them.
TEST_F(Control, WhoDoesNotAnswerIsNotWaitedForForEver) {
  const auto stopped_one = control_socket::open(state, "demo");
  ASSERT_TRUE(stopped_one);
  const auto client = connect();
  client->set_patience(20ms);
  const auto status = ask_status(*client);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.status(), THARSIS_E_TIMEOUT);
  EXPECT_EQ(status.failure().text.find("process " + std::to_string(getpid()) + " does not answer"), 0u) << status.failure().text;
}

// A reload takes its time: whoever answers others is at work.
TEST_F(Control, WhatTakesItsTimeIsWaitedFor) {
  auto socket = control_socket::open(state, "demo");
  ASSERT_TRUE(socket);
  std::function<void(std::string)> done;
  int turns = 0;
  control_server::answers a;
  a.status = [] { return std::string(R"({"plugins":[]})"); };
  a.reload = [&](std::function<void(std::string)> d) { done = std::move(d); };
  a.look = [&] {
    if (done && ++turns == 3) std::exchange(done, {})(R"({"changed":true,"text":"much"})");
  };
  server.emplace(std::move(*socket), events, std::move(a));
  const auto client = connect();
  client->set_patience(5ms);
  std::string json;
  const auto text = ask_reload(*client, json);
  ASSERT_TRUE(text) << text.failure().text;
  EXPECT_EQ(*text, "much");
}

// Goal: who asks and never reads the answers costs a bounded amount. Method: more questions than the system holds, of which each
// has a long answer.
TEST_F(Control, WhoReadsNoAnswersIsAskedNothingMore) {
  auto opened = control_socket::open(state, "demo");
  ASSERT_TRUE(opened);
  control_socket& socket = **opened;
  std::atomic<size_t> most = 0;
  std::thread serving([&] {
    const auto answer = [&](uint64_t client, const std::string&) {
      socket.send(client, std::string(1000, 'a'));
      most = std::max(most.load(), socket.unsent(client));
    };
    socket.serve({answer, [](uint64_t) {}, [] {}});
  });
  const auto client = connect();
  client->set_patience(200ms);
  std::string questions;
  while (questions.size() < 1 << 20) questions += std::string(99, 'q') + "\n";
  EXPECT_EQ(client->ask(questions).status(), THARSIS_E_TIMEOUT);
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(client->read_line()) << "who reads is answered on";
  socket.end();
  serving.join();
  EXPECT_LT(most, 256u << 10);
}

// Goal: a process without free descriptors rests until there are some. Method: none is free while somebody waits; turns are
// counted, which come at once where nothing holds them up.
TEST_F(Control, WithoutDescriptorsItLooksNowAndThen) {
  auto opened = control_socket::open(state, "demo");
  ASSERT_TRUE(opened);
  control_socket& socket = **opened;
  std::atomic<int> turns = 0;
  test::told few;
  std::thread serving([&] {
    socket.serve({[&](uint64_t client, const std::string&) { socket.send(client, "here"); }, [](uint64_t) {},
                  [&] {
                    if (++turns == 4) few.tell();
                  }});
  });
  const int client = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  (state + "/.control/demo").copy(address.sun_path, sizeof address.sun_path - 1);
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  const rlimit tight{3, before.rlim_max};  // Those that are open stay open.
  setrlimit(RLIMIT_NOFILE, &tight);
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_EQ(::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_TRUE(few.wait());
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 200ms);
  setrlimit(RLIMIT_NOFILE, &before);
  ASSERT_EQ(write(client, "x\n", 2), 2);
  char answer[5];
  EXPECT_EQ(read(client, answer, sizeof answer), 5) << "it is served when there are some";
  close(client);
  socket.end();
  serving.join();
}

TEST_F(Control, ANameThatDoesNotFitIsRefusedAndNotCut) {
  const auto socket = control_socket::open(state, std::string(100, 'n'));
  ASSERT_FALSE(socket);
  EXPECT_NE(socket.failure().text.find("too long"), std::string::npos) << socket.failure().text;
  EXPECT_FALSE(control_client::reach(state, std::string(100, 'n')));
}

// A start behind a start: what the first one left is found and taken away.
TEST_F(Control, TheLongestNameOfAProfileFits) {
  const std::string name = profile_name(std::string(300, 'p') + ".yaml");
  for (int start = 0; start < 2; ++start) {
    const auto socket = control_socket::open(state, name);
    ASSERT_TRUE(socket) << socket.failure().text;
    EXPECT_TRUE(control_client::reach(state, name));
    EXPECT_EQ(control_names(state), std::vector<std::string>{name});
  }
}

TEST_F(Control, IsItsOwnersAlone) {
  serve();
  struct stat folder, socket;
  ASSERT_EQ(stat((state + "/.control").c_str(), &folder), 0);
  ASSERT_EQ(stat((state + "/.control/demo").c_str(), &socket), 0);
  EXPECT_EQ(folder.st_mode & 0777, 0700u);
  EXPECT_EQ(socket.st_mode & 0777, 0600u);
}

TEST_F(Control, AFolderThatOthersMayEnterIsRefused) {
  ASSERT_EQ(mkdir((state + "/.control").c_str(), 0755), 0);
  const auto socket = control_socket::open(state, "demo");
  ASSERT_FALSE(socket);
  EXPECT_EQ(socket.status(), THARSIS_E_DENIED);
  EXPECT_NE(socket.failure().text.find("chmod 700"), std::string::npos) << socket.failure().text;
}

TEST_F(Control, TwoOfOneNameCannotLiveAndTheSecondIsToldWhoTheFirstIs) {
  serve();
  const auto second = control_socket::open(state, "demo");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.status(), THARSIS_E_IN_USE);
  EXPECT_NE(second.failure().text.find("process " + std::to_string(getpid())), std::string::npos) << second.failure().text;
  EXPECT_EQ(ask(*connect(), R"({"do":"status"})").find("{\"profile\""), 0u) << "the first was not disturbed";
  EXPECT_TRUE(control_socket::open(state, "other")) << "another profile may share the folder";
}

TEST_F(Control, WhatTheDeadLeftIsReplaced) {
  ASSERT_EQ(mkdir((state + "/.control").c_str(), 0700), 0);
  std::ofstream(state + "/.control/demo") << "no socket at all";
  serve();
  EXPECT_EQ(ask(*connect(), R"({"do":"status"})").find("{\"profile\""), 0u);
  server.reset();
  EXPECT_FALSE(std::filesystem::exists(state + "/.control/demo")) << "the end leaves nothing behind";
}

TEST_F(Control, AStateFolderWithALongNameWorks) {
  const std::string long_one = state + "/" + std::string(120, 'd');
  ASSERT_EQ(mkdir(long_one.c_str(), 0700), 0);
  const auto socket = control_socket::open(long_one, "demo");
  EXPECT_TRUE(socket) << socket.failure().text;
  EXPECT_TRUE(control_client::reach(long_one, "demo"));
}

TEST_F(Control, WhoIsNotThereIsToldApart) {
  EXPECT_EQ(control_client::reach(state, "demo").status(), THARSIS_E_NOT_FOUND);
  EXPECT_EQ(reach_runtime(state, {}).status(), THARSIS_E_NOT_FOUND);
  auto first = control_socket::open(state, "first"), second = control_socket::open(state, "second");
  ASSERT_TRUE(first && second);
  EXPECT_EQ(reach_runtime(state, {}).status(), THARSIS_E_INVALID);
  EXPECT_EQ(reach_runtime(state, {}).failure().text, "first and second run with the state folder " + state + "; say which");
  EXPECT_TRUE(reach_runtime(state, "configs/second.yaml"));
}

TEST_F(Control, TailPassesEventsOn) {
  serve();
  const auto client = connect();
  EXPECT_EQ(ask(*client, R"({"do":"tail","pattern":"test.*"})"), R"({"tail":"test.*"})");
  publish("one");
  EXPECT_EQ(client->read_line(), R"({"topic":"test.noise","sequence":1,"wall":7,"snapshot":false,"payload":{"text":"one"}})");
  publish("two");
  EXPECT_NE(client->read_line().value_or("").find("\"two\""), std::string::npos);
}

// Goal: a reader that does not read costs a bounded amount and learns what it missed. Method: more events
// than socket and queue hold together, then read all.
TEST_F(Control, AReaderThatFallsBehindLearnsHowManyItMissed) {
  constexpr uint64_t many = 20'000;
  serve();
  const auto client = connect();
  EXPECT_EQ(ask(*client, R"({"do":"tail","pattern":"**"})"), R"({"tail":"**"})");
  const std::string text(200, 'x');
  for (uint64_t i = 0; i < many; ++i) publish(text);
  uint64_t events_read = 0, dropped = 0;
  while (events_read + dropped < many) {
    const std::string line = client->read_line().value_or("(closed)");
    unsigned long long missed = 0;
    if (std::sscanf(line.c_str(), R"({"dropped":%llu})", &missed) == 1) {
      dropped += missed;
      continue;
    }
    ASSERT_EQ(line.find(R"({"topic":"test.noise")"), 0u) << line;
    ++events_read;
  }
  EXPECT_EQ(events_read + dropped, many);
  EXPECT_GT(dropped, 0u);
}

TEST_F(Control, ProfilesAreCalledAfterTheirFiles) {
  EXPECT_EQ(profile_name("configs/demo-gateway.yaml"), "demo-gateway");
  EXPECT_EQ(profile_name("demo"), "demo");
  EXPECT_EQ(profile_name("/a/.hidden.yaml"), "hidden");
  EXPECT_EQ(profile_name(".."), "runtime");
  EXPECT_EQ(profile_name(""), "runtime");
}
