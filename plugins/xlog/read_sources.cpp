#include "plugins/xlog/read_sources.h"

#include <algorithm>

#include "plugins/xlog/core/file_name.h"
#include "plugins/xlog/core/log_lines.h"
#include "plugins/xlog/core/mars_reader.h"
#include "plugins/xlog/core/plain_reader.h"
#include "plugins/xlog/core/pushed_source.h"
#include "plugins/xlog/frame_walk.h"
#include "plugins/xlog/log_folder.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {
namespace {

// Of a file, to tell whose it is.
constexpr size_t looked_at = 64 << 10;

struct listing {
  bool folder = false;
  std::vector<file_name> names;
  std::vector<std::string> of_mars;  // That are called otherwise.
};

// What a file is that begins so; `whole`: that is all of it. JSON counts as text.
std::optional<file_format> form_of(std::string_view begin, bool whole) {
  if (may_be_log(begin, whole)) return file_format::xlog;
  const bool readable = !begin.empty() && static_cast<unsigned char>(begin[0]) >= ' ';  // No record of Mars' begins so.
  if (readable && may_be_plain(begin)) return file_format::text;
  if (may_be_mars(begin)) return file_format::mars;
  return may_be_plain(begin) ? std::optional(file_format::text) : std::nullopt;
}

listing list(const tharsis_files* files, const std::string& path) {
  listing found;
  const auto visit = [](void* context, tharsis_text name) {
    auto& to = *static_cast<listing*>(context);
    const auto log = parse_file_name(view(name));
    if (log) to.names.push_back(*log);
    else if (is_name_of_mars(view(name))) to.of_mars.emplace_back(view(name));
  };
  found.folder = files->list(files->self, text_of(path), visit, &found, nullptr) == THARSIS_OK;
  std::sort(found.names.begin(), found.names.end());
  return found;
}

}  // namespace

void source_finder::add(const std::vector<std::string>& paths, int64_t now, found_sources& to) {
  for (const std::string& path : paths) {
    std::string absolute = path.starts_with('/') ? path : folder_ + "/" + path;
    while (absolute.size() > 1 && absolute.ends_with('/')) absolute.pop_back();
    add_folder(absolute, path, now, to);
  }
}

void source_finder::add_folder(const std::string& absolute, const std::string& shown, int64_t now, found_sources& to) {
  const listing found = list(files_, absolute);
  if (!found.folder) return add_file(absolute, shown, to);
  if (found.names.empty() && found.of_mars.empty() && !grows_)
    to.complaints.push_back(shown + ": no log files in this folder; they are named like " + name_text({utc_day(now), 0}));
  const std::string before = shown + (shown.ends_with('/') ? "" : "/");
  for (const file_name& name : found.names)
    if (wanted_.may_be_in(name)) add_file(absolute + "/" + name_text(name), before + name_text(name), to);
  for (const std::string& name : found.of_mars) add_file(absolute + "/" + name, before + name, to);
}

// A file is in two folders while it moves from one to the other, or where that was cut short.
bool source_finder::is_copy(const std::string& path) const {
  const std::string name = path.substr(path.rfind('/'));
  return std::any_of(known_.begin(), known_.end(), [&](const std::string& k) {
    if (!k.ends_with(name)) return false;
    const auto same = same_content(files_, k, path);
    return same && *same;
  });
}

// Lines that were recorded are older than those before them in the file. So that all come in the order of their times, such
// a file is read as two.
void source_finder::add_file(const std::string& path, const std::string& shown, found_sources& to) {
  if (std::find(known_.begin(), known_.end(), path) != known_.end()) return;
  auto bytes = std::make_unique<file_window>(files_, path, grows_);
  const std::string begin(bytes->at(0, looked_at));
  if (bytes->failure().status != THARSIS_OK) {
    to.complaints.push_back(bytes->failure().text);
    return;
  }
  const auto form = form_of(begin, bytes->size() <= begin.size());
  if (!form && !takes_all_) {
    to.complaints.push_back(shown + ": not a log file of xlog or Mars, nor lines of xlog as text or JSON");
    return;
  }
  if (is_copy(path)) return;
  known_.push_back(path);
  const bool twice = form.value_or(file_format::xlog) == file_format::xlog && !grows_ && has_recorded_lines(files_, path);
  for (const bool recorded : {false, true}) {
    if (recorded && !twice) continue;
    auto& s = *to.all.emplace_back(std::make_unique<read_source>());
    s.path = path;
    s.shown = shown;
    if (twice) s.recorded = recorded;
    s.bytes = bytes ? std::move(bytes) : std::make_unique<file_window>(files_, path, grows_);
    if (form == file_format::text) s.lines = std::make_unique<pushed_source<plain_reader>>(*s.bytes, wanted_);
    else if (form == file_format::mars) s.lines = std::make_unique<pushed_source<mars_reader>>(*s.bytes, wanted_, key_);
    else s.lines = std::make_unique<log_lines>(*s.bytes, key_, wanted_, s.recorded);
  }
}

}  // namespace tharsis::xlog
