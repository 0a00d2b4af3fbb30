#include "plugins/stn/interval_memory.h"

#include "sdk/async/blocking.h"
#include "sdk/async/file_reader.h"

namespace tharsis::stn {
namespace {

// kept_max lines of the longest names, all encoded.
constexpr uint64_t file_max = 256 * 1024;

// What the file says. A file that is none of ours, or was damaged, goes aside first.
result<learned_intervals> read_intervals(const tharsis_files& files, const std::string& path) {
  auto text = read_whole(&files, path, file_max, "a file of intervals");
  if (!text && text.status() == THARSIS_E_NOT_FOUND) return learned_intervals();
  if (!text) return text.failure();
  auto known = learned_intervals::parse(*text);
  if (known) return known;
  tharsis_error why = no_error();
  const std::string aside = path + ".damaged";
  const bool moved = files.rename(files.self, text_of(path), text_of(aside), &why) == THARSIS_OK;
  return error{THARSIS_E_PROTOCOL, path + ": " + known.failure().text + "; it is begun anew, and what was there is " +
                                       (moved ? "in " + aside : "lost: " + std::string(why.text))};
}

error write_intervals(const tharsis_files& files, const std::string& path, const std::string& text) {
  tharsis_error why = no_error();
  const std::string_view folder = std::string_view(path).substr(0, path.rfind('/'));  // Nobody else makes it.
  tharsis_status status = files.make_folder(files.self, text_of(folder), &why);
  if (status == THARSIS_OK) status = files.replace(files.self, text_of(path), bytes_of(as_bytes(text)), &why);
  return status == THARSIS_OK ? error{THARSIS_OK, {}} : error_from(status, why);
}

}  // namespace

void interval_memory::open(std::function<void()> read) {
  if (!path_.empty()) work_.spawn(run(std::move(read)));
}

void interval_memory::keep(std::string_view link, std::string_view network, const learned_interval& l) {
  if (known_.find(link, network) == l) return;
  known_.put(link, network, l);
  unsaved_ = true;
  changed_.raise();
}

task<void> interval_memory::close(instant deadline) {
  closing_ = true;
  changed_.raise();
  co_await work_.join(deadline);
  work_.clear();
}

task<void> interval_memory::run(std::function<void()> read) {
  co_await load();
  if (!closing_) read();
  while (!closing_ || unsaved_) {
    if (unsaved_) co_await save();
    else co_await changed_.wait();
  }
}

task<void> interval_memory::load() {
  const tharsis_files* const files = host_.files;
  const auto work = [files, path = path_] { return read_intervals(*files, path); };
  auto known = co_await blocking(place_, work);
  if (!known) co_return;
  if (!*known) {
    host_.warning("learned heartbeats are not there: " + known->failure().text);
    co_return;
  }
  // What was learned meanwhile is newer.
  const learned_intervals newer = std::move(known_);
  known_ = std::move(**known);
  known_.add_newer(newer);
}

task<void> interval_memory::save() {
  unsaved_ = false;
  const tharsis_files* const files = host_.files;
  const auto work = [files, path = path_, text = known_.text()] { return write_intervals(*files, path, text); };
  const auto written = co_await blocking(place_, work);
  const error failure = written ? *written : error{THARSIS_E_BUSY, "too much blocking work waits"};
  if (failure.status != THARSIS_OK && !std::exchange(complained_, true))
    host_.warning("what heartbeats have learned cannot be kept for the next start: " + failure.text);
}

}  // namespace tharsis::stn
