// The gateway's datagrams in the simulated world: honest ones are carried out once and answered, all others are not.
#include <gtest/gtest.h>

#include <array>

#include "sdk/async/datagram_seal.h"
#include "sdk/async/file_reader.h"
#include "sdk/async/udp_socket.h"
#include "sdk/pure/datagram_message.h"
#include "sdk/sim/world.h"
#include "tests/plugins/gateway/stage.h"

using namespace tharsis;
using namespace tharsis::test;

namespace {

const std::string client_id(32, 'a');
const datagram::message probing{datagram::kind::probe};

gateway::settings over_tls() {
  gateway::settings s;
  s.listen = "tcps://10.0.0.1:1000";
  s.udp = "udp://10.0.0.1:2000";
  s.names = {"im.tharsis.test"};
  s.open = true;
  return s;
}

// A socket at the client's machine, with the keys of a connection or with none.
class mailer {
 public:
  explicit mailer(const tharsis_platform* p) : strand_(open_strand(p, THARSIS_STRAND_SHARED)) {
    run_on(strand_, [this] {
      socket_.emplace(*strand_.net, [this] { receive(); });
      tharsis_error why = no_error();
      EXPECT_EQ(socket_->open(*parse_ip("0.0.0.0"), &why), THARSIS_OK) << why.text;
      receive();
      ready = true;
    });
  }
  void end() {
    run_on(strand_, [this] {
      socket_.reset();
      strand_.close(strand_.self);
      ended = true;
    });
  }
  void use(std::span<const uint8_t> id, std::span<const uint8_t, datagram::exported_size> exported) {
    datagram::connection_id lane;
    std::copy(id.begin(), id.end(), lane.begin());
    const auto keys = datagram::keys_of(exported);
    sealer_ = datagram::sealer::make(lane, keys.to_server, first_);
    opener_ = datagram::opener::make(lane, keys.to_client);
  }
  void begin_with(uint32_t number) { first_ = number; }
  std::vector<uint8_t> seal(const datagram::message& m) {
    std::array<uint8_t, datagram::content_max> content;
    std::array<uint8_t, datagram::size_max> sealed;
    const size_t size = sealer_->seal(std::span(content).first(datagram::write(m, content)), sealed);
    return {sealed.begin(), sealed.begin() + static_cast<std::ptrdiff_t>(size)};
  }
  void send(std::vector<uint8_t> bytes) {
    run_on(strand_, [this, bytes = std::move(bytes)] {
      tharsis_address to = *parse_ip("10.0.0.1");
      to.port = 2000;
      socket_->send(to, bytes);
    });
  }
  void send(const datagram::message& m) { send(seal(m)); }

  struct letter {
    datagram::kind what;
    uint32_t echo, sequence;
    std::vector<uint8_t> body;
  };
  std::vector<letter> came;
  bool ready = false, ended = false;

 private:
  void receive() {
    std::array<uint8_t, 2048> bytes;
    std::array<uint8_t, datagram::size_max> room;
    tharsis_address from{};
    while (const auto size = socket_->receive(bytes, from)) {
      const auto opened = opener_->open(std::span(bytes).first(*size), room);
      ASSERT_TRUE(opened);
      const auto m = datagram::read_message(opened->content);
      ASSERT_TRUE(m);
      came.push_back({m->what, m->echo, m->sequence, {m->body.begin(), m->body.end()}});
    }
  }
  const tharsis_strand& strand_;
  std::optional<udp_socket> socket_;
  std::optional<datagram::sealer> sealer_;
  std::optional<datagram::opener> opener_;
  uint32_t first_ = 1;
};

struct scene {
  explicit scene(uint64_t seed, const gateway::settings& s = over_tls())
      : world(seed),
        server(world.add_machine("server", {"10.0.0.1"})),
        clients(world.add_machine("clients", {"10.0.0.2"})),
        gate(server.platform(), THARSIS_STRAND_SHARED, "/state/gateway", s) {
    EXPECT_TRUE(until([&] { return gate.host.ready; })) << gate.host.failure;
    const auto ca = read_beginning(server.platform()->files, "/state/gateway/ca.pem", 1 << 20);
    tharsis_address to = *parse_ip("10.0.0.1");
    to.port = 1000;
    line.emplace(clients.platform(), THARSIS_STRAND_SHARED, to, *tls_context::client({.ca_pem = ca ? *ca : ""}));
    line->send(hello(client_id));
    EXPECT_TRUE(until([&] { return line->frames.size() == 1; })) << line->why;
    welcome = *mars::decode<mars::hello_response>(line->frames[0].body);
    const bool offered = welcome.udp_id.size() == datagram::id_size;
    EXPECT_EQ(offered, offered && line->export_secret(datagram::exporter_label, welcome.udp_id, exported));
  }
  ~scene() {
    if (!line->ended) line->end();
    for (auto& one : mailers) one->end();
    gate.stop();
    EXPECT_TRUE(until([&] { return gate.host.stopped; }));
    gate.end();
    EXPECT_TRUE(until([&] {
      for (auto& m : mailers)
        if (!m->ended) return false;
      return gate.ended && line->ended;
    }));
  }
  mailer& open(uint32_t first = 1) {
    mailers.push_back(std::make_unique<mailer>(clients.platform()));
    EXPECT_TRUE(until([&] { return mailers.back()->ready; }));
    mailers.back()->begin_with(first);
    mailers.back()->use(welcome.udp_id, exported);
    return *mailers.back();
  }
  bool until(const std::function<bool()>& done, duration limit = 1min) { return world.run_until(done, world.now() + limit); }
  // What the gateway has carried out for this client.
  mars::statistics_response statistics() {
    const size_t before = line->count(mars::command_statistics);
    line->send(mars::frame{mars::command_statistics, 9, {}, {}, {}});
    EXPECT_TRUE(until([&] { return line->count(mars::command_statistics) > before; }));
    return *mars::decode<mars::statistics_response>(line->frames.back().body);
  }

