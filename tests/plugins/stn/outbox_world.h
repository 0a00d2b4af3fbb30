// An application with an outbox, in many lives on one disk: each life is a machine of its own, which may lose power at any
// moment. What the application has heard outlives them all.
#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/plugins/stn/link_world.h"

namespace tharsis::test {

class outbox_world {
 public:
  struct message {
    std::string text;
    uint64_t order = 0;
    uint64_t entry = 0;
    size_t life = 0;       // That started it.
    bool safe = false;     // It was told that it is on the disk.
    std::vector<size_t> told;  // The lives in which its answer was told,
    std::vector<uint64_t> told_entries;
    tharsis_status status = THARSIS_PENDING;
    uint32_t why = 0;
    std::string answer, reason;
    instant acknowledged = never;
    std::vector<size_t> found;  // The lives that found it open.
  };

  explicit outbox_world(uint64_t seed)
      : world(seed), server_machine(world.add_machine("server", {"10.0.0.2"})), elsewhere(world, server_machine, "server"),
        server(*elsewhere.place, *elsewhere.home->net), disk(world.make_disk()) {
    world.add_name(link_world::name, {"10.0.0.2"});
    stn::link_settings link;
    link.name = "main";
    link.endpoints = {{"tcp", link_world::name, link_world::port}};
    link.user = "ann";
    link.plain_allowed = true;
    settings.links = {link};
    settings.outbox.use = true;
    settings.outbox.ttl = 1h;
    faults() = {};
    elsewhere.on_strand([&] {
      tharsis_address any = *parse_ip("10.0.0.2");
      any.port = link_world::port;
      ASSERT_EQ(server.listen(any, std::nullopt), THARSIS_OK);
    });
  }
  ~outbox_world() {
    while (!lives.empty()) {
      if (lives.back()->dispatcher && lives.back()->alive) end();
      lives.pop_back();
    }
    elsewhere.on_strand([&] { server.close(); });
    elsewhere.on_strand([&] { elsewhere.home->close(elsewhere.home->self); });
  }

  struct life {
    life(outbox_world& w, sim::machine& m, size_t n)
        : machine(m), stn_site(w.world, m, "stn"), app(w.world, m, "app"), host(stn_site.platform, *stn_site.home), all(w), number(n) {}
    sim::machine& machine;
    site stn_site, app;
    plugin_host host;
    std::optional<stn::link_events> events;
    std::optional<stn::dispatcher> dispatcher;
    std::optional<task_set> closing;
    outbox_world& all;
    const size_t number;
    tharsis_files files{};  // Its machine's, which may fail as the test wants.
    bool alive = true;
    tharsis_handle adoption = 0;
    size_t released = 0;
    std::vector<uint64_t> listed;
    bool list_ended = false;
    struct started {
      life* of;
      std::string key;
    };
    std::vector<std::unique_ptr<started>> contexts;
  };

  // Another process; `adopts` what was left.
  life& begin(bool adopts = true) {
    const std::string number = std::to_string(lives.size());
    sim::machine& m = world.add_machine("client" + number, {"10.0.1." + std::to_string(lives.size() % 250 + 1)}, disk);
    lives.push_back(std::make_unique<life>(*this, m, lives.size()));
    life& l = *lives.back();
    m.like().blocking_slow = slow_start;
    l.stn_site.on_strand([&] {
      tharsis::host tables = l.host.tables();
      l.files = *tables.files;
      honest() = l.files;
      l.files.sync = [](void* self, tharsis_handle file, tharsis_error* error) {
        return faults().sync ? fail(error, THARSIS_E_IO, "the disk does not say whether it has it") : honest().sync(self, file, error);
      };
      l.files.open = [](void* self, tharsis_text path, uint32_t mode, tharsis_handle* file, tharsis_error* error) {
        const bool fails = faults().open && mode == THARSIS_FILES_APPEND;
        return fails ? fail(error, THARSIS_E_IO, "too many files are open") : honest().open(self, path, mode, file, error);
      };
      tables.files = &l.files;
      l.events.emplace(l.host.tables());
      l.events->declare();
      l.dispatcher.emplace(*l.stn_site.place, tables, settings, *l.events,
                           stn::dispatcher::kept{{}, {}, "/state/outbox", {}});
      l.closing.emplace(*l.stn_site.place);
      l.dispatcher->start();
    });
    if (adopts) adopt(l);
    return l;
  }
  life& now() { return *lives.back(); }

  void adopt(life& l) {
    l.app.on_strand([&] {
      tharsis_stn_adopter a{};
      a.size = sizeof a;
      a.context = &l;
      a.found = on_found;
      a.told = on_told;
      a.released = [](void* context) { ++static_cast<life*>(context)->released; };
      tharsis_error why = no_error();
      EXPECT_EQ(l.dispatcher->durable().adopt(a, &l.adoption, &why), THARSIS_OK) << why.text;
    });
  }

  tharsis_status send(const std::string& key, uint64_t order = 0, uint32_t timeout_ms = 0) {
    life& l = now();
    message& m = messages[key];
    m.text = "body of " + key;
    m.order = order;
    m.life = l.number;
    tharsis_status status = THARSIS_PENDING;
    tharsis_error why = no_error();
    l.app.on_strand([&] {
      l.contexts.push_back(std::make_unique<life::started>(life::started{&l, key}));
      tharsis_stn_task t{};
      t.size = sizeof t;
      t.command = mars::command_send_message;
      t.flags = THARSIS_STN_DURABLE;
      t.timeout_ms = timeout_ms;
      t.order = order;
      t.body = bytes_of(as_bytes(m.text));
      t.key = bytes_of(as_bytes(key));
      t.context = l.contexts.back().get();
      t.done = on_done;
      t.on_disk = on_disk;
      status = l.dispatcher->submit(t, &ids[key], &why);
    });
    last_error = why.text;
    sent.push_back(key);
    return status;
  }

