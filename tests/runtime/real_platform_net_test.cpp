#include <algorithm>
#include <string>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>

#include "sdk/pure/views.h"
#include "tests/runtime/real_stage.h"

using namespace tharsis;
using tharsis::test::address_of;
using tharsis::test::real_stage;

namespace {

// A socket that writes down what it is told; used on its strand only.
struct end {
  explicit end(const tharsis_strand& s) : strand(s), net(*s.net) {}

  const tharsis_strand& strand;
  const tharsis_net& net;
  tharsis_handle id = 0;
  uint32_t seen = 0;
  int events = 0;
  bool inside_call = false;
  bool told_inside = false;
  tharsis_status failure = THARSIS_OK;
  std::function<void()> then = [] {};

  static void on_event(void* context, tharsis_handle handle, uint32_t bits, tharsis_status status) {
    auto& e = *static_cast<end*>(context);
    EXPECT_EQ(handle, e.id);
    EXPECT_EQ((bits & THARSIS_NET_FAILED) != 0, status != THARSIS_OK);
    e.told_inside = e.told_inside || e.inside_call;
    e.seen |= bits;
    ++e.events;
    if (status != THARSIS_OK) e.failure = status;
    e.then();
  }

  tharsis_status dial(const tharsis_address& to) {
    inside_call = true;
    const tharsis_status s = net.dial(net.self, &to, &end::on_event, this, &id, nullptr);
    inside_call = false;
    return s;
  }
  tharsis_status listen(const tharsis_address& on, tharsis_error* error = nullptr) {
    return net.listen(net.self, &on, &end::on_event, this, &id, error);
  }
  tharsis_status datagram(const tharsis_address& on) {
    return net.datagram(net.self, &on, &end::on_event, this, &id, nullptr);
  }
  tharsis_status accept_from(const end& listener, tharsis_address* peer = nullptr) {
    return net.accept(net.self, listener.id, &end::on_event, this, &id, peer);
  }
  tharsis_address local() {
    tharsis_address a{};
    EXPECT_EQ(net.local(net.self, id, &a), THARSIS_OK);
    return a;
  }
  tharsis_status write(std::string_view text) {
    size_t count = 0;
    return net.write(net.self, id, as_bytes(text).data(), text.size(), &count);
  }
  // What there is to read now, and how the last read ended: OK for the peer's end.
  tharsis_status read_all(std::string& into) {
    uint8_t piece[4096];
    for (;;) {
      size_t count = 0;
      const tharsis_status s = net.read(net.self, id, piece, sizeof piece, &count);
      if (s != THARSIS_OK || count == 0) return s;
      into.append(as_text({piece, count}));
    }
  }
  tharsis_status close() { return net.close(net.self, id); }
};

class RealNet : public ::testing::Test {
 protected:
  // Two ends of one connection over loopback, both quiet.
  void connect() {
    real_stage::on(strand, [&] {
      ASSERT_EQ(listener.listen(address_of("127.0.0.1")), THARSIS_OK);
      ASSERT_EQ(server.accept_from(listener), THARSIS_PENDING);
      ASSERT_EQ(client.dial(listener.local()), THARSIS_OK);
    });
    real_stage::until(strand, [&] { return client.seen == THARSIS_NET_CONNECTED && listener.seen != 0; });
    real_stage::on(strand, [&] { ASSERT_EQ(server.accept_from(listener), THARSIS_OK); });
    client.seen = 0;
    client.events = 0;
  }
  // Long enough for an event that must not come, and more than the poller's looking interval.
  void a_while() {
    test::told passed;
    real_stage::on(strand, [&] {
      const auto tell = [](void* c, tharsis_handle) { static_cast<test::told*>(c)->tell(); };
      strand.loop->timer_set(strand.loop->self, strand.loop->now(strand.loop->self) + 5'000'000, tell,
                             &passed, 0, nullptr);
    });
    ASSERT_TRUE(passed.wait());
  }

  real_stage stage;
  const tharsis_strand& strand = stage.open();
  end listener{strand}, server{strand}, client{strand};
};

}  // namespace

