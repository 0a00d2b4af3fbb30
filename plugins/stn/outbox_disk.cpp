#include "plugins/stn/outbox_disk.h"

#include <set>

#include "sdk/async/blocking.h"
#include "sdk/async/file_reader.h"

namespace tharsis::stn {
namespace {

// A disk that takes nothing is asked again after this.
constexpr duration disk_pause = 2s;
// What is written at a time: a few of the largest tasks.
constexpr size_t outbox_batch = 4 << 20;

error replace_file(const tharsis_files& files, const std::string& path, std::string_view bytes) {
  tharsis_error why = no_error();
  const tharsis_status s = files.replace(files.self, text_of(path), bytes_of(as_bytes(bytes)), &why);
  return s == THARSIS_OK ? fine() : error_from(s, why);
}

// A file that one can append to, and how it went.
struct fresh_file {
  tharsis_handle file = 0;
  error failure = fine();
  bool replaced = false;  // What was there is gone.
};
// Where it cannot be opened only the first `safe` bytes of it stay, if the disk takes that.
fresh_file make_file(const tharsis_files& files, const std::string& path, const std::string& bytes, size_t safe) {
  fresh_file made;
  made.failure = replace_file(files, path, bytes);
  if (made.failure.status != THARSIS_OK) return made;
  made.replaced = true;
  tharsis_error why = no_error();
  const tharsis_status s = files.open(files.self, text_of(path), THARSIS_FILES_APPEND, &made.file, &why);
  if (s == THARSIS_OK) return made;
  made.failure = error_from(s, why);
  (void)replace_file(files, path, std::string_view(bytes).substr(0, safe));
  return made;
}

struct appended {
  error failure = fine();
  bool whole = true;  // Nothing is left of what failed.
};
appended append_to(const tharsis_files& files, tharsis_handle file, const std::string& bytes, bool sync, uint64_t before) {
  tharsis_error why = no_error();
  tharsis_status s = files.append(files.self, file, bytes_of(as_bytes(bytes)), &why);
  const bool written = s == THARSIS_OK;
  if (written && sync) s = files.sync(files.self, file, &why);
  if (s == THARSIS_OK) return {};
  uint64_t length = 0;
  const bool cut_back = !written && files.length(files.self, file, &length, nullptr) == THARSIS_OK && length == before;
  return {error_from(s, why), cut_back};
}

}  // namespace

void outbox_disk::open(std::function<void(result<std::vector<outbox_record>>)> read) { work_.spawn(run(std::move(read))); }

void outbox_disk::write(outbox_record r, on_written then) {
  queue_.push_back({std::move(r), std::move(then)});
  changed_.raise();
}

task<void> outbox_disk::close(instant deadline) {
  closing_ = true;
  close_by_ = deadline;
  changed_.raise();
  co_await work_.join(never);  // A thread that blocks has the file, or its lock, until it is through.
  const error late{THARSIS_E_TIMEOUT, "the disk did not take it before the end"};
  for (auto* list : {&batch_, &queue_})
    for (waiting& w : std::exchange(*list, {}))
      if (w.then) w.then(late);
  finish();
}

void outbox_disk::finish() {
  const tharsis_files& files = *host_.files;
  for (tharsis_handle* h : {&file_, &lock_})
    if (*h != 0) files.close(files.self, std::exchange(*h, 0));
}

task<void> outbox_disk::run(std::function<void(result<std::vector<outbox_record>>)> read) {
  auto found = co_await load();
  const bool open = found.ok();
  read(std::move(found));
  if (open) {
    std::vector<outbox_record> nothing_new;
    const error made = co_await rewrite(std::move(nothing_new));
    if (made.status != THARSIS_OK) host_.warning("the outbox takes no durable tasks for now: " + made.text);
  }
  while (open && (!closing_ || !queue_.empty() || !whole_)) {
    if (closing_ && place_.now() >= close_by_) co_return;
    const bool has_work = !queue_.empty() || !whole_;
    if (has_work && (closing_ || retry_at_ <= place_.now())) co_await work_off();
    else co_await changed_.wait(has_work ? retry_at_ : never);
    if (closing_ && retry_at_ > place_.now()) co_return;  // It was tried once more.
  }
}

// ---- the beginning

outbox_disk::opened outbox_disk::open_file(const tharsis_files& files, const std::string& path, const std::string& key_file) {
  opened o;
  tharsis_error why = no_error();
  tharsis_status s = files.make_folder(files.self, text_of(path.substr(0, path.rfind('/'))), &why);
  if (s == THARSIS_OK) s = files.lock(files.self, text_of(path + ".lock"), &o.lock, &why);
  if (s == THARSIS_E_IN_USE)
    o.failure = {s, "another process has the outbox " + path + "; give each process a state folder of its own, or end the other one"};
  else if (s != THARSIS_OK)
    o.failure = error_from(s, why);
  if (s != THARSIS_OK) return o;
  if (!key_file.empty()) {
    const auto text = read_secret(&files, key_file, outbox_key_file_max, "a key");
    const auto key = text ? outbox_key::parse(*text) : result<outbox_key>(text.failure());
    if (!key) return o.failure = {key.status(), "outbox.key_file: " + (text ? key_file + ": " : std::string()) + key.failure().text}, o;
    o.key = *key;
  }
  auto bytes = read_whole(&files, path, outbox_file_max, "an outbox");
  if (bytes) o.bytes = std::move(*bytes);
  else if (bytes.status() != THARSIS_E_NOT_FOUND) o.failure = bytes.failure();
  return o;
}

task<result<std::vector<outbox_record>>> outbox_disk::load() {
  const tharsis_files* const files = host_.files;
  auto work = [files, path = path_, key = settings_.key_file] { return open_file(*files, path, key); };
  auto o = co_await blocking(place_, std::move(work));
  if (!o) co_return error{THARSIS_E_BUSY, "too much blocking work waits"};
  lock_ = o->lock;
  if (o->failure.status != THARSIS_OK) co_return std::move(o->failure);
  key_ = o->key;
  auto read = read_outbox(o->bytes, key_ ? &*key_ : nullptr);
  if (!read && read.status() != THARSIS_E_PROTOCOL) co_return error{read.status(), path_ + ": " + read.failure().text};
  if (read && read->damaged == 0) co_return std::move(read->records);
  std::string why = read ? std::to_string(read->damaged) + " bytes of it mean nothing" : read.failure().text;
  const error kept = co_await put_aside(std::move(o->bytes), std::move(why));
  if (kept.status != THARSIS_OK) co_return kept;
  if (!read) co_return std::vector<outbox_record>();
  co_return std::move(read->records);
}

// For whoever wants to look into it. Where that is not possible nothing is written over it.
task<error> outbox_disk::put_aside(std::string bytes, std::string why) {
  const tharsis_files* const files = host_.files;
  const std::string aside = path_ + ".damaged";
  auto work = [files, aside, all = std::move(bytes)] { return replace_file(*files, aside, all); };
  const auto kept = co_await blocking(place_, std::move(work));
  const error failure = kept ? *kept : error{THARSIS_E_BUSY, "too much blocking work waits"};
  if (failure.status != THARSIS_OK)
    co_return error{failure.status, path_ + ": " + why + ", and it cannot be kept aside: " + failure.text};
  host_.warning(path_ + ": " + why + "; what can be read of it goes on, and all of it is kept in " + aside);
  co_return fine();
}

// ---- writing

task<void> outbox_disk::work_off() {
  const bool grown = length_ > 2 * first_length_ + outbox_slack;
  const bool anew = !whole_ || grown;
  error failure = fine();
  doubtful_ = false;
  if (anew) {
    batch_ = std::exchange(queue_, {});
  } else {
    auto bytes = take_batch();
    failure = bytes ? fine() : bytes.failure();
    if (bytes) failure = co_await append(std::move(*bytes));
  }
  if (anew || failure.status != THARSIS_OK) {
    error again = co_await rewrite(new_ones(batch_));
    if (anew || again.status == THARSIS_OK) failure = std::move(again);
  }
  if (doubtful_) co_await disown_puts();
  if (failure.status != THARSIS_OK) co_return on_failure(failure);
  complained_ = false;
  retry_at_ = instant::min();
  for (waiting& w : std::exchange(batch_, {}))
    if (w.then) w.then(failure);
}

// As many as are written at a time, and their bytes.
result<std::string> outbox_disk::take_batch() {
  std::string bytes;
  error failure = fine();
  while (failure.status == THARSIS_OK && batch_.size() < queue_.size() && bytes.size() < outbox_batch) {
    waiting& w = queue_[batch_.size()];
    const auto one = writer_->record(w.record);
    if (one) bytes += *one;
    else failure = one.failure();
    batch_.push_back(std::move(w));
  }
  queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(batch_.size()));
  if (failure.status != THARSIS_OK) return failure;
  return bytes;
}

