#include "plugins/stn/http_dialler.h"

#include <algorithm>

#include "sdk/async/blocking.h"
#include "sdk/async/file_reader.h"
#include "sdk/async/task_set.h"
#include "sdk/async/tcp_stream.h"
#include "sdk/async/tls_stream.h"
#include "sdk/pure/address.h"

namespace tharsis::stn {
namespace {

constexpr int64_t authorities_max = 4 << 20;  // The whole web's take a quarter of a megabyte.
// Reading the system's authorities takes some ten milliseconds; a file that is replaced is seen after so long.
constexpr duration trust_kept = 60s;

// [a thread that may block]
result<tls_context> read_trust(const tharsis_files& files, const std::string& setting, const std::string& ca, bool system_store, http_versions spoken) {
  tls_client_settings wanted;
  wanted.system_store = system_store;
  wanted.http1 = spoken.http1;
  wanted.http2 = spoken.http2;
  if (!ca.empty()) {
    auto pem = read_whole(&files, ca, authorities_max, "a list of certificates");
    if (!pem) return error{pem.status(), setting + ".tls.ca: " + pem.failure().text};
    wanted.ca_pem = std::move(*pem);
  }
  auto context = tls_context::client(wanted);
  if (!context) return error{context.status(), setting + ".tls" + (ca.empty() ? "" : ".ca (" + ca + ")") + ": " + context.failure().text};
  return context;
}

}  // namespace

struct http_dialler_of::board {
  board(strand& place, const dial_settings& s, size_t addresses) : changed(place), order(s, addresses, place.now()) {}
  signal changed;
  dial_race order;
  std::unique_ptr<stream> winner;
  error failure{THARSIS_E_TIMEOUT, {}};
};

task<result<std::unique_ptr<stream>>> http_dialler_of::dial(url to, instant deadline) {
  std::optional<tls_context> trusted;
  if (to.secure) {
    auto loaded = co_await trust();
    if (!loaded) co_return loaded.failure();
    trusted = std::move(*loaded);
  }
  auto addresses = co_await names_.resolve(to.host, deadline);
  if (!addresses) co_return addresses.failure();
  for (tharsis_address& a : *addresses) a.port = to.port;
  if (auto refusal = refusal_of(to, *addresses)) co_return std::move(*refusal);
  auto wire = co_await race(std::move(*addresses), std::move(trusted), std::move(to), deadline);
  if (wire.status() == THARSIS_E_UNTRUSTED) trusted_.reset();  // Somebody may be mending just that.
  co_return wire;
}

std::optional<error> http_dialler_of::refusal_of(const url& to, const std::vector<tharsis_address>& addresses) const {
  if (to.secure || settings_.plain_allowed) return std::nullopt;
  const auto outside = std::find_if_not(addresses.begin(), addresses.end(), is_loopback);
  if (outside == addresses.end()) return std::nullopt;
  return error{THARSIS_E_DENIED, to.origin() + " would send everything unencrypted to " + ip_text(*outside) +
                                     "; use https://, or set " + setting_ + ".plain: allowed"};
}

task<result<tls_context>> http_dialler_of::trust() {
  if (trusted_ && place_.now() < trusted_until_) co_return *trusted_;
  const tharsis_files* const files = host_.files;
  const auto read = [files, setting = setting_, ca = settings_.ca, system = settings_.system_store, spoken = settings_.versions] {
    return read_trust(*files, setting, ca, system, spoken);
  };
  auto loaded = co_await blocking(place_, read);
  if (!loaded) co_return error{THARSIS_E_BUSY, "too much blocking work waits, so the trusted certificates could not be read"};
  if (*loaded) {
    trusted_ = **loaded;
    trusted_until_ = later(place_.now(), trust_kept);
  }
  co_return std::move(*loaded);
}

task<result<std::unique_ptr<stream>>> http_dialler_of::race(std::vector<tharsis_address> addresses, std::optional<tls_context> trusted,
                                                            url to, instant deadline) {
  const dial_settings pace;
  board results(place_, pace, addresses.size());
  task_set attempts(place_);  // Those that have not won are closed with it.
  while (place_.now() < deadline) {
    while (const auto next = results.order.take_start(place_.now())) {
      const instant give_up = std::min(deadline, later(place_.now(), pace.timeout));
      attempts.spawn(try_address(&results, addresses[*next], trusted, to.host, give_up));
    }
    if (results.winner) co_return std::move(results.winner);
    if (results.order.lost()) break;
    co_await results.changed.wait(std::min(deadline, results.order.deadline()));
  }
  if (results.failure.text.empty()) results.failure.text = "no connection in time";
  const std::string all = addresses.size() > 1 ? ", none of its " + std::to_string(addresses.size()) + " addresses; at last" : "";
  co_return error{results.failure.status, "cannot reach " + to.place() + all + ": " + results.failure.text};
}

// The one place where a TCP connection is made: a proxy's tunnel belongs between it and TLS.
task<void> http_dialler_of::try_address(board* results, tharsis_address to, std::optional<tls_context> trusted, std::string name, instant deadline) {
  auto tcp = co_await dial_tcp(place_, *host_.net, to, deadline);
  result<std::unique_ptr<stream>> wire = tcp ? result<std::unique_ptr<stream>>(std::move(*tcp)) : tcp.failure();
  if (wire && trusted) {
    results->order.on_progress(place_.now());
    wire = co_await tls_connect(place_, std::move(*wire), *trusted, name, deadline);
  }
  if (!wire) {
    results->failure = wire.failure();
    results->order.on_failed(place_.now());
  } else if (!results->winner) {
    results->winner = std::move(*wire);
  }
  results->changed.raise();
}

}  // namespace tharsis::stn