  // The process dies here, and the machine with it.
  void kill() {
    life& l = now();
    l.alive = false;
    killed.push_back(world.now());
    l.machine.kill();
    l.dispatcher.reset();
    l.events.reset();
    l.closing.reset();
  }
  // It stops as it should.
  void end() {
    life& l = now();
    bool stopped = false;
    l.stn_site.on_strand([&] { l.closing->spawn(shut(l, &stopped)); });
    EXPECT_TRUE(world.run_until([&] { return stopped; }, world.now() + 5s)) << "stn did not stop";
    world.run_for(10ms);
    l.stn_site.on_strand([&] {
      l.dispatcher.reset();
      l.events.reset();
      l.closing.reset();
      l.stn_site.home->close(l.stn_site.home->self);
    });
    l.app.on_strand([&] { l.app.home->close(l.app.home->self); });
    l.alive = false;
    killed.push_back(world.now());
  }
  std::vector<uint64_t> list() {
    life& l = now();
    l.listed.clear();
    l.list_ended = false;
    l.app.on_strand([&] {
      const auto visit = [](void* context, const tharsis_stn_entry* e) {
        auto& in = *static_cast<life*>(context);
        if (e == nullptr) in.list_ended = true;
        else in.listed.push_back(e->entry);
      };
      EXPECT_EQ(l.dispatcher->durable().list(visit, &l, nullptr), THARSIS_OK);
    });
    EXPECT_TRUE(world.run_until([&] { return l.list_ended; }, world.now() + 1s));
    return l.listed;
  }
  bool wait_told(size_t count, duration within = 5min) {
    return world.run_until([&] { return told() >= count; }, world.now() + within);
  }
  size_t told() const {
    size_t n = 0;
    for (const auto& [key, m] : messages) n += m.told.empty() ? 0 : 1;
    return n;
  }
  void write(const std::string& path, const std::string& text) {
    tharsis_error why = no_error();
    (void)disk->make_folder("/state", &why);
    ASSERT_EQ(disk->replace(path, text, &why), THARSIS_OK) << why.text;
  }
  bool has_line(const std::string& part) {
    for (const auto& l : now().host.lines)
      if (l.find(part) != std::string::npos) return true;
    return false;
  }

  sim::world world;
  sim::machine& server_machine;
  site elsewhere;
  scripted_server server;
  std::shared_ptr<sim::disk> disk;
  stn::settings settings;
  std::vector<std::unique_ptr<life>> lives;
  std::map<std::string, message> messages;
  std::vector<std::string> sent;  // Keys, in their order.
  std::map<std::string, tharsis_handle> ids;
  std::vector<instant> killed;
  std::string last_error;
  bool acknowledges = true;
  duration slow_start{};  // Of each blocking work of a life from its begin on.
  struct file_faults {
    bool sync = false;  // What was written may be there.
    bool open = false;
  };
  static file_faults& faults() {
    static file_faults now;
    return now;
  }

 private:
  static tharsis_files& honest() {
    static tharsis_files of_machines;
    return of_machines;
  }
  task<void> shut(life& l, bool* stopped) {
    co_await l.dispatcher->stop();
    *stopped = true;
  }
  static void on_disk(void* context, tharsis_handle, uint64_t entry) {
    auto& s = *static_cast<life::started*>(context);
    message& m = s.of->all.messages[s.key];
    EXPECT_FALSE(m.safe) << s.key;
    EXPECT_TRUE(m.told.empty()) << s.key;
    m.safe = true;
    m.entry = entry;
  }
  static void on_done(void* context, tharsis_handle, const tharsis_stn_result* r) {
    auto& s = *static_cast<life::started*>(context);
    s.of->all.hear(*s.of, s.key, *r);
  }
  static void on_found(void* context, const tharsis_stn_entry* e) {
    auto& l = *static_cast<life*>(context);
    EXPECT_EQ(e->state, uint32_t{THARSIS_STN_ENTRY_WAITING});
    EXPECT_GT(e->left, 0);
    l.all.messages[std::string(as_text(view(e->key)))].found.push_back(l.number);
  }
  static void on_told(void* context, const tharsis_stn_entry* e, const tharsis_stn_result* r) {
    auto& l = *static_cast<life*>(context);
    EXPECT_EQ(e->entry, r->entry);
    l.all.hear(l, std::string(as_text(view(e->key))), *r);
  }
  void hear(life& l, const std::string& key, const tharsis_stn_result& r) {
    message& m = messages[key];
    m.status = r.status;
    m.why = r.why;
    m.reason = view(r.reason);
    if (r.why == THARSIS_STN_STOPPING || r.why == THARSIS_STN_NOT_KEPT) return;
    m.answer = as_text(view(r.body));
    m.told.push_back(l.number);
    m.told_entries.push_back(r.entry);
    if (!acknowledges || r.entry == 0) return;
    l.dispatcher->durable().say(stn::task_letter::kind::acknowledge, r.entry);
    if (m.acknowledged == never) m.acknowledged = world.now();
  }
};

}  // namespace tharsis::test
