#include "plugins/xlog/log_files.h"

#include <algorithm>
#include <utility>

#include "sdk/pure/views.h"

namespace tharsis::xlog {
namespace {

// Files that others make in the same moment. Beyond it something else is wrong.
constexpr uint32_t neighbours_max = 1000;

}  // namespace

error log_files::begin(int64_t wall) {
  close();
  begun_ = days_.period_of(wall);
  file_name name{begun_.day, 0, name_.of, name_.ending};
  std::vector<error> failures;
  for (size_t i = 0; i < directories_.size(); ++i) failures.push_back(find_last(i, name));
  for (size_t i = 0; i < directories_.size(); ++i) {
    if (failures[i].status == THARSIS_OK) failures[i] = begin_in(i, name);
    if (failures[i].status == THARSIS_OK) return fine();
  }
  return failures.front();
}

// The last number of the day, over all directories: a file may be moved from one to another.
error log_files::find_last(size_t directory, file_name& name) const {
  const std::string& folder = directories_[directory];
  tharsis_error why = no_error();
  tharsis_status status = files_->make_folder(files_->self, text_of(folder), &why);
  if (status != THARSIS_OK) return error_from(status, why);
  const auto visit = [](void* context, tharsis_text text) {
    auto& next = *static_cast<file_name*>(context);
    const auto found = parse_file_name(view(text));
    if (found && found->day == next.day && found->of == next.of && found->ending == next.ending) next.number = std::max(next.number, found->number);
  };
  status = files_->list(files_->self, text_of(folder), visit, &name, &why);
  return status == THARSIS_OK ? fine() : error_from(status, why);
}

// From that number on, the first whose file is empty. A file that somebody else opened in the same moment is theirs as soon
// as it is locked or has a byte.
error log_files::begin_in(size_t directory, file_name name) {
  directory_ = directory;
  for (uint32_t tries = 0; tries < neighbours_max; ++tries, ++name.number) {
    error failure = open_name(name);
    if (failure.status == THARSIS_OK && bytes_ == 0) return fine();
    close();
    if (failure.status != THARSIS_OK && failure.status != THARSIS_E_IN_USE && !is_no_file(path())) return failure;
  }
  return {THARSIS_E_IN_USE, "other processes make log files in '" + directories_[directory] + "' faster than we find a free name"};
}

error log_files::open_name(const file_name& name) {
  name_ = name;
  const std::string file = path();
  tharsis_error why = no_error();
  tharsis_status status = files_->open(files_->self, text_of(file), THARSIS_FILES_APPEND | THARSIS_FILES_READ, &file_, &why);
  if (status != THARSIS_OK) file_ = 0;
  if (status == THARSIS_OK) status = files_->lock(files_->self, text_of(file), &lock_, &why);
  if (status == THARSIS_OK) status = files_->length(files_->self, file_, &bytes_, &why);
  return status == THARSIS_OK ? fine() : error_from(status, why);
}

bool log_files::is_over(int64_t wall) const {
  return file_ == 0 || is_full() || days_.is_over(begun_, wall) || !is_there();
}

// Somebody may have cleared the folder away under us, or put another file in our file's place, or cut it; an open file
// would take lines to nowhere. Where it cannot be known, writing will tell.
bool log_files::is_there() const {
  tharsis_handle file = 0;
  tharsis_status status = files_->open(files_->self, text_of(path()), THARSIS_FILES_READ, &file, nullptr);
  if (status != THARSIS_OK) return status != THARSIS_E_NOT_FOUND && !is_folder(path());
  uint64_t bytes = 0;
  status = files_->length(files_->self, file, &bytes, nullptr);
  files_->close(files_->self, file);
  return status != THARSIS_OK || bytes == bytes_;
}

bool log_files::is_folder(const std::string& path) const {
  return files_->list(files_->self, text_of(path), [](void*, tharsis_text) {}, nullptr, nullptr) == THARSIS_OK;
}

// Somebody's folder, pipe or link has the name.
bool log_files::is_no_file(const std::string& path) const {
  tharsis_file_facts facts{sizeof facts, 0, 0, 0};
  if (!THARSIS_HAS(files_, describe)) return is_folder(path);
  return files_->describe(files_->self, text_of(path), &facts, nullptr) == THARSIS_OK && facts.kind != THARSIS_FILE_PLAIN;
}

error log_files::append(std::string_view bytes) {
  if (file_ == 0) return {THARSIS_E_GONE, "no log file is open"};
  tharsis_error why = no_error();
  const tharsis_status status = files_->append(files_->self, file_, bytes_of(as_bytes(bytes)), &why);
  if (status != THARSIS_OK) return error_from(status, why);
  bytes_ += bytes.size();
  return fine();
}

error log_files::sync() {
  tharsis_error why = no_error();
  const tharsis_status status = files_->sync(files_->self, file_, &why);
  return status == THARSIS_OK ? fine() : error_from(status, why);
}

error log_files::finish() {
  error failure = file_ != 0 ? sync() : fine();
  close();
  return failure;
}

void log_files::close() {
  if (file_ != 0) files_->close(files_->self, std::exchange(file_, 0));
  if (lock_ != 0) files_->close(files_->self, std::exchange(lock_, 0));
}

}  // namespace tharsis::xlog
