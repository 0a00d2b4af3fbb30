#include "plugins/gateway/stream_shelf.h"

#include "sdk/async/blocking.h"
#include "sdk/pure/views.h"

namespace tharsis::gateway {
namespace {
constexpr duration between_stream_sweeps = 1h;
}

stream_shelf::metrics::metrics(const host& h)
    : streams(h.count<counter>("streams", "1", "Streams that were opened, each time")),
      refused(h.count<counter>("streams_refused", "1", "Streams that were refused or broken off by the gateway")),
      finished(h.count<counter>("streams_finished", "1", "Files that came whole")),
      up(h.count<counter>("stream_bytes_received", "bytes", "Of streams, that were written to files")),
      down(h.count<counter>("stream_bytes_sent", "bytes", "Of streams, that were read from files")),
      open(h.count<gauge>("streams_open", "1", "Streams now")),
      kept(h.count<gauge>("stream_bytes_kept", "bytes", "Of files and halves now")) {}

stream_shelf::stream_shelf(const host& t, strand& p, const stream_settings& s)
    : tables(t),
      place(p),
      store(t.files, s.folder),
      counts(t),
      receiving(static_cast<uint64_t>(s.memory)),
      sending(static_cast<uint64_t>(s.memory)),
      settings_(s),
      wake_(p) {}

// Two gateways that write one half would each have received all of it, and the file would be neither's. Where the folder cannot be
// locked for another reason the sweep, or the first stream, tells it.
task<error> stream_shelf::open() {
  struct taken {
    tharsis_status status = THARSIS_OK;
    held_lock lock;
  };
  const auto job = [files = tables.files, folder = settings_.folder] {
    taken t;
    const std::string name = folder + "/.lock";  // No stream has such a name.
    tharsis_handle held = 0;
    t.status = files->make_folder(files->self, text_of(folder), nullptr);
    if (t.status == THARSIS_OK) t.status = files->lock(files->self, text_of(name), &held, nullptr);
    if (t.status == THARSIS_OK) t.lock = held_lock(files, held);
    return t;
  };
  auto done = co_await blocking(place, job);
  if (!done) co_return error{THARSIS_E_BUSY, "too much blocking work is waiting"};
  if (done->status == THARSIS_E_IN_USE)
    co_return error{THARSIS_E_IN_USE, "another gateway takes streams into " + settings_.folder + "; give each a folder of its own (gateway.streams.folder)"};
  lock_ = std::move(done->lock);
  co_return co_await sweep();
}

task<error> stream_shelf::sweep() {
  std::set<std::string> held;
  for (const auto& [id, let_go] : held_) held.insert(id);
  const auto job = [files = store, s = settings_, wall = place.wall(), held = std::move(held)] { return files.sweep(wall, s, held); };
  const auto done = co_await blocking(place, job);
  if (!done) co_return error{THARSIS_E_BUSY, "too much blocking work is waiting"};
  bytes_ = done->bytes;
  files_ = done->files;
  counts.kept.set(static_cast<int64_t>(bytes_));
  if (done->removed > 0) tables.info("removed " + std::to_string(done->removed) + " old files of streams");
  for (const std::string& c : done->complaints) tables.warning("streams: " + c);
  co_return fine();
}

task<void> stream_shelf::keep_house() {
  while (!stopping_) {
    const instant next = later(place.now(), between_stream_sweeps);
    while (!stopping_ && place.now() < next) co_await wake_.wait(next);
    if (!stopping_) co_await sweep();
  }
}

void stream_shelf::stop() {
  stopping_ = true;
  wake_.raise();
}

std::shared_ptr<stream_shelf::hold> stream_shelf::take(const std::string& id, std::function<void()> let_go) {
  if (const auto found = held_.find(id); found != held_.end()) {
    if (const auto tell = std::exchange(found->second, {})) tell();
    if (held_.contains(id)) return nullptr;
  }
  held_[id] = std::move(let_go);
  return std::make_shared<hold>(*this, id);
}

void stream_shelf::on_bytes(int64_t more) {
  bytes_ = more < 0 && bytes_ < static_cast<uint64_t>(-more) ? 0 : bytes_ + static_cast<uint64_t>(more);
  counts.kept.set(static_cast<int64_t>(bytes_));
}

}  // namespace tharsis::gateway
