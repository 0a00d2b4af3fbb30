// The door between the contract and the gateway. Nothing here decides anything.
#include "plugins/gateway/serve_command.h"
#include "plugins/gateway/server.h"
#include "plugins/gateway/wish_command.h"
#include "sdk/async/door.h"
#include "sdk/async/file_reader.h"
#include "sdk/async/task_set.h"

namespace tharsis::gateway {
namespace {

limits read_limits(const host& h) {
  const limits preset;
  limits l;
  l.connections = h.whole("limits.connections", preset.connections);
  l.handshake_timeout = h.wait("limits.handshake_timeout", preset.handshake_timeout);
  l.first_frame_timeout = h.wait("limits.first_frame_timeout", preset.first_frame_timeout);
  l.frame_timeout = h.wait("limits.frame_timeout", preset.frame_timeout);
  l.idle_timeout = h.wait("limits.idle_timeout", preset.idle_timeout);
  l.stall_timeout = h.wait("limits.stall_timeout", preset.stall_timeout);
  l.unsent = h.whole("limits.unsent", preset.unsent);
  l.requests_per_second = h.whole("limits.requests_per_second", preset.requests_per_second);
  l.tasks_per_second = h.whole("limits.tasks_per_second", preset.tasks_per_second);
  l.open_tasks = h.whole("limits.open_tasks", preset.open_tasks);
  l.retry_after = h.wait("limits.retry_after", preset.retry_after);
  return l;
}

constexpr uint64_t token_max = 4096;

// Tokens are compared as they stand, so that one that is too short to be one is a mistake.
result<log_settings> read_logs(const host& h) {
  log_settings l;
  l.listen = h.text("logs.listen");
  l.folder = h.text("logs.folder");
  const log_limits preset;
  l.limits.bytes_per_source = static_cast<uint64_t>(h.whole("logs.source_bytes", static_cast<int64_t>(preset.bytes_per_source)));
  l.limits.bytes_in_all = static_cast<uint64_t>(h.whole("logs.bytes", static_cast<int64_t>(preset.bytes_in_all)));
  l.limits.sources = static_cast<uint64_t>(h.whole("logs.sources", static_cast<int64_t>(preset.sources)));
  l.limits.files_per_source = static_cast<uint64_t>(h.whole("logs.source_files", static_cast<int64_t>(preset.files_per_source)));
  l.limits.keep_for = h.wait("logs.keep_for", preset.keep_for);
  l.limits.keep_bytes = static_cast<uint64_t>(h.whole("logs.keep_bytes", static_cast<int64_t>(preset.keep_bytes)));
  l.connections = h.whole("logs.connections", l.connections);
  if (const std::string token = h.text("logs.token"); !token.empty()) l.tokens["*"] = token;
  if (const std::string path = h.text("logs.token_file"); !path.empty()) {
    auto token = read_secret(h.files, path, token_max, "a token");
    if (!token) return error{token.status(), h.where("logs.token_file") + ": gateway.logs.token_file: " + token.failure().text};
    l.tokens["*"] = token->substr(0, token->find_last_not_of(" \r\n") + 1);
  }
  for (const std::string& source : h.keys("logs.tokens")) {
    if (source != "*" && !shipping::is_name(source))
      return error{THARSIS_E_INVALID, h.where("logs.tokens." + source) + ": gateway.logs.tokens: '" + source + "' is no name of a source: letters, digits, '.', '_' and '-'"};
    l.tokens[source] = h.text("logs.tokens." + source);
  }
  if (l.listen.empty()) return l;
  if (l.tokens.empty()) return error{THARSIS_E_INVALID, "gateway.logs: whoever sends logs needs a token; set gateway.logs.token_file or token, or one for each source in gateway.logs.tokens"};
  for (const auto& [source, token] : l.tokens)
    if (token.size() < 8) return error{THARSIS_E_INVALID, "gateway.logs: a token needs at least 8 characters, and that of '" + source + "' has fewer"};
  return l;
}

stream_settings read_streams(const host& h) {
  stream_settings s;
  s.folder = h.text("streams.folder");
  s.stream_bytes = h.whole("streams.stream_bytes", s.stream_bytes);
  s.bytes = h.whole("streams.bytes", s.bytes);
  s.files = h.whole("streams.files", s.files);
  s.streams = h.whole("streams.streams", s.streams);
  s.streams_in_all = h.whole("streams.streams_in_all", s.streams_in_all);
  s.memory = h.whole("streams.memory", s.memory);
  s.keep_half = h.wait("streams.keep_half", s.keep_half);
  s.keep = h.wait("streams.keep", s.keep);
  return s;
}

settings read_settings(const host& h) {
  settings s;
  s.listen = h.text("listen", s.listen);
  s.codec = h.text("codec", s.codec);
  for (const std::string& key : h.keys("codec_settings")) s.codec_settings.emplace_back(key, h.text("codec_settings." + key));
  s.udp = h.text("udp");
  s.http.listen = h.text("http.listen");
  s.http.connections = h.whole("http.connections", s.http.connections);
  s.http.requests_per_second = h.whole("http.requests_per_second", s.http.requests_per_second);
  s.canary = {h.text("canary.listen"), h.text("canary.key"), h.whole("canary.connections", s.canary.connections)};
  s.drain = {h.wait("drain.within", s.drain.within), h.texts("drain.to"), h.wait("drain.valid", s.drain.valid)};
  s.move = {h.texts("move.to"), h.wait("move.within", s.move.within), h.wait("move.valid", s.move.valid)};
  s.open = h.flag("open", s.open);
  s.early_data = h.whole("early_data", s.early_data);
  s.plain_allowed = h.text("plain") == "allowed";
  if (const auto names = h.texts("certificate.names"); !names.empty()) s.names = names;
  s.days = h.whole("certificate.days", s.days);
  s.streams = read_streams(h);
  s.work = h.wait("work", s.work);
  s.heartbeat = h.wait("heartbeat", s.heartbeat);
  s.limits = read_limits(h);
  s.keep.time = h.wait("keep.time", s.keep.time);
  s.keep.keys = h.whole("keep.keys", s.keep.keys);
  s.keep.clients = h.whole("keep.clients", s.keep.clients);
  s.keep.bytes = h.whole("keep.bytes", s.keep.bytes);
  s.keep.told = h.flag("keep.told", s.keep.told);
  s.outage.after_messages = h.whole("outage.after_messages", s.outage.after_messages);
  s.outage.lasts = h.wait("outage.lasts", s.outage.lasts);
  s.outage.kind = h.text("outage.kind") == "silent" ? outage_kind::silent : outage_kind::reset;
  return s;
}

// Endpoints that no client could follow are a mistake of whoever wrote them.
std::optional<error> mistake_in(const host& h, const std::string& key, const std::vector<std::string>& endpoints) {
  for (const std::string& text : endpoints) {
    const auto e = parse_endpoint(text);
    const std::string at = h.where(key) + ": gateway." + key + ": ";
    if (!e) return error{THARSIS_E_INVALID, at + e.failure().text};
    if (e->scheme != "tcp" && e->scheme != "tcps") return error{THARSIS_E_INVALID, at + "'" + text + "' must begin with tcps:// or tcp://"};
  }
  return std::nullopt;
}

class plugin {
 public:
  plugin(const host& tables, settings s, listen_place where, std::optional<listen_place> logs)
      : tables_(tables), place_(tables_.loop), settings_(std::move(s)), where_(where), logs_(logs),
        logs_folder_(settings_.logs_folder(std::string(view(tables.paths->data(tables.paths->self))))), serving_(tables_, place_, settings_),
        commands_(place_), end_(place_) {}

