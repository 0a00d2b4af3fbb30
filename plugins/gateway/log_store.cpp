#include "plugins/gateway/log_store.h"

#include <algorithm>
#include <utility>

#include "sdk/async/file_reader.h"
#include "sdk/pure/sha256.h"
#include "sdk/pure/views.h"

namespace tharsis::gateway {
namespace {


log_reply reply_to(const error& e) {
  if (e.status == THARSIS_E_FULL) return {507, "the disk is full\n"};
  return {500, "its disk failed: " + std::string(status_name(e.status)) + "\n"};
}

}  // namespace

// Where the bytes of a piece are by now.
struct log_store::placed_piece {
  shipping::piece what;
  std::string path;
  uint64_t at = 0;
};

log_reply log_store::answer(const log_call& call, std::string_view body, int64_t wall) {
  switch (call.is) {
    case log_call::verb::tell: return tell(call.source, wall);
    case log_call::verb::offer: return offer(call.source, call.name, body);
    case log_call::verb::post: return post(call.source, body);
    default: return fulfil(call.source, call.name, wall);
  }
}

error log_store::write(const std::string& path, std::string_view content) const {
  tharsis_error why = no_error();
  const tharsis_status status = files_->replace(files_->self, text_of(path), bytes_of(as_bytes(content)), &why);
  return status == THARSIS_OK ? fine() : error_from(status, why);
}

result<std::optional<log_record>> log_store::record_of(const std::string& source, const std::string& name, bool head_only) const {
  const std::string path = state_of(source, "files/") + name;
  const auto text = head_only ? read_beginning(files_, path, record_head_max) : read_whole(files_, path, shipping::manifest_max + record_head_max, "a record");
  if (!text && text.status() != THARSIS_E_NOT_FOUND) return text.failure();
  auto record = text ? parse_log_record(*text, head_only) : text.failure();
  return record ? std::optional(std::move(*record)) : std::nullopt;
}

log_reply log_store::tell(const std::string& source, int64_t wall) const {
  shipping::standing s;
  s.wishes = wishes_.of(source, wall);
  using enum shipping::stored_file::state;
  for (const std::string& name : names_in(state_of(source, "files"))) {
    const auto read = record_of(source, name, true);
    if (!read) return reply_to(read.failure());
    const auto& r = *read;
    if (!r || !is_log_file_name(name)) continue;
    const bool there = !r->gone && facts_of(files_of(source) + "/" + name);
    s.files.push_back({name, !there ? gone : r->what.closed && r->what.whole ? whole : part, r->size, r->edition, r->what.note});
  }
  return {200, shipping::text_of(s)};
}

std::optional<log_reply> log_store::has_no_room(const std::string& source, uint64_t more, bool new_file) {
  const bool known = used_.contains(source);
  const usage own = known ? used_.at(source) : usage{};
  if (!known && used_.size() >= limits_.sources) return log_reply{507, "no more sources than " + std::to_string(limits_.sources) + " have a place here\n"};
  if (new_file && own.files >= limits_.files_per_source) return log_reply{507, "no more files than " + std::to_string(limits_.files_per_source) + " of one source have a place here\n"};
  if (own.bytes + more > limits_.bytes_per_source) return log_reply{507, "no more than " + std::to_string(limits_.bytes_per_source) + " bytes of one source have a place here\n"};
  if (bytes() + more > limits_.bytes_in_all) return log_reply{507, "no more than " + std::to_string(limits_.bytes_in_all) + " bytes have a place here\n"};
  return {};
}

// What of the file is not here; or the file itself, when nothing is missing.
log_reply log_store::offer(const std::string& source, const std::string& name, std::string_view body) {
  auto wanted = shipping::parse_manifest(body);
  if (!wanted) return {400, "the manifest is none: " + wanted.failure().text + "\n"};
  const std::string edition = wanted->edition();
  const auto read = record_of(source, name, false);
  if (!read) return reply_to(read.failure());
  const auto& stored = *read;
  if (stored && stored->gone) return {200, "tharsis-stored 1\ngone\n"};
  if (stored && stored->edition == edition) return {200, "tharsis-stored 1\n" + edition + "\n"};
  if (wanted->over != (stored ? stored->edition : std::string())) return {409, "another edition of it is here\n"};
  const uint64_t size = wanted->size(), before = stored ? stored->size : 0;

  std::map<std::string, std::pair<uint64_t, uint32_t>> in_stored;  // By sum: where, and how long.
  if (stored) {
    uint64_t at = 0;
    for (const auto& p : stored->what.pieces) in_stored.emplace(p.sum, std::pair(at, p.size)), at += p.size;
  }
  const auto names = names_in(state_of(source, "pieces"));
  const std::set<std::string> waiting(names.begin(), names.end());
  std::vector<placed_piece> placed;
  shipping::runs missing;
  const auto add_missing = [&missing](uint32_t i) {
    if (!missing.empty() && missing.back().second + 1 == i) missing.back().second = i;
    else missing.emplace_back(i, i);
  };
  for (uint32_t i = 0; i < wanted->pieces.size(); ++i) {
    const auto& p = wanted->pieces[i];
    const auto old = in_stored.find(p.sum);
    if (waiting.contains(p.sum)) placed.push_back({p, state_of(source, "pieces/") + p.sum, 0});
    else if (old != in_stored.end() && old->second.second == p.size) placed.push_back({p, files_of(source) + "/" + name, old->second.first});
    else add_missing(i);
  }
  std::map<std::string, uint32_t> counted;  // What is here already of what will be.
  for (const auto& p : wanted->pieces)
    if (waiting.contains(p.sum)) counted.emplace(p.sum, p.size);
  uint64_t here = before;
  for (const auto& [sum, bytes] : counted) here += bytes;
  if (auto full = has_no_room(source, size - std::min(size, here), !stored)) return *full;
  if (!missing.empty()) return {202, shipping::text_of_missing(missing)};

  std::set<std::string> spoilt;
  const error failure = put_together(source, name, placed, spoilt);
  if (!spoilt.empty()) {
    for (uint32_t i = 0; i < wanted->pieces.size(); ++i)
      if (spoilt.contains(wanted->pieces[i].sum)) add_missing(i);
    return {202, shipping::text_of_missing(missing)};
  }
  if (failure.status != THARSIS_OK) return reply_to(failure);
  wanted->over.clear();
  const error noted = write(state_of(source, "files/") + name, record_text(log_record{*wanted, size, edition, false}));
  if (noted.status != THARSIS_OK) return reply_to(noted);
  usage& own = used_[source];
  own.bytes += size - before;
  own.files += stored ? 0 : 1;
  for (const placed_piece& p : placed)
    if (waiting.contains(p.what.sum) && remove(state_of(source, "pieces/") + p.what.sum)) own.bytes -= std::min<uint64_t>(own.bytes, p.what.size);
  return {200, "tharsis-stored 1\n" + edition + "\n"};
}

// Beside its place, then in it. What turns out to be spoilt is asked for again.
error log_store::put_together(const std::string& source, const std::string& name, const std::vector<placed_piece>& pieces, std::set<std::string>& spoilt) {
  const std::string beside = state_of(source, "making"), path = files_of(source) + "/" + name;
  tharsis_error why = no_error();
  for (const std::string& folder : {files_of(source), state_of(source, "files")})
    if (const tharsis_status s = files_->make_folder(files_->self, text_of(folder), &why); s != THARSIS_OK) return error_from(s, why);
  remove(beside);  // Left by one that was killed.
  tharsis_handle file = 0;
  tharsis_status status = files_->open(files_->self, text_of(beside), THARSIS_FILES_APPEND, &file, &why);
  if (status != THARSIS_OK) return error_from(status, why);
  error failure = fine();
  for (const placed_piece& p : pieces) {
    failure = append_piece(file, p, spoilt);
    if (failure.status != THARSIS_OK) break;
  }
  if (failure.status == THARSIS_OK && (status = files_->sync(files_->self, file, &why)) != THARSIS_OK) failure = error_from(status, why);
  files_->close(files_->self, file);
  if (failure.status == THARSIS_OK && spoilt.empty() && (status = files_->rename(files_->self, text_of(beside), text_of(path), &why)) != THARSIS_OK)
    failure = error_from(status, why);
  if (failure.status != THARSIS_OK || !spoilt.empty()) remove(beside);
  return failure;
}

// Each piece is proven once more: a disk forgets.
error log_store::append_piece(tharsis_handle to, const placed_piece& p, std::set<std::string>& spoilt) {
  const auto from = file_reader::open(files_, p.path);
  const auto bytes = from ? from->read(p.at, p.what.size) : from.failure();
  if (!bytes || bytes->size() != p.what.size || sha256_of(*bytes) != p.what.sum) {
    spoilt.insert(p.what.sum);
    if (p.path.ends_with("/pieces/" + p.what.sum)) remove(p.path);
    return fine();
  }
  if (!spoilt.empty()) return fine();  // It will not be finished.
  tharsis_error why = no_error();
  const tharsis_status status = files_->append(files_->self, to, bytes_of(as_bytes(*bytes)), &why);
  return status == THARSIS_OK ? fine() : error_from(status, why);
}

log_reply log_store::post(const std::string& source, std::string_view body) {
  const auto pieces = shipping::parse_post(body);
  if (!pieces) return {400, "that are no pieces: " + pieces.failure().text + "\n"};
  const std::string folder = state_of(source, "pieces");
  tharsis_error why = no_error();
  uint64_t taken = 0;
  for (const auto& p : *pieces) {
    if (sha256_of(p.bytes) != p.what.sum) return {422, "a piece is not what its sum says\n"};
    const std::string path = folder + "/" + p.what.sum;
    if (facts_of(path)) continue;
    if (auto full = has_no_room(source, p.what.size, false)) return *full;
    if (const tharsis_status s = files_->make_folder(files_->self, text_of(folder), &why); s != THARSIS_OK) return reply_to(error_from(s, why));
    if (const error failure = write(path, p.bytes); failure.status != THARSIS_OK) return reply_to(failure);
    used_[source].bytes += p.what.size;
    ++taken;
  }
  return {200, "tharsis-taken 1\n" + std::to_string(taken) + "\n"};
}

// Whoever has it done may say so again; an operator who writes into the list in this moment is waited for.
log_reply log_store::fulfil(const std::string& source, const std::string& wish, int64_t wall) {
  const error done = wishes_.take_away(source, wish, wall);
  if (done.status == THARSIS_OK) return {200, "tharsis-fulfilled 1\n"};
  if (done.status == THARSIS_E_NOT_FOUND) return {404, "there is no such wish\n"};
  return done.status == THARSIS_E_IN_USE ? log_reply{503, "its wishes are being written\n"} : reply_to(done);
}

log_store::swept log_store::sweep(int64_t wall) {
  swept s;
  used_.clear();
  if (const error failure = wishes_.make_folder(); failure.status != THARSIS_OK) s.complaints.push_back(failure.text);
  std::set<std::string> sources;
  for (const std::string& parent : {folder_, folder_ + "/.state"})
    for (const std::string& name : names_in(parent))
      if (const auto facts = facts_of(parent + "/" + name); shipping::is_name(name) && facts && facts->kind == THARSIS_FILE_FOLDER) sources.insert(name);
  for (const std::string& source : sources) {
    sweep_pieces(source, wall, s);
    sweep_source(source, wall, s);
  }
  // What is too much in all.
  std::vector<std::pair<std::string, std::string>> places;
  std::vector<kept_file> all;
  for (const std::string& source : sources)
    for (const std::string& name : names_in(files_of(source)))
      if (const auto facts = facts_of(files_of(source) + "/" + name); facts && is_log_file_name(name)) {
        places.emplace_back(source, name);
        all.push_back({facts->bytes, facts->modified});
      }
  for (const size_t i : files_to_remove(all, limits_, wall)) {
    const auto& [source, name] = places[i];
    if (!remove(files_of(source) + "/" + name)) {
      s.complaints.push_back("an old file of " + source + " cannot be removed");
      continue;
    }
    ++s.files;
    s.bytes += all[i].size;
    used_[source].bytes -= std::min(used_[source].bytes, all[i].size);
    used_[source].files -= std::min<uint64_t>(used_[source].files, 1);
    // So that its sender does not send it again.
    auto record = record_of(source, name, true);
    if (!record || !*record) continue;
    (*record)->gone = true;
    write(state_of(source, "files/") + name, record_text(**record));
  }
  return s;
}

void log_store::sweep_pieces(const std::string& source, int64_t wall, swept& s) {
  for (const std::string& sum : names_in(state_of(source, "pieces"))) {
    const std::string path = state_of(source, "pieces/") + sum;
    const auto facts = facts_of(path);
    if (!facts) continue;
    const bool old = facts->modified > 0 && wall - facts->modified > pieces_kept_for.count();
    if (old && remove(path)) s.bytes += facts->bytes;
    else used_[source].bytes += facts->bytes;
  }
}

void log_store::sweep_source(const std::string& source, int64_t wall, swept&) {
  for (const std::string& name : names_in(files_of(source)))
    if (const auto facts = facts_of(files_of(source) + "/" + name)) used_[source].bytes += facts->bytes, ++used_[source].files;
  for (const std::string& name : names_in(state_of(source, "files"))) {
    const std::string path = state_of(source, "files/") + name;
    const auto facts = facts_of(path);
    const bool old = facts && facts->modified > 0 && wall - facts->modified > gone_kept_for.count();
    if (old && !facts_of(files_of(source) + "/" + name)) remove(path);
  }
}

uint64_t log_store::bytes() const {
  uint64_t all = 0;
  for (const auto& [source, own] : used_) all += own.bytes;
  return all;
}

}  // namespace tharsis::gateway
