#include "plugins/sdt/session.h"

#include <algorithm>

#include "plugins/sdt/core/portal.h"
#include "plugins/sdt/datagram_probe.h"
#include "plugins/sdt/http_probe.h"
#include "plugins/sdt/load_probe.h"
#include "plugins/sdt/survey.h"
#include "plugins/sdt/tcp_probe.h"
#include "sdk/pure/address.h"
#include "sdk/pure/utc.h"
#include "sdk/pure/views.h"

namespace tharsis::sdt {
namespace {

constexpr duration load_most = 1800ms;

std::string stack_text(uint32_t families) {
  const bool v4 = (families & THARSIS_NETWORK_V4) != 0, v6 = (families & THARSIS_NETWORK_V6) != 0;
  return v4 && v6 ? "dual" : v4 ? "v4" : v6 ? "v6" : "none";
}
std::string_view type_text(uint32_t type) {
  constexpr std::string_view names[] = {"unknown", "none", "wired", "wifi", "cellular", "other"};
  return type < std::size(names) ? names[type] : "other";
}

}  // namespace

session::session(const host& tables, strand& place, resolver& names, const trust& t, wish w)
    : host_(tables), place_(place), names_(names), trust_(t), wish_(std::move(w)), network_(*tables.network), branches_(place) {}

task<observations> session::run() {
  begin(wish_.deadline);
  network_.open([this](const tharsis_network_state& now) {
    if (generation_ != 0 && now.generation != generation_) {
      changed_ = true;
      branches_.clear();
    }
    generation_ = now.generation;
  });
  const instant end = bench_->end;
  co_await look();
  // What was seen so far is of a network that is gone. Once more, with the time and the bytes that are left; then it is told.
  if (changed_ && end - place_.now() > wish_.deadline / 4) {
    changed_ = false;
    const session_facts before = bench_->seen.about;
    begin(end - place_.now());
    bench_->seen.about.sent = before.sent;
    bench_->seen.about.received = before.received;
    co_await look();
  }
  bench_->seen.about.network_changed = changed_;
  network_.close();
  names_of_->name_roles();
  co_return take_so_far();
}

void session::begin(duration most) {
  wish within = wish_;
  within.deadline = most;
  bench_ = std::make_unique<bench>(host_, place_, names_, trust_, within);
  bench_->progress = [this](std::string_view line) { progress(line); };
  target_ = std::make_unique<target_branch>(*bench_, branches_);
  names_of_ = std::make_unique<name_branch>(*bench_, branches_, *target_);
  noops_ = std::make_unique<noop_branch>(*bench_);
  describe();
}

void session::on_pong(const std::string& link, const std::string& address) {
  if (noops_) noops_->on_pong(link, address);
}

observations session::take_so_far() {
  if (!bench_) begin(wish_.deadline);  // It has not begun: who it was about is all there is.
  observations all = std::move(bench_->seen);
  all.about.ms = bench_->ms();
  return all;
}

void session::describe() {
  session_facts& about = bench_->seen.about;
  about.id = random_hex(host_, 8);
  about.started = moment_text(place_.wall());
  about.deadline_ms = static_cast<double>(wish_.deadline.count()) / 1e6;
  about.how_deep = wish_.how_deep;
  about.target = wish_.at.given;
  about.scheme = wish_.at.scheme;
  about.host = wish_.at.host;
  about.port = wish_.at.port;
  about.literal = wish_.at.literal.has_value();
  about.loopback = wish_.at.loopback;
  about.budget = wish_.budget;
  bench_->seen.live = wish_.live;
  about.has_canary = !wish_.canaries.empty();
  about.has_truth = std::any_of(wish_.resolvers.begin(), wish_.resolvers.end(), [](const trusted_resolver& r) { return is_encrypted(r.over); });
  network_watch(*host_.network).ask([&](const tharsis_network_state& now) {
    about.network.type = type_text(now.type);
    about.network.interface_name = view(now.interface);
    about.network.stack = stack_text(now.families);
    about.network.metered = now.metered == 1;
    about.network.id_hash = std::string(view(now.id)).substr(0, 16);
  });
}

task<void> session::look() {
  if (wish_.at.loopback && wish_.how_deep == depth::passive) co_return;  // There is nothing of this machine to read.
  if (wish_.at.loopback) {
    branches_.spawn(noops_->ask());
    if (wish_.at.literal) branches_.spawn(target_->look_at(*wish_.at.literal));
    else branches_.spawn(names_of_->ask_host());
    co_await branches_.join(bench_->end);
    branches_.clear();
    co_return;
  }
  const machine_view view = co_await look_around(place_, *host_.network);
  if (view.told) note_links(*bench_, view);
  for (const tharsis_address& server : view.name_servers) bench_->seen.about.network.resolvers.push_back(ip_text(server));
  if (const auto* const gateway = view.gateway(4); gateway != nullptr && gateway->address.family != 0)
    bench_->seen.about.network.gateway = ip_text(gateway->address);
  if (wish_.how_deep == depth::passive) {
    note_gateways(*bench_, view);
    co_return;
  }
  branches_.spawn(watch_gateways(view));
  branches_.spawn(names_of_->ask_translator(view));
  branches_.spawn(noops_->ask());
  if (wish_.at.literal) branches_.spawn(target_->look_at(*wish_.at.literal));
  else if (wish_.at.any()) branches_.spawn(names_of_->look(view));
  for (const tharsis_address& control : wish_.controls) branches_.spawn(target_->look_at_control(control));
  for (const canary& c : wish_.canaries) branches_.spawn(try_canary(*bench_, c));
  if (wish_.closed && bench_->deep()) branches_.spawn(try_closed_port(*bench_, *wish_.closed));
  std::string known;
  network_.ask([&](const tharsis_network_state& now) { known = tharsis::view(now.proxy); });
  const auto told = known.empty() ? result<proxy>(error{THARSIS_E_NOT_FOUND, {}}) : parse_proxy(known);
  if (wish_.through) branches_.spawn(target_->look_at_proxy(*wish_.through));
  else if (told) branches_.spawn(target_->look_at_proxy(*told));
  while (!branches_.empty() && !bench_->over() && !is_surely_behind_portal(bench_->seen, bench_->early, bench_->ms())) co_await branches_.join(bench_->until(50ms));
  branches_.clear();
  for (http_probe& p : bench_->early) bench_->finish(bench_->seen.pages, std::move(p));
  bench_->early.clear();
  if (wish_.how_deep == depth::heavy && !changed_) co_await load();
}

// After all else, which it would disturb; one after the other, so that each has the line for itself.
task<void> session::load() {
  const auto works = [](const connect_probe& c) { return c.failed == failure::none && (c.role == probe_role::target || c.role == probe_role::other_port) && c.to.ends_with(":80"); };
  const auto target = std::find_if(bench_->seen.connects.begin(), bench_->seen.connects.end(), works);
  const auto at = parse_place(target == bench_->seen.connects.end() ? std::string() : target->to);
  if (at) {
    load_of up{probe_role::target, way_direction::up, *at, {}};
    up.page.host = wish_.at.host;
    co_await load_line(*bench_, std::move(up), load_most);
  }
  if (!wish_.canaries.empty() && !wish_.canaries.front().at.empty() && !wish_.canaries.front().page.secure) {
    load_of up{probe_role::control, way_direction::up, wish_.canaries.front().at.front(), wish_.canaries.front().page};
    co_await load_line(*bench_, std::move(up), load_most);
  }
  if (const canary* const large = large_page(); large != nullptr) {
    load_of down{probe_role::control, way_direction::down, large->at.front(), large->page};
    co_await load_line(*bench_, std::move(down), load_most);
  }
}

// That which the user has named, or a gateway's.
const canary* session::large_page() const {
  const canary* page = wish_.download ? &*wish_.download : nullptr;
  if (page == nullptr && !wish_.canaries.empty() && is_of_gateway(wish_.canaries.front().page)) page = &wish_.canaries.front();
  return page != nullptr && !page->at.empty() ? page : nullptr;
}

// ---- the machine

// Whoever does not answer for its address shows it only once somebody wants to send there.
task<void> session::watch_gateways(machine_view view) {
  task_set knocks(place_);
  for (const uint8_t family : {uint8_t{4}, uint8_t{6}})
    if (const auto* const g = view.gateway(family); g != nullptr && g->address.family != 0) knocks.spawn(knock_at_gateway(*bench_, g->address));
  co_await knocks.join(bench_->end);
  knocks.clear();
  const machine_view now = co_await look_around(place_, *host_.network);
  note_gateways(*bench_, now);
}

}  // namespace tharsis::sdt
