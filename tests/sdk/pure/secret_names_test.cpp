// Which fields are secret, and that no line holds their values, however it comes to be.
#include "sdk/pure/secret_names.h"

#include <gtest/gtest.h>

#include "sdk/pure/log_group.h"
#include "sdk/pure/logger.h"
#include "tests/sdk/pure/ring_log.h"

using namespace tharsis;
using test::ring_log;
using lines = std::vector<std::string>;

namespace {

constexpr bool usual(std::string_view name) { return is_secret_name(name, usual_secrets); }
constexpr bool holds(std::string_view text) { return has_secret_field(text, usual_secrets); }

static_assert(usual("password") && usual("PassWord") && usual("user.password") && usual("session_token") && usual("x.API_KEY"));
static_assert(!usual("") && !usual("passwords") && !usual("compassword") && !usual("token.count") && !usual("key") && !usual("_"));
static_assert(!is_secret_name("", std::array<std::string_view, 1>{""}) && !is_secret_name("a.", std::array<std::string_view, 1>{""}));

static_assert(holds("{password}") && holds("a {} {user.Token:>9} b") && holds("{{{token}}}"));
static_assert(!holds("") && !holds("password {}") && !holds("{{password}}") && !holds("{tokens}"));
static_assert(holds("} {password}") && holds("{ {password}") && holds("{:q!} {cookie}"), "also behind what is no format");

// Of a sink that knows secrets, and gives their places no number.
struct log_with_secrets : ring_log {
  log_with_secrets() {
    table.site = [](void* s, const tharsis_log_site* site) {
      return has_secret_field(site->text, usual_secrets) ? 0 : of(s).rings->site("plugin", *site);
    };
    table.is_secret = [](void*, tharsis_text field) { return usual(view(field)) ? 1 : 0; };
  }
};

}  // namespace

TEST(SecretNames, ASecretFieldIsBlankAndTheLineIsFinishedText) {
  log_with_secrets host;
  const logger log(&host.table, "login");
  for (int i = 0; i < 2; ++i) log.info("{user} with {password:>10}, {session_token} and {}", "zoe", "hunter2", uint64_t{77}, "more");
  EXPECT_EQ(host.words, (lines(2, "2 [login] zoe with   (secret), (secret) and more")));
  log.info("{user}", "zoe");
  EXPECT_EQ(host.rings->take_texts(), lines{"zoe"}) << "others come as ever";
  EXPECT_EQ(host.words.size(), 2u);
}

TEST(SecretNames, AlsoWhereNoRingIsThereAndInGroups) {
  log_with_secrets host;
  host.generation = 0;
  const logger log(&host.table);
  log.info("{password}", "hunter2");
  {
    log_group group(log);
    group.add(THARSIS_LOG_INFO, "{} {api_key}", 1, "hunter2");
  }
  EXPECT_EQ(host.words, (lines{"2 (secret)", "2 1 (secret)"}));
}

TEST(SecretNames, AHostThatIsTooOldToBeAskedHasTheUsualOnes) {
  log_with_secrets host;
  host.generation = 0;
  host.table.size = offsetof(tharsis_log, is_secret);
  host.table.is_secret = nullptr;
  const logger log(&host.table);
  log.info("{password} {pin}", "hunter2", 1234);
  EXPECT_EQ(host.words, lines{"2 (secret) 1234"});
}

TEST(SecretNames, TheLogSaysWhichTheyAre) {
  log_with_secrets host;
  host.generation = 0;
  host.table.is_secret = [](void*, tharsis_text field) { return view(field) == "pin" ? 1 : 0; };
  const logger log(&host.table);
  log.info("{password} {pin}", "open", 1234);
  EXPECT_EQ(host.words, lines{"2 open (secret)"});
}
