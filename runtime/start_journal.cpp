#include "runtime/start_journal.h"

#include <utility>

#include "sdk/pure/error.h"
#include "sdk/pure/views.h"

namespace tharsis::runtime {
namespace {

// A start takes some lines for each plugin; much more is restarts, of which nobody asks any more.
constexpr size_t size_most = 64 << 10;

}  // namespace

interrupted_steps read_start_journal(std::string_view text) {
  interrupted_steps open;
  for (size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    const size_t space = line.find(' ');
    if (space == 0 || space == std::string_view::npos || space + 1 == line.size()) continue;
    const std::string plugin(line.substr(space + 1));
    if (line[0] == '-')
      open.erase(plugin);
    else
      open[plugin] = line.substr(0, space);
  }
  return open;
}

start_journal::~start_journal() {
  if (file_ != 0) files_->close(files_->self, file_);
  if (lock_ != 0) files_->close(files_->self, lock_);
}

interrupted_steps start_journal::open(const std::string& state_folder, const std::string& name) {
  const std::string folder = state_folder + "/.starting";
  const std::string lock = folder + "/" + name + ".lock";
  path_ = folder + "/" + name;
  tharsis_error reason = no_error();
  if (files_->make_folder(files_->self, text_of(folder), &reason) != THARSIS_OK) return {};
  if (files_->lock(files_->self, text_of(lock), &lock_, &reason) != THARSIS_OK) {
    lock_ = 0;
    return {};
  }
  tharsis_handle before = 0;
  interrupted_steps interrupted;
  if (files_->open(files_->self, text_of(path_), THARSIS_FILES_READ, &before, &reason) == THARSIS_OK) {
    interrupted = read_start_journal(text_of_last(before));
    files_->close(files_->self, before);
  }
  start_over();
  return interrupted;
}

std::string start_journal::text_of_last(tharsis_handle file) const {
  std::string text(size_most + 4096, '\0');
  size_t count = 0;
  tharsis_error reason = no_error();
  if (files_->read(files_->self, file, 0, reinterpret_cast<uint8_t*>(text.data()), text.size(), &count, &reason) != THARSIS_OK)
    return {};
  text.resize(count);
  return text;
}

void start_journal::start_over() {
  if (lock_ == 0) return;  // It is somebody else's file.
  tharsis_error reason = no_error();
  if (file_ != 0) files_->close(files_->self, file_);
  file_ = 0;
  written_ = 0;
  const tharsis_status removed = files_->remove(files_->self, text_of(path_), &reason);
  if (removed != THARSIS_OK && removed != THARSIS_E_NOT_FOUND) return;
  if (files_->open(files_->self, text_of(path_), THARSIS_FILES_APPEND, &file_, &reason) != THARSIS_OK) file_ = 0;
}

void start_journal::begin(const std::string& plugin, std::string_view step) {
  write(std::string(step) + " " + plugin + "\n");
  open_.insert(plugin);
}

void start_journal::end(const std::string& plugin) {
  if (open_.erase(plugin) == 0) return;
  write("- " + plugin + "\n");
  if (open_.empty() && written_ > size_most) start_over();
}

void start_journal::forget() {
  open_.clear();
  start_over();
  if (file_ != 0) files_->close(files_->self, std::exchange(file_, 0));
}

void start_journal::write(const std::string& line) {
  if (file_ == 0) return;
  tharsis_error reason = no_error();
  const tharsis_bytes bytes{reinterpret_cast<const uint8_t*>(line.data()), line.size()};
  if (files_->append(files_->self, file_, bytes, &reason) == THARSIS_OK) written_ += line.size();
}

}  // namespace tharsis::runtime
