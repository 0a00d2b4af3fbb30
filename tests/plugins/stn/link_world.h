// A client machine with stn's dispatcher on a strand, a server machine with a scripted server on
// another, and a network that fails as a test wants: everything simulated, from one seed.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include "plugins/stn/dispatcher.h"
#include "sdk/async/certificates.h"
#include "sdk/sim/world.h"
#include "tests/plugins/stn/plugin_host.h"
#include "tests/plugins/stn/scripted_server.h"

namespace tharsis::test {

// A machine's strand, and a way to run things on it.
struct site {
  site(sim::world& w, sim::machine& m, const char* name) : world(w), platform(*m.platform()) {
    tharsis_error why = no_error();
    EXPECT_EQ(platform.strand_open(platform.self, name, THARSIS_STRAND_SHARED, &home, &why), THARSIS_OK)
        << why.text;
    place.emplace(home->loop);
  }
  void on_strand(const std::function<void()>& f) {
    struct call {
      const std::function<void()>& f;
      bool done = false;
    } c{f};
    const auto wake = [](void* context, tharsis_handle) {
      auto* self = static_cast<call*>(context);
      self->f();
      self->done = true;
    };
    ASSERT_EQ(home->loop->post(home->loop->self, home->id, wake, &c, 0), THARSIS_OK);
    ASSERT_TRUE(world.run_until([&] { return c.done; }, never));
  }
  sim::world& world;
  const tharsis_platform& platform;
  const tharsis_strand* home = nullptr;
  std::optional<strand> place;
};

class link_world {
 public:
  static constexpr const char* name = "im.tharsis.test";
  static constexpr uint16_t port = 443;

  explicit link_world(uint64_t seed, std::string scheme = "tcps")
      : world(seed),
        client_machine(world.add_machine("client", {"10.0.0.1"})),
        server_machine(world.add_machine("server", {"10.0.0.2"})),
        client(world, client_machine, "stn"),
        elsewhere(world, server_machine, "server"),
        host(client.platform, *client.home),
        server(*elsewhere.place, *elsewhere.home->net) {
    world.add_name(name, {"10.0.0.2"});
    stn::link_settings link;
    link.name = "main";
    link.endpoints = {{scheme, name, port}};
    link.tls.ca = "/state/ca.pem";
    link.tls.system_store = false;
    link.user = "ann";
    link.plain_allowed = true;
    // Here tests say in which order addresses come, and one client alone is no fleet.
    link.dial.ties = stn::dial_settings::order::given;
    link.reconnect.spread = link.reconnect.spread_foreground = duration::zero();
    settings.links = {link};
    authority = *make_authority(*client.platform.random, "test authority", seconds(), 10);
  }
  ~link_world() {
    if (dispatcher) stop();
    elsewhere.on_strand([&] { server.close(); });
    client.on_strand([&] {
      dispatcher.reset();
      events.reset();
      closing.reset();
      client.home->close(client.home->self);
    });
    elsewhere.on_strand([&] { elsewhere.home->close(elsewhere.home->self); });
  }

