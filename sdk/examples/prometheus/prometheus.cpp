// An endpoint for Prometheus: GET /metrics on loopback. One coroutine accepts, one serves each connection.
//
//     plugins: { stn: { ... }, prometheus: { listen: "127.0.0.1:9464" } }
//
// and in prometheus.yml:   scrape_configs: [{ job_name: tharsis, static_configs: [{ targets: ["127.0.0.1:9464"] }] }]
#include "prometheus_text.h"

#include "sdk/async/door.h"
#include "sdk/async/http1_server.h"
#include "sdk/async/task_set.h"
#include "sdk/async/tcp_listener.h"
#include "sdk/pure/address.h"

namespace {

using namespace tharsis;

struct settings {
  tharsis_address on{};
  size_t connections_max = 16;
};

class endpoint_plugin {
 public:
  static result<std::unique_ptr<endpoint_plugin>> create(const host& h) {
    if (h.metrics == nullptr) return error{THARSIS_E_UNSUPPORTED, "this host has no metrics to show"};
    const std::string listen = h.text("listen");
    const auto on = parse_place(listen);
    if (!on) return error{THARSIS_E_INVALID, h.where("listen") + ": listen: expected IP:PORT like 127.0.0.1:9464, got '" + listen + "'"};
    if (!is_loopback(*on) && !h.flag("open"))
      return error{THARSIS_E_DENIED, h.where("listen") + ": listen: others could read what is counted at " + listen + "; listen on 127.0.0.1, or set open: true"};
    return std::make_unique<endpoint_plugin>(h, settings{*on, static_cast<size_t>(h.whole("connections_max"))});
  }

  endpoint_plugin(const host& h, const settings& s)
      : host_(h), place_(host_.loop), settings_(s), listener_(place_, *host_.net), served_(place_), work_(place_),
        scrapes_(host_.count<counter>("scrapes", "1", "Times that the metrics were asked for")) {}

  tharsis_status start(tharsis_error* why) {
    tharsis_error reason = no_error();
    if (const tharsis_status status = listener_.listen(settings_.on, &reason); status != THARSIS_OK)
      return fail(why, status, host_.where("listen") + ": listen: " + reason.text);
    host_.info("metrics at http://" + to_text(listener_.address()) + "/metrics");
    work_.spawn(accept());
    return THARSIS_OK;
  }

  // Connections that are open are cut: who scrapes comes again.
  tharsis_status stop() {
    work_.clear();
    served_.clear();
    listener_.close();
    return THARSIS_OK;
  }

 private:
  task<void> accept() {
    for (;;) {
      while (auto wire = listener_.accept())
        if (served_.size() < settings_.connections_max) served_.spawn(serve(std::move(wire)));
      co_await listener_.events().wait();
    }
  }

  task<void> serve(std::unique_ptr<stream> wire) {
    http1_server_settings terms;
    terms.limits.body = 0;  // Nobody has anything to send here.
    http1_handler handler = [this](http1_exchange& x) { return answer(x); };
    co_await serve_http1(place_, std::move(wire), std::move(handler), terms);
  }

  task<void> answer(http1_exchange& x) {
    const bool reads = x.request().method == "GET" || x.request().method == "HEAD";
    if (x.path() != "/metrics") {
      co_await x.answer(404, "the metrics are at /metrics\n");
    } else if (!reads) {
      co_await x.answer(405, "metrics can be read, and nothing else\n");
    } else {
      scrapes_.add();
      http1::response_head head;
      head.status = 200;
      http1::set(head.fields, "Content-Type", "text/plain; version=0.0.4; charset=utf-8");
      std::string text = page();
      co_await x.answer(std::move(head), std::move(text));
    }
  }

  std::string page() const {
    prometheus::page made;
    host_.metrics->visit(host_.metrics->self, [](void* page, const tharsis_metric_value* m) { static_cast<prometheus::page*>(page)->add(*m); }, &made);
    return made.text();
  }

  const host host_;
  strand place_;
  const settings settings_;
  tcp_listener listener_;
  task_set served_, work_;
  const counter scrapes_;
};

}  // namespace

const tharsis_plugin* tharsis_plugin_entry(uint32_t abi_major) noexcept {
  static constexpr tharsis_plugin table = tharsis::door<endpoint_plugin>::table("prometheus", "1.0.0");
  return abi_major == THARSIS_ABI_MAJOR ? &table : nullptr;
}
