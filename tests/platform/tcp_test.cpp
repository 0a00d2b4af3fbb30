// Connections of tharsis.net/1 on both platforms: edges, ends, resets, handles.
#include "tests/platform/both_platforms.h"
#include "tests/sdk/sim/wire.h"

using namespace tharsis;
using namespace tharsis::test;

namespace {

class Tcp : public BothPlatforms {
 protected:
  Tcp() { EXPECT_EQ(listener.listen(at("127.0.0.1", 0)), THARSIS_OK); }

  void connect() {
    ASSERT_EQ(far.accept(listener), THARSIS_PENDING);
    ASSERT_EQ(near.dial(listener.address), THARSIS_OK);
    ASSERT_TRUE(until([&] { return near.saw(THARSIS_NET_CONNECTED) && listener.saw(THARSIS_NET_READABLE); }));
    ASSERT_EQ(far.accept(listener), THARSIS_OK);
    near.seen = far.seen = 0;
    near.events = far.events = 0;
  }
  void write(wire& w, std::string_view data) {
    EXPECT_TRUE(until([&] { return w.write_some(data) == THARSIS_OK; }));
  }
  // Reads until `size` bytes have come.
  bool gets(wire& w, size_t size) {
    return until([&] {
      w.read_all();
      return w.got.size() >= size;
    });
  }

  const tharsis_strand& strand = stage_->open();
  wire listener{*stage_, strand}, near{*stage_, strand}, far{*stage_, strand};
};

}  // namespace
THARSIS_ON_BOTH(Tcp);

TEST_P(Tcp, ADialIsToldLaterAndBothEndsKnowEachOther) {
  on(strand, [&] {
    ASSERT_EQ(near.dial(listener.address), THARSIS_OK);
    EXPECT_EQ(near.events, 0);
  });
  ASSERT_TRUE(until([&] { return near.saw(THARSIS_NET_CONNECTED); }));
  ASSERT_TRUE(until([&] { return far.accept(listener) == THARSIS_OK; }));
  EXPECT_TRUE(far.address == near.local());
  EXPECT_TRUE(far.local() == listener.address);
  EXPECT_NE(listener.address.port, 0);
}

TEST_P(Tcp, ADialThatNobodyTakesFailsAsAnEvent) {
  const tharsis_address gone = listener.address;
  ASSERT_EQ(listener.close(), THARSIS_OK);
  ASSERT_EQ(near.dial(gone), THARSIS_OK);
  ASSERT_TRUE(until([&] { return near.saw(THARSIS_NET_FAILED); }));
  EXPECT_EQ(near.failure, THARSIS_E_REFUSED);
  EXPECT_FALSE(near.saw(THARSIS_NET_CONNECTED));
  EXPECT_EQ(near.read_all(), THARSIS_E_REFUSED);
  EXPECT_EQ(near.close(), THARSIS_OK);
}

TEST_P(Tcp, AnAddressNeedsAFamilyAndADialAPort) {
  EXPECT_EQ(near.dial({}), THARSIS_E_INVALID);
  EXPECT_EQ(near.dial(at("127.0.0.1", 0)), THARSIS_E_INVALID);
  EXPECT_EQ(far.listen({}), THARSIS_E_INVALID);
}

TEST_P(Tcp, APortIsListenedOnOnceAndFreeAgainAfterTheClose) {
  const tharsis_address taken = listener.address;
  EXPECT_EQ(far.listen(taken), THARSIS_E_IN_USE);
  EXPECT_EQ(far.listen(at("203.0.113.7", 0)), THARSIS_E_NOT_FOUND);
  ASSERT_EQ(listener.close(), THARSIS_OK);
  EXPECT_EQ(far.listen(taken), THARSIS_OK);
}