// What is told as not kept must not be sent by the next process because the disk had taken it, but did not say so. Also a torn end
// has room for that: readers find the next whole record.
task<void> outbox_disk::disown_puts() {
  std::string bytes;
  for (const waiting& w : batch_) {
    if (w.record.what != outbox_record::kind::put) continue;
    if (const auto one = writer_->record(gone_record(w.record.entry, place_.wall()))) bytes += *one;
  }
  if (bytes.empty()) co_return;
  const tharsis_files* const files = host_.files;
  auto work = [files, file = file_, all = std::move(bytes), sync = settings_.sync_each] { return append_to(*files, file, all, sync, 0); };
  (void)co_await blocking(place_, std::move(work));
}

// What the state that a new file begins with does not know: tasks that were never on the disk, and what became of them since.
std::vector<outbox_record> outbox_disk::new_ones(const std::vector<waiting>& batch) {
  std::set<uint64_t> put;
  std::vector<outbox_record> all;
  for (const waiting& w : batch) {
    if (w.record.what == outbox_record::kind::put) put.insert(w.record.entry);
    if (put.contains(w.record.entry)) all.push_back(w.record);
  }
  return all;
}

void outbox_disk::on_failure(const error& why) {
  retry_at_ = later(place_.now(), disk_pause);
  if (!std::exchange(complained_, true)) host_.warning("the outbox cannot be written: " + why.text);
  std::vector<waiting> again;
  for (waiting& w : std::exchange(batch_, {})) {
    const on_written then = std::exchange(w.then, {});
    if (w.record.what != outbox_record::kind::put) again.push_back(std::move(w));
    if (then) then(why);
  }
  queue_.insert(queue_.begin(), std::make_move_iterator(again.begin()), std::make_move_iterator(again.end()));
}

