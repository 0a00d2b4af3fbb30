#include "plugins/sdt/statistics_book.h"

#include <algorithm>

#include "plugins/sdt/core/scene.h"
#include "sdk/pure/error.h"
#include "sdk/pure/views.h"

namespace tharsis::sdt {
namespace {

constexpr size_t links_max = 64;  // A host that makes links without end has no statistics of each.

// Ends that say nothing of network or server: somebody changed his mind, or asked for what cannot be.
bool tells_nothing(tharsis_status s) {
  return s == THARSIS_E_CANCELLED || s == THARSIS_E_INVALID || s == THARSIS_E_BUSY || s == THARSIS_E_GONE ||
         s == THARSIS_E_UNSUPPORTED || s == THARSIS_E_FULL || s == THARSIS_E_IO || s == THARSIS_E_INTERNAL;
}

}  // namespace

statistics_book::counts::counts(const host& h)
    : tries(h.count<counter>("tries", "1", "Tasks and connections of stn that told something of network and server")),
      good(h.count<counter>("tries_good", "1", "Of those, the ones that succeeded")),
      failed(h.count<counter>("tries_failed", "1", "Of those, the ones that failed")),
      time(h.count<histogram>("try_time", "ns", "How long those that succeeded took")) {}

statistics_book::statistics_book(const host& tables, strand& place, std::string path)
    : host_(tables),
      place_(place),
      counts_(tables),
      file_(place, tables,
            {.path = std::move(path),
             .what = "a file of statistics",
             .loss = "what was counted on earlier days is not there",
             .never_kept = "statistics cannot be kept for the next start",
             .size_max = statistics_bytes_max,
             .pause = 60s},
            {.read = [this](std::string_view text) { return known_.read(text); }, .write = [this] { return known_.text(); }}),
      network_(*tables.network) {}

template <class Event, void (statistics_book::*take)(const Event&)>
tharsis_status statistics_book::follow(const char* topic, tharsis_error* error) {
  const auto hear = [](void* self, const tharsis_event* event) {
    (static_cast<statistics_book*>(self)->*take)(*static_cast<const Event*>(event->payload));
  };
  const tharsis_subscription wanted{sizeof wanted, THARSIS_DROP_OLDEST, 0, hear, this};
  tharsis_handle id = 0;
  const tharsis_status status = host_.bus->subscribe(host_.bus->self, topic, &wanted, &id, error);
  if (status == THARSIS_OK) subscriptions_.push_back(id);
  return status;
}

tharsis_status statistics_book::open(tharsis_error* error) {
  day_ = statistics::day_of(place_.wall());
  file_.open();
  network_.open([this](const tharsis_network_state& now) { network_now_ = view(now.id); });
  tharsis_status status = follow<tharsis_stn_link, &statistics_book::on_link>(THARSIS_STN_LINK_TOPIC, error);
  if (status == THARSIS_OK) status = follow<tharsis_stn_task_event, &statistics_book::on_task>(THARSIS_STN_TASK_TOPIC, error);
  if (status == THARSIS_OK) status = follow<tharsis_sdt_report, &statistics_book::on_report>(THARSIS_SDT_REPORT_TOPIC, error);
  return status;
}

task<void> statistics_book::close(instant deadline) {
  for (const tharsis_handle id : subscriptions_) host_.bus->unsubscribe(host_.bus->self, id);
  subscriptions_.clear();
  network_.close();
  co_await file_.close(deadline);
}

std::string statistics_book::server_of(std::string_view link) const {
  const auto known = endpoints_.find(link);
  return known == endpoints_.end() ? std::string(link) : known->second;
}

void statistics_book::on_task(const tharsis_stn_task_event& told) {
  if (!view(told.link).empty()) on_try(server_of(view(told.link)), told.status, duration(told.took - told.queued));
}

void statistics_book::on_link(const tharsis_stn_link& told) {
  const std::string name(view(told.link)), endpoint(view(told.endpoint));
  if (!endpoint.empty() && (endpoints_.size() < links_max || endpoints_.count(name) > 0)) endpoints_[name] = endpoint;
  if (told.state == THARSIS_STN_UP) on_try("link " + server_of(name), THARSIS_OK, duration(told.gap));
  else if (told.state == THARSIS_STN_DOWN && told.status != THARSIS_OK) on_try("link " + server_of(name), told.status, {});
}

void statistics_book::on_report(const tharsis_sdt_report& told) {
  if (told.status != THARSIS_OK) return;  // Given up: it concludes nothing.
  known_.on_verdict(place_.wall(), network_now_, view(told.target), view(told.code));
  file_.change();
}

void statistics_book::on_try(const std::string& server, tharsis_status status, duration took) {
  if (tells_nothing(status)) return;
  sum_up();
  const bool good = status == THARSIS_OK;
  counts_.tries.add();
  (good ? counts_.good : counts_.failed).add();
  if (good) counts_.time.record(static_cast<uint64_t>(std::max<int64_t>(0, took.count())));
  known_.on_try(place_.wall(), network_now_, server, good, status_name(status), took);
  file_.change();
}

// The first try of a day ends the one before.
void statistics_book::sum_up() {
  const int64_t today = statistics::day_of(place_.wall());
  if (today == day_) return;
  for (const auto& d : known_.days())
    if (d.day == day_ && d.tries > 0 && host_.logs(THARSIS_LOG_INFO))
      host_.write(THARSIS_LOG_INFO, "day tries=" + std::to_string(d.tries) + " good=" + std::to_string(d.good) + " p50=" + ms_text(d.ms_at(0.5)) +
                                        " p95=" + ms_text(d.ms_at(0.95)));
  day_ = today;
}

}  // namespace tharsis::sdt
