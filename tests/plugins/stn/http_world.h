// A client machine with the HTTP service on one strand and its user on another, a server machine, and a network that
// fails as a test wants: everything simulated, from one seed.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include "plugins/stn/http_service.h"
#include "sdk/async/certificates.h"
#include "sdk/async/http1_server.h"
#include "sdk/async/tcp_listener.h"
#include "sdk/async/tls_stream.h"
#include "tests/plugins/stn/link_world.h"

namespace tharsis::test {

// HTTP servers on one machine, by port; or peers that send what they like.
struct http_servers {
  using script = std::function<task<void>(http_servers&, std::unique_ptr<stream>)>;
  http_servers(strand& p, const tharsis_net& n) : place(p), net(n), work(p) {}

  void serve(const char* ip, uint16_t port, http1_handler handle, std::optional<tls_context> tls = {}) {
    handlers.push_back(std::move(handle));
    const size_t which = handlers.size() - 1;
    listen(ip, port, std::move(tls), [which](http_servers& s, std::unique_ptr<stream> wire) { return s.http(which, std::move(wire)); });
  }
  // Whatever the peer sends is read away; these bytes are sent once it has sent something, then the end if wanted.
  void say(const char* ip, uint16_t port, std::string bytes, bool ends, duration each = {}) {
    texts.push_back(std::move(bytes));
    const size_t which = texts.size() - 1;
    listen(ip, port, {}, [which, ends, each](http_servers& s, std::unique_ptr<stream> wire) { return s.speak(which, ends, each, std::move(wire)); });
  }
  void listen(const char* ip, uint16_t port, std::optional<tls_context> tls, script s) {
    listeners.push_back(std::make_unique<tcp_listener>(place, net));
    tharsis_error why = no_error();
    tharsis_address on = *parse_ip(ip);
    on.port = port;
    ASSERT_EQ(listeners.back()->listen(on, &why), THARSIS_OK) << why.text;
    work.spawn(accept(listeners.back().get(), std::move(tls), std::move(s)));
  }
  void close() {
    work.clear();
    listeners.clear();
  }

  task<void> accept(tcp_listener* from, std::optional<tls_context> tls, script s) {
    for (;;) {
      while (auto wire = from->accept()) {
        ++accepted;
        work.spawn(welcome(std::move(wire), tls, s));
      }
      co_await from->events().wait();
    }
  }
  task<void> welcome(std::unique_ptr<stream> wire, std::optional<tls_context> tls, script s) {
    if (tls) {
      auto secured = co_await tls_accept(place, std::move(wire), *tls, later(place.now(), 10s));
      if (!secured) co_return;
      wire = std::move(*secured);
    }
    co_await s(*this, std::move(wire));
  }
  task<void> http(size_t which, std::unique_ptr<stream> wire) {
    co_await serve_http1(place, std::move(wire), handlers[which], settings);
  }
  task<void> speak(size_t which, bool ends, duration each, std::unique_ptr<stream> wire) {
    std::vector<uint8_t> sink(16 * 1024);
    bool spoken = false;
    for (size_t count = 0;;) {
      const tharsis_status status = wire->read(sink, count);
      if (status < 0 || (status == THARSIS_OK && count == 0)) co_return;
      if (status == THARSIS_PENDING) {
        co_await wire->events().wait();
        continue;
      }
      if (std::exchange(spoken, true)) continue;
      const std::string& text = texts[which];
      if (each == duration::zero()) wire->write(as_bytes(text));
      signal tick(place);
      for (size_t i = 0; each > duration::zero() && i < text.size(); ++i) {
        if (wire->write(as_bytes(std::string_view(text).substr(i, 1))) != THARSIS_OK) co_return;
        co_await tick.wait(later(place.now(), each));
      }
      if (ends) wire->end();
    }
  }

  strand& place;
  const tharsis_net& net;
  http1_server_settings settings;
  std::vector<http1_handler> handlers;
  std::vector<std::string> texts;
  std::vector<std::unique_ptr<tcp_listener>> listeners;
  size_t accepted = 0;
  task_set work;
};

struct http_question {
  std::string method = "GET", url = "http://web.test/";
  http1::field_list fields{};
  std::string body{};
  uint32_t flags = 0;
  uint64_t answer_max = 0;
  uint32_t connect_ms = 0, idle_ms = 0, total_ms = 0;
  tharsis_handle jar = 0;
  bool streams_answer = false;
  bool streams_body = false;  // `body` goes in pieces.
  int64_t body_size = -1;
  size_t piece = 1000;        // Of the body, at most.
  int hold_after = -1;        // After so many pieces of the answer: no more until resume().
  std::function<void(tharsis_handle)> on_hold{};  // Before that piece has said so.
};

struct http_ending {
  int ends = 0, heads = 0, pieces = 0;
  tharsis_status status = THARSIS_PENDING;
  uint32_t http_status = 0;
  std::string body, reason, url;
  http1::field_list fields;
  int64_t length = -2;
  uint32_t version = 0;
  tharsis_http_times times{};
  instant since{}, at{};
};

class http_world {
 public:
  static constexpr const char* ip = "10.0.0.2";

