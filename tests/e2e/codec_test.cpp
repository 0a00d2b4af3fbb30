// Goal: codecs as a person meets them: the example's plugin under check-codec and on a link, length-prefixed between
// send and the gateway, `listen`, and the gateway alone.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <thread>

#include <gtest/gtest.h>

#include "tests/e2e/program_stage.h"

namespace {

class Codec : public tharsis::test::program_stage {
 protected:
  // `tharsis stn serve WORDS...`; where it listens is its first line.
  std::unique_ptr<tharsis::test::child_process> serve(std::vector<std::string> words) {
    words.insert(words.begin(), {THARSIS_PROGRAM, "stn", "serve"});
    words.insert(words.end(), {"--state", folder_ + "/serve-state"});
    auto running = std::make_unique<tharsis::test::child_process>(words);
    EXPECT_TRUE(running->wait_for("listens on ")) << running->out << running->err;
    const std::string said = running->out + running->err;
    const size_t at = said.find("listens on ") + 11;
    endpoint_ = said.substr(at, said.find_first_of(" \n", at) - at);
    return running;
  }
  // Asks again until the answer has `part`, as long as a program may take.
  bool comes_to_say(const std::vector<std::string>& words, const std::string& part) {
    const auto until = std::chrono::steady_clock::now() + tharsis::test::child_process::limit;
    do {
      ask(words);
      if (out_.find(part) != std::string::npos) return true;
    } while (std::chrono::steady_clock::now() < until);
    return false;
  }
  void expect_out(const std::string& part) const { EXPECT_NE(out_.find(part), std::string::npos) << "wanted: " << part << "\ngot: " << out_ << err_; }

  std::string endpoint_;
};

// Answers each request with its body, and pings, in the example's lines. One connection after the other.
class lines_server {
 public:
  lines_server() {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&at), size), 0);
    EXPECT_EQ(listen(listener_, 8), 0);
    EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size), 0);
    port_ = ntohs(at.sin_port);
    work_ = std::thread([this] { serve(); });
  }
  ~lines_server() {
    shutdown(listener_, SHUT_RDWR);
    work_.join();
    close(listener_);
  }
  lines_server(const lines_server&) = delete;
  std::string endpoint() const { return "tcp://127.0.0.1:" + std::to_string(port_); }

 private:
  void serve() const {
    for (int peer; (peer = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0; close(peer)) talk(peer);
  }
  static void talk(int peer) {
    std::string received;
    char piece[4096];
    for (ssize_t n; (n = read(peer, piece, sizeof piece)) > 0;) {
      received.append(piece, static_cast<size_t>(n));
      for (size_t end; (end = received.find('\n')) != std::string::npos; received.erase(0, end + 1)) {
        std::string line = received.substr(0, end + 1);
        line[0] = line[0] == 'i' ? 'o' : 'A';
        if (::send(peer, line.data(), line.size(), MSG_NOSIGNAL) < 0) return;
      }
    }
  }
  int listener_;
  uint16_t port_ = 0;
  std::thread work_;
};

}  // namespace

TEST_F(Codec, TheGatewayAloneAnswersSend) {
  const auto running = serve({"tcp://127.0.0.1:0"});
  EXPECT_EQ(ask({"stn", "send", endpoint_, "--command", "100", "--body", "hello", "--json"}), 0) << err_;
  expect_out("\"sent\":1,\"ok\":1,");
  running->interrupt();
  EXPECT_EQ(running->wait(), 0) << running->err;
}

TEST_F(Codec, LengthPrefixedWorksOnBothEnds) {
  const auto running = serve({"tcp://127.0.0.1:0", "--codec", "length-prefixed", "--set", "codec_settings.prefix=2"});
  const auto send = [&](const std::string& prefix) {
    return ask({"stn", "send", endpoint_, "--codec", "length-prefixed", "--set", "links.main.codec_settings.prefix=" + prefix, "--user", "ann",
                "--command", "100", "--body", "hello", "--count", "50", "--in-flight", "8", "--keys", "--deadline", "5s", "--json"});
  };
  EXPECT_EQ(send("2"), 0) << err_;
  expect_out("\"sent\":50,\"ok\":50,");
  EXPECT_EQ(send("3"), 2);
  expect_error("prefix is 1, 2, 4 or 8 bytes, not '3'");
  EXPECT_EQ(ask({"stn", "send", endpoint_, "--command", "100", "--body", "hello", "--deadline", "2s", "--json"}), 1) << "mars is not what it speaks";
}

TEST_F(Codec, OverTlsTheGatewayAloneMakesItsIdentityWhereItIsTold) {
  const auto running = serve({"tcps://127.0.0.1:0", "--identity", folder_ + "/id"});
  EXPECT_EQ(ask({"stn", "send", endpoint_, "--ca", folder_ + "/id/ca.pem", "--command", "100", "--body", "hello", "--json"}), 0) << err_;
  expect_out("\"ok\":1,");
}

TEST_F(Codec, ServeSaysWhatIsWrongAndHelps) {
  EXPECT_EQ(ask({"stn", "serve", "tcp://192.0.2.1:0"}), 2);
  expect_error("can be reached by other machines");
  EXPECT_EQ(ask({"stn", "serve", "--codec", "lines"}), 2);
  expect_error("--codec: 'lines' is not what the gateway speaks: mars and length-prefixed");
  EXPECT_EQ(ask({"stn", "serve", "--hlp"}), 2);
  expect_error("did you mean --help?");
  EXPECT_EQ(ask({"stn", "serve", "--help"}), 0);
  expect_out("tharsis stn serve [ENDPOINT]");
  EXPECT_EQ(ask({"stn", "serve", "tcp://127.0.0.1:0", "--for", "50ms", "--json"}), 0) << err_;
  expect_out("{\"listening\":\"tcp://127.0.0.1:");
}