TEST_F(RealNet, ADialIsToldLaterAndBothEndsKnowEachOther) {
  real_stage::on(strand, [&] {
    ASSERT_EQ(listener.listen(address_of("127.0.0.1")), THARSIS_OK);
    EXPECT_EQ(server.accept_from(listener), THARSIS_PENDING);
    EXPECT_NE(listener.local().port, 0);
    ASSERT_EQ(client.dial(listener.local()), THARSIS_OK);
  });
  real_stage::until(strand, [&] { return client.seen != 0 && listener.seen != 0; });
  EXPECT_EQ(client.seen, static_cast<uint32_t>(THARSIS_NET_CONNECTED));
  EXPECT_FALSE(client.told_inside);
  real_stage::on(strand, [&] {
    tharsis_address peer{};
    ASSERT_EQ(server.accept_from(listener, &peer), THARSIS_OK);
    EXPECT_EQ(to_text(peer), to_text(client.local()));
    EXPECT_EQ(to_text(server.local()), to_text(listener.local()));
  });
}

TEST_F(RealNet, ADialThatNobodyAnswersFailsAsAnEvent) {
  real_stage::on(strand, [&] {
    ASSERT_EQ(listener.listen(address_of("127.0.0.1")), THARSIS_OK);
    const tharsis_address gone = listener.local();
    listener.close();
    ASSERT_EQ(client.dial(gone), THARSIS_OK);
    EXPECT_EQ(client.events, 0);
  });
  real_stage::until(strand, [&] { return client.events == 1; });
  EXPECT_EQ(client.failure, THARSIS_E_REFUSED);
  EXPECT_FALSE(client.told_inside);
  real_stage::on(strand, [&] {
    std::string text;
    EXPECT_EQ(client.read_all(text), THARSIS_E_REFUSED);
    EXPECT_EQ(client.write("x"), THARSIS_E_REFUSED);
    EXPECT_EQ(client.close(), THARSIS_OK);
    EXPECT_EQ(client.close(), THARSIS_E_GONE);
  });
}

TEST_F(RealNet, ADialNeedsAFamilyAndAPort) {
  real_stage::on(strand, [&] {
    EXPECT_EQ(client.dial(address_of("127.0.0.1", 0)), THARSIS_E_INVALID);
    EXPECT_EQ(client.dial(tharsis_address{}), THARSIS_E_INVALID);
  });
  EXPECT_EQ(real_stage::audit(strand).sockets, 0u);
}

TEST_F(RealNet, AnEventComesOnlyAfterPending) {
  connect();
  real_stage::on(strand, [&] { ASSERT_EQ(client.write("early"), THARSIS_OK); });
  a_while();
  EXPECT_EQ(server.events, 0) << "nobody has asked yet";
  std::string text;
  real_stage::on(strand, [&] { EXPECT_EQ(server.read_all(text), THARSIS_PENDING); });
  EXPECT_EQ(text, "early");
  real_stage::on(strand, [&] { ASSERT_EQ(client.write("later"), THARSIS_OK); });
  real_stage::until(strand, [&] { return server.events > 0; });
  real_stage::on(strand, [&] { ASSERT_EQ(client.write("more"), THARSIS_OK); });
  a_while();
  EXPECT_EQ(server.events, 1);
  EXPECT_EQ(server.seen, static_cast<uint32_t>(THARSIS_NET_READABLE));
  EXPECT_EQ(client.events, 0);
}

TEST_F(RealNet, AnEdgeThatARaceHasMadeStaleIsNotTold) {
  connect();
  std::string text;
  real_stage::on(strand, [&] { ASSERT_EQ(server.read_all(text), THARSIS_PENDING); });
  real_stage::on(strand, [&] {
    client.write("x");
    // Reads before the edge can be told, so the edge has nothing to tell any more.
    EXPECT_EQ(server.read_all(text), THARSIS_PENDING);
  });
  a_while();
  EXPECT_EQ(text, "x");
  EXPECT_EQ(server.events, 0);
}

