#include "plugins/dns/bench_command.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <utility>

#include "plugins/dns/server_keys.h"
#include "plugins/dns/server_options.h"
#include "plugins/dns/trust_file.h"
#include "sdk/pure/dns_name.h"
#include "sdk/pure/histogram.h"
#include "sdk/pure/json.h"
#include "sdk/pure/option_values.h"

namespace tharsis::dns {
namespace {

constexpr std::string_view bench_help =
    "usage: tharsis dns bench NAME... --server SERVER... [OPTION...]\n"
    "How many questions a second each server answers to this machine, and how soon; one server after the other, nothing is remembered.\n"
    "  --server SERVER      as of `tharsis dns resolve`\n"
    "  --variants N         ask for N names below each NAME, n0.NAME, n1.NAME ..., instead of NAME itself\n"
    "  --outstanding N      questions that are under way at a time: 100\n"
    "  --time TIME          for each server: 3s\n"
    "  --ca FILE            who vouches for the servers, instead of those whom the system trusts\n"
    "  --json               one line of JSON for each server\n"
    "Over UDP the first answer counts. Ask only servers that are yours, or whose owner agrees.\n"
    "exit code: 0 each server has answered, 1 one has not, 2 the command is wrong";

constexpr duration answer_at_most = 2s;

std::string with_unit(double nanoseconds) {
  char text[32];
  std::snprintf(text, sizeof text, nanoseconds < 1e6 ? "%.0f us" : "%.1f ms", nanoseconds < 1e6 ? nanoseconds / 1e3 : nanoseconds / 1e6);
  return text;
}

}  // namespace

void bench_command::run(const command_call& call) {
  call_ = call;
  option_words known("dns bench");
  known.flag("--json", line_.json).words("a name", line_.names);
  known.quiet_value("--server", take_server(line_.servers));
  known.value("--ca", take_file(line_.ca)).value("--time", take_patience(line_.time));
  known.value("--outstanding", take_whole(line_.outstanding, 1, 10'000)).value("--variants", take_whole(line_.variants, 1, 1'000'000));
  if (const error wrong = known.read(call.words()); wrong.status != THARSIS_OK) return call.refuse(wrong.text);
  if (known.help()) {
    call.print(bench_help);
    return call.finish(0);
  }
  if (line_.names.empty() || line_.servers.empty()) return call.refuse(known.wrong_see_help("it needs a name and a --server.").text);
  for (std::string& name : line_.names) {
    auto canonical = canonical_name(name);
    if (!canonical) return call.refuse("dns bench: " + canonical.failure().text);
    name = std::move(*canonical);
  }
  if (!line_.ca.empty()) settings_.tls = {call.absolute(line_.ca), false};
  means_.udp = {settings_.udp.again, duration::zero()};
  means_.kept = &connections_;
  work_.spawn(work());
}

task<void> bench_command::work() {
  if (const error wrong = co_await read_server_keys(place_, host_.files, *call_, line_.servers); wrong.status != THARSIS_OK) {
    call_->complain("dns bench: " + wrong.text);
    co_return call_->finish(1);
  }
  if (std::any_of(line_.servers.begin(), line_.servers.end(), [](const server& to) { return to.vouched(); })) co_await load_trust(means_, settings_.tls);
  bool all = true;
  for (const server& to : line_.servers) {
    tally t;
    {
      const instant began = place_.now();
      task_set askers(place_);
      for (uint32_t i = 0; i < line_.outstanding; ++i) askers.spawn(ask_in_turn(to, t, later(began, line_.time)));
      co_await askers.join(never);
      t.took = place_.now() - began;
    }
    call_->print(report(to, t));
    all = all && t.answered > 0;
  }
  connections_.close();
  call_->finish(all ? 0 : 1);
}

task<void> bench_command::ask_in_turn(const server& to, tally& into, instant end) {
  while (place_.now() < end) {
    const instant began = place_.now();
    const first_word nobody = std::make_shared<std::optional<findings>>();
    ++into.asked;
    testimony said = co_await ask(means_, to, next_name(), type::a, later(began, answer_at_most), nobody);
    if (said.what.what == findings::kind::failed) {
      ++into.failed;
      if (into.first_failure.empty()) into.first_failure = std::move(said.what.why);
      continue;
    }
    ++into.answered;
    ++into.buckets[bucket_of(static_cast<uint64_t>((place_.now() - began).count()))];
  }
}

std::string bench_command::next_name() {
  const std::string& name = line_.names[number_ % line_.names.size()];
  const uint64_t turn = number_++ / line_.names.size();
  return line_.variants == 0 ? name : "n" + std::to_string(turn % line_.variants) + "." + name;
}

std::string bench_command::report(const server& to, const tally& t) const {
  const double seconds = std::max(1e-9, static_cast<double>(t.took.count()) / 1e9);
  const auto each = static_cast<uint64_t>(static_cast<double>(t.answered) / seconds);
  const uint64_t half = quantile(t.buckets, 0.5), most = quantile(t.buckets, 0.99);
  if (line_.json)
    return json_object()
        .add("server", to.text)
        .add("per_second", each)
        .add("asked", t.asked)
        .add("answered", t.answered)
        .add("failed", t.failed)
        .add("p50_us", half / 1000)
        .add("p99_us", most / 1000)
        .add("seconds", seconds)
        .add("failure", t.first_failure)
        .text();
  std::string text = to.text + ": " + std::to_string(each) + " questions/s, half within " + with_unit(static_cast<double>(half)) + ", 99 % within " + with_unit(static_cast<double>(most)) + "; " +
                     std::to_string(t.answered) + " of " + std::to_string(t.asked) + " answered";
  return t.failed == 0 ? text : text + " (" + t.first_failure + ")";
}

}  // namespace tharsis::dns
