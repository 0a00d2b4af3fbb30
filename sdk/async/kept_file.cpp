#include "sdk/async/kept_file.h"

#include "sdk/async/blocking.h"
#include "sdk/async/file_reader.h"

namespace tharsis {
namespace {

error write_text(const tharsis_files& files, const std::string& path, const std::string& text) {
  tharsis_error why = no_error();
  const std::string_view folder = std::string_view(path).substr(0, path.rfind('/'));  // Nobody else makes it.
  tharsis_status status = files.make_folder(files.self, text_of(folder), &why);
  if (status == THARSIS_OK) status = files.replace(files.self, text_of(path), bytes_of(as_bytes(text)), &why);
  return status == THARSIS_OK ? fine() : error_from(status, why);
}

error move_aside(const tharsis_files& files, const std::string& path, const std::string& aside) {
  tharsis_error why = no_error();
  const tharsis_status status = files.rename(files.self, text_of(path), text_of(aside), &why);
  return status == THARSIS_OK ? fine() : error_from(status, why);
}

}  // namespace

void kept_file::open(std::function<void()> known) {
  if (!terms_.path.empty()) work_.spawn(run(std::move(known)));
}

// What was not taken may be now.
void kept_file::forgive() {
  if (failure_.status != THARSIS_OK && !unsaved()) ++changes_;
}

void kept_file::hurry() {
  forgive();
  hurried_ = unsaved();
  if (hurried_) changed_.raise();
}

task<error> kept_file::settle() {
  constexpr duration look_again = 2ms;  // A disk is not much faster.
  hurry();
  const uint64_t mine = changes_;
  signal pause(place_);
  while (tried_ < mine && content_.write && !work_.empty()) co_await pause.wait(later(place_.now(), look_again));
  co_return failure_;
}

task<void> kept_file::close(instant deadline) {
  forgive();
  closing_ = true;
  changed_.raise();
  co_await work_.join(deadline);
  work_.clear();
}

task<void> kept_file::run(std::function<void()> known) {
  if (content_.read) co_await load();
  if (!closing_ && known) known();
  while (!closing_ || unsaved()) {
    const instant due = unsaved() && saved_at_ != instant::min() && !hurried_ ? later(saved_at_, terms_.pause) : instant::min();
    if (unsaved() && (closing_ || place_.now() >= due)) co_await save();
    else co_await changed_.wait(unsaved() ? due : never);
  }
}

task<void> kept_file::load() {
  const tharsis_files* const files = host_.files;
  const auto work = [files, t = terms_] { return read_whole(files, t.path, t.size_max, t.what); };
  auto text = co_await blocking(place_, work);
  if (!text || (!*text && text->status() == THARSIS_E_NOT_FOUND)) co_return;
  error failure = *text ? content_.read(**text) : text->failure();
  if (failure.status != THARSIS_OK && *text && content_.write) failure = co_await put_aside(std::move(failure.text));
  if (failure.status != THARSIS_OK) host_.warning(terms_.loss + ": " + failure.text);
}

// A file that is none of ours, or was damaged, is kept for who wants to look into it.
task<error> kept_file::put_aside(std::string why) {
  const tharsis_files* const files = host_.files;
  const std::string aside = terms_.path + ".damaged";
  const auto work = [files, path = terms_.path, aside] { return move_aside(*files, path, aside); };
  const auto moved = co_await blocking(place_, work);
  const bool kept = moved && moved->status == THARSIS_OK;
  co_return error{THARSIS_E_PROTOCOL, terms_.path + ": " + why + "; it is begun anew, and what was there is " +
                                          (kept ? "in " + aside : "lost" + (moved ? ": " + moved->text : std::string()))};
}

task<void> kept_file::save() {
  const uint64_t mine = taken_ = changes_;
  hurried_ = false;
  saved_at_ = place_.now();
  const tharsis_files* const files = host_.files;
  const auto work = [files, path = terms_.path, text = content_.write()] { return write_text(*files, path, text); };
  const auto written = co_await blocking(place_, work);
  failure_ = written ? *written : error{THARSIS_E_BUSY, "too much blocking work waits"};
  tried_ = mine;
  if (failure_.status != THARSIS_OK && !std::exchange(complained_, true)) host_.warning(terms_.never_kept + ": " + failure_.text);
}

}  // namespace tharsis
