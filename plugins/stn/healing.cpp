#include "plugins/stn/healing.h"

#include <cstddef>
#include <iterator>

#include "sdk/pure/logger.h"
#include "sdk/pure/topic.h"
#include "sdk/pure/views.h"

namespace tharsis::stn {
namespace {

constexpr const char* remedy_names[] = {"none", "segments", "family", "address", "datagrams", "port", "portal"};
static_assert(std::size(remedy_names) == THARSIS_STN_HEAL_COUNT);
constexpr const char* remedy_states[] = {"begun", "renewed", "expired", "undone", "moved", "crowded"};

constexpr tharsis_field healing_fields[] = {
    {"what", THARSIS_FIELD_ENUM, offsetof(tharsis_stn_healing, what), remedy_names, std::size(remedy_names)},
    {"state", THARSIS_FIELD_ENUM, offsetof(tharsis_stn_healing, state), remedy_states, std::size(remedy_states)},
    {"number", THARSIS_FIELD_U32, offsetof(tharsis_stn_healing, number), nullptr, 0},
    {"subject", THARSIS_FIELD_TEXT, offsetof(tharsis_stn_healing, subject), nullptr, 0},
    {"network", THARSIS_FIELD_TEXT, offsetof(tharsis_stn_healing, network), nullptr, 0},
    {"reason", THARSIS_FIELD_TEXT, offsetof(tharsis_stn_healing, reason), nullptr, 0},
    {"lasted", THARSIS_FIELD_DURATION, offsetof(tharsis_stn_healing, lasted), nullptr, 0},
    {"left", THARSIS_FIELD_DURATION, offsetof(tharsis_stn_healing, left), nullptr, 0},
};
constexpr tharsis_topic healing_topic = topic_of<tharsis_stn_healing>(THARSIS_TOPIC_EVENT, THARSIS_STN_HEAL_TOPIC, healing_fields);

bool holds(uint32_t state) { return state == THARSIS_STN_HEAL_BEGUN || state == THARSIS_STN_HEAL_RENEWED; }

// "port 8443 of im.example.com"
std::string name_of_remedy(const remedy& r) {
  std::string text = remedy_names[r.what];
  if (r.number != 0) text += ' ' + std::to_string(r.number);
  if (const std::string of = r.subject(); !of.empty()) text += (r.what == THARSIS_STN_HEAL_PORT ? " of " : " ") + of;
  return text;
}

}  // namespace

healing::healing(strand& place, const host& tables, resolver& names)
    : place_(place), host_(tables), names_(names),
      remedies_(tables.count<counter>("remedies", "1", "Times that something was done in another way, since somebody had found out what ails the network")),
      changed_(place), running_(place) {}

void healing::open(listener heard) {
  topic_ = host_.declare(healing_topic);
  heard_ = std::move(heard);
  running_.spawn(keep_time());
}

void healing::on_network(const tharsis_network_state& now) {
  asked_.on_network(view(now.id), now.generation);
  tell();
  network_ = view(now.id);
}

void healing::apply(remedy r) {
  asked_.apply(std::move(r), place_.now());
  tell();
  changed_.raise();  // It may be the first to end.
}

void healing::undo(uint64_t id) {
  asked_.undo(id);
  tell();
}

task<void> healing::keep_time() {
  for (;;) {
    tell();
    co_await changed_.wait(asked_.deadline());
  }
}

void healing::tell() {
  for (const remedies::told& t : asked_.take_told(place_.now())) tell(t);
}

// Whoever dials is to know of it, not stn alone.
void healing::pass_on(const remedy& r, bool holds) {
  const duration life = holds ? r.until - place_.now() : duration::zero();
  if (r.what == THARSIS_STN_HEAL_FAMILY) names_.advise(THARSIS_DNS_FAMILY, std::to_string(r.number), life);
  if (r.what == THARSIS_STN_HEAL_ADDRESS) names_.advise(THARSIS_DNS_AVOID, r.subject(), life);
}

// Datagrams are no matter of dialling, and what has ended was no harm.
void healing::tell(const remedies::told& t) {
  const remedy& r = t.what;
  const std::string subject = r.subject();
  const instant now = place_.now();
  pass_on(r, holds(t.state));
  if (t.state == THARSIS_STN_HEAL_BEGUN) remedies_.add();
  const int64_t left = holds(t.state) ? (r.until - now).count() : 0;
  const tharsis_stn_healing payload{r.what, t.state, r.number, 0, text_of(subject), text_of(network_), text_of(r.reason), (now - r.since).count(), left};
  if (topic_ != 0) host_.publish(topic_, &payload);
  const std::string sentence = name_of_remedy(r) + (r.reason.empty() ? "" : ": " + r.reason);
  if (t.state != THARSIS_STN_HEAL_RENEWED) host_.info("stn heal " + std::string(remedy_states[t.state]) + ", " + sentence);
  if (heard_) heard_(sentence, t.state == THARSIS_STN_HEAL_BEGUN && r.what != THARSIS_STN_HEAL_DATAGRAMS);
}

}  // namespace tharsis::stn