  explicit http_world(uint64_t seed)
      : world(seed),
        client_machine(world.add_machine("client", {"10.0.0.1"})),
        server_machine(world.add_machine("server", {ip, "10.0.0.3"})),
        client(world, client_machine, "stn"),
        user(world, client_machine, "user"),
        elsewhere(world, server_machine, "server"),
        host(client.platform, *client.home),
        names(*client.place, *client.home->net, host.tables().registry),
        servers(*elsewhere.place, *elsewhere.home->net) {
    world.add_name("web.test", {ip});
    world.add_name("other.test", {ip});
    settings.plain_allowed = true;
    settings.tls.ca = "/state/ca.pem";
    settings.tls.system_store = false;
    authority = *make_authority(*client.platform.random, "test authority", seconds(), 10);
  }
  ~http_world() {
    if (service) stop();
    elsewhere.on_strand([&] { servers.close(); });
    client.on_strand([&] {
      service.reset();
      client.home->close(client.home->self);
    });
    user.on_strand([&] { user.home->close(user.home->self); });
    elsewhere.on_strand([&] { elsewhere.home->close(elsewhere.home->self); });
  }

  int64_t seconds() { return client.place->wall() / 1'000'000'000; }
  void serve(http1_handler handle, uint16_t port = 80) {
    elsewhere.on_strand([&] { servers.serve(ip, port, std::move(handle)); });
  }
  void serve_tls(http1_handler handle, std::vector<std::string> for_names = {"web.test"}, uint16_t port = 443) {
    elsewhere.on_strand([&] { servers.serve(ip, port, std::move(handle), trusted_server(std::move(for_names))); });
  }
  // A server that the client trusts.
  tls_context trusted_server(std::vector<std::string> for_names, bool http2 = false) {
    tharsis_error why = no_error();
    const tharsis_files& files = *client.platform.files;
    files.make_folder(files.self, text_of("/state"), &why);
    EXPECT_EQ(files.replace(files.self, text_of("/state/ca.pem"), bytes_of(as_bytes(authority.certificate_pem)), &why), THARSIS_OK) << why.text;
    const auto own = issue_server_certificate(*client.platform.random, authority, for_names, seconds(), 5);
    tls_server_settings s{own->certificate_pem + chain_pem, own->private_key_pem};
    s.http1 = s.http2 = http2;
    return *tls_context::server(s);
  }
  void say(std::string bytes, bool ends, duration each = {}, uint16_t port = 80) {
    elsewhere.on_strand([&] { servers.say(ip, port, std::move(bytes), ends, each); });
  }
  void start() {
    client.on_strand([&] {
      service.emplace(*client.place, host.tables(), names, paths, left_alone, stn::http_care::terms{rest, budget, {}, {}, {}, "http", [this](const stn::server_word& w) { words.push_back(w); }},
                      settings);
      service->start();
    });
  }
  void stop() {
    client.on_strand([&] { service->stop(); });
  }

  // Starts a call; its number here. On failure `refused` says why.
  size_t ask(http_question q) {
    calls.push_back(std::make_unique<call>());
    call& c = *calls.back();
    c.owner = this;
    c.asked = std::move(q);
    user.on_strand([&] { begin(c); });
    return calls.size() - 1;
  }
  http_ending& of(size_t i) { return calls[i]->ending; }
  // Asks and waits for the end.
  http_ending& get(http_question q, duration within = 1000s) {
    const size_t i = ask(std::move(q));
    EXPECT_TRUE(wait({i}, within)) << "no end";
    return of(i);
  }
  bool wait(std::vector<size_t> which, duration within = 1000s) {
    return world.run_until([&] {
      return std::all_of(which.begin(), which.end(), [&](size_t i) { return calls[i]->ending.ends > 0; });
    }, world.now() + within);
  }
  void cancel(size_t i) {
    user.on_strand([&] { table().cancel(table().self, calls[i]->id); });
  }
  void resume(size_t i) {
    user.on_strand([&] { table().resume(table().self, calls[i]->id); });
  }
  tharsis_handle jar() {
    tharsis_handle j = 0;
    user.on_strand([&] { EXPECT_EQ(table().jar_open(table().self, &j, nullptr), THARSIS_OK); });
    return j;
  }
  const tharsis_http& table() const { return *service->table(); }
  size_t open_calls() {
    size_t n = 0;
    client.on_strand([&] { n = service->open_calls(); });
    return n;
  }

  sim::world world;
  sim::machine& client_machine;
  sim::machine& server_machine;
  site client, user, elsewhere;
  plugin_host host;
  resolver names;
  stn::remedies asked;
  stn::path_book paths{*client.place, host.tables(), names, asked, {}};
  http_servers servers;
  stn::http_settings settings;
  stn::rest_settings rest;
  stn::budget_settings budget;
  stn::breakers left_alone{stn::breaker_settings{}};
  std::vector<stn::server_word> words;  // What the bus would hear.
  identity authority;
  std::string chain_pem;  // Behind the server's own certificate.
  std::optional<stn::http_service> service;
  tharsis_status refused = THARSIS_OK;
  std::string complaint;

 private:
  struct call {
    http_world* owner;
    http_question asked;
    http_ending ending;
    tharsis_handle id = 0;
    size_t sent = 0;
  };
  void begin(call& c) {
    std::vector<tharsis_http_field> fields;
    for (const http1::field& f : c.asked.fields) fields.push_back({text_of(f.name), text_of(f.value)});
    tharsis_http_request r{};
    r.size = sizeof r;
    r.flags = c.asked.flags;
    r.method = text_of(c.asked.method);
    r.url = text_of(c.asked.url);
    r.fields = fields.data();
    r.field_count = fields.size();
    if (!c.asked.streams_body) r.body = bytes_of(as_bytes(c.asked.body));
    r.body_size = c.asked.body_size;
    r.answer_max = c.asked.answer_max;
    r.connect_timeout_ms = c.asked.connect_ms;
    r.idle_timeout_ms = c.asked.idle_ms;
    r.total_timeout_ms = c.asked.total_ms;
    r.jar = c.asked.jar;
    r.context = &c;
    r.on_head = on_head;
    if (c.asked.streams_answer) r.on_piece = on_piece;
    if (c.asked.streams_body) r.on_room = on_room;
    r.done = on_done;
    tharsis_error error = no_error();
    c.ending.since = user.place->now();
    refused = table().start(table().self, &r, &c.id, &error);
    complaint = error.text;
    EXPECT_EQ(c.ending.ends, 0) << "ended inside start()";
  }
  static void on_head(void* context, tharsis_handle id, const tharsis_http_head* head) {
    call& c = *static_cast<call*>(context);
    EXPECT_EQ(id, c.id);
    EXPECT_EQ(c.ending.ends, 0);
    ++c.ending.heads;
    c.ending.url = view(head->url);
    c.ending.length = head->length;
    c.ending.version = head->http_version;
    for (size_t i = 0; i < head->field_count; ++i)
      c.ending.fields.push_back({std::string(view(head->fields[i].name)), std::string(view(head->fields[i].value))});
  }
  static tharsis_status on_piece(void* context, tharsis_handle, tharsis_bytes piece) {
    call& c = *static_cast<call*>(context);
    EXPECT_EQ(c.ending.ends, 0);
    EXPECT_EQ(c.ending.heads, 1);
    c.ending.body += as_text(view(piece));
    if (++c.ending.pieces != c.asked.hold_after) return THARSIS_OK;
    if (c.asked.on_hold) c.asked.on_hold(c.id);
    return THARSIS_PENDING;
  }
  static void on_room(void* context, tharsis_handle id, size_t room) {
    call& c = *static_cast<call*>(context);
    EXPECT_GT(room, 0u);
    const std::string_view piece = std::string_view(c.asked.body).substr(c.sent, std::min(room, c.asked.piece));
    c.sent += piece.size();
    c.owner->table().send(c.owner->table().self, id, bytes_of(as_bytes(piece)), c.sent == c.asked.body.size());
  }
  static void on_done(void* context, tharsis_handle id, const tharsis_http_result* r) {
    call& c = *static_cast<call*>(context);
    EXPECT_EQ(id, c.id);
    ++c.ending.ends;
    c.ending.status = r->status;
    c.ending.http_status = r->http_status;
    if (!c.asked.streams_answer) c.ending.body = as_text(view(r->body));
    c.ending.reason = view(r->reason);
    c.ending.times = *r->times;
    c.ending.at = c.owner->user.place->now();
    EXPECT_EQ(r->status == THARSIS_OK, r->reason.size == 0) << c.ending.reason;
  }
  std::vector<std::unique_ptr<call>> calls;
};

}  // namespace tharsis::test
