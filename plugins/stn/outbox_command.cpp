#include "plugins/stn/outbox_command.h"

#include "plugins/stn/core/outbox_words.h"
#include "sdk/async/blocking.h"
#include "sdk/async/file_reader.h"
#include "sdk/pure/whole_number.h"

namespace tharsis::stn {
namespace {

std::string missing_outbox(const std::string& path) {
  return "no stn with an outbox has run with this state folder yet (" + path + "); --state DIR names another";
}

constexpr const char* outbox_help =
    "tharsis stn outbox [--json] [--discard ENTRY]\n"
    "The durable tasks of this state folder that are not over, oldest first: names and ages, no bodies. --discard takes one out, which is\n"
    "not sent any more; no program may have the outbox open then. --state DIR names another state folder; a sealed outbox wants\n"
    "--set outbox.key_file=FILE.";

struct read_outbox_file {
  result<std::string> bytes;
  std::optional<outbox_key> key;
};
read_outbox_file read_both(const tharsis_files& files, const std::string& path, const std::string& key_file) {
  read_outbox_file r{read_whole(&files, path, outbox_file_max, "an outbox"), {}};
  if (key_file.empty()) return r;
  const auto text = read_secret(&files, key_file, outbox_key_file_max, "a key");
  const auto key = text ? outbox_key::parse(*text) : result<outbox_key>(text.failure());
  if (key) r.key = *key;
  else r.bytes = key.failure();
  return r;
}

}  // namespace

void outbox_command::run(const command_call& call, const outbox_settings& s) {
  call_ = call;
  settings_ = s;
  path_ = std::string(view(host_.paths->data(host_.paths->self))) + "/outbox";
  const auto& words = call.words();
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--help" || words[i] == "-h") {
      call_->print(outbox_help);
      return call_->finish(0);
    }
    if (words[i] == "--json") {
      json_ = true;
    } else if (words[i] == "--discard") {
      discarded_ = i + 1 < words.size() ? whole_number<uint64_t>(words[++i]) : std::nullopt;
      if (!discarded_) return call_->refuse("stn outbox: --discard wants an entry's number, the first word of its line");
    } else {
      return call_->refuse("stn outbox: '" + words[i] + "' is not expected here; see --help");
    }
  }
  if (discarded_) work_.spawn(discard());
  else work_.spawn(list());
}

// Also while a program has it: what was on the disk just now.
task<void> outbox_command::list() {
  const tharsis_files* const files = host_.files;
  auto work = [files, path = path_, key = settings_.key_file] { return read_both(*files, path, key); };
  auto read = co_await blocking(place_, std::move(work));
  result<outbox_reading> found = error{THARSIS_E_BUSY, "too much blocking work waits"};
  if (read && read->bytes) found = read_outbox(*read->bytes, read->key ? &*read->key : nullptr);
  else if (read) found = read->bytes.failure();
  if (!found) {
    const bool missing = found.status() == THARSIS_E_NOT_FOUND;
    call_->complain(missing ? missing_outbox(path_) : path_ + ": " + found.failure().text);
    co_return call_->finish(1);
  }
  book_.emplace(settings_);
  book_->load(std::move(found->records), place_.wall(), place_.now());
  if (found->damaged > 0) call_->complain(std::to_string(found->damaged) + " bytes of it mean nothing");
  call_->print(json_ ? outbox_json(*book_, path_, place_.wall(), place_.now()) : outbox_text(*book_, path_, place_.wall(), place_.now()));
  call_->finish(0);
}

task<void> outbox_command::discard() {
  // Who opens an outbox makes it.
  auto work = [files = host_.files, path = path_] {
    tharsis_file_facts facts{};
    facts.size = sizeof facts;
    return files->describe(files->self, text_of(path), &facts, nullptr);
  };
  const auto is_there = co_await blocking(place_, std::move(work));
  if (is_there && *is_there == THARSIS_E_NOT_FOUND) {
    call_->complain(missing_outbox(path_));
    co_return call_->finish(1);
  }
  book_.emplace(settings_);
  disk_.emplace(place_, host_, settings_, path_, [this] { return book_->snapshot(); });
  signal known(place_);
  error failure = fine();
  disk_->open([this, &known, &failure](result<std::vector<outbox_record>> found) {
    if (found) book_->load(std::move(*found), place_.wall(), place_.now());
    else failure = found.failure();
    if (found && book_->find(*discarded_) == nullptr)
      failure = {THARSIS_E_NOT_FOUND, "the outbox has no entry " + std::to_string(*discarded_) + "; `tharsis stn outbox` lists them"};
    if (failure.status == THARSIS_OK) book_->remove(*discarded_);
    known.raise();
  });
  co_await known.wait();
  if (failure.status == THARSIS_OK) {
    disk_->write(gone_record(*discarded_, place_.wall()), [&known, &failure](const error& e) {
      failure = e;
      known.raise();
    });
    co_await known.wait();
  }
  co_await disk_->close(later(place_.now(), 5s));
  if (failure.status == THARSIS_OK) call_->print("entry " + std::to_string(*discarded_) + " is gone");
  else call_->complain(failure.text);
  call_->finish(failure.status == THARSIS_OK ? 0 : 1);
}

}  // namespace tharsis::stn
