#include "plugins/xlog/move_files.h"

#include <utility>

#include "plugins/xlog/log_folder.h"
#include "sdk/async/file_reader.h"
#include "sdk/pure/utc.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {
namespace {

constexpr size_t copied_at_once = 1 << 20;

// Nobody reads it as a log file.
std::string unfinished(const std::string& path) { return path + ".part"; }

class mover {
 public:
  mover(const tharsis_files* files, const std::string& to) : files_(files), to_(to) {}

  // [claimed]
  error move(const log_file& f) {
    const auto there = bytes_at(target(f));
    if (!there && there.status() != THARSIS_E_NOT_FOUND) return there.failure();
    if (!there) return move_to_free_name(f);
    if (*there > 0) return finish_move(f, *there);
    // Somebody was killed who had the name already, or has just made the file and will say so.
    const file_claim mine(files_, target(f));
    return mine.ok() ? move_to_free_name(f) : taken(f);
  }

 private:
  std::string target(const log_file& f) const { return to_ + "/" + name_text(f.name); }

  error move_to_free_name(const log_file& f) {
    const std::string to = target(f);
    tharsis_error why = no_error();
    const tharsis_status status = files_->rename(files_->self, text_of(f.path), text_of(to), &why);
    if (status == THARSIS_OK) return fine();
    return status == THARSIS_E_UNSUPPORTED ? copy_over(f) : error_from(status, why);
  }

  error copy_over(const log_file& f) {
    const std::string to = target(f), part = unfinished(to);
    files_->remove(files_->self, text_of(part), nullptr);  // Of somebody who was killed here.
    error failure = copy(f.path, part);
    tharsis_error why = no_error();
    if (failure.status == THARSIS_OK)
      if (const tharsis_status status = files_->rename(files_->self, text_of(part), text_of(to), &why); status != THARSIS_OK)
        failure = error_from(status, why);
    if (failure.status == THARSIS_OK) return remove(f.path);
    files_->remove(files_->self, text_of(part), nullptr);
    return failure;
  }

  error copy(const std::string& from, const std::string& to) {
    const auto source = file_reader::open(files_, from);
    if (!source) return source.failure();
    tharsis_handle copy = 0;
    tharsis_error why = no_error();
    tharsis_status status = files_->open(files_->self, text_of(to), THARSIS_FILES_APPEND, &copy, &why);
    if (status != THARSIS_OK) return error_from(status, why);
    error failure = fine();
    for (uint64_t at = 0; failure.status == THARSIS_OK;) {
      const auto bytes = source->read(at, copied_at_once);
      if (!bytes) failure = bytes.failure();
      if (!bytes || bytes->empty()) break;
      status = files_->append(files_->self, copy, bytes_of(as_bytes(*bytes)), &why);
      if (status != THARSIS_OK) failure = error_from(status, why);
      at += bytes->size();
    }
    if (failure.status == THARSIS_OK) {
      status = files_->sync(files_->self, copy, &why);
      if (status != THARSIS_OK) failure = error_from(status, why);
    }
    files_->close(files_->self, copy);
    return failure;
  }

  // A file with the same name is there: the same one, if somebody was killed before the first one was gone.
  error finish_move(const log_file& f, uint64_t bytes) {
    if (bytes != f.bytes) return taken(f);
    const auto same = same_content(files_, f.path, target(f));
    if (!same) return same.failure();
    if (!*same) return taken(f);
    return remove(f.path);
  }

  error remove(const std::string& path) {
    tharsis_error why = no_error();
    const tharsis_status status = files_->remove(files_->self, text_of(path), &why);
    return status == THARSIS_OK ? fine() : error_from(status, why);
  }

  error taken(const log_file& f) const {
    return {THARSIS_E_IN_USE, "'" + target(f) + "' is another file; rename one of them, or give the logs in that folder different names"};
  }

  result<uint64_t> bytes_at(const std::string& path) const {
    tharsis_file_facts facts{sizeof facts, 0, 0, 0};
    tharsis_error why = no_error();
    const tharsis_status status = files_->describe(files_->self, text_of(path), &facts, &why);
    if (status != THARSIS_OK) return error_from(status, why);
    if (facts.kind != THARSIS_FILE_PLAIN) return error{THARSIS_E_IN_USE, "'" + path + "' is no file"};
    return facts.bytes;
  }

  const tharsis_files* files_;
  const std::string to_;
};

}  // namespace

moved move_old_files(const tharsis_files* files, const std::string& from, const std::string& to, const std::string& of, uint32_t days,
                     int64_t wall) {
  moved m;
  if (from.empty() || from == to) return m;
  const auto found = log_files_in(files, from, of);
  if (!found && found.status() != THARSIS_E_NOT_FOUND) m.complaints.push_back("files cannot be moved out of '" + from + "': " + found.failure().text);
  if (!found) return m;
  mover on(files, to);
  for (const log_file& f : *found) {
    if (wall - f.modified < int64_t{days} * day_length || f.bytes == 0) continue;
    const file_claim claim(files, f.path);
    if (!claim.ok()) continue;
    const error failure = on.move(f);
    if (failure.status == THARSIS_OK) ++m.files;
    else m.complaints.push_back("'" + f.path + "' stays where it is: " + failure.text);
  }
  return m;
}

}  // namespace tharsis::xlog
