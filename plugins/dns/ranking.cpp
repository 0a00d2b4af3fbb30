#include "plugins/dns/ranking.h"

#include "sdk/pure/views.h"

namespace tharsis::dns {
namespace {

// A minute's results are lost when the process is killed; the disk is spared for that.
constexpr duration file_pause = 60s;

}  // namespace

ranking::ranking(strand& place, const host& tables, const settings& s, std::string path)
    : place_(place),
      used_(s.ranked),
      heard_(tables.count<counter>("feedback", "1", "Dials that their users told of")),
      file_(place, tables,
            {.path = std::move(path),
             .what = "a file of addresses",
             .loss = "what is known of addresses is not there",
             .never_kept = "what was seen of addresses cannot be kept for the next start",
             .pause = file_pause},
            {.read = [this](std::string_view text) { return score_.read(text, place_.now(), wall_seconds()); },
             .write = [this] { return score_.text(place_.now(), wall_seconds()); }}) {}

void ranking::on_network(const tharsis_network_state& now) {
  network_ = view(now.id);
  score_.on_network(network_);
  score_.on_reachable(now.type != THARSIS_NETWORK_NONE);
}

// It belongs to the network over which it was dialled, which may be another one by now.
void ranking::on_outcome(const dial_outcome& o) {
  heard_.add();
  if (!used_) return;
  score_.on_network(o.network);
  if (note(o)) file_.change();
  score_.on_network(network_);
}

bool ranking::note(const dial_outcome& o) {
  if (o.status == THARSIS_OK) return score_.on_success(o.address, o.connect, place_.now());
  if (o.status == THARSIS_PENDING) return score_.on_silent(o.address, place_.now());
  return score_.on_failure(o.address, o.status, place_.now());
}

std::vector<tharsis_address> ranking::order(std::vector<tharsis_address> list) {
  return used_ && list.size() > 1 ? score_.order(list, place_.now()) : std::move(list);
}

}  // namespace tharsis::dns
