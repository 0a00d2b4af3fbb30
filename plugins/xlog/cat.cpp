#include "plugins/xlog/cat.h"

#include <algorithm>

#include "plugins/xlog/core/json_line.h"
#include "plugins/xlog/core/level.h"
#include "plugins/xlog/core/line.h"
#include "plugins/xlog/core/settings.h"
#include "plugins/xlog/core/utc.h"
#include "plugins/xlog/frame_walk.h"
#include "plugins/xlog/key_reader.h"
#include "sdk/async/blocking.h"
#include "sdk/async/file_reader.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {
namespace {

constexpr size_t shown_at_once = 64 << 10;  // A terminal's or pipe's worth for each print.

struct listing {
  bool folder = false;
  std::vector<file_name> names;
  std::vector<std::string> of_mars;  // That are called otherwise.
};

// [may block]
listing list(const tharsis_files* files, const std::string& path) {
  listing found;
  const auto visit = [](void* context, tharsis_text name) {
    auto& to = *static_cast<listing*>(context);
    const auto log = parse_file_name(view(name));
    if (log && is_readable(*log)) to.names.push_back(*log);
    else if (is_name_of_mars(view(name))) to.of_mars.emplace_back(view(name));
  };
  found.folder = files->list(files->self, text_of(path), visit, &found, nullptr) == THARSIS_OK;
  std::sort(found.names.begin(), found.names.end());
  return found;
}

struct chunk {
  error failure{THARSIS_OK, {}};
  std::string bytes;
  bool last = false;
};

// Opened for each chunk: a folder may hold more files than a process may keep open. [may block]
chunk read(const tharsis_files* files, const std::string& path, uint64_t offset) {
  const auto file = file_reader::open(files, path);
  if (!file) return {file.failure(), {}, false};
  auto bytes = file->read(offset, read_size);
  if (!bytes) return {bytes.failure(), {}, true};
  const bool last = bytes->size() < read_size;
  return {{THARSIS_OK, {}}, std::move(*bytes), last};
}

}  // namespace

cat::cat(const host& h, strand& place, command_call c) : host_(h), place_(place), call_(std::move(c)) {}

task<void> cat::run() {
  const int code = co_await work();
  show();
  call_.finish(code);
}

task<int> cat::work() {
  auto parsed = parse_cat_arguments(call_.words(), place_.wall());
  if (!parsed) {
    call_.complain(parsed.failure().text);
    co_return 2;
  }
  wanted_ = std::move(*parsed);
  if (wanted_.help) {
    out_ = cat_help;
    co_return 0;
  }
  colours_ = !wanted_.json && call_.colours();
  const bool has_key = co_await read_key();
  if (!has_key) co_return 2;
  for (const std::string& path : wanted_.paths) co_await find(path);
  for (const auto& s : sources_) co_await fill(s.get());
  if (wrong_input_) co_return 2;

  for (size_t file = 0; file < sources_.size(); ++file) co_await pull(file);
  while (const auto file = merge_.take()) {
    source& s = *sources_[*file];
    print(*s.head);
    s.head.reset();
    if (!advance(s)) co_await pull(*file);
    else if (s.head) merge_.on_line(*file, s.head->value.wall);
    if (stop_) co_return 1;
  }
  for (const source* const s : torn_) damaged_ = damaged_ || !is_kept_elsewhere(*s);
  co_return damaged_ ? 1 : 0;
}

// Whether its writer died there, and its rings were taken over: nothing is missing then.
bool cat::is_kept_elsewhere(const source& torn) const {
  const auto& writer = torn.lines.writer();
  return writer && std::any_of(sources_.begin(), sources_.end(), [&](const auto& s) { return s->lines.kept().contains(*writer); });
}

// True: there is none to read, or it is read.
task<bool> cat::read_key() {
  if (wanted_.key.empty()) co_return true;
  const auto work = [files = host_.files, folder = call_.folder(), path = wanted_.key] { return read_private_key(files, folder, path); };
  auto done = co_await blocking(place_, work);
  auto key = done ? std::move(*done) : result<private_key>(error{THARSIS_E_BUSY, "the host has no thread free to read the key"});
  if (!key) {
    call_.complain("xlog cat: " + key.failure().text);
    co_return false;
  }
  key_.emplace(std::move(*key));
  co_return true;
}

