#include "plugins/xlog/ship_files.h"

#include <algorithm>
#include <set>

#include "plugins/xlog/core/file_name.h"
#include "plugins/xlog/log_folder.h"
#include "sdk/async/file_reader.h"
#include "sdk/pure/hex_text.h"
#include "sdk/pure/sha256.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {
namespace {

// Of a file that says nothing of itself, its beginning is what it is known by: the head of a record of Mars', or two lines. What is
// shorter and still grows is left until it has grown.
constexpr size_t known_by = 256;
constexpr size_t id_digits = 8;

std::string id_of(std::string_view beginning, const file_opening& opening, bool of_frames) {
  if (!of_frames) return sha256_of(beginning.substr(0, known_by)).substr(0, id_digits);
  return hex_text(std::span(opening.header.id).first(id_digits / 2));
}

// No two files of a source are called alike there, though they may be here; and who reads there finds them by their names.
std::string name_for(const std::string& base, const std::string& id) {
  constexpr size_t name_max = 63;
  if (auto parsed = parse_file_name(base)) {
    parsed->of = parsed->of.substr(0, name_max - 1 - id.size()) + "-" + id;
    return name_text(*parsed);
  }
  const size_t point = std::min(base.rfind('.'), base.size());
  std::string stem = base.substr(0, std::min<size_t>(point, 100));
  for (char& c : stem)
    if (!shipping::is_name(std::string("x") + c)) c = '-';
  return "log-" + stem + "-" + id + base.substr(point);
}

// Nothing to ship where nothing is known to be added to it.
std::optional<found_log> log_at(const tharsis_files* files, const std::string& path, const std::string& shown, int64_t since, found_logs& to) {
  tharsis_file_facts facts{sizeof facts, 0, 0, 0};
  tharsis_error why = no_error();
  const tharsis_status status = files->describe(files->self, text_of(path), &facts, &why);
  const auto beginning = status == THARSIS_OK ? read_beginning(files, path, file_header::fixed_size + file_header::seal_max + checksum_size)
                                              : result<std::string>(error_from(status, why));
  if (!beginning) {
    to.complaints.push_back(beginning.failure().text);
    return {};
  }
  if (beginning->empty() || (facts.modified > 0 && facts.modified < since)) return {};
  found_log log;
  file_opening opening;
  log.path = path;
  log.being_written = file_claim(files, path).is_anothers();
  log.file.of_frames = !decode_file_header(as_bytes(*beginning), opening);
  if (!log.file.of_frames && log.being_written && beginning->size() < known_by) return {};
  log.file.name = name_for(path.substr(path.rfind('/') + 1), id_of(*beginning, opening, log.file.of_frames));
  log.file.shown = shown;
  log.file.size = facts.bytes;
  log.modified = facts.modified;
  return log;
}

}  // namespace

found_logs find_logs(const tharsis_files* files, const std::vector<std::pair<std::string, std::string>>& paths, int64_t since, const std::string& of) {
  found_logs found;
  for (const auto& [path, shown] : paths) {
    tharsis_file_facts facts{sizeof facts, 0, 0, 0};
    const bool there = files->describe(files->self, text_of(path), &facts, nullptr) == THARSIS_OK;
    if (!there || facts.kind != THARSIS_FILE_FOLDER) {
      if (auto log = log_at(files, path, shown, since, found)) found.all.push_back(std::move(*log));
      continue;
    }
    std::vector<std::string> names;
    const auto visit = [](void* context, tharsis_text name) { static_cast<std::vector<std::string>*>(context)->emplace_back(view(name)); };
    tharsis_error why = no_error();
    const tharsis_status status = files->list(files->self, text_of(path), visit, &names, &why);
    if (status != THARSIS_OK) found.complaints.push_back(error_from(status, why).text);
    for (const std::string& name : names) {
      const auto parsed = parse_file_name(name);
      if (of.empty() ? !parsed && !is_name_of_mars(name) : !parsed || parsed->of != of) continue;
      if (auto log = log_at(files, path + "/" + name, shown + (shown.ends_with('/') ? "" : "/") + name, since, found)) found.all.push_back(std::move(*log));
    }
  }
  // A file that is in two folders, because its way from one to the other was cut short, goes once.
  std::set<std::string> names;
  std::erase_if(found.all, [&](const found_log& log) { return !names.insert(log.file.name).second; });
  return found;
}

result<shipping::manifest> shipped_log::plan(const std::string& note, const ship_selection& wanted, const std::atomic<bool>& stop) {
  bytes_.look();
  const ship_source source{log_.file.of_frames, log_.being_written, note};
  auto made = ship_plan::make(bytes_, source, wanted, stop);
  if (!made) return made.failure();
  plan_ = std::move(*made);
  return plan_->manifest();
}

result<std::string> shipped_log::pieces(const std::vector<uint32_t>& which) {
  std::string body;
  for (const uint32_t i : which) {
    const auto bytes = plan_->read(bytes_, i);
    if (!bytes) return bytes.failure();
    shipping::append_piece(body, plan_->manifest().pieces[i], *bytes);
  }
  return body;
}

}  // namespace tharsis::xlog
