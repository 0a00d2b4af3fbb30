// Goal: `tharsis stn send` as a script meets it, against `tharsis run` of a gateway: JSON last on stdout, exit codes, tcp and
// TLS on loopback.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>

#include <gtest/gtest.h>

#include "tests/e2e/program_stage.h"

namespace {

class Send : public tharsis::test::program_stage {
 protected:
  // Port 0: where it listens stands in its state folder.
  std::unique_ptr<tharsis::test::child_process> gateway(const std::string& scheme) {
    std::vector<std::string> words = {THARSIS_PROGRAM, "run", profile("  gateway: { listen: \"" + scheme + "://127.0.0.1:0\" }\n"),
                                      "--state", folder_ + "/gateway-state"};
    auto running = std::make_unique<tharsis::test::child_process>(words);
    EXPECT_TRUE(running->wait_for("Ctrl-C stops")) << running->err;
    endpoint_ = content("gateway-state/gateway/endpoint");
    while (!endpoint_.empty() && endpoint_.back() == '\n') endpoint_.pop_back();
    return running;
  }
  std::string content(const std::string& file) const {
    std::ifstream in(folder_ + "/" + file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  int send(std::vector<std::string> words) {
    words.insert(words.begin(), {"stn", "send"});
    return ask(std::move(words));
  }
  void expect_out(const std::string& part) const { EXPECT_NE(out_.find(part), std::string::npos) << "wanted: " << part << "\ngot: " << out_ << err_; }

  std::string endpoint_;
};

}  // namespace

TEST_F(Send, OverTcpOneObjectIsPrintedAndNothingElse) {
  const auto running = gateway("tcp");
  EXPECT_EQ(send({endpoint_, "--command", "100", "--body", "hello", "--hash", "--json"}), 0);
  EXPECT_EQ(out_.find("{\"sent\":1,\"ok\":1,\"failed\":0,\"reasons\":{},\"p50_us\":"), 0u) << out_;
  EXPECT_EQ(std::count(out_.begin(), out_.end(), '\n'), 1) << out_;
  expect_out("\"connects\":1,");
  expect_out("\"bytes_sent\":45,\"bytes_received\":45,");  // A ping, and a frame with five bytes.
  expect_out("\"sha256\":\"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\"}");
  EXPECT_EQ(err_, "");
}

TEST_F(Send, OverTlsBodiesOfAFileComeBackWhole) {
  const auto running = gateway("tcps");
  const std::string body = write("body.bin", std::string(65536, '\xC3'));
  const std::string ca = folder_ + "/gateway-state/gateway/ca.pem";
  EXPECT_EQ(send({endpoint_, "--ca", ca, "--command", "100", "--body-file", body, "--count", "20", "--rate", "200/s", "--user", "ann"}), 0) << err_;
  expect_out("\"sent\":20,\"ok\":20,\"failed\":0,");
  EXPECT_EQ(send({endpoint_, "--ca", ca, "--command", "100", "--body-file", body, "--count", "20", "--in-flight", "7", "--keys"}), 0) << err_;
  expect_out("\"sent\":20,\"ok\":20,\"failed\":0,");
}

TEST_F(Send, ADeadFirstEndpointIsPassedOver) {
  const auto running = gateway("tcp");
  EXPECT_EQ(send({"tcp://127.0.0.1:1", endpoint_, "--command", "3", "--body", "x"}), 0) << err_;
  expect_out("\"ok\":1,");
}

TEST_F(Send, WithoutAnAnswerTheObjectIsPrintedTooAndTheReasonSaid) {
  const auto running = gateway("tcps");
  EXPECT_EQ(send({endpoint_, "--command", "100", "--body", "x", "--deadline", "3s"}), 1);  // A handshake fits in.
  expect_out("\"sent\":1,\"ok\":0,\"failed\":1,\"reasons\":{\"timeout\":1},\"p50_us\":null,");
  expect_error("1 of 1 tasks failed; the last one: ");
  expect_error("which is not trusted");
}

TEST_F(Send, CtrlCPrintsWhatThereIs) {
  tharsis::test::child_process sending({THARSIS_PROGRAM, "stn", "send", "tcp://127.0.0.1:1", "--command", "3", "--body", "x", "--state", folder_});
  ASSERT_TRUE(sending.wait_for("link main down"));
  sending.interrupt();
  EXPECT_EQ(sending.wait(), 1);
  EXPECT_EQ(sending.out.find("{\"sent\":1,\"ok\":0,\"failed\":1,\"reasons\":{\"cancelled\":1},"), 0u) << sending.out;
}

TEST_F(Send, WrongUseIsSaidAndPrintsNoObject) {
  const std::vector<std::string> task = {"tcp://127.0.0.1:1", "--command", "3", "--body", "x"};
  const auto refused = [&](const std::vector<std::string>& more, const std::string& sentence) {
    std::vector<std::string> words = task;
    words.insert(words.end(), more.begin(), more.end());
    EXPECT_EQ(send(words), 2) << sentence;
    EXPECT_EQ(out_, "");
    expect_error(sentence);
  };
  refused({"tcp://im.example.test:80"}, "say --plain");
  refused({"--in-flight", "5000"}, "tasks.waiting_max=5000");
  refused({"--user", std::string(300, 'u')}, "at most 256 bytes");
  refused({"--set", "tasks.body_max=0"}, "tasks.body_max");
  refused({"--set", "links.main.answer_timout=1s"}, "answer_timeout");
  refused({"--set", "links.side.answer_timeout=1s"}, "links.main");
  refused({"--set", "links.main.heartbeat.interval_min=700s"}, "interval_max");
  EXPECT_EQ(send({"tcp://127.0.0.1:1", "--command", "3", "--body-file", folder_ + "/nothing"}), 2);
  expect_error("/nothing");
  EXPECT_EQ(send({"tcp://127.0.0.1:1", "--command", "3", "--body", "four", "--set", "tasks.body_max=3"}), 2);
  expect_error("at most 3");
  EXPECT_EQ(send({"--help"}), 0);
  expect_out("--in-flight");
}
