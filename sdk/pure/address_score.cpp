#include "sdk/pure/address_score.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "sdk/pure/address.h"
#include "sdk/pure/url.h"
#include "sdk/pure/whole_number.h"

namespace tharsis {
namespace {

constexpr std::string_view head_line = "tharsis addresses 1\n";
constexpr int results_max = 8;
constexpr duration latency_max = 60s;
// Of what was known a moment ago, with each new result: a single slow connect is bad luck.
constexpr double smoothing = 0.75;

// A network's id comes from others; "-" stands for none.
std::string network_word(std::string_view id) { return id.empty() ? "-" : percent_encode(id); }

std::string_view cut_word(std::string_view& line) {
  const std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(std::min(line.size(), word.size() + 1));
  return word;
}

std::optional<tharsis_address> address_of(std::string_view text) {
  const auto place = parse_endpoint("tcp://" + std::string(text));
  if (!place) return {};
  auto ip = parse_ip(place->host);
  if (!ip) return {};
  ip->port = place->port;
  return *ip;
}

}  // namespace

void address_score::on_network(std::string_view id) { network_ = network_word(id); }

bool address_score::counts(tharsis_status why) {
  return why == THARSIS_E_TIMEOUT || why == THARSIS_E_REFUSED || why == THARSIS_E_RESET || why == THARSIS_E_UNREACHABLE;
}

bool address_score::on_success(const tharsis_address& a, duration latency, instant now) {
  entry& e = make(a);
  const bool probation = on_probation(e);
  e.probed.reset();
  if (!probation && e.succeeded && now - *e.succeeded < settings_.throttle) return false;
  const duration bounded = std::clamp(latency, duration(1us), latency_max);
  const double before = e.latency == duration::zero() ? 0 : smoothing * fading(e, now);
  e.latency = std::chrono::duration_cast<duration>(e.latency * before + bounded * (1 - before));
  if (probation) e.results = 0;  // It has proved itself; what was before its ban is over.
  note(e, false, now);
  e.succeeded = now;
  return true;
}

bool address_score::on_failure(const tharsis_address& a, tharsis_status why, instant now) {
  if (!reachable_ || !counts(why)) return false;
  entry& e = make(a);
  e.probed.reset();
  if (e.failed && now - *e.failed < settings_.throttle) return false;
  note(e, true, now);
  e.failed = now;
  return true;
}

bool address_score::on_silent(const tharsis_address& a, instant now) {
  if (!reachable_) return false;
  entry& e = make(a);
  e.probed.reset();
  if (e.silent && now - *e.silent < settings_.throttle) return false;
  weigh(e, true, now);
  e.silent = now;
  return true;
}

duration address_score::latency(const tharsis_address& a) const {
  const entry* const e = find(a);
  return e == nullptr || !is_good(*e) ? duration::zero() : e->latency;
}

duration address_score::usual_latency() const {
  for (const entry& e : known_)
    if (e.network == network_ && e.succeeded) return e.latency;
  return {};
}

void address_score::note(entry& e, bool failure, instant now) {
  weigh(e, failure, now);
  e.results = static_cast<uint8_t>(e.results << 1 | (failure ? 1 : 0));
  e.count = std::min(e.count + 1, results_max);
}

void address_score::weigh(entry& e, bool failure, instant now) {
  e.failing = (e.failing * fading(e, now) + (failure ? 1 : 0)) / 2;
  e.changed = now;
}

double address_score::fading(const entry& e, instant now) const {
  const double age = std::chrono::duration<double>(now - e.changed) / settings_.half_life;
  return std::exp2(-std::max(age, 0.0));
}

int address_score::failures(const entry& e) const { return std::popcount(e.results); }

// Three failures of the last eight, and none of them forgiven since.
bool address_score::on_probation(const entry& e) const {
  return e.failed && failures(e) >= settings_.failures_to_ban && (e.results & 1) != 0;
}

// One at a time, but the second list of the same dial has it too.
bool address_score::is_probed(const entry& e, instant now) const {
  if (!e.probed || !on_probation(e) || now >= later(*e.probed, settings_.probe_timeout)) return false;
  return e.probed_twice || now >= later(*e.probed, settings_.one_dial);
}

void address_score::probe(entry& e, instant now) const {
  e.probed_twice = e.probed && now < later(*e.probed, settings_.one_dial);
  if (!e.probed_twice) e.probed = now;
}

// The last that was heard of it.
bool address_score::is_good(const entry& e) const { return e.succeeded && e.silent <= e.succeeded && e.failed <= e.succeeded; }

instant address_score::ban_end(const entry* e, const tharsis_address& a) const {
  instant end = instant::min();
  for (const auto& [ip, until] : server_bans_)
    if (same_ip(ip, a)) end = until;
  if (e == nullptr || !e->failed || failures(*e) < settings_.failures_to_ban) return end;
  const int newest = std::countr_one(e->results);
  const int further = std::max(0, newest - settings_.failures_to_ban);
  return std::max(end, later(*e->failed, std::min(settings_.ban * (1 + further), settings_.ban_max)));
}

void address_score::ban(const tharsis_address& ip, instant now, duration length) {
  server_bans_.remove_if([&](const auto& b) { return same_ip(b.first, ip) || b.second <= now; });
  server_bans_.push_back({ip, later(now, length)});
  if (server_bans_.size() > banned_max) server_bans_.pop_front();
}

bool address_score::banned(const tharsis_address& a, instant now) const { return now < ban_end(find(a), a); }

// What an attempt will probably cost. What was seen fades: a bad address is taken for an unknown one in the end, a good
// one stays good.
duration address_score::cost(const entry* e, instant now) const {
  if (e == nullptr) return settings_.unknown_costs;
  const double weight = fading(*e, now);
  const auto failing = std::chrono::duration_cast<duration>(settings_.failure_costs * (e->failing * weight));
  return failing + std::chrono::duration_cast<duration>(e->latency * weight);
}

std::vector<tharsis_address> address_score::order(const std::vector<tharsis_address>& list, instant now, bool tried) {
  struct candidate {
    tharsis_address address;
    int64_t cost;
    instant ban;
  };
  std::vector<candidate> good, asked, banned;
  for (const tharsis_address& a : list) {
    entry* const e = find(a);
    const instant ban = ban_end(e, a);
    (now < ban ? banned : e != nullptr && is_probed(*e, now) ? asked : good).push_back({a, cost(e, now) / settings_.alike, ban});
  }
  if (good.empty()) good = std::move(asked);
  std::stable_sort(good.begin(), good.end(), [](const candidate& a, const candidate& b) { return a.cost < b.cost; });
  if (good.empty()) {
    std::stable_sort(banned.begin(), banned.end(), [](const candidate& a, const candidate& b) { return a.ban < b.ban; });
    good = std::move(banned);
  }
  std::vector<tharsis_address> ordered;
  for (const candidate& c : good) {
    if (entry* const e = find(c.address); tried && e != nullptr && on_probation(*e) && c.ban <= now) probe(*e, now);
    ordered.push_back(c.address);
  }
  return ordered;
}

size_t address_score::explore(std::span<const tharsis_address> ordered, instant now, const chance& random, const allowed& may) {
  if (least_known(ordered, now, {}) == 0) return 0;
  const auto draw = [&] { return settings_.explore_min + static_cast<int>(random() % static_cast<uint64_t>(settings_.explore_max - settings_.explore_min + 1)); };
  if (!std::exchange(second_, false) || now >= later(dialled_, settings_.one_dial)) {
    dialled_ = now;
    second_ = true;
    if (!dials_left_) dials_left_ = draw();
    exploring_ = --*dials_left_ <= 0 && least_known(ordered, now, may) != 0;
    if (exploring_) dials_left_ = draw();
  }
  return exploring_ ? least_known(ordered, now, may) : 0;
}

size_t address_score::least_known(std::span<const tharsis_address> ordered, instant now, const allowed& may) const {
  if (ordered.size() < 2 || latency(ordered[0]) == duration::zero() || banned(ordered[0], now)) return 0;
  size_t longest = 0;
  instant seen = now - settings_.explore_again;
  for (size_t i = 1; i < ordered.size(); ++i) {
    const entry* const e = find(ordered[i]);
    if (now < ban_end(e, ordered[i]) || (e != nullptr && (!is_good(*e) || *e->succeeded > seen)) || (may && !may(ordered[i]))) continue;
    if (e == nullptr) return i;
    seen = *e->succeeded;
    longest = i;
  }
  return longest;
}

address_score::entry* address_score::find(const tharsis_address& a) {
  return const_cast<entry*>(static_cast<const address_score*>(this)->find(a));
}

const address_score::entry* address_score::find(const tharsis_address& a) const {
  for (const entry& e : known_)
    if ((a.port == 0 ? same_ip(e.address, a) : e.address == a) && e.network == network_) return &e;
  return nullptr;
}

address_score::entry& address_score::make(const tharsis_address& a) {
  const auto found = std::find_if(known_.begin(), known_.end(),
                                  [&](const entry& e) { return e.address == a && e.network == network_; });
  if (found != known_.end()) {
    known_.splice(known_.begin(), known_, found);
    return known_.front();
  }
  known_.emplace_front();
  known_.front().network = network_;
  known_.front().address = a;
  if (known_.size() > known_max) known_.pop_back();
  return known_.front();
}

// A line: network, address, results from the oldest to the newest ("-": none yet), share of failures in thousandths, latency in
// microseconds, then when it changed, failed last and succeeded last ("-": never).
std::string address_score::text(instant now, int64_t wall_seconds) const {
  const auto when = [&](std::optional<instant> at) {
    return at ? std::to_string(wall_seconds - std::chrono::floor<std::chrono::seconds>(now - *at).count()) : "-";
  };
  std::string all(head_line);
  for (const entry& e : known_) {
    if (e.address.scope != 0 || now - e.changed > settings_.kept_for) continue;  // A scope means something on this boot only.
    all += e.network + ' ' + to_text(e.address) + ' ';
    if (e.count == 0) all += '-';
    for (int i = e.count; i-- > 0;) all += (e.results >> i & 1) != 0 ? 'x' : 'o';
    all += ' ' + std::to_string(std::lround(e.failing * 1000)) + ' ' +
           std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(e.latency).count()) + ' ' +
           when(e.changed) + ' ' + when(e.failed) + ' ' + when(e.succeeded) + '\n';
  }
  return all;
}

