#include "plugins/xlog/files_service.h"

#include "plugins/xlog/file_report.h"
#include "sdk/pure/error.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {

tharsis_status tell_files(const tharsis_files* files, const std::vector<std::string>& folders, const std::string& current,
                          const tharsis_log_span* span, void (*on_file)(void*, const tharsis_log_file*), void* context,
                          tharsis_error* error) {
  if (on_file == nullptr) return fail(error, THARSIS_E_INVALID, "whoever asks for log files needs a function that gets them");
  file_span wanted;
  if (span != nullptr) {
    if (span->has_day != 0) wanted.day = span->day;
    wanted.since = span->since;
    wanted.until = span->until;
  }
  const file_reports found = reports_in(files, folders, wanted);
  for (const file_report& r : found.files) {
    tharsis_log_file f{};
    f.size = sizeof f;
    f.flags = r.flags | (r.file.path == current && (r.flags & THARSIS_LOG_FILE_OPEN) != 0 ? uint32_t{THARSIS_LOG_FILE_CURRENT} : 0u);
    f.path = text_of(r.file.path);
    f.name = text_of(r.file.name.of);
    f.day = r.file.name.day;
    f.number = r.file.name.number;
    f.levels = r.levels;
    f.bytes = r.file.bytes;
    f.lines = r.lines;
    f.first = r.first;
    f.last = r.last;
    on_file(context, &f);
  }
  if (found.complaints.size() < folders.size() || folders.empty()) return THARSIS_OK;
  return fail(error, found.failure);
}

}  // namespace tharsis::xlog
