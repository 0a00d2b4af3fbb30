#include "plugins/xlog/keygen_command.h"

#include <optional>
#include <utility>

#include "plugins/xlog/core/key_file.h"
#include "sdk/async/blocking.h"
#include "sdk/async/file_reader.h"

namespace tharsis::xlog {
namespace {

constexpr const char* keygen_help =
    "tharsis xlog keygen OUT\n"
    "\n"
    "Makes a pair of keys for logs that only their owner can read:\n"
    "  OUT.pub  the public key, for the profile of whoever writes logs:\n"
    "             xlog: { encrypt: { to: [OUT.pub] } }\n"
    "  OUT      the private key, for tharsis xlog cat --key OUT. Keep it away from where logs are written;\n"
    "           without it nobody reads them, ever.\n"
    "Files that exist are not overwritten.\n";

// Nothing: there is no such file, and one may be made. [may block]
std::optional<std::string> why_not_new(const tharsis_files* files, const std::string& path) {
  const auto file = file_reader::open(files, path);
  if (file.status() == THARSIS_E_NOT_FOUND) return std::nullopt;
  if (!file) return file.failure().text;
  return path + " exists; a key that is lost cannot be made again, so nothing is overwritten: choose another name";
}

// Both files or none. An empty answer: done. [may block]
std::string write_alone(const tharsis_files* files, const std::string& path, const private_key& key) {
  for (const std::string& name : {path, path + ".pub"})
    if (const auto why = why_not_new(files, name)) return *why;
  tharsis_error why = no_error();
  std::string closed = private_key_text(key);
  const tharsis_status status = files->replace(files->self, text_of(path), bytes_of(as_bytes(closed)), &why);
  wipe({reinterpret_cast<uint8_t*>(closed.data()), closed.size()});
  if (status != THARSIS_OK) return why.text;
  const std::string open = public_key_text(key.open);
  if (files->replace(files->self, text_of(path + ".pub"), bytes_of(as_bytes(open)), &why) == THARSIS_OK) return {};
  files->remove(files->self, text_of(path), nullptr);
  return why.text;
}

// Two at a time would leave the private key of one beside the public key of the other, and what is sealed for that is lost.
std::string write_pair(const tharsis_files* files, const std::string& path, const private_key& key) {
  const std::string turn = path + ".lock";
  tharsis_handle lock = 0;
  tharsis_error why = no_error();
  const tharsis_status status = files->lock(files->self, text_of(turn), &lock, &why);
  if (status == THARSIS_E_IN_USE) return path + " is being made by another keygen right now; choose another name";
  if (status != THARSIS_OK) return why.text;
  std::string failure = write_alone(files, path, key);
  files->remove(files->self, text_of(turn), nullptr);
  files->close(files->self, lock);
  return failure;
}

}  // namespace

task<void> keygen_command::run() {
  const int code = co_await work();
  call_.finish(code);
}

task<int> keygen_command::work() {
  for (const std::string& word : call_.words()) {
    if (word == "--help" || word == "-h") {
      call_.print(keygen_help);
      co_return 0;
    }
    if (!word.starts_with('-')) continue;
    call_.complain("xlog keygen: there is no option " + word + "; see tharsis xlog keygen --help");
    co_return 2;
  }
  if (call_.words().size() != 1 || call_.words()[0].empty()) {
    call_.complain("xlog keygen: name one file for the private key: tharsis xlog keygen OUT");
    co_return 2;
  }
  const std::string& shown = call_.words()[0];
  const std::string path = call_.absolute(shown);
  auto key = make_private_key(*host_.random);
  if (!key) {
    call_.complain("xlog keygen: " + key.failure().text);
    co_return 1;
  }
  const key_id id = key->open.id();
  const auto write = [files = host_.files, path, pair = std::move(*key)] { return write_pair(files, path, pair); };
  const auto failure = co_await blocking(place_, write);
  if (!failure || !failure->empty()) {
    call_.complain("xlog keygen: " + (failure ? *failure : std::string("the host has no thread free to write")));
    co_return 1;
  }
  call_.print("key " + key_id_text(id) + "\n  " + shown + "      the private key: keep it away from where logs are written\n  " +
             shown + ".pub  the public key: encrypt: { to: [" + path + ".pub] }\n");
  co_return 0;
}

}  // namespace tharsis::xlog
