#include "plugins/stn/dialer.h"

#include <algorithm>

#include "sdk/async/blocking.h"
#include "sdk/async/file_reader.h"
#include "sdk/async/task_set.h"
#include "sdk/async/tcp_stream.h"
#include "sdk/async/tls_stream.h"

namespace tharsis::stn {
namespace {

constexpr int64_t ca_size_max = 4 << 20;  // The whole web's authorities take a quarter of a megabyte.

// [a thread that may block]
result<tls_context> trust_from(const tharsis_files& files, const std::string& link, const std::string& ca,
                               bool system_store) {
  const std::string setting = "links." + link + ".tls.ca";
  tls_client_settings trusted;
  trusted.system_store = system_store;
  if (!ca.empty()) {
    auto pem = read_whole(&files, ca, ca_size_max, "a list of certificates");
    if (!pem)
      return error{pem.status(),
                   setting + ": " + pem.failure().text +
                       "; give the server's authority there (a gateway writes its own when it starts first)"};
    trusted.ca_pem = std::move(*pem);
  }
  auto context = tls_context::client(trusted);
  if (!context)
    return error{context.status(), (ca.empty() ? "links." + link + ".tls" : setting + " (" + ca + ")") +
                                       ": " + context.failure().text};
  return context;
}

}  // namespace

// What the attempts of one race tell the race.
struct dialer::board {
  board(dialer& d, size_t addresses)
      : of(d), changed(d.place_), order(d.settings_.dial, addresses, d.place_.now()) {
    of.under_way_ = this;
  }
  ~board() { of.under_way_ = nullptr; }
  dialer& of;
  bool given_up = false;
  signal changed;
  dial_race order;
  std::unique_ptr<stream> winner;
  error failure{THARSIS_E_TIMEOUT, {}};
};

task<result<std::unique_ptr<stream>>> dialer::reach(endpoint to, instant deadline) {
  address_ = {};
  phases_.enter(phase::resolve, place_.now());
  std::optional<tls_context> trust;
  if (to.scheme == "tcps") {
    auto loaded = co_await load_trust();
    if (!loaded) co_return loaded.failure();
    trust = std::move(*loaded);
  }
  auto addresses = co_await names_.resolve(to.host, deadline);
  if (!addresses) co_return addresses.failure();
  for (tharsis_address& a : *addresses) a.port = to.port;
  if (to.scheme == "tcp" && !settings_.plain_allowed) {
    const auto outside = std::find_if_not(addresses->begin(), addresses->end(), is_loopback);
    if (outside != addresses->end()) {
      address_ = *outside;
      co_return error{THARSIS_E_DENIED, to.text() + " would send everything unencrypted to " +
                                            ip_text(*outside) + "; use tcps://, or set links." +
                                            settings_.name + ".plain: allowed"};
    }
  }
  co_return co_await race(std::move(*addresses), std::move(trust), std::move(to), deadline);
}

// At every attempt anew, so that an authority that is replaced, or written later, is seen.
task<result<tls_context>> dialer::load_trust() {
  const tharsis_files* const files = host_.files;
  const auto read = [files, link = settings_.name, ca = settings_.ca, system = settings_.system_store] {
    return trust_from(*files, link, ca, system);
  };
  auto loaded = co_await blocking(place_, read);
  if (!loaded)
    co_return error{THARSIS_E_BUSY,
                    "too much blocking work waits, so the trusted certificates could not be read"};
  co_return std::move(*loaded);
}

task<result<std::unique_ptr<stream>>> dialer::race(std::vector<tharsis_address> addresses,
                                                   std::optional<tls_context> trust, endpoint to,
                                                   instant deadline) {
  phases_.enter(phase::connect, place_.now());
  board results(*this, addresses.size());
  task_set attempts(place_);  // Those that have not won are closed with it.
  while (place_.now() < deadline) {
    while (const auto next = results.order.take_start(place_.now())) {
      const instant give_up = std::min(deadline, later(place_.now(), settings_.dial.timeout));
      attempts.spawn(try_address(&results, addresses[*next], trust, to.host, give_up));
    }
    if (results.winner) {
      address_ = results.winner->peer();
      co_return std::move(results.winner);
    }
    if (results.given_up) co_return error{THARSIS_E_NETWORK, "the network changed while " + to.text() + " was being reached"};
    if (results.order.lost()) break;
    co_await results.changed.wait(std::min(deadline, results.order.deadline()));
  }
  if (results.failure.text.empty()) results.failure.text = "no connection to " + to.text() + " in time";
  if (addresses.size() > 1)
    results.failure.text = "none of the " + std::to_string(addresses.size()) + " addresses of " + to.host +
                           " could be used; the last failure: " + results.failure.text;
  co_return std::move(results.failure);
}

void dialer::give_up() {
  if (under_way_ == nullptr) return;
  under_way_->given_up = true;
  under_way_->changed.raise();
}

task<void> dialer::try_address(board* results, tharsis_address to, std::optional<tls_context> trust,
                               std::string name, instant deadline) {
  auto tcp = co_await dial_tcp(place_, *host_.net, to, deadline);
  result<std::unique_ptr<stream>> wire =
      tcp ? result<std::unique_ptr<stream>>(std::move(*tcp)) : tcp.failure();
  if (wire && trust) {
    results->order.on_progress(place_.now());
    phases_.enter(phase::tls, place_.now());
    wire = co_await tls_connect(place_, std::move(*wire), *trust, name, deadline);
  }
  if (!wire) {
    address_ = to;
    results->failure = wire.failure();
    results->order.on_failed(place_.now());
  } else if (!results->winner) {
    results->winner = std::move(*wire);
  }
  results->changed.raise();
}

}  // namespace tharsis::stn
