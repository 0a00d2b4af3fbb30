#include "plugins/stn/links_service.h"

#include "sdk/pure/views.h"

namespace tharsis::stn {
namespace {
constexpr uint32_t segment_clamp_min = 536;  // Every IPv4 host takes as much.
}

links_service::links_service(const host& tables, dispatcher& to)
    : to_(to),
      inbox_(*tables.loop, &links_service::on_letter, this),
      table_{sizeof(tharsis_stn_links), this, set_endpoints, set_heartbeat, reconnect, keep_signalling, subscribe, unsubscribe, clamp_segments} {}

tharsis_status links_service::known(tharsis_text link, const link_names::entry*& found, tharsis_error* error) const {
  found = to_.names().look(view(link));
  if (found != nullptr) return THARSIS_OK;
  return fail(error, THARSIS_E_NOT_FOUND, "there is no link '" + std::string(view(link)) + "'; the profile names its links under stn.links");
}

tharsis_status links_service::set_endpoints(void* self, tharsis_text link, const tharsis_text* endpoints, uint32_t count, tharsis_error* error) {
  const link_names::entry* found = nullptr;
  if (const tharsis_status s = of(self).known(link, found, error); s != THARSIS_OK) return s;
  if (count == 0 || endpoints == nullptr)
    return fail(error, THARSIS_E_INVALID, "a link needs at least one endpoint, like tcps://im.example.com:443");
  if (count > endpoints_max)
    return fail(error, THARSIS_E_INVALID, "a link has at most " + std::to_string(endpoints_max) + " endpoints, not " + std::to_string(count));
  letter l{letter::kind::endpoints, found->name, {}, {}};
  for (uint32_t i = 0; i < count; ++i) {
    auto e = link_endpoint(view(endpoints[i]), found->terms, "links." + found->name);
    if (!e) return fail(error, e.failure());
    l.endpoints.push_back(std::move(*e));
  }
  return of(self).send(std::move(l), error);
}

tharsis_status links_service::set_heartbeat(void* self, tharsis_text link, uint32_t interval_ms, tharsis_error* error) {
  const link_names::entry* found = nullptr;
  if (const tharsis_status s = of(self).known(link, found, error); s != THARSIS_OK) return s;
  const duration interval = std::chrono::milliseconds(interval_ms);
  if (interval_ms != 0 && (interval < heartbeat_wish_min || interval > heartbeat_wish_max))
    return fail(error, THARSIS_E_INVALID, "a heartbeat comes every second at most and every hour at least, not every " + std::to_string(interval_ms) + " ms; 0: as the profile says");
  return of(self).send({letter::kind::heartbeat, found->name, {}, interval}, error);
}

tharsis_status links_service::reconnect(void* self, tharsis_text link, tharsis_error* error) {
  const link_names::entry* found = nullptr;
  if (const tharsis_status s = of(self).known(link, found, error); s != THARSIS_OK) return s;
  return of(self).send({letter::kind::reconnect, found->name, {}, {}}, error);
}

tharsis_status links_service::keep_signalling(void* self, tharsis_text link, tharsis_error* error) {
  const link_names::entry* found = nullptr;
  if (const tharsis_status s = of(self).known(link, found, error); s != THARSIS_OK) return s;
  return of(self).send({letter::kind::signalling, found->name, {}, {}}, error);
}

tharsis_status links_service::subscribe(void* self, const tharsis_stn_push_filter* filter, tharsis_handle* id, tharsis_error* error) {
  return of(self).to_.pushes().subscribe(filter, id, error);
}

void links_service::unsubscribe(void* self, tharsis_handle id) { of(self).to_.pushes().unsubscribe(id); }

tharsis_status links_service::clamp_segments(void* self, uint32_t mss, tharsis_text reason, tharsis_error* error) {
  if (mss != 0 && (mss < segment_clamp_min || mss > segment_sizes::full))
    return fail(error, THARSIS_E_INVALID, "segments are clamped to 536 to 1460 bytes, not to " + std::to_string(mss) + "; 0: not at all");
  return of(self).send({letter::kind::segments, std::string(view(reason)), {}, {}, mss}, error);
}

tharsis_status links_service::send(letter l, tharsis_error* error) {
  if (!closing_ && inbox_.send(std::move(l)) == THARSIS_OK) return THARSIS_OK;
  return fail(error, THARSIS_E_GONE, "stn is stopping");
}

// A link that has gone meanwhile needs nothing any more.
void links_service::on_letter(void* context, letter l) {
  links_service& self = of(context);
  if (l.what == letter::kind::segments && !self.closing_) return self.to_.ways().paths().clamp(l.mss, l.link);
  longlink* const link = self.closing_ ? nullptr : self.to_.links().named(l.link);
  if (link == nullptr) return;
  switch (l.what) {
    case letter::kind::endpoints: return link->set_endpoints(std::move(l.endpoints));
    case letter::kind::heartbeat: return link->set_heartbeat(l.interval);
    case letter::kind::signalling: return link->keep_signalling();
    case letter::kind::segments: return;
    case letter::kind::reconnect: return link->reconnect("the application wanted another connection");
  }
}

void links_service::stop() {
  closing_ = true;
  inbox_.drain();
}

}  // namespace tharsis::stn