  static result<std::unique_ptr<plugin>> create(const host& tables) {
    settings s = read_settings(tables);
    const auto where = place_to_listen(s);
    if (!where) return where.failure();
    if (!s.udp.empty())
      if (const auto there = place_for_datagrams(s, where->tls); !there) return error{there.status(), tables.where("udp") + ": " + there.failure().text};
    if (!s.http.listen.empty())
      if (const auto there = place_to_listen(s.http.listen, "gateway.http.listen", "http", s); !there)
        return error{there.status(), tables.where("http.listen") + ": " + there.failure().text};
    if (!s.canary.listen.empty())
      if (const auto there = place_for_canary(s); !there) return error{there.status(), tables.where("canary.listen") + ": " + there.failure().text};
    if (s.heartbeat >= s.limits.idle_timeout)
      return error{THARSIS_E_INVALID, tables.where("heartbeat") + ": gateway.heartbeat: clients that ping so seldom are dropped before, after limits.idle_timeout"};
    if (auto wrong = mistake_in(tables, "drain.to", s.drain.to)) return std::move(*wrong);
    if (auto wrong = mistake_in(tables, "move.to", s.move.to)) return std::move(*wrong);
    auto logs = read_logs(tables);
    if (!logs) return logs.failure();
    s.logs = std::move(*logs);
    std::optional<listen_place> receives;
    if (!s.logs.listen.empty()) {
      const auto there = place_to_listen(s.logs.listen, "gateway.logs.listen", "http", s);
      if (!there) return there.failure();
      receives = *there;
    }
    return std::make_unique<plugin>(tables, std::move(s), *where, receives);
  }
  tharsis_status start(tharsis_error* error) {
    if (const auto frames = open_frames(settings_); !frames)
      return fail(error, frames.status(), tables_.where("codec_settings") + ": gateway.codec_settings: " + frames.failure().text);
    server_.emplace(tables_, place_, settings_, where_, logs_, owner_of(tables_));
    life_.emplace(server_->life());
    life_->start(place_);
    return THARSIS_PENDING;
  }
  tharsis_status stop() {
    if (server_) {
      server_->stop();
      return THARSIS_PENDING;
    }
    if (!wish_) return serving_.stop();
    if (commands_.empty()) return THARSIS_OK;
    end_.spawn(tell_stopped());
    return THARSIS_PENDING;
  }
  // Where clients are to go may change while it runs; all else is for a new instance.
  tharsis_status prepare(tharsis_error* error) {
    settings wanted = read_settings(tables_);
    if (auto wrong = mistake_in(tables_, "move.to", wanted.move.to)) return fail(error, *wrong);
    auto logs = read_logs(tables_);
    if (!logs) return fail(error, logs.failure());
    wanted.logs = std::move(*logs);
    settings same = wanted;
    same.move = settings_.move;
    if (!server_ || same != settings_) return same == settings_ ? THARSIS_OK : THARSIS_E_UNSUPPORTED;
    if (wanted.move != settings_.move) prepared_ = wanted.move;
    return THARSIS_OK;
  }
  void commit() {
    if (!prepared_) return;
    settings_.move = *std::exchange(prepared_, std::nullopt);
    server_->move(settings_.move);
  }
  void abort() { prepared_.reset(); }

  void run_command(const command_call& call) {
    if (call.name() == "serve") return serving_.run(call);
    wish_ = std::make_unique<wish_command>(tables_, place_, logs_folder_, call);
    commands_.spawn(wish_->run());
  }

 private:
  task<void> tell_stopped() {
    co_await commands_.join(never);
    tables_.self->stopped(tables_.self->self);
  }

  const host tables_;
  strand place_;
  settings settings_;
  std::optional<move_wish> prepared_;
  const listen_place where_;
  const std::optional<listen_place> logs_;
  const std::string logs_folder_;
  std::optional<server> server_;
  std::optional<task<void>> life_;
  serve_command serving_;
  std::unique_ptr<wish_command> wish_;
  task_set commands_, end_;
};

}  // namespace
}  // namespace tharsis::gateway

const tharsis_plugin* tharsis_plugin_entry(uint32_t abi_major) noexcept {
  static constexpr tharsis_plugin table = tharsis::door<tharsis::gateway::plugin>::table("gateway", "0.1.0");
  return abi_major == THARSIS_ABI_MAJOR ? &table : nullptr;
}
