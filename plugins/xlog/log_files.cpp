#include "plugins/xlog/log_files.h"

#include <algorithm>
#include <utility>

#include "plugins/xlog/core/line.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {
namespace {

// Processes that write into one folder at a time. Beyond it something else is wrong.
constexpr uint32_t neighbours_max = 1000;

const error fine{THARSIS_OK, {}};

}  // namespace

log_files::outcome log_files::open(int64_t wall) { return outcome_of(0, open_next({utc_day(wall), 0})); }

log_files::outcome log_files::outcome_of(size_t count, error failure) {
  if (failure.status != THARSIS_OK) close();
  return {count, std::exchange(appended_, 0), std::move(failure), file_ != 0 ? path(name_) : std::string()};
}

log_files::outcome log_files::append(std::span<const record> lines) {
  std::string buffer;
  size_t written = 0;
  for (size_t i = 0; i < lines.size(); ++i) {
    const size_t before = buffer.size();
    append_line(buffer, lines[i]);
    const int64_t day = utc_day(lines[i].wall);
    const place where = file_ == 0 ? place::other_day
                                   : place_of(name_, bytes_ + before, day, buffer.size() - before, file_size_);
    if (where == place::this_file) continue;
    const std::string line = buffer.substr(before);
    buffer.resize(before);
    if (error failure = flush(buffer); failure.status != THARSIS_OK) return outcome_of(written, std::move(failure));
    written = i;
    const file_name next = where == place::next_number ? file_name{name_.day, name_.number + 1} : file_name{day, 0};
    error failure = finish();
    if (failure.status == THARSIS_OK) failure = open_next(next);
    if (failure.status != THARSIS_OK) return outcome_of(written, std::move(failure));
    buffer = line;
  }
  error failure = flush(buffer);
  if (failure.status == THARSIS_OK) written = lines.size();
  return outcome_of(written, std::move(failure));
}

// Appends to the last file of the day that is not full and that nobody else writes to.
error log_files::open_next(file_name name) {
  tharsis_error why = no_error();
  tharsis_status status = files_->make_folder(files_->self, text_of(directory_), &why);
  if (status != THARSIS_OK) return error_from(status, why);
  const auto visit = [](void* context, tharsis_text text) {
    auto& last = *static_cast<file_name*>(context);
    const auto found = parse_file_name(view(text));
    if (found && found->day == last.day) last = std::max(last, *found);
  };
  status = files_->list(files_->self, text_of(directory_), visit, &name, &why);
  if (status != THARSIS_OK) return error_from(status, why);
  for (uint32_t tries = 0; tries < neighbours_max; ++tries, ++name.number) {
    error failure = open_name(name);
    if (failure.status == THARSIS_OK && (bytes_ < file_size_ || bytes_ == 0)) return mend_end();
    close();
    if (failure.status != THARSIS_OK && failure.status != THARSIS_E_IN_USE) return failure;
  }
  return {THARSIS_E_IN_USE, "other processes write to all log files of today in '" + directory_ + "'"};
}

error log_files::open_name(file_name name) {
  const std::string file = path(name);
  name_ = name;
  tharsis_error why = no_error();
  tharsis_status status = files_->open(files_->self, text_of(file), THARSIS_FILES_APPEND | THARSIS_FILES_READ, &file_, &why);
  if (status != THARSIS_OK) file_ = 0;
  if (status == THARSIS_OK) status = files_->lock(files_->self, text_of(file), &lock_, &why);
  if (status == THARSIS_OK) status = files_->length(files_->self, file_, &bytes_, &why);
  return status == THARSIS_OK ? fine : error_from(status, why);
}

// A writer that was killed may have left half a line. Nothing of ours may look like its rest.
error log_files::mend_end() {
  if (bytes_ == 0) return fine;
  tharsis_error why = no_error();
  uint8_t last = 0;
  size_t count = 0;
  const tharsis_status status = files_->read(files_->self, file_, bytes_ - 1, &last, 1, &count, &why);
  if (status != THARSIS_OK) return error_from(status, why);
  std::string mark(cut_mark);
  return last == '\n' ? fine : flush(mark);
}

// Somebody may have cleared the folder away under us; an open file would take lines to nowhere.
bool log_files::vanished() {
  tharsis_handle file = 0;
  const tharsis_status status = files_->open(files_->self, text_of(path(name_)), THARSIS_FILES_READ, &file, nullptr);
  if (status == THARSIS_OK) files_->close(files_->self, file);
  return status == THARSIS_E_NOT_FOUND;
}

// Appends and empties `lines`.
error log_files::flush(std::string& lines) {
  if (lines.empty()) return fine;
  if (vanished()) {
    close();
    if (error failure = open_next(name_); failure.status != THARSIS_OK) return failure;
  }
  tharsis_error why = no_error();
  const tharsis_status status = files_->append(files_->self, file_, bytes_of(as_bytes(lines)), &why);
  if (status != THARSIS_OK) return error_from(status, why);
  bytes_ += lines.size();
  appended_ += lines.size();
  lines.clear();
  return fine;
}

error log_files::finish() {
  if (file_ == 0) return fine;
  tharsis_error why = no_error();
  const tharsis_status status = files_->sync(files_->self, file_, &why);
  close();
  return status == THARSIS_OK ? fine : error_from(status, why);
}

void log_files::close() {
  if (file_ != 0) files_->close(files_->self, std::exchange(file_, 0));
  if (lock_ != 0) files_->close(files_->self, std::exchange(lock_, 0));
}

}  // namespace tharsis::xlog
