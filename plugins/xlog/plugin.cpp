// The door between the C ABI and xlog. Nothing here decides anything.
#include <bit>

#include "plugins/xlog/compact_command.h"
#include "plugins/xlog/core/file_name.h"
#include "plugins/xlog/core/level.h"
#include "plugins/xlog/core/mars_cipher.h"
#include "plugins/xlog/files_command.h"
#include "plugins/xlog/files_service.h"
#include "plugins/xlog/keygen_command.h"
#include "plugins/xlog/push_command.h"
#include "plugins/xlog/read_command.h"
#include "plugins/xlog/reader_service.h"
#include "plugins/xlog/ship_configuration.h"
#include "plugins/xlog/ship_service.h"
#include "plugins/xlog/write_command.h"
#include "plugins/xlog/writer.h"
#include "sdk/async/door.h"
#include "sdk/async/task_set.h"

namespace tharsis::xlog {
namespace {

error wrong_at(const host& h, const std::string& path, const std::string& what) {
  return {THARSIS_E_INVALID, h.where(path) + ": xlog." + path + ": " + what};
}

// The names in a map by category.
result<std::vector<std::string>> read_categories(const host& h, const std::string& map) {
  std::vector<std::string> names = h.keys(map);
  for (const std::string& name : names)
    if (name != "*" && !is_category(name))
      return wrong_at(h, map + "." + name, "'" + name + "' names no lines; say a plugin, a plugin's tag (stn/dialer), or \"*\" for all others");
  return names;
}

result<levels> read_flight(const host& h) {
  levels flight{THARSIS_LOG_OFF, {}};
  const auto names = read_categories(h, "flight");
  if (!names) return names.failure();
  for (const std::string& name : *names)
    if (const auto level = level_from(h.text("flight." + name))) (name == "*" ? flight.common : flight.special[name]) = *level;
  return flight;
}

result<full_policy> read_full_policy(const host& h, duration common) {
  full_policy full{{THARSIS_LOG_VERBOSE, common}, {}};
  const auto names = read_categories(h, "when_full");
  if (!names) return names.failure();
  for (const std::string& name : *names) {
    const std::string path = "when_full." + name;
    const auto rule = parse_full_rule(h.text(path), common);
    if (!rule) return wrong_at(h, path, rule.failure().text);
    (name == "*" ? full.common : full.special[name]) = *rule;
  }
  return full;
}

// What files are, and for whom they are sealed: only a form that can seal may be told to.
error read_form(const host& h, settings& s) {
  s.format = format_from(h.text("format")).value_or(s.format);
  s.mars.compress = h.text("compress") == "zstd" ? mars_compression::zstd : mars_compression::zlib;
  s.mars.level = static_cast<int>(h.whole("compress_level", s.mars.level));
  s.recipients = h.texts("encrypt.to");
  const std::string format(format_names[static_cast<size_t>(s.format)]), key = h.text("encrypt.mars_public_key");
  if (s.mars.compress == mars_compression::zlib && s.mars.level > 9)
    return wrong_at(h, "compress_level", "zlib has the levels 1 to 9, and zstd those up to 19");
  if (s.format != file_format::xlog && !s.recipients.empty())
    return wrong_at(h, "encrypt.to", "files of format " + format + " cannot be sealed for these keys: " +
                                         (s.format == file_format::mars ? "set encrypt.mars_public_key, or format: xlog" : "set format: xlog, or leave it empty"));
  if (key.empty()) return {THARSIS_OK, {}};
  if (s.format != file_format::mars) return wrong_at(h, "encrypt.mars_public_key", "files of format " + format + " are not sealed by it; set format: mars, or for format xlog encrypt.to");
  auto point = parse_mars_public_key(key, "the text");
  if (!point) return wrong_at(h, "encrypt.mars_public_key", point.failure().text);
  s.mars.recipient = *point;
  return {THARSIS_OK, {}};
}

// Which files are begun when, and how long they stay where.
void read_keeping(const host& h, settings& s) {
  s.rotate_every = h.wait("rotate_every", s.rotate_every);
  if (s.rotate_every > duration::zero()) s.rotate_every = std::max<duration>(s.rotate_every, 1min);
  s.local_days = h.text("days") == "local";
  s.keep.keep_for = h.wait("keep_for", s.keep.keep_for);
  s.keep.keep_bytes = static_cast<uint64_t>(h.whole("keep_bytes", static_cast<int64_t>(s.keep.keep_bytes)));
  s.keep.keep_free = static_cast<uint64_t>(h.whole("keep_free", static_cast<int64_t>(s.keep.keep_free)));
  s.keep.keep_at_least = static_cast<uint32_t>(h.whole("keep_at_least", s.keep.keep_at_least));
  s.make_room = h.flag("make_room", s.make_room);
  s.full_level = level_from(h.text("full_level")).value_or(s.full_level);
  s.compact = h.text("compact") != "never";
  s.compact_after = h.wait("compact_after", s.compact_after);
  s.cache_directory = h.text("cache_directory");
  s.cache_days = static_cast<uint32_t>(h.whole("cache_days", s.cache_days));
}

result<settings> read_settings(const host& h) {
  settings s;
  s.kept.common = level_from(h.text("level")).value_or(s.kept.common);
  for (const std::string& name : h.keys("levels"))
    if (const auto level = level_from(h.text("levels." + name))) s.kept.special[name] = *level;
  s.directory = h.text("directory");
  s.name = h.text("name", s.name);
  if (!is_log_name(s.name))
    return error{THARSIS_E_INVALID, h.where("name") + ": xlog.name: '" + s.name + "' is no name for files; letters, digits and - are, up to 63"};
  s.crash_handler = h.flag("crash_handler", s.crash_handler);
  s.file_size = static_cast<uint64_t>(h.whole("file_size", static_cast<int64_t>(s.file_size)));
  read_keeping(h, s);
  s.ring_size = std::bit_ceil(static_cast<uint32_t>(h.whole("ring_size", s.ring_size)));
  s.rings = static_cast<uint32_t>(h.whole("rings", s.rings));
  s.interval = h.wait("interval", s.interval);
  auto flight = read_flight(h);
  if (!flight) return flight.failure();
  s.flight = std::move(*flight);
  s.flight_size = std::bit_ceil(static_cast<uint32_t>(h.whole("flight_size", s.flight_size)));
  auto full = read_full_policy(h, h.wait("full_wait", s.full.common.wait));
  if (!full) return full.failure();
  s.full = std::move(*full);
  s.sync = h.text("mode") == "sync";
  s.sync_wait = h.wait("sync_wait", s.sync_wait);
  s.power_loss = h.wait("power_loss", s.power_loss);
  if (error wrong = read_form(h, s); wrong.status != THARSIS_OK) return wrong;
  s.redact = h.texts("redact");
  s.console = level_from(h.text("console")).value_or(s.console);
  s.retry_min = h.wait("retry_min", s.retry_min);
  s.retry_max = h.wait("retry_max", s.retry_max);
  return s;
}

class plugin {
 public:
  static result<std::unique_ptr<plugin>> create(const host& h) {
    auto has = read_settings(h);
    if (!has) return has.failure();
    auto ship = read_ship_settings(h);
    if (!ship) return ship.failure();
    return std::make_unique<plugin>(h, std::move(*has), std::move(*ship));
  }

