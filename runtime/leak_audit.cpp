#include "runtime/leak_audit.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "runtime/os_stack.h"
#include "runtime/settings.h"
#include "sdk/pure/views.h"

namespace tharsis::runtime {
namespace {

// So many are named in one line of log.
constexpr size_t named_max = 8;
constexpr size_t thread_text_max = 512;

// Those that THARSIS_OPEN_* number.
using open_things = std::array<std::vector<std::string>, 4>;

void note_open(void* context, uint32_t kind, tharsis_text what, tharsis_wake code) {
  auto& all = *static_cast<open_things*>(context);
  if (kind < all.size()) all[kind].push_back(what.size > 0 ? std::string(view(what)) : call_name(reinterpret_cast<const void*>(code)));
}

std::vector<uint64_t> foreign_threads(const tharsis_watch* watch) {
  std::vector<uint64_t> all;
  if (watch == nullptr || watch->foreign_threads == nullptr) return all;
  watch->foreign_threads(
      watch->self, [](void* context, uint64_t thread) { static_cast<std::vector<uint64_t>*>(context)->push_back(thread); }, &all);
  return all;
}

}  // namespace

std::string leak_sentence(std::vector<std::string> things, const std::string& one, const std::string& many) {
  if (things.empty()) return {};
  std::string text = "left " + std::to_string(things.size()) + " " + (things.size() > 1 ? many : one) + " when it was destroyed";
  std::map<std::string, size_t> counted;
  for (std::string& thing : things) ++counted[std::move(thing)];
  size_t named = 0;
  for (const auto& [name, count] : counted) {
    if (++named > named_max) return text + " and others";
    text += (named == 1 ? ": " : ", ") + name + (count > 1 ? " (" + std::to_string(count) + " times)" : "");
  }
  return text;
}

leak_audit::leak_audit(const tharsis_platform& platform)
    : platform_(platform), threads_before_(foreign_threads(platform.watch)) {}

std::vector<std::string> leak_audit::threads(const void* code) const {
  std::vector<std::string> found;
  int asked = 0;
  for (const uint64_t thread : foreign_threads(platform_.watch)) {
    if (std::find(threads_before_.begin(), threads_before_.end(), thread) != threads_before_.end()) continue;
    if (++asked > runtime_settings{}.threads_asked) break;
    std::string text(thread_text_max, '\0');
    if (platform_.watch->runs_code_of(platform_.watch->self, thread, code, text.data(), text.size()) == THARSIS_OK)
      found.emplace_back(text.c_str());
  }
  return found;
}

std::vector<std::string> leak_audit::sentences(const tharsis_strand& strand, const others& o) const {
  open_things open;
  tharsis_strand_audit audit{};
  audit.size = sizeof audit;
  audit.tell = note_open;
  audit.context = &open;
  strand.audit(strand.self, &audit);
  std::vector<std::string> all = {
      leak_sentence(open[THARSIS_OPEN_TIMER], "timer open", "timers open"),
      leak_sentence(open[THARSIS_OPEN_SOCKET], "socket open", "sockets open"),
      leak_sentence(open[THARSIS_OPEN_NAME], "name question open", "name questions open"),
      leak_sentence(o.subscriptions, "subscription open", "subscriptions open"),
      leak_sentence(o.files, "file open", "files open"),
      leak_sentence(threads(o.code), "thread running", "threads running"),
  };
  std::erase(all, "");
  return all;
}

}  // namespace tharsis::runtime
