#include "plugins/dns/cache_command.h"

#include <utility>

#include "plugins/dns/core/proven_file.h"
#include "sdk/async/blocking.h"
#include "sdk/async/file_reader.h"
#include "sdk/pure/address.h"
#include "sdk/pure/dns_name.h"
#include "sdk/pure/json.h"
#include "sdk/pure/option_words.h"

namespace tharsis::dns {
namespace {

constexpr std::string_view cache_help =
    "usage: tharsis dns cache [list] [--json]\n"
    "       tharsis dns cache clear [NAME]\n"
    "Proven names that dns keeps for its next start with this state folder: their addresses, who proved them, how old that is and how long it holds.\n"
    "A program that runs writes them some seconds after it has learned one. What it remembers itself is its own: `forget` of tharsis.dns/1 clears it.\n"
    "--state DIR names another state folder.\n"
    "exit code: 0 done, 1 there is nothing of that kind, 2 the command is wrong";

int64_t whole_seconds(duration d) { return std::chrono::duration_cast<std::chrono::seconds>(d).count(); }

std::string row_text(const cache::proof& p, instant now) {
  std::string text = p.about.name + (p.about.family == 0 ? "" : p.about.family == 4 ? " (IPv4)" : " (IPv6)");
  for (const candidate& c : p.what.candidates) text += "  " + ip_text(c.address);
  const duration age = now - p.what.learned;
  text += "  " + p.what.candidates[0].source + ", " + std::to_string(whole_seconds(age)) + " s old, ";
  return text + (age < p.life ? "holds for " + std::to_string(whole_seconds(p.life - age)) + " s" : "stale");
}

std::string row_json(const cache::proof& p, instant now) {
  std::string addresses;
  for (const candidate& c : p.what.candidates)
    addresses += (addresses.empty() ? "" : ",") + json_object().add("address", ip_text(c.address)).add("port", c.address.port).add("source", c.source).text();
  const duration age = now - p.what.learned;
  return json_object()
      .add("name", p.about.name)
      .add("family", p.about.family)
      .add_raw("addresses", "[" + addresses + "]")
      .add("age", whole_seconds(age))
      .add("life", whole_seconds(p.life))
      .add("stale", age >= p.life)
      .text();
}

}  // namespace

void cache_command::run(const command_call& call) {
  wish w;
  std::vector<std::string> words;
  option_words known("dns cache");
  known.flag("--json", w.json).words("list or clear", words);
  if (const error wrong = known.read(call.words()); wrong.status != THARSIS_OK) return call.refuse(wrong.text);
  if (known.help()) {
    call.print(cache_help);
    return call.finish(0);
  }
  w.clears = !words.empty() && words[0] == "clear";
  if (!words.empty() && !w.clears && words[0] != "list") return call.refuse("dns cache: '" + words[0] + "' is neither list nor clear; see --help");
  if (words.size() > (w.clears ? 2u : 1u)) return call.refuse("dns cache: '" + words.back() + "' is not expected here; see --help");
  if (words.size() == 2) {
    const auto name = canonical_name(words[1]);
    if (!name) return call.refuse("dns cache: " + name.failure().text);
    w.name = *name;
  }
  work_.spawn(work(call, std::move(w)));
}

task<void> cache_command::work(command_call call, wish w) {
  const tharsis_files* const files = host_.files;
  const std::string path = std::string(view(host_.paths->data(host_.paths->self))) + "/proven";
  const auto read = [files, path] { return read_whole(files, path, proven_file_max, "a file of proven names"); };
  const auto text = co_await blocking(place_, read);
  if (!text || !*text) {
    const bool missing = text && text->status() == THARSIS_E_NOT_FOUND;
    call.complain(missing ? "dns has kept no name with this state folder yet (" + path + "); --state DIR names another" : text ? text->failure().text : "too much blocking work waits");
    co_return call.finish(1);
  }
  if (!w.clears) co_return list(call, **text, w.json);
  settings::cache_settings roomy = settings_.cache;
  roomy.entries = 100'000;
  roomy.memory = size_t{64} << 20;
  cache known(roomy);
  const instant now = clock();
  const int64_t wall = place_.wall() / 1'000'000'000;
  const proven_records kept = read_proven(**text, now, wall);
  for (auto p = kept.whole.rbegin(); p != kept.whole.rend(); ++p) (void)known.restore(*p, now);
  const size_t before = known.size();
  if (w.name.empty()) known.clear();
  else if (!known.forget(w.name)) {
    call.complain("no proven address of '" + w.name + "' is kept in " + path);
    co_return call.finish(1);
  }
  const error failure = co_await write(path, write_proven(known, now, wall));
  if (failure.status != THARSIS_OK) {
    call.complain(failure.text);
    co_return call.finish(1);
  }
  call.print(std::to_string(before - known.size()) + " of " + std::to_string(before) + " forgotten in " + path);
  call.finish(0);
}

void cache_command::list(const command_call& call, const std::string& text, bool json) const {
  const instant now = clock();
  const proven_records kept = read_proven(text, now, place_.wall() / 1'000'000'000);
  std::string all;
  for (const cache::proof& p : kept.whole) all += (all.empty() ? "" : "\n") + (json ? row_json(p, now) : row_text(p, now));
  if (!all.empty()) call.print(all);
  else if (!json) call.print("no name");
  if (kept.damage.status != THARSIS_OK) call.complain("the file is damaged, the rest of it is lost: " + kept.damage.text);
  call.finish(kept.damage.status == THARSIS_OK ? 0 : 1);
}

task<error> cache_command::write(std::string path, std::string text) {
  const tharsis_files* const files = host_.files;
  const auto replace = [files, path, text = std::move(text)] {
    tharsis_error why = no_error();
    const tharsis_status status = files->replace(files->self, text_of(path), bytes_of(as_bytes(text)), &why);
    return status == THARSIS_OK ? fine() : error_from(status, why);
  };
  auto done = co_await blocking(place_, replace);
  co_return done ? std::move(*done) : error{THARSIS_E_BUSY, "too much blocking work waits"};
}

}  // namespace tharsis::dns