  sim::world world;
  sim::machine& server;
  sim::machine& clients;
  running_gateway gate;
  std::optional<peer> line;
  mars::hello_response welcome;
  std::array<uint8_t, datagram::exported_size> exported{};
  std::vector<std::unique_ptr<mailer>> mailers;
};

datagram::message asking(uint32_t sequence, const mars::frame& f) {
  return {datagram::kind::request, 0, sequence, f.command, f.key, f.body};
}

}  // namespace

TEST(UdpSim, IsToldOnlyToThoseWhoCanUseIt) {
  scene s(1);
  EXPECT_EQ(s.welcome.udp_port, 2000);
  EXPECT_EQ(s.welcome.udp_id.size(), datagram::id_size);
  gateway::settings without = over_tls();
  without.udp.clear();
  scene off(2, without);
  EXPECT_EQ(off.welcome.udp_port, 0);
  EXPECT_TRUE(off.welcome.udp_id.empty());
}

TEST(UdpSim, ATaskIsCarriedOutOnceHoweverOftenAndByWhicheverWayItComes) {
  scene s(3);
  mailer& m = s.open();
  const mars::frame up = message(7, "up", "key");
  m.send(probing);
  m.send(asking(7, up));
  m.send(asking(7, up));
  ASSERT_TRUE(s.until([&] { return m.came.size() == 3; }));
  EXPECT_EQ(m.came[0].what, datagram::kind::here);
  EXPECT_EQ(m.came[0].echo, 1u);
  for (const size_t i : {1u, 2u}) {
    EXPECT_EQ(m.came[i].what, datagram::kind::answer);
    EXPECT_EQ(m.came[i].sequence, 7u);
    EXPECT_EQ(m.came[i].echo, i + 1);
    EXPECT_EQ(mars::decode<mars::send_message_response>(m.came[i].body)->text, "up");
  }
  s.line->send(up);
  ASSERT_TRUE(s.until([&] { return s.line->count(mars::command_send_message) == 1; }));
  const auto counted = s.statistics();
  EXPECT_EQ(counted.executions, 1u);
  EXPECT_EQ(counted.repeats, 2u);
}

TEST(UdpSim, ARefusalComesBackTheSameWay) {
  scene s(4);
  mailer& m = s.open();
  m.send(asking(1, message(1, "one", "key")));
  m.send(asking(2, message(2, "another", "key")));
  ASSERT_TRUE(s.until([&] { return m.came.size() == 2; }));
  EXPECT_EQ(m.came[1].what, datagram::kind::refusal);
  EXPECT_EQ(as_text(m.came[1].body), "this key was used for another request; a key names one piece of work");
}

// When to come again goes by the connection, and that is no word about how large answers are.
TEST(UdpSim, ABusyGatewaySaysSoByTheConnectionThisOnce) {
  gateway::settings few = over_tls();
  few.limits.tasks_per_second = 1;
  scene s(14, few);
  mailer& m = s.open();
  for (uint32_t n = 1; n <= 20; ++n) m.send(asking(n, message(n, "text", "key " + std::to_string(n))));
  ASSERT_TRUE(s.until([&] { return m.came.size() == 20; }));
  size_t put_off = 0;
  for (const auto& letter : m.came) {
    if (letter.what != datagram::kind::stream) continue;
    ++put_off;
    EXPECT_EQ(letter.body, std::vector<uint8_t>(std::begin(datagram::this_once), std::end(datagram::this_once)));
  }
  EXPECT_GT(put_off, 0u);
  ASSERT_TRUE(s.until([&] { return s.line->count(mars::command_send_message) == put_off; }));
}

