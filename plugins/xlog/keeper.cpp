#include "plugins/xlog/keeper.h"

#include <algorithm>
#include <utility>

#include "plugins/xlog/file_report.h"
#include "plugins/xlog/move_files.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {
namespace {

constexpr int64_t empty_file_young = 3'600'000'000'000;

// What cannot be told may be the worst, as the lines of a process that died. 0: it has no line.
uint8_t levels_in(const tharsis_files* files, const log_file& f) {
  const file_report r = report_of(files, f);
  if ((r.flags & (THARSIS_LOG_FILE_UNKNOWN | THARSIS_LOG_FILE_OLDER)) != 0) return 0xFF;
  return r.levels == 0 && (r.flags & THARSIS_LOG_FILE_TORN) != 0 ? uint8_t{0xFF} : r.levels;
}

std::string reason_text(departure_reason why) {
  switch (why) {
    case departure_reason::age: return "older than keep_for";
    case departure_reason::bytes: return "more than keep_bytes";
    default: return "less than keep_free was free";
  }
}

}  // namespace

keeper::keeper(const tharsis_files* files, const settings& s) : files_(files), settings_(s) {}

keeper::outcome keeper::look(int64_t wall) const {
  outcome o;
  if (!settings_.cache_directory.empty()) {
    const moved m = move_old_files(files_, settings_.cache_directory, settings_.directory, settings_.name, settings_.cache_days, wall);
    o.moved = m.files;
    o.complaints = m.complaints;
  }
  enforce(wall, o);
  return o;
}

// An empty file may be one that somebody has just made, and has not locked yet.
bool keeper::may_go(const log_file& f, int64_t wall) const {
  if (f.bytes == 0 && wall - f.modified < empty_file_young) return false;
  return file_claim(files_, f.path).ok();
}

keeper::listing keeper::list(int64_t wall, outcome& o) const {
  listing l;
  for (const std::string& folder : settings_.directories()) {
    const auto found = log_files_in(files_, folder, settings_.name);
    if (!found && found.status() != THARSIS_E_NOT_FOUND) o.complaints.push_back("old log files cannot be looked for: " + found.failure().text);
    if (found) l.files.insert(l.files.end(), found->begin(), found->end());
  }
  for (const log_file& f : l.files) l.facts.push_back({f.name, f.bytes, f.modified, 0xFF, may_go(f, wall)});
  return l;
}

// A file that turns out to be written by somebody stays, and another one may have to go in its place.
void keeper::enforce(int64_t wall, outcome& o) const {
  listing l = list(wall, o);
  const auto free = settings_.keep.keep_free > 0 ? free_in(settings_.directories().front()) : std::nullopt;
  if (free && *free < settings_.keep.keep_free) add_levels(l);
  for (bool again = true; std::exchange(again, false);) {
    const auto room = free ? std::optional(*free + o.bytes) : std::nullopt;
    std::vector<size_t> gone;
    for (const departure& d : departures(l.facts, settings_.keep, settings_.whole_file(), room, wall)) {
      if (remove(l.files[d.file], o)) {
        o.told.push_back("removed " + l.files[d.file].path + ": " + reason_text(d.why));
        gone.push_back(d.file);
      } else {
        l.facts[d.file].may_go = false;
        again = true;
        break;  // The choice was made with it.
      }
    }
    std::sort(gone.rbegin(), gone.rend());
    for (const size_t i : gone) {
      l.files.erase(l.files.begin() + static_cast<std::ptrdiff_t>(i));
      l.facts.erase(l.facts.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
}

keeper::outcome keeper::make_room(int64_t wall) const {
  outcome o;
  listing l = list(wall, o);
  add_levels(l);
  // What a full disk has left of files that it took no line for: each fills a page, and is not one of the newest that are to stay.
  for (size_t i = 0; i < l.files.size(); ++i) {
    if (l.facts[i].levels != 0 || !l.facts[i].may_go) continue;
    remove(l.files[i], o);
    l.facts[i].may_go = false;
  }
  while (const auto least = least_missed(l.facts, settings_.keep.keep_at_least, wall)) {
    if (remove(l.files[*least], o)) {
      o.told.push_back("removed " + l.files[*least].path + ": the disk is full");
      o.made_room = true;
      break;
    }
    l.facts[*least].may_go = false;
  }
  return o;
}

bool keeper::remove(const log_file& f, outcome& o) const {
  const file_claim claim(files_, f.path);
  if (!claim.ok()) return false;
  tharsis_file_facts now{sizeof now, 0, 0, 0};
  files_->describe(files_->self, text_of(f.path), &now, nullptr);
  // Somebody was faster: this name is there because we asked for its lock.
  const bool is_gone = now.bytes == 0 && f.bytes > 0;
  tharsis_error why = no_error();
  const tharsis_status status = files_->remove(files_->self, text_of(f.path), &why);
  if (status != THARSIS_OK) {
    o.complaints.push_back("an old log file stays: " + error_from(status, why).text);
    return false;
  }
  if (!is_gone) ++o.files;
  if (!is_gone) o.bytes += f.bytes;
  return !is_gone;
}

void keeper::add_levels(listing& l) const {
  for (size_t i = 0; i < l.files.size(); ++i) l.facts[i].levels = levels_in(files_, l.files[i]);
}

std::optional<uint64_t> keeper::free_in(const std::string& folder) const {
  tharsis_space space{sizeof space, 0, 0, 0};
  if (!THARSIS_HAS(files_, space) || files_->space(files_->self, text_of(folder), &space, nullptr) != THARSIS_OK) return {};
  return space.free;
}

}  // namespace tharsis::xlog
