// Datagrams and names of tharsis.net/1 on both platforms.
#include "tests/platform/both_platforms.h"
#include "tests/sdk/sim/mailbox.h"

using namespace tharsis;
using namespace tharsis::test;

namespace {

class Datagram : public BothPlatforms {
 protected:
  tharsis_status open(const tharsis_address& on_address) {
    tharsis_status status = THARSIS_E_INTERNAL;
    on(strand, [&] {
      const auto nothing = [](void*, tharsis_handle, uint32_t, tharsis_status) {};
      tharsis_handle h = 0;
      status = net.datagram(net.self, &on_address, nothing, nullptr, &h, nullptr);
    });
    return status;
  }
  const tharsis_strand& strand = stage_->open();
  const tharsis_net& net = *strand.net;
  mailbox near{*stage_, strand, at("127.0.0.1", 0)};
  mailbox far{*stage_, strand, at("127.0.0.1", 0)};
};

struct answer {
  static void told(void* context, tharsis_handle, tharsis_status status, const tharsis_address* list,
                   size_t count) {
    auto& self = *static_cast<answer*>(context);
    ++self.times;
    self.status = status;
    self.addresses.assign(list, list + count);
  }
  int times = 0;
  tharsis_status status = THARSIS_PENDING;
  std::vector<tharsis_address> addresses;
};

class Names : public BothPlatforms {
 protected:
  tharsis_status ask(const std::string& name, uint32_t family, answer& a, tharsis_handle* id = nullptr) {
    tharsis_status status = THARSIS_E_INTERNAL;
    on(strand, [&] {
      tharsis_handle own = 0;
      status = net.resolve(net.self, text_of(name), family, answer::told, &a, &own, nullptr);
      EXPECT_EQ(a.times, 0) << "never inside the call";
      if (id != nullptr) *id = own;
    });
    return status;
  }
  const tharsis_strand& strand = stage_->open();
  const tharsis_net& net = *strand.net;
};

}  // namespace
THARSIS_ON_BOTH(Datagram);
THARSIS_ON_BOTH(Names);

TEST_P(Datagram, TheyArriveWholeAndSayFromWhere) {
  EXPECT_TRUE(far.take().empty());
  near.send(far.address, "hello");
  ASSERT_TRUE(until([&] { return far.events == 1; }));
  EXPECT_EQ(far.take(), std::vector<std::string>{"hello"});
  EXPECT_TRUE(far.from == near.address);
  near.send(far.address, "");
  std::vector<std::string> got;
  EXPECT_TRUE(until([&] { return !(got = far.take()).empty(); }));
  EXPECT_EQ(got, std::vector<std::string>{""}) << "an empty one is one";
}

TEST_P(Datagram, WhatDoesNotFitIsLostAndTheNextOneIsWhole) {
  near.send(far.address, "0123456789");
  near.send(far.address, "ab");
  settle();
  EXPECT_EQ(far.events, 0) << "nobody has asked";
  EXPECT_EQ(far.take(4), (std::vector<std::string>{"0123", "ab"}));
}

// Nobody takes it there, and the machine says so to whoever wants to hear it.
TEST_P(Datagram, WhoWantsToHearItIsToldThatNobodyListens) {
  on(strand, [&] { EXPECT_EQ(net.close(net.self, far.handle), THARSIS_OK); });
  const auto error = [&](tharsis_net_error& what, std::string& bytes) {
    uint8_t into[8];
    size_t count = 0;
    const tharsis_status status = net.receive_error(net.self, near.handle, into, sizeof into, &count, &what);
    bytes.assign(as_text({into, count}));
    return status;
  };
  tharsis_net_error what{};
  std::string bytes;
  near.send(far.address, "nobody asked");
  settle();
  on(strand, [&] {
    EXPECT_EQ(error(what, bytes), THARSIS_PENDING);
    EXPECT_EQ(net.set(net.self, near.handle, "errors", 1), THARSIS_OK);
    EXPECT_EQ(net.set(net.self, near.handle, "ttl", 300), THARSIS_E_INVALID);
    EXPECT_EQ(net.set(net.self, near.handle, "colour", 1), THARSIS_E_UNSUPPORTED);
  });
  near.send(far.address, "0123456789");
  tharsis_status status = THARSIS_PENDING;
  ASSERT_TRUE(until([&] {
    on(strand, [&] { status = error(what, bytes); });
    return status != THARSIS_PENDING;
  }));
  EXPECT_EQ(status, THARSIS_OK);
  EXPECT_EQ(what.status, THARSIS_E_REFUSED);
  EXPECT_EQ(what.type, 3u);
  EXPECT_EQ(what.code, 3u);
  EXPECT_TRUE(what.to == far.address) << to_text(what.to);
  EXPECT_TRUE(same_ip(what.from, far.address)) << to_text(what.from);
  EXPECT_EQ(bytes, "01234567") << "cut to what has room";
}