// A folder gives the log files in it that may hold what is wanted; everything else is one file.
task<void> cat::find(std::string path) {
  std::string absolute = path.starts_with('/') ? path : call_.folder() + "/" + path;
  while (absolute.size() > 1 && absolute.ends_with('/')) absolute.pop_back();
  const auto work = [files = host_.files, absolute] { return list(files, absolute); };
  const auto found = co_await blocking(place_, work);
  if (!found || !found->folder) {
    co_await add(std::move(absolute), std::move(path));
    co_return;
  }
  if (found->names.empty() && found->of_mars.empty()) {
    call_.complain(path + ": no log files in this folder; they are named like " + name_text({utc_day(place_.wall()), 0}));
    wrong_input_ = true;
  }
  for (const file_name& name : found->names)
    if (wanted_.wanted.may_be_in(name))
      co_await add(absolute + "/" + name_text(name), path + (path.ends_with('/') ? "" : "/") + name_text(name));
  for (const std::string& name : found->of_mars) co_await add(absolute + "/" + name, path + (path.ends_with('/') ? "" : "/") + name);
}

// Lines that were recorded are older than those before them in the file. So that all come in the order of their times, such
// a file is read as two.
task<void> cat::add(std::string path, std::string shown) {
  for (const auto& s : sources_)
    if (s->path == path) co_return;
  const auto work = [files = host_.files, path] { return has_recorded_lines(files, path); };
  const auto has = co_await blocking(place_, work);
  const bool twice = has.value_or(false);
  for (const bool recorded : {false, true}) {
    if (recorded && !twice) continue;
    sources_.push_back(std::make_unique<source>(key_ ? &*key_ : nullptr));
    source& s = *sources_.back();
    s.path = path;
    s.shown = shown;
    if (twice) s.recorded = recorded;
  }
}

task<void> cat::fill(source* s) {
  const auto work = [files = host_.files, path = s->path, offset = s->offset] { return read(files, path, offset); };
  auto next = co_await blocking(place_, work);
  if (!next) next = chunk{{THARSIS_E_BUSY, "the host has no thread free to read it"}, {}, true};
  const bool first = s->offset == 0;
  if (next->failure.status != THARSIS_OK) {
    call_.complain("xlog cat: " + next->failure.text);
    (first ? wrong_input_ : damaged_) = true;
    next->last = true;
  } else if (first && !may_be_readable(next->bytes, next->last)) {
    call_.complain(s->shown + ": not a log file of xlog or Mars");
    wrong_input_ = true;
  }
  s->offset += next->bytes.size();
  s->lines.on_bytes(next->bytes);
  if (next->last) s->lines.on_end();
  s->ended = next->last;
}

// To the file's next line that is wanted.
task<void> cat::pull(size_t file) {
  source* const s = sources_[file].get();
  while (!stop_ && !advance(*s)) co_await fill(s);
  if (s->head) merge_.on_line(file, s->head->value.wall);
}

// False: more bytes are needed.
bool cat::advance(source& s) {
  while (auto i = s.lines.take()) {
    if (s.recorded && *s.recorded != i->recorded) continue;  // The other source tells it.
    if (!i->damage.empty()) {
      show();
      call_.complain(s.shown + ": " + i->damage);
      damaged_ = damaged_ || !i->cut;
      if (i->torn) torn_.push_back(&s);
    } else if (wanted_.wanted.wants(i->value)) {
      s.head = std::move(*i);
      return true;
    }
  }
  return s.ended;
}

void cat::print(const log_reader::item& i) {
  const record& r = i.value;
  if (wanted_.json) {
    out_ += i.of != nullptr ? json_line(r, *i.of, i.arguments) : json_line(r);
    out_ += '\n';
  } else {
    const std::string_view colour = colours_ ? level_colours[r.level] : std::string_view();
    out_ += colour;
    append_line(out_, r);
    if (!colour.empty()) out_.insert(out_.size() - 1, colours_end);
  }
  if (out_.size() >= shown_at_once) show();
}

void cat::show() {
  if (!out_.empty()) call_.print(out_);
  out_.clear();
}

}  // namespace tharsis::xlog