std::optional<address_score::entry> address_score::read_line(std::string_view line, instant now, int64_t wall_seconds) const {
  const auto when = [&](std::string_view word) -> std::optional<instant> {
    const auto seconds = whole_number<int64_t>(word);
    if (!seconds || *seconds < 0 || *seconds > int64_t{1} << 40) return {};
    // Of a clock that was set since, the age is no use; `changed` is looked at by whoever takes the line.
    const int64_t age = std::clamp<int64_t>(wall_seconds - *seconds, -1, int64_t{1} << 32);
    return now - std::chrono::seconds(age);
  };
  entry e;
  e.network = cut_word(line);
  const auto address = address_of(cut_word(line));
  const std::string_view results = cut_word(line);
  const auto failing = whole_number<int>(cut_word(line));
  const auto latency = whole_number<int64_t>(cut_word(line));
  const auto changed = when(cut_word(line));
  const std::string_view failed = cut_word(line), succeeded = line;
  if (e.network.empty() || !address || results.empty() || results.size() > results_max || !failing || *failing < 0 ||
      *failing > 1000 || !latency || *latency < 0 || *latency > latency_max / 1us || !changed)
    return {};
  for (const char c : results == "-" ? std::string_view() : results) {
    if (c != 'x' && c != 'o') return {};
    e.results = static_cast<uint8_t>(e.results << 1 | (c == 'x' ? 1 : 0));
  }
  e.address = *address;
  e.count = results == "-" ? 0 : static_cast<int>(results.size());
  e.failing = *failing / 1000.0;
  e.latency = std::chrono::microseconds(*latency);
  e.changed = *changed;
  if (failed != "-" && !(e.failed = when(failed))) return {};
  if (succeeded != "-" && !(e.succeeded = when(succeeded))) return {};
  return e;
}

error address_score::read(std::string_view text, instant now, int64_t wall_seconds) {
  if (!text.starts_with(head_line)) return {THARSIS_E_PROTOCOL, "its first line is not that of a file of addresses"};
  text.remove_prefix(head_line.size());
  std::list<entry> taken;
  for (size_t number = 2; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    auto e = end == std::string_view::npos ? std::nullopt : read_line(text.substr(0, end), now, wall_seconds);
    if (!e) return {THARSIS_E_PROTOCOL, "line " + std::to_string(number) + " is no address's record"};
    text.remove_prefix(end + 1);
    const bool old = e->changed > now || now - e->changed > settings_.kept_for;
    if (!old && taken.size() < known_max) taken.push_back(std::move(*e));
  }
  for (entry& e : taken) {
    const bool known = std::any_of(known_.begin(), known_.end(),
                                   [&](const entry& k) { return k.address == e.address && k.network == e.network; });
    if (!known && known_.size() < known_max) known_.push_back(std::move(e));
  }
  return fine();
}

}  // namespace tharsis
