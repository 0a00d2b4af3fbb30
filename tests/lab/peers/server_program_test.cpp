#include "tests/lab/peers/server_program.h"

using namespace tharsis;
using namespace tharsis::lab;

namespace {

const server_program plain{"lab_server_plain", false, nullptr};
const server_program with_tls{"lab_server_grpc", true, nullptr};

std::string failure_of(const server_program& program, const std::vector<std::string>& words) {
  const auto parsed = parse_server_arguments(program, words);
  return parsed ? "" : parsed.failure().text;
}

}  // namespace

TEST(ServerProgram, ListensOnLoopbackUnlessSaid) {
  const auto all = parse_server_arguments(plain, {});
  ASSERT_TRUE(all);
  EXPECT_EQ(to_text(all->listen), "127.0.0.1:0");
  EXPECT_EQ(all->certificate, "");
}

TEST(ServerProgram, EveryWordFindsItsField) {
  const auto all = parse_server_arguments(with_tls, {"--key", "k.pem", "--listen", "[2001:db8::1]:443", "--cert", "c.pem"});
  ASSERT_TRUE(all) << all.failure().text;
  EXPECT_EQ(to_text(all->listen), "[2001:db8::1]:443");
  EXPECT_EQ(all->certificate, "c.pem");
  EXPECT_EQ(all->key, "k.pem");
}

TEST(ServerProgram, MistakesAreNamed) {
  EXPECT_EQ(failure_of(plain, {"7000"}), "there is no option '7000'; see --help");
  EXPECT_EQ(failure_of(plain, {"--cert", "c.pem"}), "there is no option '--cert'; see --help");
  EXPECT_EQ(failure_of(plain, {"--listen"}), "--listen needs a value");
  EXPECT_EQ(failure_of(plain, {"--listen", "7000"}), "--listen 7000: expected ADDRESS:PORT");
  EXPECT_EQ(failure_of(plain, {"--listen", "localhost:1"}), "--listen localhost:1: 'localhost' is not an IP address");
  EXPECT_EQ(failure_of(with_tls, {"--cert", "c.pem"}), "--cert and --key belong together");
}