task<error> outbox_disk::append(std::string bytes) {
  const tharsis_files* const files = host_.files;
  const uint64_t size = bytes.size();
  auto work = [files, file = file_, all = std::move(bytes), sync = settings_.sync_each, before = length_] {
    return append_to(*files, file, all, sync, before);
  };
  const auto done = co_await blocking(place_, std::move(work));
  if (!done) co_return error{THARSIS_E_BUSY, "too much blocking work waits"};
  whole_ = done->whole;
  doubtful_ = !whole_;
  if (done->failure.status == THARSIS_OK) length_ += size;
  co_return done->failure;
}

// The disk, or what it is to take, rests for a while.
error outbox_disk::give_way(error why) {
  retry_at_ = later(place_.now(), disk_pause);
  return why;
}

task<error> outbox_disk::rewrite(std::vector<outbox_record> with) {
  outbox_salt salt{};
  host_.random->fill(host_.random->self, salt.data(), salt.size());
  outbox_writer writer(salt, key_ ? &*key_ : nullptr);
  std::vector<outbox_record> all = snapshot_();
  const size_t known = all.size();
  all.insert(all.end(), std::make_move_iterator(with.begin()), std::make_move_iterator(with.end()));
  std::string bytes = writer.head();
  size_t safe = bytes.size();
  for (size_t i = 0; i < all.size(); ++i) {
    const auto one = writer.record(all[i]);
    if (!one) co_return give_way(one.failure());
    bytes += *one;
    if (i < known) safe = bytes.size();
  }
  const uint64_t size = bytes.size();
  const tharsis_files* const files = host_.files;
  auto work = [files, path = path_, content = std::move(bytes), safe] { return make_file(*files, path, content, safe); };
  const auto made = co_await blocking(place_, std::move(work));
  if (!made) co_return error{THARSIS_E_BUSY, "too much blocking work waits"};
  if (made->replaced) whole_ = doubtful_ = false;  // What is open is no file of this name any more.
  if (made->failure.status != THARSIS_OK) co_return give_way(made->failure);
  if (file_ != 0) files->close(files->self, file_);
  file_ = made->file;
  writer_ = std::move(writer);
  length_ = first_length_ = size;
  whole_ = true;
  co_return fine();
}

}  // namespace tharsis::stn
