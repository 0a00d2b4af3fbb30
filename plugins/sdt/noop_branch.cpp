#include "plugins/sdt/noop_branch.h"

#include <algorithm>

#include "plugins/sdt/core/target.h"
#include "sdk/abi/stn.h"
#include "sdk/pure/views.h"

namespace tharsis::sdt {
namespace {

constexpr duration noop_most = 1500ms;  // What is lost once is sent again by then, on all but the slowest lines.
constexpr uint64_t noop_bytes = 64;     // A ping's frame, and the headers of IP and TCP.

}  // namespace

void noop_branch::send() {
  const auto* const stn = bench_.tables.bound<tharsis_stn>(THARSIS_STN_ID);
  if (stn == nullptr || !THARSIS_HAS(stn, touch)) return;
  const session_facts& about = bench_.seen.about;
  for (const passive_probe& link : bench_.asked.live) {
    if (link.link_state != "up" || !leads_to(link.target, about.host, about.port) || !bench_.spend(noop_bytes, noop_bytes)) continue;
    auto p = bench_.start<noop_probe>("noop", probe_role::target, link.target);
    p.link = link.link;
    open_.push_back(std::move(p));
    stn->touch(stn->self, text_of(link.link));
  }
}

task<void> noop_branch::ask() {
  send();
  const instant end = bench_.until(noop_most);
  while (!open_.empty() && bench_.place.now() < end) co_await heard_.wait(end);
  for (noop_probe& p : open_) {
    p.failed = failure::timeout;
    p.said = "link " + p.link + " was asked for a sign of life, and there is none yet";
    bench_.finish(bench_.seen.noops, std::move(p));
  }
  open_.clear();
}

void noop_branch::on_pong(const std::string& link, const std::string& address) {
  const auto of = std::find_if(open_.begin(), open_.end(), [&](const noop_probe& p) { return p.link == link; });
  if (of == open_.end()) return;
  of->to = address;
  of->answered = of->understood = true;
  bench_.finish(bench_.seen.noops, std::move(*of));
  open_.erase(of);
  heard_.raise();
}

}  // namespace tharsis::sdt
