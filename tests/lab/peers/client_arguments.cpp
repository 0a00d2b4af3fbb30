#include "tests/lab/peers/client_arguments.h"

#include <algorithm>

#include "sdk/pure/units.h"

namespace tharsis::lab {
namespace {

constexpr double rate_max = 100'000;        // A client that does nothing else does not keep up with more.
constexpr int64_t in_flight_max = 100'000;  // And so many at once no server here carries.
constexpr int64_t count_max = 10'000'000;   // Every outcome is kept in memory.

error wrong(const std::string& sentence) { return {THARSIS_E_INVALID, sentence}; }

// The value of an option into its field, or what is wrong with it.
result<bool> take_value(client_arguments& into, const std::string& option, const std::string& value) {
  const auto say = [&](const std::string& expected) { return wrong(option + " " + value + ": " + expected); };
  if (option == "--body-file") {
    into.body_file = value;
  } else if (option == "--ca") {
    into.ca_file = value;
  } else if (option == "--name") {
    into.name = value;
  } else if (option == "--count") {
    const auto count = parse_integer(value);
    if (!count || *count < 1 || *count > count_max) return say("expected a number from 1 to 10000000");
    into.asked.count = static_cast<uint32_t>(*count);
  } else if (option == "--rate") {
    const auto rate = parse_real(value);
    if (!rate || *rate < 0.001 || *rate > rate_max) return say("expected requests per second, 0.001 to 100000");
    into.asked.rate = *rate;
  } else if (option == "--in-flight") {
    const auto count = parse_integer(value);
    if (!count || *count < 1 || *count > in_flight_max) return say("expected a number from 1 to 100000");
    into.asked.in_flight = static_cast<uint32_t>(*count);
  } else if (option == "--deadline") {
    const auto deadline = parse_duration(value);
    if (!deadline) return say(deadline.failure().text);
    if (*deadline < 1ms || *deadline > 1h) return say("expected 1ms to 1h");
    into.asked.deadline = *deadline;
  } else {
    return false;
  }
  return true;
}

result<bool> check_endpoints(client_arguments& all) {
  if (all.endpoints.empty()) return wrong("no ENDPOINT is given, like tcp://192.0.2.1:443");
  for (const endpoint& e : all.endpoints) {
    if (e.scheme != "tcp" && e.scheme != "tcps") return wrong(e.text() + ": the scheme must be tcp or tcps");
    if (e.scheme != all.endpoints[0].scheme) return wrong("the endpoints are one server's: tcp or tcps, not both");
    if (all.endpoints.size() > 1 && !parse_ip(e.host))
      return wrong(e.text() + ": several endpoints are the addresses of one server, not names");
  }
  all.tls = all.endpoints[0].scheme == "tcps";
  if (all.name.empty()) all.name = all.endpoints.size() == 1 ? all.endpoints[0].host : "echo.test";
  return true;
}

}  // namespace

bool client_arguments::has(const std::string& flag) const {
  return std::find(flags.begin(), flags.end(), flag) != flags.end();
}

result<client_arguments> parse_client_arguments(const std::vector<std::string>& words,
                                                const std::vector<std::string>& flags) {
  client_arguments all;
  bool has_rate = false;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--help") {
      all.help = true;
      return all;
    }
    if (word == "--json") {
      all.json = true;
    } else if (word == "--times") {
      all.asked.times = true;
    } else if (std::find(flags.begin(), flags.end(), word) != flags.end()) {
      all.flags.push_back(word);
    } else if (!word.starts_with("-")) {
      auto e = parse_endpoint(word);
      if (!e) return e.failure();
      all.endpoints.push_back(*e);
    } else {
      const bool is_last = i + 1 == words.size();
      const auto taken = take_value(all, word, is_last ? "" : words[i + 1]);
      if (taken.ok() && !*taken) return wrong("there is no option '" + word + "'; see --help");
      if (is_last) return wrong(word + " needs a value");
      if (!taken) return taken.failure();
      has_rate = has_rate || word == "--rate";
      ++i;
    }
  }
  const auto checked = check_endpoints(all);
  if (!checked) return checked.failure();
  if (all.body_file.empty()) return wrong("--body-file FILE is missing: what is sent");
  if (has_rate == (all.asked.in_flight > 0))
    return wrong("say --rate R, requests per second, or --in-flight K, those without an answer at a time" + std::string(has_rate ? ", not both" : ""));
  return all;
}

}  // namespace tharsis::lab
