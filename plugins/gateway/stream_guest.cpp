#include "plugins/gateway/stream_guest.h"

#include <algorithm>
#include <utility>

#include "sdk/async/blocking.h"
#include "sdk/pure/views.h"

namespace tharsis::gateway {
namespace {

using streams::message;
using streams::reset_code;
using refused = std::optional<stream_refusal>;

stream_refusal no_thread() { return {reset_code::later, "too much blocking work is waiting"}; }
stream_refusal no_place() { return {reset_code::full, "no more files have a place here (gateway.streams.files)"}; }
stream_refusal no_room() { return {reset_code::full, "no room is left for streams (gateway.streams.bytes)"}; }

}  // namespace

stream_guest::stream_guest(stream_shelf& shelf, const message& open, std::function<void()> tell)
    : shelf_(shelf),
      place_(shelf.place),
      tell_(std::move(tell)),
      number_(open.stream),
      direction_(open.direction),
      priority_(open.priority),
      name_(open.name),
      id_(half_id(open.name, open.key)),
      announced_(open.size == streams::size_unknown ? std::nullopt : std::optional(open.size)),
      client_has_(open.has),
      client_limit_(open.limit),
      client_sum_(open.sum),
      up_changed_(place_),
      down_changed_(place_),
      work_(place_) {
  shelf_.counts.streams.add();
  shelf_.counts.open.set(++shelf_.open_streams);
  work_.spawn(life());
}

// Work for the disk may have the half for longer than this lives.
stream_guest::~stream_guest() {
  if (hold_) shelf_.leave(id_);
  shelf_.counts.open.set(--shelf_.open_streams);
}

task<void> stream_guest::life() {
  const refused why = co_await prepare();
  if (why) co_return break_off(*why);
  if (cancelled_) {
    co_await forget();
    over_ = true;
    co_return tell_();
  }
  say_opened();
  if (down_) work_.spawn(feed());
  if (up_) co_await keep();
}

task<refused> stream_guest::prepare() {
  if (streams::goes_up(direction_)) {
    refused why = co_await prepare_up();
    if (why) co_return why;
  }
  if (streams::comes_down(direction_)) co_return co_await prepare_down();
  co_return std::nullopt;
}

task<refused> stream_guest::prepare_up() {
  hold_ = shelf_.take(id_, [this] { let_go(); });
  if (!hold_) co_return stream_refusal{reset_code::later, "another connection is about to let go of this stream"};
  const auto open = [store = shelf_.store, hold = hold_, id = id_, name = name_, size = announced_] { return store.open_half(id, name, size); };
  auto half = co_await blocking(place_, open);
  if (!half) co_return no_thread();
  if (!*half) co_return refusal_of(half->failure());
  half_ = std::move(**half);
  const bool other_size = announced_ && half_.about.size && *announced_ != *half_.about.size;
  if (other_size || (announced_ && half_.length > *announced_)) co_return stream_refusal{reset_code::conflict, "this key was used for a stream of another size"};
  if (half_.about.whole) {
    done_before_ = half_.about.whole;
    co_return std::nullopt;
  }
  refused why;
  if (half_.made && !shelf_.has_place()) why = no_place();
  else if (announced_ && !shelf_.has_room(*announced_ - half_.length)) why = no_room();
  if (why && half_.made) co_await drop();  // For nothing it would have a place for as long as a half is kept.
  if (why) co_return why;
  if (half_.made) shelf_.on_file();
  const auto sum = co_await add_up(half_.file, half_.length);
  if (!sum) co_return refusal_of(sum.failure());
  up_.emplace(streams::receiver_settings{}, shelf_.receiving);
  up_->begin(half_.length, *sum);
  up_->expect(announced_ ? announced_ : half_.about.size);
  co_return std::nullopt;
}

task<refused> stream_guest::prepare_down() {
  if (up_) {  // What came up goes down again, as it comes.
    const auto open = [store = shelf_.store, hold = hold_, id = id_] { return store.read_half(id); };
    auto file = co_await blocking(place_, open);
    if (!file) co_return no_thread();
    if (!*file) co_return refusal_of(file->failure());
    co_return co_await begin_down(std::move(**file), announced_, half_.length);
  }
  const auto open = [store = shelf_.store, name = name_] { return store.open_file(name); };
  auto stored = co_await blocking(place_, open);
  if (!stored) co_return no_thread();
  if (!*stored) co_return refusal_of(stored->failure());
  const uint64_t length = (*stored)->length;
  co_return co_await begin_down(std::move((*stored)->file), length, length);
}

// The client's bytes are these, or it begins anew.
task<refused> stream_guest::begin_down(shared_file from, std::optional<uint64_t> size, uint64_t there) {
  source_ = std::move(from);
  source_size_ = there;
  down_.emplace(streams::sender_settings{}, shelf_.sending, size);
  sha256_sum sum;
  if (client_has_ > 0 && client_has_ <= there) {
    const auto added = co_await add_up(source_, client_has_);
    if (!added) co_return refusal_of(added.failure());
    sha256_sum ours = *added;
    if (ours.digest() == client_sum_) sum = *added, from_ = client_has_;
  }
  if (client_limit_ < client_has_) co_return stream_refusal{reset_code::violation, "it allows less than it has"};
  down_->begin_at(from_, sum);
  sha256_sum copy = sum;
  const error why = down_->on_opened(from_, copy.digest(), client_limit_ - client_has_ + from_);
  if (why.status != THARSIS_OK) co_return stream_refusal{reset_code::violation, why.text};
  co_return std::nullopt;
}

// In pieces, so that a long file keeps no thread for itself.
task<result<sha256_sum>> stream_guest::add_up(shared_file file, uint64_t size) {
  sha256_sum sum;
  for (uint64_t at = 0; at < size; at += recall_piece) {
    const auto some = static_cast<size_t>(std::min<uint64_t>(recall_piece, size - at));
    const auto add = [file, hold = hold_, at, some, sum]() -> result<sha256_sum> {
      sha256_sum more = sum;
      const error why = file->add_up(at, some, more);
      if (why.status != THARSIS_OK) return why;
      return more;
    };
    auto added = co_await blocking(place_, add);
    if (!added) co_return error{THARSIS_E_BUSY, {}};
    if (!*added) co_return added->failure();
    sum = **added;
  }
  co_return sum;
}

void stream_guest::say_opened() {
  message m;
  m.is = message::kind::opened;
  m.size = 0;
  if (up_) {
    m.has = up_->received();
    m.sum = up_->sum_of_received();
    m.limit = up_->limit();
  } else if (done_before_) {
    m.has = m.limit = half_.length;
    m.sum = *done_before_;
  }
  if (down_) {
    m.from = from_;
    m.size = down_->size().value_or(streams::size_unknown);
  }
  opened_ = true;
  say(m);
}

task<void> stream_guest::keep() {
  while (!up_->complete()) {
    if (up_->waiting() == 0) {
      co_await up_changed_.wait();
      continue;
    }
    const refused why = co_await write_some();
    if (forgotten_) co_return;
    // It will never be whole, or there is nothing to come back for.
    const bool useless = why && (why->code == reset_code::denied || (why->code != reset_code::later && up_->confirmed() == 0));
    if (useless) co_await forget();
    if (why) co_return break_off(*why);
    down_changed_.raise();
    tell_();
  }
  co_await finish();
}

task<refused> stream_guest::write_some() {
  std::vector<uint8_t> bytes = up_->take(disk_piece);
  const size_t size = bytes.size();
  if (up_->taken() > static_cast<uint64_t>(shelf_.settings().stream_bytes)) co_return stream_refusal{reset_code::denied, "the stream is longer than gateway.streams.stream_bytes allows"};
  if (!shelf_.has_room(size)) co_return no_room();
  shelf_.on_bytes(static_cast<int64_t>(size));  // Before others ask.
  writing_ = size;
  const auto append = [file = half_.file, hold = hold_, bytes = std::move(bytes)] { return file->append(bytes); };
  const auto done = co_await blocking(place_, append);
  writing_ = 0;
  if (forgotten_) co_return std::nullopt;
  if (!done || done->status != THARSIS_OK) {
    shelf_.on_bytes(-static_cast<int64_t>(size));
    co_return done ? refusal_of(*done) : no_thread();
  }
  shelf_.counts.up.add(size);
  up_->on_confirmed(size);
  if (is_both()) source_size_ = up_->confirmed();
  co_return std::nullopt;
}

task<void> stream_guest::finish() {
  if (!up_->is_whole()) {
    co_await forget();
    break_off({reset_code::mismatch, "what arrived is not what was sent: its SHA-256 is another"});
    co_return;
  }
  finishes_ = true;
  const auto work = [store = shelf_.store, hold = hold_, id = id_, half = half_, sum = up_->sum_of_received()] { return store.finish(id, half, sum); };
  const auto done = co_await blocking(place_, work);
  if (!done || !*done) co_return break_off(done ? refusal_of(done->failure()) : no_thread());
  shelf_.on_bytes(-static_cast<int64_t>(**done));
  shelf_.counts.finished.add();
  shelf_.tables.info("stream: " + name_ + " is here, " + std::to_string(up_->confirmed()) + " bytes");
  half_.file.reset();
  hold_.reset();
  message m;
  m.is = message::kind::done;
  m.size = up_->confirmed();
  up_over_ = true;
  say(m);
  down_changed_.raise();
  settle();
}

// What came so far is of no use. Once: it may be withdrawn while it is being forgotten.
task<void> stream_guest::forget() {
  if (std::exchange(forgotten_, true)) co_return;
  if (up_) {
    shelf_.on_bytes(-static_cast<int64_t>(up_->confirmed() + writing_));
    shelf_.on_file_gone();
  }
  co_await drop();
}

task<void> stream_guest::drop() {
  const auto work = [store = shelf_.store, hold = hold_, id = id_] {
    store.drop(id);
    return true;
  };
  co_await blocking(place_, work);
}

task<void> stream_guest::feed() {
  while (!down_->written_all()) {
    const uint64_t at = down_->position();
    const uint64_t there = source_size_ - std::min(source_size_, at);
    const bool all_there = !up_ || up_->complete();
    const auto some = static_cast<size_t>(std::min<uint64_t>({down_->room(), there, read_piece}));
    if (there == 0 && all_there) {
      down_->write({}, true);
      break;
    }
    if (some == 0) {
      co_await down_changed_.wait();
      continue;
    }
    const auto read = [file = source_, at, some] { return file->read(at, some); };
    const auto bytes = co_await blocking(place_, read);
    if (!bytes || !*bytes) co_return break_off(bytes ? refusal_of(bytes->failure()) : no_thread());
    if ((*bytes)->empty()) co_return break_off({reset_code::disk, "the file has become shorter"});
    shelf_.counts.down.add((*bytes)->size());
    const error why = down_->write(**bytes, all_there && at + (*bytes)->size() == source_size_);
    if (why.status != THARSIS_OK) co_return break_off({reset_code::disk, "the file has changed"});
    tell_();
  }
  tell_();
}

void stream_guest::on_message(const message& m) {
  if (over_ || cancelled_) return;
  if (m.is == message::kind::reset) {
    const bool withdrawn = m.code == reset_code::cancelled && streams::goes_up(direction_);
    cancelled_ = withdrawn && !opened_;
    over_ = !cancelled_;
    if (withdrawn && opened_ && hold_ && !finishes_) work_.spawn(forget());
    return;
  }
  error why = fine();
  const bool of_up = m.is == message::kind::data || m.is == message::kind::end;
  if (!opened_) why = {THARSIS_E_PROTOCOL, "it speaks of a stream before it was opened"};
  else if (of_up && (up_ || done_before_)) return on_up(m);
  else if (m.is == message::kind::credit && down_) why = down_->on_credit(m, place_.now());
  else if (m.is == message::kind::done && down_) why = down_->on_done(m.size);
  else why = {THARSIS_E_PROTOCOL, "that does not belong to this stream"};
  if (why.status != THARSIS_OK) return break_off({reset_code::violation, why.text});
  down_changed_.raise();
  settle();
}

void stream_guest::on_up(const message& m) {
  if (done_before_) {
    if (m.is != message::kind::end || m.size != half_.length || m.sum != *done_before_)
      return break_off({reset_code::conflict, "this key was used for another stream, which is whole"});
    message done;
    done.is = message::kind::done;
    done.size = m.size;
    up_over_ = true;
    hold_.reset();
    say(done);
    return settle();
  }
  const error why = m.is == message::kind::data ? up_->on_data(m.offset, m.bytes) : up_->on_end(m.size, m.sum);
  if (why.status != THARSIS_OK) return break_off({reset_code::violation, why.text});
  up_changed_.raise();
}

std::optional<std::vector<uint8_t>> stream_guest::take_control() {
  if (said_.empty() && !over_ && opened_ && up_ && !up_over_)
    if (const auto credit = up_->take_credit()) say(*credit);
  if (said_.empty()) return std::nullopt;
  std::vector<uint8_t> body = std::move(said_.front());
  said_.pop_front();
  return body;
}

std::optional<std::vector<uint8_t>> stream_guest::take_data() {
  if (!has_data()) return std::nullopt;
  auto m = down_->take(streams::data_max, place_.now());
  if (!m) return std::nullopt;
  m->stream = number_;
  std::vector<uint8_t> body;
  streams::append_message(body, *m);
  return body;
}

void stream_guest::say(message m) {
  m.stream = number_;
  streams::append_message(said_.emplace_back(), m);
  tell_();
}

void stream_guest::settle() {
  const bool up_is_over = !streams::goes_up(direction_) || up_over_;
  if (up_is_over && (!down_ || down_->finished())) over_ = true;
}

void stream_guest::break_off(const stream_refusal& why) {
  if (std::exchange(over_, true)) return;
  shelf_.counts.refused.add();
  if (why.code != reset_code::later) shelf_.tables.info("stream: " + name_ + " is broken off: " + why.text);
  message m;
  m.is = message::kind::reset;
  m.code = why.code;
  m.text = why.text;
  say(m);
}

// Not from one of its own tasks: another stream wants its half.
void stream_guest::let_go() {
  if (cancelled_) return;  // It ends by itself, and soon.
  work_.clear();
  break_off({reset_code::taken, "the stream was opened again"});
  half_.file.reset();
  hold_.reset();
}

}  // namespace tharsis::gateway