TEST_F(RealNet, LargeDataPassesWholeThroughPartialWritesAndHalfClose) {
  connect();
  std::string sent(8 << 20, '\0');
  for (size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<char>(i * 2654435761u >> 13);
  size_t written = 0, echoed = 0;
  int pauses = 0;
  bool client_ended = false;
  std::string kept, back;
  const auto push = [&](end& e, const std::string& all, size_t& from) {
    size_t count = 0;
    const tharsis_status s =
        e.net.write(e.net.self, e.id, as_bytes(all).data() + from, all.size() - from, &count);
    from += count;
    if (s == THARSIS_PENDING) {
      EXPECT_LT(from, all.size());
      ++pauses;
    }
    return s;
  };
  bool server_saw_end = false;
  const auto serve = [&] {
    if (!server_saw_end) server_saw_end = server.read_all(kept) == THARSIS_OK;
    if (!server_saw_end) return;  // It answers only after the client's half has ended.
    if (echoed < kept.size() && push(server, kept, echoed) == THARSIS_OK)
      server.net.shutdown(server.net.self, server.id);
  };
  const auto ask = [&] {
    if (written < sent.size() && push(client, sent, written) == THARSIS_OK)
      client.net.shutdown(client.net.self, client.id);
    client_ended = client.read_all(back) == THARSIS_OK;
  };
  server.then = serve;
  client.then = ask;
  real_stage::on(strand, [&] {
    serve();
    ask();
  });
  real_stage::until(strand, [&] { return client_ended; });
  EXPECT_TRUE(kept == sent);
  EXPECT_TRUE(back == sent);
  EXPECT_GT(pauses, 0) << "the data fitted the system's buffers; send more";
}

TEST_F(RealNet, AResetLetsReadWhatCameBeforeAndStaysAReset) {
  connect();
  real_stage::on(strand, [&] {
    ASSERT_EQ(server.net.set(server.net.self, server.id, "reset_on_close", 1), THARSIS_OK);
    ASSERT_EQ(server.write("last words"), THARSIS_OK);
    ASSERT_EQ(server.close(), THARSIS_OK);
  });
  std::string text;
  real_stage::until(strand, [&] { return client.read_all(text) != THARSIS_PENDING; });
  EXPECT_EQ(text, "last words");
  real_stage::on(strand, [&] {
    EXPECT_EQ(client.read_all(text), THARSIS_E_RESET);
    EXPECT_EQ(client.write("x"), THARSIS_E_RESET);
    EXPECT_EQ(client.write("x"), THARSIS_E_RESET);
    EXPECT_EQ(client.read_all(text), THARSIS_E_RESET) << "an end now would be a lie";
  });
}

TEST_F(RealNet, AResetThatAWriteMeetsFirstIsNoEndForTheReader) {
  connect();
  real_stage::on(strand, [&] {
    server.net.set(server.net.self, server.id, "reset_on_close", 1);
    server.close();
  });
  real_stage::until(strand, [&] { return client.write("x") != THARSIS_OK; });
  real_stage::on(strand, [&] {
    std::string text;
    EXPECT_EQ(client.read_all(text), THARSIS_E_RESET);
  });
}

TEST_F(RealNet, AWaitingReaderIsWokenByAReset) {
  connect();
  std::string text;
  real_stage::on(strand, [&] {
    ASSERT_EQ(client.read_all(text), THARSIS_PENDING);
    server.net.set(server.net.self, server.id, "reset_on_close", 1);
    server.close();
  });
  real_stage::until(strand, [&] { return client.events > 0; });
  real_stage::on(strand, [&] { EXPECT_EQ(client.read_all(text), THARSIS_E_RESET); });
}

TEST_F(RealNet, AnIdleEndIsToldOfAResetToo) {
  connect();
  real_stage::on(strand, [&] {
    ASSERT_EQ(server.write("last words"), THARSIS_OK);
    server.net.set(server.net.self, server.id, "reset_on_close", 1);
    server.close();
  });
  real_stage::until(strand, [&] { return client.events > 0; });
  EXPECT_EQ(client.failure, THARSIS_E_RESET);
  real_stage::on(strand, [&] {
    std::string text;
    EXPECT_EQ(client.read_all(text), THARSIS_E_RESET);
    EXPECT_EQ(text, "last words");
    EXPECT_EQ(client.net.shutdown(client.net.self, client.id), THARSIS_E_RESET);
  });
  a_while();
  EXPECT_EQ(client.events, 1);
}

TEST_F(RealNet, ReadsAndWritesWaitForTheDialAndAnEndedSideWritesNoMore) {
  real_stage::on(strand, [&] {
    ASSERT_EQ(listener.listen(address_of("127.0.0.1")), THARSIS_OK);
    ASSERT_EQ(server.accept_from(listener), THARSIS_PENDING);
    ASSERT_EQ(client.dial(listener.local()), THARSIS_OK);
    std::string text;
    EXPECT_EQ(client.net.shutdown(client.net.self, client.id), THARSIS_E_INVALID);
    EXPECT_EQ(client.read_all(text), THARSIS_PENDING);
    EXPECT_EQ(client.write("x"), THARSIS_PENDING);
  });
  real_stage::until(strand, [&] { return client.events > 0; });
  EXPECT_EQ(client.seen, static_cast<uint32_t>(THARSIS_NET_CONNECTED | THARSIS_NET_WRITABLE));
  real_stage::on(strand, [&] {
    EXPECT_EQ(client.write("x"), THARSIS_OK);
    EXPECT_EQ(client.net.shutdown(client.net.self, client.id), THARSIS_OK);
    EXPECT_EQ(client.net.shutdown(client.net.self, client.id), THARSIS_OK);
    EXPECT_EQ(client.write("y"), THARSIS_E_INVALID);
    ASSERT_EQ(server.accept_from(listener), THARSIS_OK);
    ASSERT_EQ(server.write("z"), THARSIS_OK);
  });
  real_stage::until(strand, [&] { return (client.seen & THARSIS_NET_READABLE) != 0; });
}

TEST_F(RealNet, AHandleMayBeClosedInsideItsOwnEvent) {
  connect();
  std::string text;
  real_stage::on(strand, [&] { ASSERT_EQ(server.read_all(text), THARSIS_PENDING); });
  server.then = [&] { EXPECT_EQ(server.close(), THARSIS_OK); };
  real_stage::on(strand, [&] { client.write("x"); });
  real_stage::until(strand, [&] { return server.events > 0; });
  real_stage::on(strand, [&] {
    size_t count = 1;
    uint8_t byte = 0;
    EXPECT_EQ(server.net.read(server.net.self, server.id, &byte, 1, &count), THARSIS_E_GONE);
    EXPECT_EQ(count, 0u);
    EXPECT_EQ(server.net.write(server.net.self, server.id, &byte, 1, &count), THARSIS_E_GONE);
    EXPECT_EQ(server.net.shutdown(server.net.self, server.id), THARSIS_E_GONE);
    tharsis_address a;
    int64_t value;
    EXPECT_EQ(server.net.local(server.net.self, server.id, &a), THARSIS_E_GONE);
    EXPECT_EQ(server.net.set(server.net.self, server.id, "reset_on_close", 1), THARSIS_E_GONE);
    EXPECT_EQ(server.net.get(server.net.self, server.id, "rtt_us", &value), THARSIS_E_GONE);
  });
}

TEST_F(RealNet, AnEventOfASocketThatWasClosedMeanwhileIsNotTold) {
  connect();
  std::string text;
  real_stage::on(strand, [&] {
    ASSERT_EQ(server.read_all(text), THARSIS_PENDING);
    ASSERT_EQ(client.read_all(text), THARSIS_PENDING);
  });
  // Both become readable together; whoever is told first closes the other.
  server.then = [&] { client.close(); };
  client.then = [&] { server.close(); };
  real_stage::on(strand, [&] {
    client.write("x");
    server.write("x");
  });
  real_stage::until(strand, [&] { return server.events + client.events > 0; });
  a_while();
  EXPECT_EQ(std::min(server.events, client.events), 0) << "the one that was closed";
}

TEST_F(RealNet, APortInUseIsNamedInTheSentence) {
  real_stage::on(strand, [&] {
    ASSERT_EQ(listener.listen(address_of("127.0.0.1")), THARSIS_OK);
    end second(strand);
    tharsis_error error = no_error();
    EXPECT_EQ(second.listen(listener.local(), &error), THARSIS_E_IN_USE);
    EXPECT_NE(std::string(error.text).find(to_text(listener.local())), std::string::npos) << error.text;
    EXPECT_NE(std::string(error.text).find("in use"), std::string::npos) << error.text;
  });
}

TEST_F(RealNet, AnAddressThatIsNotOursCannotBeListenedOn) {
  real_stage::on(strand, [&] {
    tharsis_error error = no_error();
    EXPECT_EQ(listener.listen(address_of("192.0.2.1", 4000), &error), THARSIS_E_NOT_FOUND);
    EXPECT_NE(std::string(error.text).find("192.0.2.1:4000"), std::string::npos) << error.text;
    EXPECT_EQ(listener.listen(tharsis_address{}, &error), THARSIS_E_INVALID);
  });
}

TEST_F(RealNet, AFunctionForAnotherKindOfSocketIsInvalid) {
  connect();
  real_stage::on(strand, [&] {
    uint8_t byte = 0;
    size_t count = 0;
    end other(strand);
    EXPECT_EQ(listener.net.read(listener.net.self, listener.id, &byte, 1, &count), THARSIS_E_INVALID);
    EXPECT_EQ(listener.write("x"), THARSIS_E_INVALID);
    EXPECT_EQ(other.accept_from(client), THARSIS_E_INVALID);
    const tharsis_address to = server.local();
    EXPECT_EQ(client.net.send(client.net.self, client.id, &to, &byte, 1), THARSIS_E_INVALID);
    EXPECT_EQ(client.net.receive(client.net.self, client.id, &byte, 1, &count, nullptr), THARSIS_E_INVALID);
  });
}

TEST_F(RealNet, OptionsAndFactsAreKnownByName) {
  connect();
  real_stage::on(strand, [&] {
    const tharsis_net& net = client.net;
    int64_t value = -1;
    EXPECT_EQ(net.get(net.self, client.id, "rtt_us", &value), THARSIS_OK);
    EXPECT_GE(value, 0);
    EXPECT_EQ(net.get(net.self, client.id, "retransmits", &value), THARSIS_OK);
    EXPECT_EQ(value, 0);
    // As much as the buffers take, and nobody reads.
    const std::string much(64 << 20, 'x');
    ASSERT_EQ(client.write(much), THARSIS_PENDING);
    EXPECT_EQ(net.get(net.self, client.id, "unacked_bytes", &value), THARSIS_OK);
    EXPECT_GT(value, 0);
    EXPECT_EQ(net.get(net.self, client.id, "colour", &value), THARSIS_E_UNSUPPORTED);
    EXPECT_EQ(net.set(net.self, client.id, "colour", 1), THARSIS_E_UNSUPPORTED);
    EXPECT_EQ(net.set(net.self, listener.id, "reset_on_close", 1), THARSIS_E_UNSUPPORTED);
    EXPECT_EQ(net.get(net.self, listener.id, "rtt_us", &value), THARSIS_E_UNSUPPORTED);
    EXPECT_EQ(net.set(net.self, listener.id, "mss", 1200), THARSIS_OK);
    EXPECT_EQ(net.set(net.self, listener.id, "mss", 0), THARSIS_E_INVALID);
  });
}

TEST_F(RealNet, DatagramsArriveWholeOrCutAndSayFromWhere) {
  end a{strand}, b{strand};
  real_stage::on(strand, [&] {
    ASSERT_EQ(a.datagram(address_of("127.0.0.1")), THARSIS_OK);
    ASSERT_EQ(b.datagram(address_of("127.0.0.1")), THARSIS_OK);
    uint8_t into[4];
    size_t count = 1;
    ASSERT_EQ(b.net.receive(b.net.self, b.id, into, sizeof into, &count, nullptr), THARSIS_PENDING);
    const tharsis_address to = b.local();
    ASSERT_EQ(a.net.send(a.net.self, a.id, &to, as_bytes("longer").data(), 6), THARSIS_OK);
    ASSERT_EQ(a.net.send(a.net.self, a.id, &to, nullptr, 0), THARSIS_OK);
  });
  real_stage::until(strand, [&] { return b.events == 1; });
  real_stage::on(strand, [&] {
    uint8_t into[4];
    size_t count = 0;
    tharsis_address from{};
    ASSERT_EQ(b.net.receive(b.net.self, b.id, into, sizeof into, &count, &from), THARSIS_OK);
    EXPECT_EQ(as_text({into, count}), "long");
    EXPECT_EQ(to_text(from), to_text(a.local()));
    ASSERT_EQ(b.net.receive(b.net.self, b.id, into, sizeof into, &count, nullptr), THARSIS_OK);
    EXPECT_EQ(count, 0u);
    EXPECT_EQ(b.net.receive(b.net.self, b.id, into, sizeof into, &count, nullptr), THARSIS_PENDING);
    const std::vector<uint8_t> too_long(70'000);
    const tharsis_address to = b.local();
    EXPECT_EQ(a.net.send(a.net.self, a.id, &to, too_long.data(), too_long.size()), THARSIS_E_INVALID);
  });
}

// Linux lets the groups of net.ipv4.ping_group_range send echoes; for others there is a clear no, and datagrams go on.
TEST_F(RealNet, EchoesComeBackWhereThisUserMaySendThem) {
  end e{strand};
  tharsis_status may = THARSIS_E_INTERNAL;
  real_stage::on(strand, [&] {
    ASSERT_EQ(e.datagram(address_of("127.0.0.1")), THARSIS_OK);
    EXPECT_EQ(e.net.set(e.net.self, e.id, "echo", 0), THARSIS_E_INVALID);
    may = e.net.set(e.net.self, e.id, "echo", 1);
    const tharsis_address to = address_of("127.0.0.1", 7);
    const std::vector<uint8_t> echo = {8, 0, 0, 0, 0, 0, 0x12, 0x34, 'h', 'i'};
    EXPECT_EQ(e.net.send(e.net.self, e.id, &to, echo.data(), echo.size()), THARSIS_OK);
  });
  if (may != THARSIS_OK) {
    EXPECT_EQ(may, THARSIS_E_DENIED);
    return;
  }
  uint8_t into[64];
  size_t count = 0;
  tharsis_address from{};
  real_stage::until(strand, [&] { return e.net.receive(e.net.self, e.id, into, sizeof into, &count, &from) == THARSIS_OK; });
  ASSERT_EQ(count, 10u);
  EXPECT_EQ(into[0], 0) << "an answer";
  EXPECT_EQ(into[6] << 8 | into[7], 0x1234);
  EXPECT_EQ(into[9], 'i');
}

namespace {
struct answer {
  int times = 0;
  tharsis_handle query = 0;
  tharsis_status status = THARSIS_PENDING;
  std::vector<tharsis_address> list;
  static void on_resolved(void* context, tharsis_handle query, tharsis_status status,
                          const tharsis_address* list, size_t count) {
    auto& a = *static_cast<answer*>(context);
    ++a.times;
    EXPECT_EQ(query, a.query);
    a.status = status;
    a.list.assign(list, list + count);
  }
  tharsis_status ask(const tharsis_strand& s, std::string_view name, uint32_t family) {
    return s.net->resolve(s.net->self, text_of(name), family, &answer::on_resolved, this, &query, nullptr);
  }
};
}  // namespace

TEST_F(RealNet, TheSystemResolvesLocalhostAndLiterals) {
  answer local, literal, mismatch;
  real_stage::on(strand, [&] {
    ASSERT_EQ(local.ask(strand, "localhost", 4), THARSIS_OK);
    ASSERT_EQ(literal.ask(strand, "::1", 0), THARSIS_OK);
    ASSERT_EQ(mismatch.ask(strand, "127.0.0.1", 6), THARSIS_OK);
    EXPECT_EQ(local.times + literal.times + mismatch.times, 0);
  });
  real_stage::until(strand, [&] { return local.times + literal.times + mismatch.times == 3; });
  ASSERT_EQ(local.status, THARSIS_OK);
  ASSERT_EQ(local.list.size(), 1u);
  EXPECT_EQ(ip_text(local.list[0]), "127.0.0.1");
  EXPECT_EQ(local.list[0].port, 0);
  ASSERT_EQ(literal.list.size(), 1u);
  EXPECT_EQ(ip_text(literal.list[0]), "::1");
  EXPECT_EQ(mismatch.status, THARSIS_E_NOT_FOUND);
  EXPECT_TRUE(mismatch.list.empty());
  EXPECT_EQ(real_stage::audit(strand).queries, 0u);
}

TEST_F(RealNet, AQuestionThatWasGivenUpIsNotAnswered) {
  answer given_up, after;
  real_stage::on(strand, [&] {
    ASSERT_EQ(given_up.ask(strand, "localhost", 0), THARSIS_OK);
    EXPECT_EQ(strand.net->close(strand.net->self, given_up.query), THARSIS_OK);
    EXPECT_EQ(strand.net->close(strand.net->self, given_up.query), THARSIS_E_GONE);
    ASSERT_EQ(after.ask(strand, "localhost", 0), THARSIS_OK);
    EXPECT_NE(after.query, given_up.query);
  });
  real_stage::until(strand, [&] { return after.times == 1; });
  a_while();
  EXPECT_EQ(given_up.times, 0);
}

TEST_F(RealNet, NamesThatCannotBeNamesAreInvalid) {
  real_stage::on(strand, [&] {
    answer a;
    EXPECT_EQ(a.ask(strand, "", 0), THARSIS_E_INVALID);
    EXPECT_EQ(a.ask(strand, std::string(254, 'a'), 0), THARSIS_E_INVALID);
    EXPECT_EQ(a.ask(strand, std::string_view("a\0b", 3), 0), THARSIS_E_INVALID);
    EXPECT_EQ(a.ask(strand, "localhost", 5), THARSIS_E_INVALID);
  });
}

TEST_F(RealNet, ClosingAStrandClosesWhatIsOpenAndThePeerSeesTheEnd) {
  const tharsis_strand& doomed = stage.open(THARSIS_STRAND_DEDICATED);
  end caller{doomed};
  answer question;
  real_stage::on(strand, [&] { ASSERT_EQ(listener.listen(address_of("127.0.0.1")), THARSIS_OK); });
  tharsis_address to{};
  real_stage::on(strand, [&] { to = listener.local(); });
  real_stage::on(doomed, [&] { ASSERT_EQ(caller.dial(to), THARSIS_OK); });
  real_stage::until(strand, [&] { return server.id != 0 || server.accept_from(listener) == THARSIS_OK; });
  real_stage::on(doomed, [&] {
    ASSERT_EQ(question.ask(doomed, "localhost", 0), THARSIS_OK);
    tharsis_strand_audit open{};
    doomed.audit(doomed.self, &open);
    EXPECT_EQ(open.sockets, 1u);
    EXPECT_EQ(open.queries, 1u);
    doomed.close(doomed.self);
  });
  std::string text;
  tharsis_status status = THARSIS_PENDING;
  real_stage::until(strand, [&] { return (status = server.read_all(text)) != THARSIS_PENDING; });
  EXPECT_EQ(status, THARSIS_OK);
  EXPECT_EQ(question.times, 0);
}

TEST_F(RealNet, OutOfDescriptorsIsBusyAndWaitingConnectionsAreToldOfAgain) {
  real_stage::on(strand, [&] {
    ASSERT_EQ(listener.listen(address_of("127.0.0.1")), THARSIS_OK);
    ASSERT_EQ(server.accept_from(listener), THARSIS_PENDING);
    ASSERT_EQ(client.dial(listener.local()), THARSIS_OK);
  });
  real_stage::until(strand, [&] { return listener.events == 1; });
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  real_stage::on(strand, [&] {
    const rlimit tight{3, before.rlim_max};  // Those that are open stay open.
    setrlimit(RLIMIT_NOFILE, &tight);
    EXPECT_EQ(server.accept_from(listener), THARSIS_E_BUSY);
    end other(strand);
    EXPECT_EQ(other.dial(listener.local()), THARSIS_E_BUSY);
    tharsis_error error = no_error();
    EXPECT_EQ(other.listen(address_of("127.0.0.1"), &error), THARSIS_E_BUSY);
    EXPECT_NE(std::string(error.text), "");
    EXPECT_EQ(other.datagram(address_of("127.0.0.1")), THARSIS_E_BUSY);
    setrlimit(RLIMIT_NOFILE, &before);
  });
  real_stage::until(strand, [&] { return listener.events == 2; });
  real_stage::on(strand, [&] { EXPECT_EQ(server.accept_from(listener), THARSIS_OK); });
  EXPECT_EQ(real_stage::audit(strand).sockets, 3u);
}

// Whatever the trouble is, it may pass: whoever owns the listener gets to try again.
TEST_F(RealNet, AListenerThatFailsIsToldOfAgain) {
  real_stage::on(strand, [&] {
    ASSERT_EQ(listener.listen(address_of("127.0.0.1")), THARSIS_OK);
    ASSERT_EQ(server.accept_from(listener), THARSIS_PENDING);
    const uint16_t port = listener.local().port;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      const int descriptor = std::stoi(entry.path().filename());
      sockaddr_in own{};
      socklen_t size = sizeof own;
      if (getsockname(descriptor, reinterpret_cast<sockaddr*>(&own), &size) == 0 && own.sin_family == AF_INET && ntohs(own.sin_port) == port) {
        EXPECT_EQ(::shutdown(descriptor, SHUT_RDWR), 0);
      }
    }
  });
  real_stage::until(strand, [&] { return listener.events == 1; });
  for (const int events : {2, 3}) {
    real_stage::on(strand, [&] {
      const tharsis_status status = server.accept_from(listener);
      EXPECT_LT(status, 0);
      EXPECT_NE(status, THARSIS_E_BUSY);
    });
    real_stage::until(strand, [&] { return listener.events == events; });
  }
}

TEST_F(RealNet, NoDescriptorIsInheritedByAProgramThatTheApplicationStarts) {
  connect();
  end udp{strand};
  real_stage::on(strand, [&] { ASSERT_EQ(udp.datagram(address_of("127.0.0.1")), THARSIS_OK); });
  int sockets = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const std::string what = std::filesystem::read_symlink(entry, gone).string();
    if (gone || (!what.starts_with("socket:") && !what.starts_with("anon_inode:[event"))) continue;
    ++sockets;
    EXPECT_NE(fcntl(std::stoi(entry.path().filename()), F_GETFD) & FD_CLOEXEC, 0) << what;
  }
  EXPECT_GE(sockets, 6);
}