TEST_P(Tcp, AnEventComesOnlyAfterPendingAndOnce) {
  connect();
  write(near, "one");
  settle();
  EXPECT_EQ(far.events, 0) << "nobody has asked";
  EXPECT_EQ(far.read_all(), THARSIS_PENDING);
  EXPECT_EQ(far.got, "one");
  write(near, "two");
  write(near, "three");
  ASSERT_TRUE(until([&] { return far.saw(THARSIS_NET_READABLE); }));
  settle();
  EXPECT_EQ(far.events, 1) << "an edge, not a level";
  EXPECT_TRUE(gets(far, 11));
  EXPECT_EQ(far.got, "onetwothree");
  EXPECT_EQ(listener.events, 1);
}

TEST_P(Tcp, AListenerTellsOfNothingBeforeAnAcceptWasPending) {
  ASSERT_EQ(near.dial(listener.address), THARSIS_OK);
  ASSERT_TRUE(until([&] { return near.saw(THARSIS_NET_CONNECTED); }));
  settle();
  EXPECT_EQ(listener.events, 0);
  EXPECT_EQ(far.accept(listener), THARSIS_OK);
}

TEST_P(Tcp, ReadsAndWritesWaitForTheDial) {
  on(strand, [&] {
    ASSERT_EQ(near.dial(listener.address), THARSIS_OK);
    EXPECT_EQ(near.read_all(), THARSIS_PENDING);
    std::string_view data = "early";
    EXPECT_EQ(near.write_some(data), THARSIS_PENDING);
    EXPECT_EQ(data, "early");
    EXPECT_EQ(near.shutdown(), THARSIS_E_INVALID);
  });
  ASSERT_TRUE(until([&] { return near.saw(THARSIS_NET_WRITABLE); }));
  EXPECT_TRUE(near.saw(THARSIS_NET_CONNECTED));
}

TEST_P(Tcp, AnEndedSideWritesNoMoreAndReadsOn) {
  connect();
  EXPECT_EQ(far.read_all(), THARSIS_PENDING);
  write(near, "last words");
  ASSERT_EQ(near.shutdown(), THARSIS_OK);
  std::string_view more = "x";
  EXPECT_EQ(near.write_some(more), THARSIS_E_INVALID);
  ASSERT_TRUE(until([&] { return far.saw(THARSIS_NET_READABLE); }));
  ASSERT_TRUE(until([&] { return far.read_all() == THARSIS_OK; })) << "the end";
  EXPECT_EQ(far.got, "last words");
  EXPECT_EQ(far.read_all(), THARSIS_OK) << "the end stays the end";
  write(far, "answer");
  EXPECT_TRUE(gets(near, 6));
  EXPECT_EQ(near.got, "answer");
  ASSERT_EQ(far.close(), THARSIS_OK);
  EXPECT_TRUE(until([&] { return near.read_all() == THARSIS_OK; }));
}

TEST_P(Tcp, MuchDataPassesWholeThroughPartialWrites) {
  connect();
  std::string data(20'000'000, '\0');
  for (size_t i = 0; i < data.size(); ++i) data[i] = static_cast<char>(i * 7 + i / 1021);
  std::string_view left = data;
  ASSERT_EQ(near.write_some(left), THARSIS_PENDING) << "a buffer that takes all of this is none";
  near.also = [&] {
    if (near.saw(THARSIS_NET_WRITABLE) && !left.empty()) near.write_some(left);
  };
  far.also = [&] { far.read_all(); };  // Before the first read: its edge may come while that returns.
  EXPECT_EQ(far.read_all(), THARSIS_PENDING);
  EXPECT_TRUE(until([&] { return far.got.size() == data.size(); }));
  EXPECT_TRUE(far.got == data);
}

TEST_P(Tcp, AResetIsToldUnaskedAndStays) {
  connect();
  ASSERT_EQ(far.set("reset_on_close", 1), THARSIS_OK);
  ASSERT_EQ(far.close(), THARSIS_OK);
  ASSERT_TRUE(until([&] { return near.saw(THARSIS_NET_FAILED); }));
  EXPECT_EQ(near.failure, THARSIS_E_RESET);
  EXPECT_EQ(near.read_all(), THARSIS_E_RESET);
  EXPECT_EQ(near.read_all(), THARSIS_E_RESET);
  std::string_view data = "x";
  EXPECT_EQ(near.write_some(data), THARSIS_E_RESET);
  settle();
  EXPECT_EQ(near.events, 1);
}

