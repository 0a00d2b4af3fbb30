#include "plugins/stn/core/outbox_words.h"

#include <algorithm>

#include "plugins/stn/core/foreign_text.h"
#include "sdk/pure/hex_text.h"
#include "sdk/pure/json.h"
#include "sdk/pure/views.h"

namespace tharsis::stn {
namespace {

std::string age_text(duration d) {
  const auto s = std::chrono::duration_cast<std::chrono::seconds>(std::max(d, duration{})).count();
  if (s < 120) return std::to_string(s) + " s";
  if (s < 7200) return std::to_string(s / 60) + " min";
  if (s < 2 * 86400) return std::to_string(s / 3600) + " h";
  return std::to_string(s / 86400) + " d";
}

// Most keys are words; others are shown by their digits.
std::string name_of_key(const std::vector<uint8_t>& key) {
  const bool is_word = std::all_of(key.begin(), key.end(), [](uint8_t c) { return c > ' ' && c < 0x7f; });
  return is_word ? std::string(as_text(key)) : "0x" + hex_text(key);
}

std::string line_of(uint64_t number, const outbox_book::entry& e, int64_t wall, instant now) {
  std::string line = std::to_string(number) + "  " + (e.answer ? "answered" : "waiting ") + "  command " + std::to_string(e.task.command) + ", link " +
                     foreign_text(e.task.link) + ", key " + name_of_key(e.task.key);
  if (!e.task.user.empty()) line += ", user " + foreign_text(e.task.user);
  if (e.task.order != 0) line += ", order " + std::to_string(e.task.order);
  line += ", put " + age_text(duration(wall - e.put_at)) + " ago, sent " + std::to_string(e.answer ? e.answer->sends : e.sends) + " times; ";
  return line + (e.answer ? "kept for " : "tried for ") + age_text(e.deadline - now) + " more";
}

}  // namespace

std::string outbox_text(const outbox_book& book, const std::string& path, int64_t wall, instant now) {
  std::string all = std::to_string(book.entries().size()) + " tasks, " + std::to_string(book.bytes()) + " bytes (" + path + ")";
  for (const auto& [number, e] : book.entries()) all += "\n" + line_of(number, e, wall, now);
  return all;
}

std::string outbox_json(const outbox_book& book, const std::string& path, int64_t wall, instant now) {
  std::string entries;
  for (const auto& [number, e] : book.entries()) {
    json_object one;
    one.add("entry", number)
        .add("state", std::string_view(e.answer ? "answered" : "waiting"))
        .add("command", e.task.command)
        .add("link", e.task.link)
        .add("user", e.task.user)
        .add("key", name_of_key(e.task.key))
        .add("order", e.task.order)
        .add("sends", e.answer ? e.answer->sends : e.sends)
        .add("bytes", e.size)
        .add("age_ms", milliseconds(duration(wall - e.put_at)))
        .add("left_ms", milliseconds(e.deadline - now));
    entries += (entries.empty() ? "" : ",") + one.text();
  }
  return json_object().add("path", path).add("bytes", book.bytes()).add_raw("entries", "[" + entries + "]").text();
}

}  // namespace tharsis::stn