TEST_F(RealNet, IPv6LoopbackWorksLikeIPv4) {
  tharsis_status listening = THARSIS_OK;
  real_stage::on(strand, [&] { listening = listener.listen(address_of("::1")); });
  if (listening == THARSIS_E_NOT_FOUND || listening == THARSIS_E_UNREACHABLE)
    GTEST_SKIP() << "this machine has no IPv6";
  ASSERT_EQ(listening, THARSIS_OK);
  real_stage::on(strand, [&] {
    ASSERT_EQ(server.accept_from(listener), THARSIS_PENDING);
    ASSERT_EQ(client.dial(listener.local()), THARSIS_OK);
  });
  real_stage::until(strand, [&] { return client.seen == THARSIS_NET_CONNECTED && listener.events > 0; });
  real_stage::on(strand, [&] {
    tharsis_address peer{};
    ASSERT_EQ(server.accept_from(listener, &peer), THARSIS_OK);
    EXPECT_EQ(to_text(peer), to_text(client.local()));
  });
}

// Many connections between strands of several threads, each message answered; for the thread sanitizer.
TEST(RealNetwork, ASurveyShowsTheLoopbackAndNeedsNoStrand) {
  real_stage stage;
  const tharsis_observer& observer = *stage.platform.table()->observer;
  bool loopback = false;
  const auto see = [](void* context, const tharsis_survey* seen) {
    for (uint32_t i = 0; i < seen->interfaces_count; ++i) {
      const tharsis_interface& one = *seen->interfaces[i];
      if (one.loopback != 0 && view(one.name) == "lo") *static_cast<bool*>(context) = true;
    }
  };
  tharsis_error error = no_error();
  ASSERT_EQ(observer.survey(observer.self, see, &loopback, &error), THARSIS_OK) << error.text;
  EXPECT_TRUE(loopback);
}