TEST_F(Codec, ListenPrintsPushesAndEndsWithTheirNumber) {
  const auto running = serve({"tcp://127.0.0.1:0"});
  tharsis::test::child_process listening({THARSIS_PROGRAM, "stn", "listen", endpoint_, "--user", "bob", "--count", "2", "--json", "--state", folder_ + "/listen"});
  ASSERT_TRUE(listening.wait_for("link up: tcp://127.0.0.1:")) << listening.err;
  // A message of Mars' sample: token, from "ann", to "all", text "hi", topic "0".
  const std::string message = write("message.bin", std::string("\x0A\x01t\x12\x03""ann\x1A\x03""all\x22\x02hi\x2A\x01""0"));
  EXPECT_EQ(ask({"stn", "send", endpoint_, "--command", "3", "--body-file", message, "--count", "2", "--json"}), 0) << err_;
  EXPECT_EQ(listening.wait(), 0) << listening.err;
  EXPECT_EQ(std::count(listening.out.begin(), listening.out.end(), '\n'), 2) << listening.out;
  EXPECT_EQ(listening.out.find("{\"command\":10001,\"bytes\":"), 0u) << listening.out;
}

TEST_F(Codec, ListenEndsAfterItsTimeAndSaysWhatIsWrong) {
  EXPECT_EQ(ask({"stn", "listen", "tcp://127.0.0.1:1", "--for", "300ms"}), 0);
  expect_error("link down: tcp://127.0.0.1:1");
  EXPECT_EQ(ask({"stn", "listen", "tcp://127.0.0.1:1", "--for", "300ms", "--count", "1"}), 1);
  EXPECT_EQ(ask({"stn", "listen"}), 2);
  expect_error("stn listen: name at least one endpoint");
  EXPECT_EQ(ask({"stn", "listen", "tcp://192.0.2.1:80"}), 2);
  expect_error("stn listen: tcp://192.0.2.1:80 would send everything unencrypted");
  EXPECT_EQ(ask({"stn", "listen", "--help"}), 0);
  expect_out("tharsis stn listen ENDPOINT...");
}

TEST_F(Codec, TheExamplesCodecPassesTheKit) {
  EXPECT_EQ(ask({"stn", "check-codec", "lines", "--seeds", "20"}), 0) << out_ << err_;
  expect_out("codec lines: all ");
  EXPECT_EQ(ask({"stn", "check-codec", "lines", "--seeds", "5", "--json"}), 0) << out_ << err_;
  EXPECT_EQ(out_.find("{\"codec\":\"lines\",\"ok\":true,\"trials\":[{\"name\":\"opens, and knows its limits\",\"ok\":true,"), 0u) << out_;
}

TEST_F(Codec, TheExamplesCodecCarriesTasksToAServerThatSpeaksIt) {
  const lines_server server;
  EXPECT_EQ(ask({"stn", "send", server.endpoint(), "--codec", "lines", "--command", "100", "--body", "hello", "--count", "30", "--in-flight", "7", "--hash", "--json"}), 0) << err_;
  expect_out("\"sent\":30,\"ok\":30,");
  EXPECT_EQ(ask({"stn", "send", server.endpoint(), "--codec", "lines", "--user", "ann", "--command", "100", "--body", "hello", "--deadline", "1s", "--json"}), 1);
  expect_error("codec 'lines' has no hello");
  EXPECT_EQ(ask({"stn", "send", server.endpoint(), "--codec", "nobody", "--command", "100", "--body", "hello", "--deadline", "1s", "--json"}), 1);
  expect_error("waits for codec 'nobody'");
}

// Hosted: the profile names both plugins, and the link takes the codec from the other one.
TEST_F(Codec, ALinkOfAProfileSpeaksTheCodecOfAnotherPlugin) {
  const lines_server server;
  const std::string stn = "  stn: { links: { main: { endpoints: [\"" + server.endpoint() + "\"], codec: lines } } }\n";
  tharsis::test::child_process running({THARSIS_PROGRAM, "run", profile("  lines: {}\n" + stn), "--state", folder_ + "/state"});
  ASSERT_TRUE(running.wait_for("Ctrl-C stops")) << running.err;
  EXPECT_TRUE(comes_to_say({"stn", "status", "--json"}, "\"state\":\"up\"")) << out_ << err_;
  running.interrupt();
  EXPECT_EQ(running.wait(), 0) << running.err;
}

TEST_F(Codec, ALinkWithoutItsCodecSaysWhatItWaitsFor) {
  tharsis::test::child_process running({THARSIS_PROGRAM, "run", profile("  stn: { links: { main: { endpoints: [\"tcp://127.0.0.1:1\"], codec: lines } } }\n"), "--state", folder_ + "/state"});
  ASSERT_TRUE(running.wait_for("waits for codec 'lines': no plugin that runs provides tharsis.stn.codec.lines/1")) << running.err;
}

TEST_F(Codec, CheckCodecSaysWhatIsWrong) {
  EXPECT_EQ(ask({"stn", "check-codec", "length-prefixed", "--seeds", "5", "--set", "links.main.codec_settings.prefix=2"}), 0) << out_;
  EXPECT_EQ(ask({"stn", "check-codec", "length-prefixed", "--set", "links.main.codec_settings.size=2"}), 1);
  expect_out("it has no setting 'size'");
  EXPECT_EQ(ask({"stn", "check-codec", "nobody"}), 2);
  expect_error("no plugin that is found provides tharsis.stn.codec.nobody/1");
  EXPECT_EQ(ask({"stn", "check-codec"}), 2);
  expect_error("name one codec");
  EXPECT_EQ(ask({"stn", "check-codec", "--help"}), 0);
  expect_out("tharsis stn check-codec NAME");
}
