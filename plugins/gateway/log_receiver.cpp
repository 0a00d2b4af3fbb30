#include "plugins/gateway/log_receiver.h"

#include <algorithm>
#include <utility>

#include "sdk/async/blocking.h"
#include "sdk/pure/address.h"

namespace tharsis::gateway {
namespace {

constexpr duration between_sweeps = 1h;
// Who waits longer for the store comes again later.
constexpr size_t turns_max = 64;
constexpr int retry_after_seconds = 5;

http1_server_settings server_settings() {
  http1_server_settings s;
  s.limits.body = shipping::manifest_max;
  return s;
}

}  // namespace

// The store, for as long as this lives.
class log_receiver::turn {
 public:
  turn(log_receiver& of, strand& place) : of_(of), mine_(place) { of_.turns_.push_back(&mine_); }
  turn(const turn&) = delete;
  ~turn() {
    std::erase(of_.turns_, &mine_);
    if (!of_.turns_.empty()) of_.turns_.front()->raise();
  }
  task<void> come() {
    while (of_.turns_.front() != &mine_) co_await mine_.wait();
  }

 private:
  log_receiver& of_;
  signal mine_;
};

log_receiver::metrics::metrics(const host& h)
    : requests(h.count<counter>("log_requests", "1", "Requests of senders of logs")),
      refused(h.count<counter>("log_requests_refused", "1", "Of them, those that were refused")),
      files(h.count<counter>("log_files", "1", "Log files that were put together, each time")),
      bytes(h.count<counter>("log_bytes", "bytes", "Of pieces that came")),
      removed(h.count<counter>("log_files_removed", "1", "Old log files that had to go")),
      kept(h.count<gauge>("log_bytes_kept", "bytes", "Of log files and pieces now")) {}

log_receiver::log_receiver(const host& tables, strand& place, const log_settings& s, const listen_place& where, std::string folder,
                           std::optional<tls_context> tls)
    : tables_(tables),
      place_(place),
      settings_(s),
      where_(where),
      folder_(std::move(folder)),
      tls_(std::move(tls)),
      store_(std::make_shared<log_store>(tables.files, folder_, s.limits)),
      counts_(tables),
      listener_(place, *tables.net),
      connections_(place),
      housekeeping_(place),
      wake_(place) {}

error log_receiver::open() {
  tharsis_error reason = no_error();
  const tharsis_status s = listener_.listen(where_.address, &reason);
  if (s == THARSIS_OK) return fine();
  if (s == THARSIS_E_IN_USE) return {s, "cannot receive logs on " + settings_.listen + ": the port is taken. Stop what uses it, or set gateway.logs.listen to another port (0: any free one)"};
  return {s, "cannot receive logs on " + settings_.listen + ": " + reason.text};
}

task<void> log_receiver::run() {
  housekeeping_.spawn(keep_house());
  while (!stopping_) {
    accept_waiting();
    co_await listener_.events().wait();
  }
  listener_.close();
  connections_.clear();
  wake_.raise();
  co_await housekeeping_.join(never);
}

void log_receiver::stop() {
  stopping_ = true;
  listener_.events().raise(stream::nudged);
}

std::string log_receiver::endpoint_text() const { return std::string(where_.tls ? "https://" : "http://") + to_text(listener_.address()); }

// Who finds no place is not heard.
void log_receiver::accept_waiting() {
  while (auto wire = listener_.accept())
    if (connections_.size() < static_cast<size_t>(settings_.connections)) connections_.spawn(serve(std::move(wire)));
}

task<void> log_receiver::serve(std::unique_ptr<tcp_stream> wire) {
  std::unique_ptr<stream> bytes;
  if (tls_) {
    auto secured = co_await tls_accept(place_, std::move(wire), *tls_, later(place_.now(), settings_.handshake_timeout));
    if (!secured) co_return;
    bytes = std::move(*secured);
  } else {
    bytes = std::move(wire);
  }
  const http1_handler handler = [this](http1_exchange& x) { return handle(x); };
  co_await serve_http1(place_, std::move(bytes), handler, server_settings());
}

task<void> log_receiver::answer(http1_exchange& x, log_reply r) {
  http1::response_head head;
  head.status = r.status;
  head.fields.push_back({"Content-Type", "text/plain"});
  if (r.status == 401) head.fields.push_back({"WWW-Authenticate", "Bearer"});
  if (r.status == 503) head.fields.push_back({"Retry-After", std::to_string(retry_after_seconds)});
  if (r.status >= 400) counts_.refused.add();
  co_await x.answer(std::move(head), std::move(r.body));
}

// Who may not come is told before a byte of what they bring is read.
task<void> log_receiver::handle(http1_exchange& x) {
  counts_.requests.add();
  const auto understood = understand_log_call(x.request().method, x.path(), http1::value_of(x.request().fields, "Authorization"), settings_.tokens);
  if (const auto* refused = std::get_if<log_reply>(&understood)) {
    co_await answer(x, *refused);
    co_return;
  }
  const auto call = std::get<log_call>(understood);
  const size_t most = call.is == log_call::verb::offer ? shipping::manifest_max : call.is == log_call::verb::post ? shipping::post_max : 0;
  auto body = co_await x.read_all(most);
  if (!body) co_return;
  log_reply r{503, "too much is waiting\n"};
  if (turns_.size() >= turns_max) {
    co_await answer(x, std::move(r));
    co_return;
  }
  turn mine(*this, place_);
  co_await mine.come();
  const size_t size = body->size();
  const auto job = [store = store_, call, body = std::move(*body), wall = place_.wall()] { return store->answer(call, body, wall); };
  const auto done = co_await blocking(place_, job);
  if (done) r = *done;
  if (call.is == log_call::verb::post && r.status == 200) counts_.bytes.add(size);
  tell(call, r);
  co_await answer(x, std::move(r));
}

void log_receiver::tell(const log_call& call, const log_reply& r) {
  const std::string what = "logs of " + call.source + ": ";
  counts_.kept.set(static_cast<int64_t>(store_->bytes()));
  if (call.is == log_call::verb::offer && r.status == 200) {
    counts_.files.add();
    tables_.debug(what + call.name + " is here");
  }
  if (call.is == log_call::verb::fulfil && r.status == 200) tables_.info(what + "a wish was fulfilled");
  if (r.status >= 500) tables_.warning(what + "refused with " + std::to_string(r.status) + ": " + r.body.substr(0, r.body.find('\n')));
}

task<void> log_receiver::keep_house() {
  while (!stopping_) {
    {
      turn mine(*this, place_);
      co_await mine.come();
      if (stopping_) co_return;
      const auto job = [store = store_, wall = place_.wall()] { return store->sweep(wall); };
      const auto done = co_await blocking(place_, job);
      if (done) {
        counts_.removed.add(done->files);
        counts_.kept.set(static_cast<int64_t>(store_->bytes()));
        if (done->files > 0) tables_.info("removed " + std::to_string(done->files) + " old log files");
        for (const std::string& c : done->complaints) tables_.warning(c);
      }
    }
    co_await wake_.wait(later(place_.now(), between_sweeps));
  }
}

}  // namespace tharsis::gateway