  plugin(const host& h, settings has, ship_settings ship)
      : host_(h), place_(h.loop), has_(std::move(has)), ship_(std::move(ship)), directories_(has_.directories()), writer_(host_, place_, has_), readings_(h.files, directories_, static_cast<uint64_t>(place_.wall())), work_(place_), end_(place_) {
    sink_ = {sizeof sink_, &writer_, write, level, flush, ring, site, room, wake, level_of, close_rings, flush_now, is_secret};
    reader_ = {sizeof reader_, this, open_reading, next_item, close_reading, list_files};
    shipping_ = {sizeof shipping_, this, ship_now};
    tap_ = {sizeof tap_, &writer_, open_tap, close_tap};
  }

  tharsis_status start(tharsis_error*) {
    work_.spawn(keep_log());
    return THARSIS_PENDING;
  }
  tharsis_status stop() {
    writer_.stop();
    if (read_) read_->stop();
    if (write_) write_->stop();
    if (push_) push_->stop();
    if (ships_) ships_->stop();
    if (compact_) compact_->stop();
    if (work_.empty()) return THARSIS_OK;
    end_.spawn(tell_stopped());
    return THARSIS_PENDING;
  }
  // Levels, the mode, and what lines do when their ring is full, change while it runs; what concerns files and buffers is for a
  // new instance.
  tharsis_status prepare(tharsis_error* why) {
    auto wanted = read_settings(host_);
    if (!wanted) return fail(why, wanted.failure());
    const auto ship = read_ship_settings(host_);
    if (!ship) return fail(why, ship.failure());
    if (*ship != ship_) return THARSIS_E_UNSUPPORTED;
    prepared_ = std::move(*wanted);
    settings same = prepared_;
    same.kept = has_.kept;
    same.full = has_.full;
    if (same.records() == has_.records()) same.flight = has_.flight;
    same.keep = has_.keep;
    if (same.whole_file() != prepared_.whole_file()) return THARSIS_E_UNSUPPORTED;
    same.console = has_.console;
    same.sync = has_.sync;
    same.sync_wait = has_.sync_wait;
    return same == has_ ? THARSIS_OK : THARSIS_E_UNSUPPORTED;
  }
  void commit() {
    if (prepared_.console != has_.console) writer_.show(prepared_.console);
    has_ = prepared_;
    writer_.lines().set_rules(has_.rules());
    writer_.set_mode(has_);
    writer_.set_limits(has_.keep);
  }
  void abort() {}

