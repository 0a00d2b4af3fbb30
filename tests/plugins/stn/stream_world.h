// An application's streams on a link, with a real gateway on the server machine: everything simulated, from one seed.
#pragma once
#include <set>
#include <string>

#include "plugins/stn/stream_service.h"
#include "sdk/async/file_reader.h"
#include "tests/plugins/gateway/stage.h"
#include "tests/plugins/stn/link_world.h"

namespace tharsis::test {

inline std::string content_of(size_t size, uint64_t seed = 1) {
  std::string bytes(size, 0);
  uint64_t x = seed * 0x9E3779B97F4A7C15u + 1;
  for (char& c : bytes) c = static_cast<char>((x = x * 6364136223846793005u + 1442695040888963407u) >> 56);
  return bytes;
}

// An application's end of one stream.
struct app_stream {
  stn::stream_service* service = nullptr;
  std::string up, down;
  tharsis_handle id = 0;
  int ends = 0;
  tharsis_status status = THARSIS_PENDING;
  std::string reason, trouble;
  tharsis_stn_stream_progress progress{};

  static app_stream& of(void* context) { return *static_cast<app_stream*>(context); }
  const tharsis_stn_streams& table() const { return *service->table(); }
  static void on_room(void* context, tharsis_handle stream, uint64_t offset, size_t room) {
    app_stream& a = of(context);
    ASSERT_LE(offset, a.up.size());
    const auto bytes = as_bytes(std::string_view(a.up).substr(offset, room));
    a.table().write(a.table().self, stream, offset, bytes_of(bytes), offset + bytes.size() == a.up.size());
  }
  static void on_piece(void* context, tharsis_handle, uint64_t offset, tharsis_bytes piece) {
    app_stream& a = of(context);
    EXPECT_EQ(a.ends, 0);
    ASSERT_LE(offset, a.down.size());
    a.down.resize(offset);
    a.down += as_text(view(piece));
  }
  static void on_progress(void* context, tharsis_handle, const tharsis_stn_stream_progress* p) {
    app_stream& a = of(context);
    EXPECT_EQ(a.ends, 0);
    a.progress = *p;
    a.trouble = view(p->reason);
  }
  static void done(void* context, tharsis_handle, const tharsis_stn_stream_result* r) {
    app_stream& a = of(context);
    ++a.ends;
    a.status = r->status;
    a.reason = view(r->reason);
    a.progress = *r->progress;
  }
};

class stream_world : public link_world {
 public:
  explicit stream_world(uint64_t seed, gateway::stream_settings s = {}) : link_world(seed), served_(std::move(s)) {
    if (served_.folder.empty()) served_.folder = "/files";
    path().delay = 20ms;
    open_gate();
  }
  ~stream_world() {
    close_service();
    close_gate();
    close(other_);
  }
  sim::path& path() { return world.between(client_machine, server_machine); }

  void open_gate() {
    gateway::settings s;
    s.streams = served_;
    open_gate(s);
  }
  void open_gate(gateway::settings s) {
    s.listen = "tcps://10.0.0.2:443";
    open_at(gate_, std::move(s), "/state/gateway");
  }
  // Where the first one may send its clients.
  void open_other(gateway::settings s = {}) {
    s.listen = "tcps://10.0.0.2:444";
    s.streams.folder = "/other";
    open_at(other_, std::move(s), "/state/other");
  }
  void close_gate() { close(gate_); }
  // It is drained, and ends when that is over.
  void drain_gate() { gate_->stop(); }
  void start_all() {
    start();
    client.on_strand([&] { service_.emplace(*client.place, host.tables(), *dispatcher, settings.streams); });
  }
  // Another process in its place.
  void close_service() {
    if (!dispatcher) return;
    client.on_strand([&] { service_->stop(); });
    stop();
    client.on_strand([&] {
      service_.reset();
      dispatcher.reset();
      closing.reset();
      events.reset();
    });
  }
  tharsis_stn_stream_order order(uint32_t direction, const std::string& file) {
    tharsis_stn_stream_order o{};
    o.size = sizeof o;
    o.direction = direction;
    const std::string& kept = *names_.insert(file).first;
    o.name = text_of(kept);
    o.key = bytes_of(as_bytes(kept));
    o.up_size = THARSIS_STN_STREAM_SIZE_UNKNOWN;
    o.on_room = app_stream::on_room;
    o.on_piece = app_stream::on_piece;
    o.on_progress = app_stream::on_progress;
    o.done = app_stream::done;
    return o;
  }
  tharsis_status open(app_stream& a, tharsis_stn_stream_order o) {
    tharsis_status status = THARSIS_PENDING;
    client.on_strand([&] {
      a.service = &*service_;
      o.context = &a;
      tharsis_error why = no_error();
      status = a.table().open(a.table().self, &o, &a.id, &why);
      last_error = why.text;
      if (status == THARSIS_OK) a.table().read(a.table().self, a.id, UINT64_MAX);
    });
    return status;
  }
  bool wait(const app_stream& a, duration within = 10min) {
    return world.run_until([&] { return a.ends > 0; }, world.now() + within);
  }
  std::string file(const std::string& path) {
    const auto bytes = read_beginning(server_machine.platform()->files, path, 64 << 20);
    return bytes ? *bytes : "(" + bytes.failure().text + ")";
  }
  void put(const std::string& path, const std::string& content) {
    const tharsis_files& files = *server_machine.platform()->files;
    EXPECT_EQ(files.replace(files.self, text_of(path), bytes_of(as_bytes(content)), nullptr), THARSIS_OK);
  }
  bare_host& gate() { return gate_->host; }
  bare_host& other() { return other_->host; }
  stn::stream_service& service() { return *service_; }
  void call(const std::function<void(const tharsis_stn_streams&)>& f) {
    client.on_strand([&] { f(*service_->table()); });
  }

 private:
  void open_at(std::optional<running_gateway>& g, gateway::settings s, const std::string& state) {
    s.open = true;
    s.names = {name};
    g.emplace(server_machine.platform(), THARSIS_STRAND_SHARED, state, s);
    EXPECT_TRUE(world.run_until([&] { return g->host.ready; }, world.now() + 10s)) << g->host.failure;
    const auto ca = read_beginning(server_machine.platform()->files, state + "/ca.pem", 1 << 20);
    trusted_[state] = ca ? *ca : "";
    authority.certificate_pem.clear();
    for (const auto& [of, pem] : trusted_) authority.certificate_pem += pem;
    write_ca();
  }
  void close(std::optional<running_gateway>& g) {
    if (!g) return;
    g->stop();
    EXPECT_TRUE(world.run_until([&] { return g->host.stopped; }, world.now() + 70s));
    g->end();
    EXPECT_TRUE(world.run_until([&] { return g->ended; }, world.now() + 10s));
    g.reset();
  }

  gateway::stream_settings served_;
  std::map<std::string, std::string> trusted_;  // What the gateways' authorities are, by their folders.
  std::set<std::string> names_;  // That orders show.
  std::optional<running_gateway> gate_, other_;
  std::optional<stn::stream_service> service_;
};

}  // namespace tharsis::test
