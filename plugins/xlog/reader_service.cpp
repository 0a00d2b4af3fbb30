#include "plugins/xlog/reader_service.h"

#include <algorithm>
#include <utility>

#include "sdk/pure/views.h"

namespace tharsis::xlog {

tharsis_status reader_service::open(const tharsis_log_query* query, int64_t now, tharsis_handle* reading, tharsis_error* error) {
  if (query == nullptr || reading == nullptr) return fail(error, THARSIS_E_INVALID, "whoever reads a log needs a query, and a place for the handle");
  tharsis_log_query known{};  // Of an older caller, what it does not know asks nothing.
  std::copy_n(reinterpret_cast<const unsigned char*>(query), std::min<size_t>(query->size, sizeof known), reinterpret_cast<unsigned char*>(&known));
  auto asked = log_reading::question_of(known);
  if (!asked) return fail(error, asked.failure());
  if (asked->paths.empty()) asked->paths = folders_;
  auto opened = log_reading::open(files_, std::move(*asked), now);
  if (!opened) return fail(error, opened.failure());
  const std::lock_guard lock(mutex_);
  *reading = ++last_;
  open_.emplace(*reading, std::move(*opened));
  return THARSIS_OK;
}

tharsis_status reader_service::next(tharsis_handle reading, const tharsis_log_item** item, tharsis_error* error) {
  if (item == nullptr) return fail(error, THARSIS_E_INVALID, "whoever reads a log needs a place for its lines");
  *item = nullptr;
  std::shared_ptr<log_reading> found;
  {
    const std::lock_guard lock(mutex_);
    const auto at = open_.find(reading);
    if (at != open_.end()) found = at->second;
  }
  if (!found) return fail(error, THARSIS_E_GONE, "no log is read under this handle; it was closed, or xlog was started again since");
  return found->next(item);
}

void reader_service::close(tharsis_handle reading) {
  std::shared_ptr<log_reading> gone;  // Closes files, so not under the lock.
  const std::lock_guard lock(mutex_);
  const auto at = open_.find(reading);
  if (at == open_.end()) return;
  gone = std::move(at->second);
  open_.erase(at);
}

}  // namespace tharsis::xlog
