#include "plugins/demo/courier.h"

#include <iterator>

namespace tharsis::demo {

void courier::open(on_answer heard, void* context) {
  stn_ = tables_.bound<tharsis_stn>(THARSIS_STN_ID);
  heard_ = heard;
  context_ = context;
}

tharsis_status courier::send(uint64_t tag, uint32_t command, const std::vector<uint8_t>& body,
                             const std::string& key, duration timeout, tharsis_error* error) {
  parcels_.push_back({this, tag, 0, {}});
  parcel& p = parcels_.back();
  p.here = std::prev(parcels_.end());
  tharsis_stn_task task{};
  task.size = sizeof task;
  task.command = command;
  task.timeout_ms = static_cast<uint32_t>(milliseconds(timeout));
  task.body = bytes_of(body);
  task.key = bytes_of(as_bytes(key));
  task.context = &p;
  task.done = &courier::on_done;
  const tharsis_status status = stn_->start(stn_->self, &task, &p.id, error);
  if (status != THARSIS_OK) parcels_.pop_back();
  return status;
}

void courier::cancel_all() {
  for (const parcel& p : parcels_) stn_->cancel(stn_->self, p.id);
}

void courier::on_done(void* context, tharsis_handle, const tharsis_stn_result* result) {
  const parcel& p = *static_cast<parcel*>(context);
  courier& self = *p.owner;
  const uint64_t tag = p.tag;
  self.parcels_.erase(p.here);
  self.heard_(self.context_, {tag, result->status, view(result->body), view(result->reason)});
}

}  // namespace tharsis::demo
