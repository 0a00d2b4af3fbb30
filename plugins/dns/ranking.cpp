#include "plugins/dns/ranking.h"

#include "sdk/async/any_number.h"
#include "sdk/pure/views.h"

namespace tharsis::dns {
namespace {

// A minute's results are lost when the process is killed; the disk is spared for that.
constexpr duration file_pause = 60s;
// A dial that knows nothing of a bad path loses more; a disk that takes longer is ill.
constexpr duration read_max = 50ms;

}  // namespace

ranking::ranking(strand& place, const host& tables, const settings& s, const state_folder& kept)
    : place_(place),
      random_(*tables.random),
      used_(s.ranked),
      heard_(tables.count<counter>("feedback", "1", "Dials that their users told of")),
      explored_(tables.count<counter>("explored", "1", "Answers that began with an address of which nothing was known of late, though another was known to be good")),
      is_read_(place),
      file_(place, tables,
            {.path = kept.file("addresses"),
             .what = "a file of addresses",
             .loss = "what is known of addresses is not there",
             .never_kept = "what was seen of addresses cannot be kept for the next start",
             .pause = file_pause},
            kept.content({.read = [this](std::string_view text) { return memory_.read(text, place_.now(), wall_seconds()); },
                          .write = [this] { return memory_.text(place_.now(), wall_seconds()); }})) {}

void ranking::open() {
  read_ = !file_.kept();
  file_.open([this] {
    read_ = true;
    is_read_.raise();
  });
}

task<void> ranking::ready() {
  if (!read_) co_await is_read_.wait(later(place_.now(), read_max));
}

void ranking::on_network(const tharsis_network_state& now) { memory_.on_network(view(now.id), now.generation, now.type != THARSIS_NETWORK_NONE, now.metered > 0); }

void ranking::on_outcome(const address_memory::outcome& o) {
  heard_.add();
  if (used_ && memory_.on_outcome(o, place_.now())) file_.change();
}

std::vector<known_address> ranking::known(std::vector<tharsis_address> list) {
  std::vector<known_address> all;
  for (const tharsis_address& a : order(std::move(list), false)) all.push_back(about(a));
  return all;
}

ranking::turn ranking::to_dial(std::vector<tharsis_address> list, const address_score::allowed& may) {
  turn t{order(std::move(list), true)};
  t.explored = used_ && may && memory_.explore(t.list, place_.now(), [this] { return any_number(random_); }, may);
  if (t.explored) explored_.add();
  return t;
}

std::vector<tharsis_address> ranking::order(std::vector<tharsis_address> list, bool tried) {
  if (list.size() < 2) return list;
  return used_ ? memory_.order(list, place_.now(), tried) : memory_.put_last(std::move(list), place_.now());
}

}  // namespace tharsis::dns