TEST(RealNetLoad, ConnectionsOfManyStrandsDoNotDisturbEachOther) {
  real_stage stage;
  const tharsis_strand& host = stage.open(THARSIS_STRAND_DEDICATED);
  end listener{host};
  std::vector<std::unique_ptr<end>> served;
  listener.then = [&] {
    for (;;) {
      auto next = std::make_unique<end>(host);
      if (next->accept_from(listener) != THARSIS_OK) return;
      next->then = [e = next.get()] {
        std::string text;
        if (e->read_all(text) == THARSIS_PENDING) e->write(text);
      };
      next->then();
      served.push_back(std::move(next));
    }
  };
  tharsis_address to{};
  real_stage::on(host, [&] {
    ASSERT_EQ(listener.listen(address_of("127.0.0.1")), THARSIS_OK);
    to = listener.local();
    listener.then();
  });
  constexpr int rounds = 100;
  struct caller {
    explicit caller(const tharsis_strand& s) : e(s) {}
    end e;
    int left = rounds;
    bool asked = false;
    void on_event() {
      while (left > 0) {
        if (!std::exchange(asked, true)) e.write("ping");
        std::string text;
        if (e.read_all(text) != THARSIS_PENDING) ADD_FAILURE() << "the connection has ended";
        if (text.empty()) return;
        EXPECT_EQ(text, "ping");
        asked = false;
        --left;
      }
    }
  };
  std::vector<std::unique_ptr<caller>> callers;
  for (int i = 0; i < 16; ++i) {
    callers.push_back(std::make_unique<caller>(stage.open()));
    caller& c = *callers.back();
    c.e.then = [&c] { c.on_event(); };
    real_stage::on(c.e.strand, [&] { ASSERT_EQ(c.e.dial(to), THARSIS_OK); });
  }
  for (auto& c : callers) real_stage::until(c->e.strand, [&] { return c->left == 0; });
  for (auto& c : callers) real_stage::close(c->e.strand);
  real_stage::close(host);
}