  void run_command(const command_call& call) {
    if (call.name() == "keygen") {
      keygen_ = std::make_unique<keygen_command>(host_, place_, call);
      work_.spawn(keygen_->run());
    } else if (call.name() == "files") {
      files_ = std::make_unique<files_command>(host_, place_, call);
      work_.spawn(files_->run());
    } else if (call.name() == "push") {
      push_ = std::make_unique<push_command>(host_, place_, ship_, call);
      work_.spawn(push_->run());
    } else if (call.name() == "compact") {
      compact_ = std::make_unique<compact_command>(host_, place_, call);
      work_.spawn(compact_->run());
    } else if (call.name() == "write" || call.name() == "recover") {
      write_ = std::make_unique<write_command>(host_, place_, has_, call);
      work_.spawn(write_->run());
    } else {
      read_ = std::make_unique<read_command>(host_, place_, call);
      work_.spawn(read_->run());
    }
  }

 private:
  task<void> keep_log() {
    const error failure = co_await writer_.open();
    tharsis_error why = no_error();
    fail(&why, failure);
    if (failure.status == THARSIS_OK)
      host_.registry->provide(host_.registry->self, THARSIS_LOG_SINK_ID, &sink_, 0, &why);
    if (why.status == THARSIS_OK) host_.registry->provide(host_.registry->self, THARSIS_LOG_READER_ID, &reader_, 0, &why);
    if (why.status == THARSIS_OK) host_.registry->provide(host_.registry->self, THARSIS_LOG_TAP_ID, &tap_, 0, &why);
    if (why.status == THARSIS_OK && ship_.any()) begin_to_ship(&why);
    if (why.status != THARSIS_OK) {
      host_.self->failed(host_.self->self, &why);
      co_return;
    }
    host_.self->ready(host_.self->self);
    work_.spawn(writer_.keep_files());
    if (has_.compact) work_.spawn(writer_.compact_files());
    co_await writer_.run();
  }
  // Once somebody can be shipped to, others may ask for it.
  void begin_to_ship(tharsis_error* why) {
    ships_ = std::make_unique<ship_service>(host_, place_, ship_, directories_, has_.name, writer_.lines());
    host_.registry->provide(host_.registry->self, THARSIS_LOG_SHIPPER_ID, &shipping_, 0, why);
    if (why->status == THARSIS_OK) work_.spawn(ships_->run());
  }
  task<void> tell_stopped() {
    co_await work_.join(never);
    host_.self->stopped(host_.self->self);
  }

