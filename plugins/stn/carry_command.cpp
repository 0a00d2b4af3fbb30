#include "plugins/stn/carry_command.h"

#include <utility>

#include "plugins/stn/configuration.h"
#include "sdk/async/blocking.h"
#include "sdk/pure/sha256.h"

namespace tharsis::stn {
namespace {

// So much of what comes down may wait for the disk.
constexpr uint64_t appetite = 4 << 20;

error no_thread() { return {THARSIS_E_BUSY, "the host has no thread free for the file"}; }

std::string hex_of(const uint8_t (&sum)[32]) {
  std::string text;
  for (const uint8_t byte : sum) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

// Nobody who waits sees that change: somebody has to mend it.
bool is_final(tharsis_status trouble) {
  return trouble == THARSIS_E_UNTRUSTED || trouble == THARSIS_E_DENIED || trouble == THARSIS_E_INVALID || trouble == THARSIS_E_UNSUPPORTED;
}

// [a thread that may block]
error append(const tharsis_files& files, const std::string& path, std::span<const uint8_t> bytes, bool begins) {
  tharsis_error why = no_error();
  if (begins) files.remove(files.self, text_of(path), nullptr);
  tharsis_handle file = 0;
  tharsis_status s = files.open(files.self, text_of(path), THARSIS_FILES_APPEND, &file, &why);
  if (s == THARSIS_OK) {
    if (!bytes.empty()) s = files.append(files.self, file, bytes_of(bytes), &why);
    files.close(files.self, file);
  }
  return s == THARSIS_OK ? fine() : error_from(s, why);
}

}  // namespace

void carry_command::run(const command_call& call) {
  call_ = call;
  auto line = parse_carry_arguments(call.name() == "upload", call.words());
  if (!line) return call_->refuse(line.failure().text);
  line_ = std::move(*line);
  if (line_->help) {
    call_->print(carry_help(line_->up));
    return call_->finish(0);
  }
  auto s = read_settings(host_, *line_, {call.absolute(line_->ca), call.absolute(line_->certificate), call.absolute(line_->key)});
  if (!s) return call_->refuse(s.failure().text);
  settings_ = std::move(*s);
  settings_->links[0].on_demand = true;  // There are no tasks, so that its own connection is not needed.
  path_ = call.absolute(line_->file);
  report_.name = line_->name;
  events_.declare();
  work_.spawn(work());
}

task<void> carry_command::work() {
  error why = co_await look_at_file();
  if (why.status == THARSIS_OK) why = open();
  if (why.status == THARSIS_OK) why = co_await carry();
  if (why.status == THARSIS_OK && !line_->up) why = co_await put_in_place();
  tell(why);
  co_await give_back();
}

// What goes up must be there; of what comes down some may, and nobody else may write it: two that take turns there would each have
// received all, and the file would be neither's.
task<error> carry_command::look_at_file() {
  struct seen {
    error why = fine();
    tharsis_handle turn = 0;
    std::shared_ptr<const file_reader> reader;
    tharsis_file_facts facts{sizeof(tharsis_file_facts), 0, 0, 0};
  };
  const auto look = [files = host_.files, path = line_->up ? path_ : part(), turn = turn_name(), up = line_->up] {
    seen s;
    tharsis_error why = no_error();
    const tharsis_status locked = up ? tharsis_status{THARSIS_OK} : files->lock(files->self, text_of(turn), &s.turn, &why);
    if (locked != THARSIS_OK) s.why = error_from(locked, why);
    if (locked == THARSIS_E_IN_USE) s.why.text = path + " is being written by another process; wait for it, or fetch into another FILE";
    if (locked != THARSIS_OK) return s;
    const tharsis_status described = files->describe(files->self, text_of(path), &s.facts, &why);
    if (described != THARSIS_OK && (up || described != THARSIS_E_NOT_FOUND)) s.why = error_from(described, why);
    if (described != THARSIS_OK) return s;
    auto reader = file_reader::open(files, path);
    if (reader) s.reader = std::make_shared<const file_reader>(std::move(*reader));
    else s.why = reader.failure();
    const auto length = s.reader ? s.reader->length() : result<uint64_t>(error{});
    if (length) s.facts.bytes = *length;  // Of what a link leads to.
    return s;
  };
  auto s = co_await blocking(place_, look);
  if (!s) co_return no_thread();
  turn_ = s->turn;
  reader_ = std::move(s->reader);
  size_ = s->facts.bytes;
  have_ = written_ = report_.before = line_->up ? 0 : size_;
  if (line_->up && line_->stream_key.empty())
    line_->stream_key = "file " + sha256_of(line_->name + '\n' + std::to_string(size_) + '\n' + std::to_string(s->facts.modified)).substr(0, 40);
  co_return std::move(s->why);
}

error carry_command::open() {
  tasks_.emplace(place_, host_, *settings_, events_);
  tasks_->start();
  service_.emplace(place_, host_, *tasks_, settings_->streams);
  tharsis_stn_stream_order o{};
  o.size = sizeof o;
  o.flags = THARSIS_STN_STREAM_ANY_NETWORK;  // Who types it wants it now.
  o.name = text_of(line_->name);
  o.direction = line_->up ? THARSIS_STN_STREAM_UP : THARSIS_STN_STREAM_DOWN;
  o.up_size = line_->up ? size_ : THARSIS_STN_STREAM_SIZE_UNKNOWN;
  o.have = have_;
  o.key = bytes_of(as_bytes(line_->stream_key));
  o.rate = line_->rate;
  o.timeout_ms = static_cast<uint32_t>(std::min<int64_t>(milliseconds(line_->timeout), UINT32_MAX));
  o.context = this;
  o.on_room = [](void* self, tharsis_handle, uint64_t offset, size_t room) {
    auto& c = *static_cast<carry_command*>(self);
    c.wishes_.push_back({offset, room});
    c.changed_.raise();
  };
  o.on_piece = [](void* self, tharsis_handle, uint64_t offset, tharsis_bytes bytes) {
    auto& c = *static_cast<carry_command*>(self);
    c.pieces_.push_back({offset, {view(bytes).begin(), view(bytes).end()}});
    c.changed_.raise();
  };
  o.on_progress = [](void* self, tharsis_handle, const tharsis_stn_stream_progress* p) { static_cast<carry_command*>(self)->on_progress(*p); };
  o.done = [](void* self, tharsis_handle, const tharsis_stn_stream_result* r) { static_cast<carry_command*>(self)->on_done(*r); };
  since_ = place_.now();
  tharsis_error why = no_error();
  const tharsis_status s = table().open(table().self, &o, &stream_, &why);
  if (s != THARSIS_OK) return error_from(s, why);
  table().read(table().self, stream_, appetite);
  return fine();
}

// Reads and writes the file as the stream wants, until that is over.
task<error> carry_command::carry() {
  for (;;) {
    error why = fine();
    if (!wishes_.empty()) {
      const wish next = wishes_.front();
      wishes_.pop_front();
      why = co_await read_some(next);
    } else if (!pieces_.empty()) {
      std::vector<piece> together = std::exchange(pieces_, {});
      why = co_await write_some(std::move(together));
    } else if (over_) {
      co_return error{report_.status, report_.reason};
    } else {
      co_await changed_.wait();
    }
    if (why.status != THARSIS_OK) co_return why;
  }
}

task<error> carry_command::read_some(wish w) {
  const auto read = [from = reader_, w] { return from->read(w.offset, w.room); };
  const auto bytes = co_await blocking(place_, read);
  if (!bytes) co_return no_thread();
  if (!*bytes) co_return bytes->failure();
  const bool end = w.offset + (*bytes)->size() == size_;
  if ((*bytes)->empty() && !end) co_return error{THARSIS_E_IO, path_ + " has become shorter while it was read"};
  table().write(table().self, stream_, w.offset, bytes_of(as_bytes(**bytes)), end ? 1 : 0);
  co_return fine();
}

// What lies together goes to the disk together. A piece that begins anew takes the place of all before.
task<error> carry_command::write_some(std::vector<piece> pieces) {
  std::vector<uint8_t> all;
  bool begins = false;
  for (piece& p : pieces) {
    if (p.offset < written_ + all.size()) {
      begins = true;
      written_ = p.offset;
      report_.before = std::min(report_.before, p.offset);
      all.clear();
    }
    all.insert(all.end(), p.bytes.begin(), p.bytes.end());
  }
  const size_t size = all.size();
  const auto write = [files = host_.files, path = part(), all = std::move(all), begins] { return append(*files, path, all, begins); };
  auto why = co_await blocking(place_, write);
  if (!why) co_return no_thread();
  written_ += size;
  table().read(table().self, stream_, size);
  co_return std::move(*why);
}

// An empty file came in no piece: what lies there may be of an older one.
task<error> carry_command::put_in_place() {
  const auto move = [files = host_.files, from = part(), to = path_, empty = report_.bytes == 0] {
    if (empty)
      if (error why = append(*files, from, {}, true); why.status != THARSIS_OK) return why;
    tharsis_error why = no_error();
    const tharsis_status s = files->rename(files->self, text_of(from), text_of(to), &why);
    return s == THARSIS_OK ? fine() : error_from(s, why);
  };
  auto why = co_await blocking(place_, move);
  co_return why ? std::move(*why) : no_thread();
}

// Whoever waits for the file may have it. Gone under the lock: who has opened it meanwhile finds that out.
task<void> carry_command::give_back() {
  if (turn_ == 0) co_return;
  const auto let_go = [files = host_.files, name = turn_name(), turn = turn_] {
    files->remove(files->self, text_of(name), nullptr);
    return files->close(files->self, turn);
  };
  turn_ = 0;
  co_await blocking(place_, let_go);
}

void carry_command::on_progress(const tharsis_stn_stream_progress& p) {
  const uint64_t done = line_->up ? p.up : p.down, all = line_->up ? p.up_size : p.down_size;
  const bool runs = p.state == THARSIS_STN_STREAM_RUNS;
  if (runs && !std::exchange(begun_, true)) {
    if (line_->up) report_.before = done;
    since_ = place_.now();
  }
  const std::string reason(view(p.reason));
  if (!begun_ && is_final(p.trouble) && !std::exchange(over_, true)) {
    report_.status = p.trouble;
    report_.reason = reason;
    return changed_.raise();
  }
  if (!runs && !reason.empty() && std::exchange(trouble_, reason) != reason) call_->complain("stn " + call_->name() + ": waits: " + reason);
  if (runs) trouble_.clear();
  call_->live("stn " + call_->name() + ": " + carry_progress_text(line_->name, done, all, report_.before, place_.now() - since_));
}

void carry_command::on_done(const tharsis_stn_stream_result& r) {
  over_ = true;
  report_.status = r.status;
  report_.reason = view(r.reason);
  report_.bytes = line_->up ? r.progress->up : r.progress->down;
  report_.opens = r.progress->opens;
  report_.took = place_.now() - since_;
  if (r.status == THARSIS_OK) report_.sum = hex_of(r.sum);
  changed_.raise();
}

void carry_command::tell(const error& why) {
  if (std::exchange(told_, true)) return;
  call_->live({});
  report_.status = why.status;
  report_.reason = why.text;
  if (why.status != THARSIS_OK) call_->complain("stn " + call_->name() + ": " + why.text);
  if (line_->json) call_->print(carry_json(report_));
  else if (why.status == THARSIS_OK) call_->print(line_->name + ": " + size_words(report_.bytes) + ", SHA-256 " + report_.sum);
  call_->finish(why.status == THARSIS_OK ? 0 : 1);
}

task<void> carry_command::stop() {
  if (!work_.empty()) {
    work_.clear();
    if (call_ && line_) tell({THARSIS_E_CANCELLED, "it was interrupted; call it again, and it goes on"});
  }
  if (service_) service_->stop();
  if (tasks_) co_await tasks_->stop();
  co_await blocking_over(place_);
  co_await give_back();
  service_.reset();
}

}  // namespace tharsis::stn
