#include "plugins/xlog/compact_command.h"

#include <memory>
#include <optional>

#include "plugins/xlog/core/compact_arguments.h"
#include "plugins/xlog/core/progress_text.h"
#include "plugins/xlog/key_reader.h"
#include "plugins/xlog/log_folder.h"
#include "sdk/async/blocking.h"
#include "sdk/pure/json.h"

namespace tharsis::xlog {
namespace {

struct found_paths {
  std::vector<std::string> paths;
  std::vector<std::string> complaints;
};

// What a path stands for: itself, or as a folder its log files.
found_paths files_of(const tharsis_files* files, const std::vector<std::string>& named) {
  found_paths all;
  for (const std::string& path : named) {
    tharsis_file_facts facts{sizeof facts, 0, 0, 0};
    tharsis_error why = no_error();
    const tharsis_status status = files->describe(files->self, text_of(path), &facts, &why);
    if (status != THARSIS_OK) {
      all.complaints.push_back(error_from(status, why).text);
    } else if (facts.kind != THARSIS_FILE_FOLDER) {
      all.paths.push_back(path);
    } else {
      const auto found = log_files_in(files, path, {});
      if (!found) all.complaints.push_back(found.failure().text);
      else clear_unfinished(files, path, {});
      for (size_t i = 0; found && i < found->size(); ++i)
        if ((*found)[i].name.ending == ending_of(file_format::xlog)) all.paths.push_back((*found)[i].path);
    }
  }
  return all;
}

std::string_view word_of(compaction_outcome::kind is, bool dry) {
  switch (is) {
    case compaction_outcome::kind::done: return dry ? "worth it" : "compacted";
    case compaction_outcome::kind::left: return "left";
    case compaction_outcome::kind::busy: return "busy";
    default: return "failed";
  }
}

std::string json_of(const std::string& path, const compaction_outcome& o, bool dry) {
  json_object j;
  j.add("file", path).add("result", word_of(o.is, dry)).add("why", o.why.text);
  j.add("lines", o.before.rows).add("bytes_before", o.before.bytes).add("blocks_before", o.before.blocks);
  if (o.is == compaction_outcome::kind::done && !dry) j.add("bytes", o.bytes).add("blocks", o.blocks);
  return j.text() + "\n";
}

std::string text_of_outcome(const std::string& path, const compaction_outcome& o, bool dry) {
  const std::string head = path + ": " + std::string(word_of(o.is, dry));
  if (o.is != compaction_outcome::kind::done) return head + ": " + o.why.text + "\n";
  const std::string was = std::to_string(o.before.rows) + " lines, " + std::to_string(o.before.bytes) + " bytes in " + std::to_string(o.before.blocks) + " blocks";
  if (dry) return head + ": " + was + "\n";
  return head + ": " + was + ", now " + std::to_string(o.bytes) + " in " + std::to_string(o.blocks) + "\n";
}

}  // namespace

task<void> compact_command::run() {
  auto parsed = parse_compact_arguments(call_.words());
  if (!parsed) {
    call_.refuse(parsed.failure().text);
    co_return;
  }
  if (parsed->help) {
    call_.print(compact_help);
    call_.finish(0);
    co_return;
  }
  std::vector<std::string> named;
  for (const std::string& path : parsed->paths) named.push_back(call_.absolute_folder(path));
  const auto look = [files = host_.files, named] { return files_of(files, named); };
  const auto found = co_await blocking(place_, look);
  if (!found) {
    call_.complain("xlog compact: the host has no thread free to look; try again");
    call_.finish(1);
    co_return;
  }
  // Beside what uses it, which may outlive this.
  const auto key = std::make_shared<private_key>();
  if (!parsed->key.empty()) {
    const auto read = [files = host_.files, folder = call_.folder(), path = parsed->key] { return read_private_key(files, folder, path); };
    auto done = co_await blocking(place_, read);
    if (!done || !*done) {
      call_.refuse("xlog compact: " + (done ? done->failure().text : std::string("the host has no thread free to read the key")));
      co_return;
    }
    *key = std::move(**done);
  }
  for (const std::string& complaint : found->complaints) call_.complain("xlog compact: " + complaint);
  const file_compaction::limits limits{0, parsed->dry_run, parsed->key.empty() ? nullptr : key.get()};
  const int64_t begun = place_.now().time_since_epoch().count();
  progress_pace pace(begun);
  for (size_t i = 0; i < found->paths.size() && !stop_; ++i) {
    const std::string path = found->paths[i];
    const auto file = std::make_shared<file_compaction>(host_.files, *host_.random, path, limits);
    for (bool over = false; !over && !stop_;) {
      const auto some = [key, file] { return file->step(); };
      const auto stepped = co_await blocking(place_, some);
      over = stepped && *stepped;
      const int64_t now = place_.now().time_since_epoch().count();
      if (!over && !parsed->json && pace.is_due(now))
        call_.progress(progress_text({file->position(), file->outcome().before.bytes, now - begun, path}));
    }
    if (!stop_) tell(path, file->outcome(), parsed->dry_run, parsed->json);
  }
  call_.finish(failed_ || stop_ ? 1 : found->complaints.empty() ? 0 : 2);
}

void compact_command::tell(const std::string& path, const compaction_outcome& o, bool dry, bool json) {
  failed_ = failed_ || o.is == compaction_outcome::kind::failed;
  call_.print(json ? json_of(path, o, dry) : text_of_outcome(path, o, dry));
}

}  // namespace tharsis::xlog