TEST_P(Tcp, WhatCameBeforeAResetIsStillRead) {
  connect();
  write(far, "before");
  settle();
  ASSERT_EQ(far.set("reset_on_close", 1), THARSIS_OK);
  ASSERT_EQ(far.close(), THARSIS_OK);
  ASSERT_TRUE(until([&] { return near.saw(THARSIS_NET_FAILED); }));
  EXPECT_EQ(near.read_all(), THARSIS_E_RESET);
  EXPECT_EQ(near.got, "before");
}

TEST_P(Tcp, AWaitingReaderIsToldOfAResetAsReadable) {
  connect();
  EXPECT_EQ(near.read_all(), THARSIS_PENDING);
  ASSERT_EQ(far.set("reset_on_close", 1), THARSIS_OK);
  ASSERT_EQ(far.close(), THARSIS_OK);
  EXPECT_TRUE(until([&] { return near.saw(THARSIS_NET_READABLE) && near.saw(THARSIS_NET_FAILED); }));
}

TEST_P(Tcp, AWriteToAPeerThatHasClosedEndsInAReset) {
  connect();
  ASSERT_EQ(far.close(), THARSIS_OK);
  EXPECT_TRUE(until([&] { return near.read_all() == THARSIS_OK; }));
  std::string_view data = "x";
  near.write_some(data);
  EXPECT_TRUE(until([&] { return near.saw(THARSIS_NET_FAILED); }));
  EXPECT_EQ(near.failure, THARSIS_E_RESET);
}

TEST_P(Tcp, ACloseWithUnreadBytesIsAReset) {
  connect();
  write(near, "never read");
  settle();
  ASSERT_EQ(far.close(), THARSIS_OK);
  ASSERT_TRUE(until([&] { return near.saw(THARSIS_NET_FAILED); }));
  EXPECT_EQ(near.failure, THARSIS_E_RESET);
}

TEST_P(Tcp, WhoeverWaitsToBeAcceptedIsCutOffWhenTheListenerCloses) {
  ASSERT_EQ(near.dial(listener.address), THARSIS_OK);
  ASSERT_TRUE(until([&] { return near.saw(THARSIS_NET_CONNECTED); }));
  settle();
  ASSERT_EQ(listener.close(), THARSIS_OK);
  ASSERT_TRUE(until([&] { return near.saw(THARSIS_NET_FAILED); }));
  EXPECT_EQ(near.failure, THARSIS_E_RESET);
}

TEST_P(Tcp, AHandleMayBeClosedInsideItsEventAndIsStaleFromThenOn) {
  connect();
  EXPECT_EQ(far.read_all(), THARSIS_PENDING);
  far.also = [&] { EXPECT_EQ(far.close(), THARSIS_OK); };
  write(near, "x");
  ASSERT_TRUE(until([&] { return far.events > 0; }));
  std::string_view data = "x";
  EXPECT_EQ(far.read_all(), THARSIS_E_GONE);
  EXPECT_EQ(far.write_some(data), THARSIS_E_GONE);
  EXPECT_EQ(far.shutdown(), THARSIS_E_GONE);
  EXPECT_EQ(far.set("reset_on_close", 1), THARSIS_E_GONE);
  EXPECT_EQ(far.close(), THARSIS_E_GONE);
  wire next{*stage_, strand};  // It may take the place, never the name.
  ASSERT_EQ(next.listen(at("127.0.0.1", 0)), THARSIS_OK);
  EXPECT_EQ(far.close(), THARSIS_E_GONE);
  settle();
  EXPECT_EQ(far.events, 1);
}

