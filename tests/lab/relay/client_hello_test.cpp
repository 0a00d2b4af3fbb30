#include "tests/lab/relay/client_hello.h"

#include <gtest/gtest.h>

#include "tests/lab/relay/sample_packets.h"
#include "tests/lab/relay/settings.h"

using namespace tharsis;
using namespace tharsis::lab;
using namespace tharsis::lab::sample;
using state = server_name::state;

namespace {

const std::vector<client_hello_rule> rules = {{"other.test", false}, {"blocked.test", true}};

// A flow whose client has sent its SYN, and says things behind it.
class talk {
 public:
  talk() { talking.sender(direction::up).first = first; }

  const client_hello_rule* says(size_t from, byte_view data) {
    return match_client_hello(talking, {static_cast<uint32_t>(first + 1 + from), 1, tcp_ack, data}, rules);
  }
  flow talking;

 private:
  static constexpr uint32_t first = 0xffffff80;  // The numbers wrap inside of the hello.
};

}  // namespace

TEST(ClientHello, ItsNameIsFoundWhenAllOfItIsThere) {
  const bytes hello = client_hello("Blocked.test");
  const server_name whole = find_server_name(hello);
  EXPECT_EQ(whole.is, state::found);
  EXPECT_EQ(whole.name, "Blocked.test");
  for (size_t size = 0; size < hello.size(); ++size)
    EXPECT_EQ(find_server_name(byte_view(hello).first(size)).is, state::unfinished) << size;
}

TEST(ClientHello, ItMaySpanRecords) {
  const bytes message = client_hello_message("blocked.test");
  for (size_t cut = 1; cut < message.size(); ++cut) {
    bytes said = record(byte_view(message).first(cut));
    append(said, record(byte_view(message).subspan(cut)));
    EXPECT_EQ(find_server_name(said).name, "blocked.test") << cut;
  }
}

TEST(ClientHello, WhatIsNoneHasNoName) {
  EXPECT_EQ(find_server_name(client_hello("")).is, state::none);
  EXPECT_EQ(find_server_name(as_bytes("GET / HTTP/1.1\r\n")).is, state::none);
  bytes server_hello = client_hello("blocked.test");
  server_hello[5] = 2;
  EXPECT_EQ(find_server_name(server_hello).is, state::none);
  const bytes endless = {22, 3, 1, 0, 4, 1, 0xff, 0xff, 0xff};
  EXPECT_EQ(find_server_name(endless).is, state::none) << "no ClientHello is that large";
  // Lengths inside that do not fit: read as having no name, never past the end.
  bytes hello = client_hello("blocked.test");
  for (size_t at = 5 + 4; at < hello.size(); ++at) {
    bytes wrong = hello;
    wrong[at] = 0xff;
    const server_name seen = find_server_name(wrong);
    EXPECT_TRUE(seen.is == state::none || seen.name.size() == 12) << at;
  }
}

TEST(ClientHello, AFlowIsMatchedWhereverItIsSplit) {
  const bytes hello = client_hello("www.blocked.test");
  for (size_t cut = 1; cut <= hello.size(); ++cut) {
    talk t;
    const client_hello_rule* rule = t.says(0, byte_view(hello).first(cut));
    EXPECT_EQ(rule != nullptr, cut == hello.size()) << cut;
    if (cut < hello.size()) rule = t.says(cut, byte_view(hello).subspan(cut));
    ASSERT_EQ(rule, &rules[1]) << cut;
    EXPECT_TRUE(t.talking.hello.empty()) << "nothing is kept";
    EXPECT_EQ(t.says(hello.size(), hello), nullptr) << "a flow is judged once";
  }
}

TEST(ClientHello, WhatIsSentTwiceCountsOnce) {
  const bytes hello = client_hello("blocked.test");
  talk t;
  EXPECT_EQ(t.says(0, byte_view(hello).first(50)), nullptr);
  EXPECT_EQ(t.says(0, byte_view(hello).first(50)), nullptr);
  EXPECT_EQ(t.says(20, byte_view(hello).subspan(20, 50)), nullptr);
  EXPECT_EQ(t.talking.hello.size(), 70u);
  EXPECT_EQ(t.says(100, byte_view(hello).subspan(100)), nullptr) << "with a gap";
  EXPECT_EQ(t.says(0, hello), &rules[1]);
}

TEST(ClientHello, OthersAreLetGo) {
  talk other, plain, endless, unknown;
  EXPECT_EQ(other.says(0, client_hello("good.test")), nullptr);
  EXPECT_TRUE(other.talking.hello_read);
  EXPECT_EQ(plain.says(0, as_bytes("GET / HTTP/1.1\r\n")), nullptr);
  EXPECT_TRUE(plain.talking.hello_read);
  bytes empty_records;
  while (empty_records.size() <= settings::client_hello_most) append(empty_records, record({}));
  EXPECT_EQ(endless.says(0, empty_records), nullptr);
  EXPECT_TRUE(endless.talking.hello_read && endless.talking.hello.empty());
  unknown.talking.sender(direction::up).first = {};
  EXPECT_EQ(unknown.says(0, client_hello("blocked.test")), nullptr) << "its beginning was not seen";
}