TEST(UdpSim, WhatIsForgedCutRepeatedOrOfNobodyIsDroppedInSilence) {
  scene s(5);
  mailer& m = s.open();
  const auto honest = m.seal(asking(7, message(7, "up", "key")));
  for (size_t bit = 0; bit < honest.size() * 8; bit += 3) {
    auto altered = honest;
    altered[bit / 8] = static_cast<uint8_t>(altered[bit / 8] ^ 1u << bit % 8);
    m.send(altered);
  }
  for (size_t size = 0; size < honest.size(); ++size) m.send(std::vector<uint8_t>(honest.begin(), honest.begin() + static_cast<std::ptrdiff_t>(size)));
  m.send(std::vector<uint8_t>(1400, 0x71));
  m.send(std::vector<uint8_t>());
  s.world.run_for(1s);
  EXPECT_TRUE(m.came.empty());
  EXPECT_EQ(s.statistics().executions, 0u);
  for (int i = 0; i < 5; ++i) m.send(honest);
  s.world.run_for(1s);
  EXPECT_EQ(m.came.size(), 1u) << "the first is honest, the others are repeats";
  EXPECT_EQ(s.statistics().executions, 1u);
  EXPECT_EQ(s.statistics().repeats, 0u) << "they do not even come so far";
}

TEST(UdpSim, AnAnswerThatIsTooLargeComesByTheConnectionOnce) {
  scene s(6);
  mailer& m = s.open();
  const mars::frame large{mars::command_hello2, 5, encode(mars::hello_request{"ann", "64KB", {}}), {'k'}, {}};
  for (int i = 0; i < 3; ++i) m.send(asking(5, large));
  ASSERT_TRUE(s.until([&] { return m.came.size() == 3 && s.line->count(mars::command_hello2) == 1; }));
  for (const auto& letter : m.came) {
    EXPECT_EQ(letter.what, datagram::kind::stream);
    EXPECT_TRUE(letter.body.empty()) << "it is the size";
  }
  s.world.run_for(5s);
  EXPECT_EQ(s.line->count(mars::command_hello2), 1u);
}

TEST(UdpSim, AnswersFollowTheNewestDatagramToItsAddress) {
  scene s(7);
  mailer& first = s.open();
  first.send(asking(1, message(1, "one", "1")));
  ASSERT_TRUE(s.until([&] { return first.came.size() == 1; }));
  mailer& second = s.open(100);  // Another port: a NAT has forgotten the first.
  second.send(asking(2, message(2, "two", "2")));
  ASSERT_TRUE(s.until([&] { return second.came.size() == 1; }));
  first.send(asking(3, message(3, "three", "3")));  // An older number: late, or played by somebody.
  ASSERT_TRUE(s.until([&] { return second.came.size() == 2; }));
  EXPECT_EQ(first.came.size(), 1u);
}

TEST(UdpSim, WhoeverIsNobodyMayNotSayHello) {
  scene s(8);
  mailer& m = s.open();
  m.send(asking(mars::sequence_identify, hello(std::string(32, 'b'))));
  s.world.run_for(1s);
  EXPECT_TRUE(m.came.empty());
}

TEST(UdpSim, WithTheConnectionItsDatagramsEnd) {
  scene s(9);
  mailer& m = s.open();
  m.send(probing);
  ASSERT_TRUE(s.until([&] { return m.came.size() == 1; }));
  s.line->end();
  ASSERT_TRUE(s.until([&] { return s.line->ended; }));
  s.world.run_for(5s);
  m.send(asking(1, message(1, "too late", "1")));
  s.world.run_for(5s);
  EXPECT_EQ(m.came.size(), 1u);
}

TEST(UdpSim, ASilentOutageIsSilentHereToo) {
  gateway::settings s = over_tls();
  s.outage = {1, 2s, gateway::outage_kind::silent};
  scene out(10, s);
  mailer& m = out.open();
  m.send(asking(1, message(1, "the last", "1")));
  out.world.run_for(500ms);
  const size_t before = m.came.size();
  m.send(probing);
  out.world.run_for(1s);
  EXPECT_EQ(m.came.size(), before);
  out.world.run_for(2s);
  m.send(probing);
  EXPECT_TRUE(out.until([&] { return m.came.size() > before; }));
}