  // [any thread]
  static intake& lines(void* self) { return static_cast<writer*>(self)->lines(); }
  static void write(void* self, const tharsis_log_record* r) { lines(self).write(*r); }
  static uint32_t level(void* self) { return lines(self).level(); }
  static void flush(void* self, tharsis_handle strand, tharsis_wake wake, void* context, tharsis_handle handle) {
    lines(self).ask({strand, wake, context, handle});
  }
  static tharsis_log_ring* ring(void* self) { return lines(self).rings().ring(); }
  static uint32_t site(void* self, tharsis_text plugin, const tharsis_log_site* s) { return lines(self).site(view(plugin), *s); }
  static int32_t room(void* self, tharsis_log_ring* ring, uint64_t bytes, uint32_t site) {
    return lines(self).room(ring, bytes, site) ? 1 : 0;
  }
  static void wake(void* self) { lines(self).rings().wake(); }
  static uint32_t level_of(void* self, tharsis_text plugin, tharsis_text tag) { return lines(self).level_of(view(plugin), view(tag)); }
  static int32_t is_secret(void* self, tharsis_text field) { return lines(self).is_secret(view(field)) ? 1 : 0; }
  static tharsis_status flush_now(void* self, int64_t most) { return static_cast<writer*>(self)->flush_now(duration(most)); }
  static void close_rings(void* self) { static_cast<writer*>(self)->close_rings(); }

  static tharsis_status open_tap(void* self, const tharsis_log_filter* filter, int32_t decides, tharsis_on_line on_line, void* context,
                                 tharsis_handle* tap, tharsis_error* error) {
    if (on_line == nullptr || tap == nullptr) return fail(error, {THARSIS_E_INVALID, "a tap of the log needs a function that gets the lines"});
    *tap = lines(self).open_tap(filter, decides != 0, on_line, context);
    return THARSIS_OK;
  }
  static void close_tap(void* self, tharsis_handle tap) { lines(self).listeners().close(tap); }

  static tharsis_status open_reading(void* self, const tharsis_log_query* query, tharsis_handle* reading, tharsis_error* error) {
    plugin& me = *static_cast<plugin*>(self);
    return me.readings_.open(query, me.place_.wall(), reading, error);
  }
  static tharsis_status ship_now(void* self, int64_t since, int64_t until, uint32_t level, tharsis_error* error) {
    return static_cast<plugin*>(self)->ships_->ask(since, until, level, error);
  }
  static tharsis_status next_item(void* self, tharsis_handle reading, const tharsis_log_item** item, tharsis_error* error) {
    return static_cast<plugin*>(self)->readings_.next(reading, item, error);
  }
  static void close_reading(void* self, tharsis_handle reading) { static_cast<plugin*>(self)->readings_.close(reading); }
  static tharsis_status list_files(void* self, tharsis_text folder, const tharsis_log_span* span,
                                   void (*on_file)(void*, const tharsis_log_file*), void* context, tharsis_error* error) {
    const plugin& me = *static_cast<plugin*>(self);
    const std::vector<std::string> folders = folder.size > 0 ? std::vector{std::string(view(folder))} : me.directories_;
    return tell_files(me.host_.files, folders, me.writer_.file(), span, on_file, context, error);
  }

  const host host_;
  strand place_;
  settings has_, prepared_;
  const ship_settings ship_;
  const std::vector<std::string> directories_;  // Of this instance, whatever is prepared.
  writer writer_;
  reader_service readings_;
  tharsis_log_sink sink_{};
  tharsis_log_reader reader_{};
  tharsis_log_tap tap_{};
  tharsis_log_shipper shipping_{};
  std::unique_ptr<read_command> read_;
  std::unique_ptr<keygen_command> keygen_;
  std::unique_ptr<files_command> files_;
  std::unique_ptr<compact_command> compact_;
  std::unique_ptr<write_command> write_;
  std::unique_ptr<push_command> push_;
  std::unique_ptr<ship_service> ships_;
  task_set work_;
  task_set end_;
};

}  // namespace
}  // namespace tharsis::xlog

const tharsis_plugin* tharsis_plugin_entry(uint32_t abi_major) noexcept {
  static constexpr tharsis_plugin table = tharsis::door<tharsis::xlog::plugin>::table("xlog", "0.1.0");
  return abi_major == THARSIS_ABI_MAJOR ? &table : nullptr;
}
