#include "plugins/gateway/server.h"

#include <algorithm>
#include <utility>

#include "sdk/async/blocking.h"
#include "sdk/pure/address.h"

namespace tharsis::gateway {
namespace {

// Connections taken in one turn; then those that are there have theirs.
constexpr int turn_accepts = 64;

error too_busy() { return {THARSIS_E_BUSY, "too much blocking work is waiting; start the gateway again"}; }

exchange::counts count_requests(const host& h) {
  return {h.count<counter>("requests", "1", "Requests of all kinds"),
          h.count<counter>("messages", "1", "Tasks that were carried out, each once"),
          h.count<counter>("repeats", "1", "Tasks that came again and were not carried out again"),
          h.count<counter>("requests_refused", "1", "Tasks that were refused: too many, or a key used twice"),
          h.count<counter>("pushes", "1", "Messages to those who joined a topic"),
          h.count<counter>("requests_busy", "1", "Requests that were refused with the word when to come again"),
          h.count<counter>("moves_told", "1", "Times that a client was told where else to go")};
}

}  // namespace

server::server(const host& tables, strand& place, settings s, listen_place where, std::optional<listen_place> logs, server_owner owner,
               const std::string& folder)
    : tables_(tables),
      place_(place),
      settings_(std::move(s)),
      where_(where),
      logs_where_(logs),
      owner_(std::move(owner)),
      folder_(folder.empty() ? std::string(view(tables.paths->data(tables.paths->self))) : folder),
      listener_(place, *tables.net),
      shared_(settings_, count_requests(tables)),
      around_{place_, tables_, settings_, shared_, tls_, [this] { route(); }, udp_, streams_},
      accepted_(tables.count<counter>("connections", "1", "Connections that got a place")),
      refused_(tables.count<counter>("connections_refused", "1", "Connections for which there was no place")),
      open_(tables.count<gauge>("connections_open", "1", "Connections now")),
      receiving_(place) {
  if (!settings_.keep.told) return;
  mars::bytes name(8);
  tables.random->fill(tables.random->self, name.data(), name.size());
  shared_.name_memory(std::move(name));
}

server_owner owner_of(const host& tables) {
  const tharsis_host* const self = tables.self;
  server_owner owner;
  owner.ready = [self](const std::string&) { self->ready(self->self); };
  owner.failed = [self](const error& why) {
    tharsis_error reason = no_error();
    fail(&reason, why);
    self->failed(self->self, &reason);
  };
  owner.stopped = [self] { self->stopped(self->self); };
  return owner;
}

task<void> server::life() {
  const error failure = co_await open();
  if (failure.status != THARSIS_OK) {
    co_await close();
    owner_.failed(failure);
    co_return;
  }
  owner_.ready(endpoint_text());
  co_await serve();
  co_await close();
  owner_.stopped();
}

void server::stop() {
  if (settings_.drain.within > duration::zero() && !shared_.leaving().drains() && guests() > 0) return begin_drain();
  stopping_ = true;
  listener_.events().raise(stream::nudged);
  if (logs_) logs_->stop();
  if (tasks_) tasks_->stop();
  if (canary_) canary_->stop();
}

// Nobody new comes; who is there is told, and what he has asked is answered.
void server::begin_drain() {
  drained_ = true;
  tables_.info("is drained: " + std::to_string(connections_.size()) + " connections have " + std::to_string(milliseconds(settings_.drain.within)) +
               " ms to go elsewhere" + (settings_.drain.to.empty() ? "" : ", to " + settings_.drain.to.front() + (settings_.drain.to.size() > 1 ? " and others" : "")));
  listener_.close();
  if (tasks_) tasks_->drain();
  shared_.on_drain(place_.now());
  route();
  listener_.events().raise(stream::nudged);
}

void server::move(const move_wish& m) {
  tables_.info(m.to.empty() ? "clients are to stay" : "clients are to go to " + m.to.front() + (m.to.size() > 1 ? " and others" : ""));
  shared_.on_move(m, place_.now());
  route();
}

// The endpoint file appears when, and only when, somebody can connect.
task<error> server::open() {
  error failure = co_await prepare();
  if (failure.status == THARSIS_OK) failure = co_await begin_with_streams();
  if (failure.status == THARSIS_OK) failure = begin_to_listen();
  if (failure.status == THARSIS_OK) failure = begin_with_datagrams();
  if (failure.status == THARSIS_OK) failure = begin_to_receive();
  if (failure.status == THARSIS_OK) failure = begin_with_tasks();
  if (failure.status == THARSIS_OK) failure = begin_with_canary();
  if (failure.status != THARSIS_OK) co_return failure;
  auto announce = [files = tables_.files, folder = folder_, content = endpoint_text() + "\n", logs = logs_ ? logs_->endpoint_text() + "\n" : "",
                   http = tasks_ ? http_endpoint() + "\n" : ""] {
    tharsis_error reason = no_error();
    const std::string path = folder + "/endpoint", logs_path = folder + "/logs-endpoint", http_path = folder + "/http-endpoint";
    tharsis_status s = THARSIS_OK;
    if (!http.empty()) s = files->replace(files->self, text_of(http_path), bytes_of(as_bytes(http)), &reason);
    if (s == THARSIS_OK && !logs.empty()) s = files->replace(files->self, text_of(logs_path), bytes_of(as_bytes(logs)), &reason);
    if (s == THARSIS_OK) s = files->replace(files->self, text_of(path), bytes_of(as_bytes(content)), &reason);
    return s == THARSIS_OK ? fine() : error_from(s, reason);
  };
  auto announced = co_await blocking(place_, std::move(announce));
  if (!announced) co_return too_busy();
  if (announced->status == THARSIS_OK) tables_.info("listens on " + endpoint_text());
  if (announced->status == THARSIS_OK && udp_) tables_.info("takes datagrams on udp://" + to_text(udp_->address()));
  if (announced->status == THARSIS_OK && tasks_) tables_.info("takes tasks over HTTP on " + http_endpoint());
  if (announced->status == THARSIS_OK && canary_) tables_.info("serves canary pages on " + canary_endpoint());
  if (announced->status == THARSIS_OK && logs_) tables_.info("receives log files on " + logs_->endpoint_text());
  co_return std::move(*announced);
}

// The folder is this gateway's alone; with TLS there is an identity in it.
task<error> server::prepare() {
  struct prepared {
    error failure = fine();
    held_lock lock;
    std::optional<server_identity> identity;
  };
  const int64_t wall = std::chrono::floor<std::chrono::seconds>(duration(place_.wall())).count();
  identity_wish wish{folder_, settings_.names, static_cast<int>(settings_.days), wall};
  auto work = [files = tables_.files, random = tables_.random, tls = where_.tls || (logs_where_ && logs_where_->tls) || settings_.http.listen.starts_with("https"), wish = std::move(wish)] {
    prepared done;
    tharsis_error reason = no_error();
    tharsis_status s = files->make_folder(files->self, text_of(wish.folder), &reason);
    const std::string lock = wish.folder + "/lock";
    tharsis_handle held = 0;
    if (s == THARSIS_OK) s = files->lock(files->self, text_of(lock), &held, &reason);
    if (s == THARSIS_OK) done.lock = held_lock(files, held);
    if (s != THARSIS_OK) done.failure = error_from(s, reason);
    if (s == THARSIS_E_IN_USE)
      done.failure.text = "another gateway runs with " + wish.folder + "; stop it, or use another --state";
    if (s != THARSIS_OK || !tls) return done;
    auto identity = load_or_make_identity(*files, *random, wish);
    if (identity) done.identity = std::move(*identity);
    else done.failure = identity.failure();
    return done;
  };
  auto done = co_await blocking(place_, std::move(work));
  if (!done) co_return too_busy();
  lock_ = std::move(done->lock);
  if (done->failure.status != THARSIS_OK) co_return done->failure;
  if (done->identity) {
    done->identity->tls.tickets = 2;  // One for the next connection, one for its race with another.
    done->identity->tls.early_data_max = static_cast<uint32_t>(settings_.early_data);
    auto context = tls_context::server(done->identity->tls);
    if (!context) co_return context.failure();
    tls_ = std::move(*context);
    tables_.info(std::string(done->identity->made ? "made" : "uses") + " the certificate in " + folder_ +
                 "/server.pem; clients trust " + folder_ + "/ca.pem");
  }
  co_return fine();
}

error server::begin_to_listen() {
  tharsis_error reason = no_error();
  const tharsis_status s = listener_.listen(where_.address, &reason);
  if (s == THARSIS_OK) return fine();
  if (s == THARSIS_E_IN_USE)
    return {s, "cannot listen on " + settings_.listen +
                   ": the port is taken. Stop what uses it, or set gateway.listen (of `stn serve`: ENDPOINT) to another port (0: any free one)"};
  return {s, "cannot listen on " + settings_.listen + ": " + reason.text};
}

task<error> server::begin_with_streams() {
  if (settings_.streams.folder.empty()) co_return fine();
  streams_ = std::make_unique<stream_shelf>(tables_, place_, settings_.streams);
  const error failure = co_await streams_->open();
  if (failure.status != THARSIS_OK) co_return failure;
  receiving_.spawn(streams_->keep_house());
  tables_.info("takes streams into " + settings_.streams.folder);
  co_return fine();
}

error server::begin_with_datagrams() {
  if (settings_.udp.empty()) return fine();
  const auto where = place_for_datagrams(settings_, where_.tls);
  if (!where) return where.failure();
  udp_ = std::make_unique<datagrams>(
      tables_, settings_.limits, [this](uint64_t c, mars::frame f, uint32_t d) { on_datagram(c, std::move(f), d); },
      [this] { listener_.events().raise(stream::nudged); });
  tharsis_error reason = no_error();
  const tharsis_status s = udp_->open(*where, &reason);
  return s == THARSIS_OK ? fine() : error{s, "cannot take datagrams on " + settings_.udp + ": " + reason.text};
}

void server::on_datagram(uint64_t connection, mars::frame request, uint32_t datagram) {
  if (const auto found = connections_.find(connection); found != connections_.end()) shared_.on_request(connection, std::move(request), place_.now(), datagram);
}

error server::begin_with_tasks() {
  if (settings_.http.listen.empty()) return fine();
  const auto where = place_to_listen(settings_.http.listen, "gateway.http.listen", "http", settings_);
  if (!where) return where.failure();
  task_door_surroundings around{tables_, place_, settings_, shared_, [this] { return ++last_connection_; }, [this] { route(); },
                                  [this] { listener_.events().raise(stream::nudged); }};
  tasks_.emplace(std::move(around), *where, where->tls ? tls_ : std::nullopt);
  const error failure = tasks_->open();
  if (failure.status == THARSIS_OK) receiving_.spawn(tasks_->run());
  return failure;
}

error server::begin_with_canary() {
  if (settings_.canary.listen.empty()) return fine();
  const auto where = place_for_canary(settings_);
  if (!where) return where.failure();
  canary_.emplace(tables_, place_, settings_.canary, *where);
  const error failure = canary_->open();
  if (failure.status == THARSIS_OK) receiving_.spawn(canary_->run());
  return failure;
}

error server::begin_to_receive() {
  if (!logs_where_) return fine();
  const std::string folder = settings_.logs_folder(folder_);
  logs_.emplace(tables_, place_, settings_.logs, *logs_where_, folder, logs_where_->tls ? tls_ : std::nullopt);
  const error failure = logs_->open();
  if (failure.status == THARSIS_OK) receiving_.spawn(logs_->run());
  return failure;
}

task<void> server::serve() {
  while (!stopping_ && !shared_.leaving().over(guests(), place_.now())) {
    follow_outage();
    if (!out_ && listener_.open()) accept_waiting();
    waits_until_ = next_deadline();
    co_await listener_.events().wait(waits_until_);
    shared_.on_deadline(place_.now());
    if (udp_) udp_->receive(place_.now(), out_ || shared_.out(place_.now()));
    route();
  }
}

task<void> server::close() {
  if (drained_)
    tables_.info(guests() == 0 ? std::string("all clients have gone") : std::to_string(guests()) + " clients have not gone in time, and are seen off");
  listener_.close();
  if (udp_) udp_->close();
  if (logs_) logs_->stop();
  if (tasks_) tasks_->stop();
  if (canary_) canary_->stop();
  if (streams_) streams_->stop();
  co_await receiving_.join(never);
  for (const auto& [id, c] : connections_) {
    c->say_end("the gateway stops", false);
    c->say_goodbye();
  }
  connections_.clear();
  auto clean = [files = tables_.files, folder = folder_, lock = std::move(lock_)]() mutable {
    const held_lock given_back = std::move(lock);  // Last of all.
    const std::string path = folder + "/endpoint", logs_path = folder + "/logs-endpoint", http_path = folder + "/http-endpoint";
    if (!given_back) return tharsis_status{THARSIS_OK};  // The folder is somebody else's.
    files->remove(files->self, text_of(logs_path), nullptr);
    files->remove(files->self, text_of(http_path), nullptr);
    return files->remove(files->self, text_of(path), nullptr);
  };
  co_await blocking(place_, std::move(clean));
  co_await blocking_over(place_);
}

instant server::next_deadline() const {
  return std::min({shared_.deadline(), shared_.planned().deadline(place_.now()), listen_again_, shared_.leaving().ends()});
}

void server::accept_waiting() {
  for (int i = 0; i < turn_accepts; ++i) {
    auto wire = listener_.accept();
    if (!wire) return;
    admit(std::move(wire));
  }
  listener_.events().raise(stream::readable);
}

void server::admit(std::unique_ptr<tcp_stream> wire) {
  if (!make_place()) return complain_of_crowd();
  const uint64_t id = ++last_connection_;
  auto& c = connections_[id];
  c = std::make_unique<connection>(id, std::move(wire), around_);
  accepted_.add();
  count_connections();
  c->start(&server::on_finished, this);
}

// When all places are taken, the oldest connection that has not said anything gives up its own: who
// only opens connections does not keep others out.
bool server::make_place() {
  if (connections_.size() < static_cast<size_t>(settings_.limits.connections)) return true;
  const auto silent = [](const auto& entry) { return !entry.second->greeted(); };
  const auto oldest = std::find_if(connections_.begin(), connections_.end(), silent);
  if (oldest == connections_.end()) return false;
  oldest->second->say_end("its place was needed and it had not said anything", true);
  connections_.erase(oldest);
  return true;
}

void server::complain_of_crowd() {
  ++turned_away_;
  refused_.add();
  if (place_.now() < later(complained_, crowd_complaint)) return;
  complained_ = place_.now();
  tables_.warning("turned " + std::to_string(std::exchange(turned_away_, 0)) + " connections away: all " +
                  std::to_string(settings_.limits.connections) + " places are taken (gateway.limits.connections)");
}

void server::on_finished(void* context, uint64_t id) {
  auto& self = *static_cast<server*>(context);
  self.connections_.erase(id);
  self.count_connections();
  if (self.shared_.leaving().drains()) self.listener_.events().raise(stream::nudged);
}

void server::follow_outage() {
  const instant now = place_.now();
  if (!out_ && shared_.out(now)) begin_outage();
  if (out_ && !shared_.out(now) && (listen_again_ == never || now >= listen_again_)) end_outage();
}

void server::begin_outage() {
  out_ = true;
  const bool reset = shared_.planned().plan().kind == outage_kind::reset;
  tables_.warning("planned outage begins after " + std::to_string(shared_.messages()) + " messages, for " +
                  std::to_string(milliseconds(shared_.planned().plan().lasts)) + " ms: " +
                  (reset ? "the listener closes, " + std::to_string(connections_.size()) + " connections are reset"
                         : "everything falls silent"));
  if (!reset) return;
  listener_.close();
  for (const auto& [id, c] : connections_) c->cut();
  connections_.clear();
  count_connections();
}

void server::end_outage() {
  if (!listener_.open() && !shared_.leaving().drains()) {
    const error failure = begin_to_listen();
    if (failure.status != THARSIS_OK) {
      if (listen_again_ == never) tables_.warning("the outage should be over, but " + failure.text + "; trying on");
      listen_again_ = later(place_.now(), listen_again);
      return;
    }
  }
  out_ = false;
  listen_again_ = never;
  tables_.warning("planned outage is over; listens on " + endpoint_text());
  for (const auto& [id, c] : connections_) c->nudge();
}

void server::route() {
  for (const delivery& d : shared_.take_deliveries()) {
    const auto found = connections_.find(d.connection);
    if (found != connections_.end()) found->second->deliver(d);
    else if (tasks_) tasks_->deliver(d);
  }
  // serve() looks up for an outage that begins, and for a message that is to be carried out.
  if ((!out_ && shared_.out(place_.now())) || shared_.deadline() < waits_until_) listener_.events().raise(stream::nudged);
}

std::string server::endpoint_text() const {
  return std::string(where_.tls ? "tcps://" : "tcp://") + to_text(listener_.address());
}

}  // namespace tharsis::gateway
