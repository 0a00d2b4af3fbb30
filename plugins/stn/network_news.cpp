#include "plugins/stn/network_news.h"

#include <iterator>

#include "sdk/pure/topic.h"
#include "sdk/pure/views.h"

namespace tharsis::stn {
namespace {

constexpr const char* network_status_names[] = {"unknown", "unavailable", "gateway_failed", "server_failed", "connecting", "connected", "server_down"};

constexpr tharsis_field network_fields[] = {
    {"status", THARSIS_FIELD_ENUM, offsetof(tharsis_stn_network, status), network_status_names, std::size(network_status_names)},
    {"links", THARSIS_FIELD_U32, offsetof(tharsis_stn_network, links), nullptr, 0},
    {"links_up", THARSIS_FIELD_U32, offsetof(tharsis_stn_network, links_up), nullptr, 0},
};
constexpr tharsis_topic network_topic = topic_of<tharsis_stn_network>(THARSIS_TOPIC_STATE, THARSIS_STN_NETWORK_TOPIC, network_fields);

constexpr tharsis_field sync_fields[] = {
    {"period", THARSIS_FIELD_DURATION, offsetof(tharsis_stn_sync, period), nullptr, 0},
    {"down_for", THARSIS_FIELD_DURATION, offsetof(tharsis_stn_sync, down_for), nullptr, 0},
};
constexpr tharsis_topic sync_topic = topic_of<tharsis_stn_sync>(THARSIS_TOPIC_EVENT, THARSIS_STN_SYNC_TOPIC, sync_fields);

}  // namespace

network_news::network_news(strand& place, const host& tables, const sync_settings& s, const activity& use, std::function<tharsis_stn_network()> look)
    : place_(place), host_(tables), pace_(s, use), look_(std::move(look)), changed_(place), running_(place) {}

void network_news::start() {
  networks_ = host_.declare(network_topic);
  syncs_ = host_.declare(sync_topic);
  running_now_ = true;
  tell();
  running_.spawn(keep_time());
}

void network_news::stop() {
  running_now_ = false;
  running_.clear();
}

void network_news::touch() {
  if (turn_end_ != 0 || !running_now_) return;
  turn_end_ = place_.arm(
      [](void* self) {
        auto& news = *static_cast<network_news*>(self);
        news.turn_end_ = 0;
        news.tell();
      },
      this);
  place_.ready(turn_end_);
}

void network_news::on_network(const tharsis_network_state& now) {
  pace_.on_account(now.account.size > 0);
  pace_.on_network(now.type != THARSIS_NETWORK_NONE);
  changed_.raise();
  touch();
}

void network_news::tell() {
  const tharsis_stn_network now = look_();
  pace_.on_links(now.links, now.links_up, place_.now());
  changed_.raise();
  if (told_ && now.status == last_.status && now.links == last_.links && now.links_up == last_.links_up) return;
  told_ = true;
  last_ = now;
  host_.publish(networks_, &now);
}

task<void> network_news::keep_time() {
  for (;;) {
    co_await changed_.wait(pace_.deadline(place_.now()));
    const auto due = pace_.on_deadline(place_.now());
    if (!due) continue;
    const tharsis_stn_sync payload{due->period.count(), due->down_for.count()};
    host_.publish(syncs_, &payload);
  }
}

}  // namespace tharsis::stn