TEST_P(Datagram, APortIsBoundOnceAndAddressesMustFit) {
  EXPECT_EQ(open(far.address), THARSIS_E_IN_USE);
  EXPECT_EQ(open(at("203.0.113.7", 0)), THARSIS_E_NOT_FOUND);
  EXPECT_EQ(open({}), THARSIS_E_INVALID);
  on(strand, [&] {
    const std::vector<uint8_t> much(70'000);
    const tharsis_address v6 = at("::1", 9), no_port = at("127.0.0.1", 0);
    EXPECT_EQ(net.send(net.self, near.handle, &far.address, much.data(), much.size()), THARSIS_E_INVALID);
    EXPECT_EQ(net.send(net.self, near.handle, &v6, much.data(), 1), THARSIS_E_INVALID);
    EXPECT_EQ(net.send(net.self, near.handle, &no_port, much.data(), 1), THARSIS_E_INVALID);
  });
}

TEST_P(Names, LocalhostAndLiteralsAreKnown) {
  answer local, literal;
  ASSERT_EQ(ask("localhost", 4, local), THARSIS_OK);
  ASSERT_EQ(ask("192.0.2.7", 0, literal), THARSIS_OK);
  ASSERT_TRUE(until([&] { return local.times + literal.times == 2; }));
  ASSERT_EQ(local.status, THARSIS_OK);
  ASSERT_FALSE(local.addresses.empty());
  EXPECT_EQ(to_text(local.addresses[0]), "127.0.0.1:0");
  ASSERT_EQ(literal.addresses.size(), 1u);
  EXPECT_EQ(to_text(literal.addresses[0]), "192.0.2.7:0");
}

TEST_P(Names, ALiteralOfTheOtherFamilyIsNotFound) {
  answer a;
  ASSERT_EQ(ask("192.0.2.7", 6, a), THARSIS_OK);
  ASSERT_TRUE(until([&] { return a.times == 1; }));
  EXPECT_EQ(a.status, THARSIS_E_NOT_FOUND);
  EXPECT_TRUE(a.addresses.empty());
}

TEST_P(Names, AQuestionThatWasGivenUpIsNotAnswered) {
  answer given_up, other;
  tharsis_handle id = 0;
  on(strand, [&] {
    ASSERT_EQ(ask("localhost", 0, given_up, &id), THARSIS_OK);
    ASSERT_EQ(net.close(net.self, id), THARSIS_OK);
    EXPECT_EQ(net.close(net.self, id), THARSIS_E_GONE);
    ASSERT_EQ(ask("localhost", 0, other), THARSIS_OK);
  });
  ASSERT_TRUE(until([&] { return other.times == 1; }));
  settle();
  EXPECT_EQ(given_up.times, 0);
}

TEST_P(Names, WhatCannotBeANameIsInvalid) {
  answer a;
  EXPECT_EQ(ask("", 0, a), THARSIS_E_INVALID);
  EXPECT_EQ(ask(std::string(254, 'a'), 0, a), THARSIS_E_INVALID);
  EXPECT_EQ(ask(std::string("a\0b", 3), 0, a), THARSIS_E_INVALID);
  EXPECT_EQ(ask("localhost", 5, a), THARSIS_E_INVALID);
}