  stn::link_settings& link() { return settings.links[0]; }
  int64_t seconds() { return client.place->wall() / 1'000'000'000; }

  void write_ca() {
    tharsis_error why = no_error();
    const tharsis_files& files = *client.platform.files;
    ASSERT_EQ(files.make_folder(files.self, text_of("/state"), &why), THARSIS_OK) << why.text;
    ASSERT_EQ(files.replace(files.self, text_of("/state/ca.pem"),
                            bytes_of(as_bytes(authority.certificate_pem)), &why),
              THARSIS_OK)
        << why.text;
  }
  // `issuer`: whose word the server shows.
  void serve(const identity& issuer, std::vector<std::string> names = {name}) {
    std::optional<tls_context> tls;
    if (link().endpoints[0].scheme == "tcps") {
      const auto own = issue_server_certificate(*client.platform.random, issuer, names, seconds(), 5);
      ASSERT_TRUE(own) << own.failure().text;
      tls_server_settings shown = server_tls;
      shown.certificate_chain_pem = own->certificate_pem + chain_pem;
      shown.private_key_pem = own->private_key_pem;
      tls = *tls_context::server(shown);
    }
    elsewhere.on_strand([&] {
      tharsis_address any = *parse_ip("10.0.0.2");
      any.port = port;
      ASSERT_EQ(server.listen(any, tls), THARSIS_OK);
    });
  }
  void serve() {
    write_ca();
    serve(authority);
  }
  void start() {
    client.on_strand([&] {
      events.emplace(host.tables());
      events->declare();
      dispatcher.emplace(*client.place, host.tables(), settings, *events, stn::dispatcher::kept{memory, book, outbox, segments_file, lanes_file});
      closing.emplace(*client.place);
      dispatcher->start();
    });
  }
  void stop() {
    bool stopped = false;
    client.on_strand([&] { closing->spawn(shut(&stopped)); });
    EXPECT_TRUE(world.run_until([&] { return stopped; }, world.now() + 5s)) << "stn did not stop";
  }

  struct outcome {
    int answers = 0;
    tharsis_status status = THARSIS_PENDING;
    std::string body;
    std::string reason;
    uint32_t sends = 0;
    tharsis_stn_times times{};
    instant since{};
    uint32_t why = 0, connection = 0;
    int32_t code = 0;
    int encodes = 0, decodes = 0;
    bool plain = false;  // From stn's own strand, and nobody was asked in between.
  };
  // What tasks of start_task() do where their callers are asked; by the name of the task.
  std::function<int64_t(const std::string&, const tharsis_stn_turn&, uint8_t*, size_t)> on_encode;
  std::function<uint32_t(const std::string&, std::string answer, int32_t*)> on_decode;
  // What start() answered; the outcome is kept under the body.
  tharsis_status submit(const std::string& body, const std::string& key, uint32_t timeout_ms = 0,
                        const char* to = "", int32_t priority = 0, uint32_t flags = 0) {
    tharsis_status status = THARSIS_PENDING;
    tharsis_error why = no_error();
    client.on_strand([&] {
      outcome& kept = *(starting_ = &outcomes[body]);
      kept.since = client.place->now();
      kept.plain = true;
      tharsis_stn_task t{};
      t.size = sizeof t;
      t.command = mars::command_send_message;
      t.timeout_ms = timeout_ms;
      t.link = text_of(to);
      t.priority = priority;
      t.flags = flags;
      t.body = bytes_of(as_bytes(body));
      t.key = bytes_of(as_bytes(key));
      t.context = this;
      t.done = on_done;
      tharsis_handle id = 0;
      status = dispatcher->submit(t, &id, &why);
      starting_ = nullptr;
      if (status == THARSIS_OK) ids[id] = body;
      EXPECT_EQ(kept.answers, 0) << "answered inside start()";
    });
    last_error = why.text;
    return status;
  }
  // `t` as it is, with its body, hooks and context set here: on_encode and on_decode where `judged` and `made` say.
  // From the strand of `from`; the outcome is kept under the title.
  tharsis_status start_task(const std::string& title, tharsis_stn_task t, bool made = false, bool judged = false, site* from = nullptr) {
    tharsis_status status = THARSIS_PENDING;
    tharsis_error why = no_error();
    (from == nullptr ? client : *from).on_strand([&] {
      outcome& kept = *(starting_ = &outcomes[title]);
      kept.since = client.place->now();
      t.size = sizeof t;
      if (t.command == 0) t.command = mars::command_send_message;
      if (!made && t.body.size == 0) t.body = bytes_of(as_bytes(title));
      t.context = this;
      t.done = on_done;
      if (made) t.encode = encode;
      if (judged) t.decode = decode;
      tharsis_handle id = 0;
      status = dispatcher->submit(t, &id, &why);
      starting_ = nullptr;
      if (status == THARSIS_OK) ids[id] = title;
      EXPECT_EQ(kept.answers, 0) << "answered inside start()";
    });
    last_error = why.text;
    return status;
  }
  tharsis_handle id_of(const std::string& title) const {
    for (const auto& [id, b] : ids)
      if (b == title) return id;
    return 0;
  }
  void cancel(const std::string& body) {
    client.on_strand([&] {
      for (const auto& [id, b] : ids)
        if (b == body) dispatcher->cancel(id);
    });
  }

  bool up() const { return !host.states.empty() && host.states.back().state == THARSIS_STN_UP; }
  bool wait_up(duration within = 30s) {
    return world.run_until([&] { return up(); }, world.now() + within);
  }
  // Until it is down, or was for a moment: the first attempt after a loss comes at once.
  bool wait_down(duration within = 30s) {
    const size_t before = host.states.size();
    return world.run_until(
        [&] {
          for (size_t i = before > 0 ? before - 1 : 0; i < host.states.size(); ++i)
            if (host.states[i].state == THARSIS_STN_DOWN) return true;
          return false;
        },
        world.now() + within);
  }
  bool wait_answers(size_t count, duration within = 60s) {
    return world.run_until([&] { return answers >= count; }, world.now() + within);
  }
  // The last time that it was down.
  plugin_host::state down() const {
    for (size_t i = host.states.size(); i-- > 0;)
      if (host.states[i].state == THARSIS_STN_DOWN) return host.states[i];
    return {};
  }
  std::string reason() const { return down().reason; }

  sim::world world;
  sim::machine& client_machine;
  sim::machine& server_machine;
  site client;
  site elsewhere;
  plugin_host host;
  scripted_server server;
  stn::settings settings;
  tls_server_settings server_tls;  // But for the certificate, which serve() makes.
  std::string memory;  // The file of what links learn, if any,
  std::string segments_file;  // of how large segments may be,
  std::string lanes_file;  // of how many lanes networks need,
  std::string book;    // and of how they are.
  std::string outbox;  // Of durable tasks, where settings.outbox says so.
  std::string chain_pem;  // Behind the server's own certificate.
  identity authority;
  std::optional<stn::link_events> events;
  std::optional<stn::dispatcher> dispatcher;
  std::optional<task_set> closing;
  std::map<std::string, outcome> outcomes;
  std::map<tharsis_handle, std::string> ids;
  size_t answers = 0;
  std::string last_error;

 private:
  task<void> shut(bool* stopped) {
    co_await dispatcher->stop();
    *stopped = true;
  }
  static void on_done(void* context, tharsis_handle id, const tharsis_stn_result* result) {
    auto& self = *static_cast<link_world*>(context);
    EXPECT_EQ(self.starting_, nullptr);
    ASSERT_TRUE(self.ids.count(id)) << "an answer for nobody";
    outcome& o = self.outcomes[self.ids[id]];
    ++o.answers;
    ++self.answers;
    o.status = result->status;
    o.body = as_text(view(result->body));
    o.reason = view(result->reason);
    o.sends = result->sends;
    o.why = result->why;
    o.code = result->code;
    o.connection = result->connection;
    EXPECT_FALSE(self.dispatcher && self.dispatcher->has(id)) << "a task that has ended is still there";
    o.times = *result->times;
    const tharsis_stn_times& t = o.times;
    const int64_t told = t.queued + t.resolve + t.connect + t.tls + t.prove + t.first_byte + t.rest + t.lost;
    const int64_t took = (self.client.place->now() - o.since).count();
    EXPECT_LE(told, took) << "times do not add up";
    // From strand to strand there and back it takes a turn or two.
    EXPECT_GE(told, took - (o.plain ? 0 : duration(1ms).count())) << "times do not add up";
  }
  static int64_t encode(void* context, tharsis_handle id, const tharsis_stn_turn* turn, uint8_t* into, size_t room) {
    auto& self = *static_cast<link_world*>(context);
    const std::string task = self.ids.at(id);
    EXPECT_EQ(self.outcomes[task].answers, 0) << "asked after the end";
    ++self.outcomes[task].encodes;
    if (self.on_encode) return self.on_encode(task, *turn, into, room);
    if (task.size() <= room) std::memcpy(into, task.data(), task.size());
    return static_cast<int64_t>(task.size());
  }
  static uint32_t decode(void* context, tharsis_handle id, tharsis_bytes body, int32_t* code) {
    auto& self = *static_cast<link_world*>(context);
    const std::string task = self.ids.at(id);
    EXPECT_EQ(self.outcomes[task].answers, 0) << "judged after the end";
    EXPECT_TRUE(!self.dispatcher || self.dispatcher->has(id));  // On another strand it may be asked when stn has gone.
    ++self.outcomes[task].decodes;
    return self.on_decode ? self.on_decode(task, std::string(as_text(view(body))), code) : uint32_t{THARSIS_STN_ACCEPT};
  }
  outcome* starting_ = nullptr;
};

}  // namespace tharsis::test
