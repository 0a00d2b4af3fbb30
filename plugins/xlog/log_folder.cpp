#include "plugins/xlog/log_folder.h"

#include <algorithm>
#include <optional>
#include <tuple>

#include "plugins/xlog/core/frame.h"
#include "sdk/async/file_reader.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {
namespace {

// What was compacted is as old as it was before; 0: it was not.
int64_t told_age(const tharsis_files* files, const std::string& path) {
  const auto begin = read_beginning(files, path, file_header::fixed_size + file_header::seal_max + checksum_size);
  file_opening opening;
  return begin && !decode_file_header(as_bytes(*begin), opening) ? opening.header.as_old_as : 0;
}

}  // namespace

result<std::vector<log_file>> log_files_in(const tharsis_files* files, const std::string& folder, const std::string& of) {
  if (!THARSIS_HAS(files, describe)) return error{THARSIS_E_UNSUPPORTED, "this host cannot tell what the files in '" + folder + "' are"};
  std::vector<std::string> names;
  const auto visit = [](void* context, tharsis_text name) {
    static_cast<std::vector<std::string>*>(context)->emplace_back(view(name));
  };
  tharsis_error why = no_error();
  const tharsis_status status = files->list(files->self, text_of(folder), visit, &names, &why);
  if (status != THARSIS_OK) return error_from(status, why);
  std::vector<log_file> found;
  for (const std::string& name : names) {
    const auto parsed = parse_file_name(name);
    if (!parsed || (!of.empty() && parsed->of != of)) continue;
    const std::string path = folder + "/" + name;
    tharsis_file_facts facts{sizeof facts, 0, 0, 0};
    if (files->describe(files->self, text_of(path), &facts, nullptr) != THARSIS_OK || facts.kind != THARSIS_FILE_PLAIN) continue;
    const int64_t told = parsed->ending == ending_of(file_format::xlog) ? told_age(files, path) : 0;
    found.push_back({path, *parsed, facts.bytes, std::clamp(told != 0 ? told : facts.modified, -farthest_time, farthest_time)});
  }
  const auto key = [](const log_file& f) { return std::tie(f.name.of, f.name.day, f.name.number, f.path); };
  std::sort(found.begin(), found.end(), [&](const log_file& a, const log_file& b) { return key(a) < key(b); });
  return found;
}

result<bool> same_content(const tharsis_files* files, const std::string& one, const std::string& other) {
  constexpr size_t at_once = 1 << 20;
  const auto a = file_reader::open(files, one), b = file_reader::open(files, other);
  if (!a) return a.failure();
  if (!b) return b.failure();
  for (uint64_t at = 0;; at += at_once) {
    const auto from_a = a->read(at, at_once), from_b = b->read(at, at_once);
    if (!from_a) return from_a.failure();
    if (!from_b) return from_b.failure();
    if (*from_a != *from_b) return false;
    if (from_a->size() < at_once) return true;
  }
}

file_claim::file_claim(const tharsis_files* files, const std::string& path) : files_(files) {
  status_ = files->lock(files->self, text_of(path), &lock_, nullptr);
  if (status_ != THARSIS_OK) lock_ = 0;
}

file_claim::~file_claim() {
  if (lock_ != 0) files_->close(files_->self, lock_);
}

}  // namespace tharsis::xlog