TEST_P(Tcp, AnEventThatWaitsIsNotToldOnceItsSocketIsClosed) {
  connect();
  wire second{*stage_, strand}, second_far{*stage_, strand};
  ASSERT_EQ(second.dial(listener.address), THARSIS_OK);
  ASSERT_TRUE(until([&] { return second_far.accept(listener) == THARSIS_OK; }));
  EXPECT_EQ(far.read_all(), THARSIS_PENDING);
  EXPECT_EQ(second_far.read_all(), THARSIS_PENDING);
  // Whichever is told first closes both.
  const auto close_both = [&] {
    far.close();
    second_far.close();
  };
  far.also = second_far.also = close_both;
  on(strand, [&] {
    std::string_view x = "x", y = "y";
    near.write_some(x);
    second.write_some(y);
  });
  ASSERT_TRUE(until([&] { return far.events + second_far.events > 0; }));
  settle();
  EXPECT_EQ(far.events + second_far.events, 1);
}

TEST_P(Tcp, AFunctionForAnotherKindOfSocketIsInvalidAndAnUnknownNameUnsupported) {
  connect();
  EXPECT_EQ(listener.read_all(), THARSIS_E_INVALID);
  EXPECT_EQ(listener.shutdown(), THARSIS_E_INVALID);
  wire none{*stage_, strand};
  EXPECT_EQ(none.accept(near), THARSIS_E_INVALID);
  EXPECT_EQ(near.set("colour", 1), THARSIS_E_UNSUPPORTED);
  EXPECT_EQ(listener.set("reset_on_close", 1), THARSIS_E_UNSUPPORTED);
  int64_t value = 0;
  on(strand, [&] {
    EXPECT_EQ(near.net.get(near.net.self, near.handle, "colour", &value), THARSIS_E_UNSUPPORTED);
    EXPECT_EQ(near.net.get(near.net.self, listener.handle, "rtt_us", &value), THARSIS_E_UNSUPPORTED);
  });
}

TEST_P(Tcp, TheFactsOfAConnectionAreKnown) {
  connect();
  write(near, std::string(10'000, 'x'));
  EXPECT_TRUE(gets(far, 10'000));
  EXPECT_TRUE(until([&] { return near.fact("unacked_bytes") == 0; }));
  EXPECT_GT(near.fact("rtt_us"), 0);
  EXPECT_EQ(near.fact("retransmits"), 0);
  const int64_t confirmed = near.fact("acked_bytes"), received = near.fact("received_bytes");
  EXPECT_GE(confirmed, 10'000);
  EXPECT_LE(confirmed, 10'001) << "the first packet counts on Linux";
  write(far, std::string(700, 'y'));
  EXPECT_TRUE(gets(near, 700));
  EXPECT_EQ(near.fact("received_bytes"), received + 700);
}

TEST_P(Tcp, ADialMayLimitItsSegmentsAndIsRefusedWhereTheLimitMeansNothing) {
  EXPECT_EQ(near.dial(listener.address, 87), THARSIS_E_INVALID);
  EXPECT_EQ(near.dial(listener.address, 32768), THARSIS_E_INVALID);
  EXPECT_EQ(near.dial(listener.address, 1200), THARSIS_OK);
  EXPECT_TRUE(until([&] { return far.accept(listener) == THARSIS_OK; }));
  write(near, std::string(10'000, 'x'));
  EXPECT_TRUE(gets(far, 10'000));
}

TEST_P(Tcp, AClosedStrandClosesWhatIsOpen) {
  connect();
  const tharsis_strand& other = stage_->open();
  wire dialler{*stage_, other}, taken{*stage_, strand};
  ASSERT_EQ(dialler.dial(listener.address), THARSIS_OK);
  ASSERT_TRUE(until([&] { return taken.accept(listener) == THARSIS_OK; }));
  tharsis_strand_audit audit{};
  audit.size = sizeof audit;
  on(strand, [&] {
    strand.audit(strand.self, &audit);
    strand.close(strand.self);
  });
  EXPECT_EQ(audit.sockets, 4u);  // The listener, both ends of the first connection, one of the second.
  EXPECT_TRUE(until([&] { return dialler.read_all() == THARSIS_OK; })) << "the end, as after any close";
  wire again{*stage_, other};
  EXPECT_EQ(again.listen(listener.address), THARSIS_OK) << "the port is free";
}
