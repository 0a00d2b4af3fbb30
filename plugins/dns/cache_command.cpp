#include "plugins/dns/cache_command.h"

#include <utility>

#include "plugins/dns/cache_report.h"
#include "plugins/dns/core/proven_file.h"
#include "sdk/async/blocking.h"
#include "sdk/async/file_reader.h"
#include "sdk/pure/dns_name.h"
#include "sdk/pure/option_words.h"

namespace tharsis::dns {
namespace {

constexpr std::string_view cache_help =
    "usage: tharsis dns cache [list] [--json] [--kept]\n"
    "       tharsis dns cache flush NAME | flush all [--kept]\n"
    "What dns remembers where it runs with this state folder: each name's addresses, whether they are fresh, stale or to be looked up again, who\n"
    "said so, whether it is proven, how old it is and for how long it holds; `negative` is what a name has not. flush has it forget a name, or all.\n"
    "Where nothing runs, or with --kept: the proven names that dns keeps in a file for its next start.\n"
    "--state DIR names another state folder.\n"
    "exit code: 0 done, 1 there is nothing of that kind, 2 the command is wrong";

}  // namespace

// Nothing: the call has been answered.
std::optional<cache_command::wish> cache_command::read(const command_call& call) {
  wish w;
  std::vector<std::string> words;
  option_words known("dns cache");
  known.flag("--json", w.json).flag("--kept", w.kept).words("list or flush", words);
  const auto refuse = [&call](const std::string& why) {
    call.refuse(why);
    return std::optional<wish>();
  };
  if (const error wrong = known.read(call.words()); wrong.status != THARSIS_OK) return refuse(wrong.text);
  if (known.help()) {
    call.print(cache_help);
    call.finish(0);
    return {};
  }
  w.clears = !words.empty() && (words[0] == "flush" || words[0] == "clear");
  if (!words.empty() && !w.clears && words[0] != "list") return refuse("dns cache: '" + words[0] + "' is neither list nor flush; see --help");
  if (words.size() > (w.clears ? 2u : 1u)) return refuse("dns cache: '" + words.back() + "' is not expected here; see --help");
  if (words.size() == 1 && words[0] == "flush") return refuse("dns cache: flush NAME, or flush all");
  if (words.size() == 2 && !(words[0] == "flush" && words[1] == "all")) {
    const auto name = canonical_name(words[1]);
    if (!name) return refuse("dns cache: " + name.failure().text);
    w.name = *name;
  }
  return w;
}

void cache_command::run(const command_call& call) {
  if (auto w = read(call)) work_.spawn(work(call, std::move(*w)));
}

void cache_command::run_live(const command_call& call, service& here) {
  auto w = read(call);
  if (!w) return;
  if (w->kept && w->clears) return call.refuse("dns cache: dns runs, and would write the file again; flush without --kept");
  if (w->kept) return work_.spawn(work(call, std::move(*w)));
  if (w->clears) return work_.spawn(flush(call, std::move(*w), here));
  const instant now = place_.now();
  std::string all;
  here.known().each(now, [&](const cache::sight& s) { all += (all.empty() ? "" : "\n") + (w->json ? row_json(s, now, here.network_generation()) : row_text(s, now)); });
  if (!all.empty()) call.print(all);
  else if (!w->json) call.print("no name");
  call.finish(0);
}

// It is answered once the file has it: whoever is killed then has forgotten too.
task<void> cache_command::flush(command_call call, wish w, service& here) {
  const size_t before = here.known().size();
  const bool known = here.forget_now(w.name);
  const error failure = co_await here.settle();
  if (failure.status != THARSIS_OK) {
    call.complain("it is forgotten here, but may come back with the next start: " + failure.text);
    co_return call.finish(1);
  }
  if (!w.name.empty() && !known) call.complain("dns remembers nothing of '" + w.name + "'");
  else call.print(w.name.empty() ? "all " + std::to_string(before) + " answers are forgotten" : "'" + w.name + "' is forgotten");
  call.finish(known || w.name.empty() ? 0 : 1);
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
  proven_records kept = read_proven(**text, now, wall);
  const size_t shown = std::erase_if(kept.shown, [&w](const tls_proof& p) { return w.name.empty() || p.name == w.name; });
  for (auto p = kept.whole.rbegin(); p != kept.whole.rend(); ++p) (void)known.restore(*p, now);
  const size_t before = known.size();
  if (w.name.empty()) known.clear();
  else if (!known.forget(w.name) && shown == 0) {
    call.complain("no proven address of '" + w.name + "' is kept in " + path);
    co_return call.finish(1);
  }
  const error failure = co_await write(path, write_proven(known, kept.shown, now, wall));
  if (failure.status != THARSIS_OK) {
    call.complain(failure.text);
    co_return call.finish(1);
  }
  call.print(std::to_string(before - known.size()) + " of " + std::to_string(before) + " forgotten in " + path + (shown > 0 ? ", and what addresses have shown" : ""));
  call.finish(0);
}

void cache_command::list(const command_call& call, const std::string& text, bool json) const {
  const instant now = clock();
  const proven_records kept = read_proven(text, now, place_.wall() / 1'000'000'000);
  std::string all;
  for (const cache::proof& p : kept.whole) all += (all.empty() ? "" : "\n") + (json ? row_json(p, now) : row_text(p, now));
  for (const tls_proof& p : kept.shown) all += (all.empty() ? "" : "\n") + (json ? row_json(p, now) : row_text(p, now));
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
