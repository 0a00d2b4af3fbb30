#include "plugins/stn/path_book.h"

#include <algorithm>
#include <cstddef>
#include <iterator>

#include "sdk/pure/certificate_reason.h"
#include "sdk/pure/logger.h"
#include "sdk/pure/topic.h"
#include "sdk/pure/views.h"

namespace tharsis::stn {
namespace {

// A dial that knows nothing of a bad path loses more; a disk that takes longer is ill.
constexpr duration read_max = 50ms;

constexpr const char* segment_news[] = {"raced", "needless", "hole", "larger", "clamped", "free"};
static_assert(std::size(segment_news) == THARSIS_STN_SEGMENTS_COUNT);

constexpr tharsis_field segment_fields[] = {
    {"what", THARSIS_FIELD_ENUM, offsetof(tharsis_stn_segments, what), segment_news, std::size(segment_news)},
    {"mss_before", THARSIS_FIELD_U32, offsetof(tharsis_stn_segments, mss_before), nullptr, 0},
    {"mss", THARSIS_FIELD_U32, offsetof(tharsis_stn_segments, mss), nullptr, 0},
    {"network", THARSIS_FIELD_TEXT, offsetof(tharsis_stn_segments, network), nullptr, 0},
    {"reason", THARSIS_FIELD_TEXT, offsetof(tharsis_stn_segments, reason), nullptr, 0},
    {"cost", THARSIS_FIELD_DURATION, offsetof(tharsis_stn_segments, cost), nullptr, 0},
    {"dials", THARSIS_FIELD_U64, offsetof(tharsis_stn_segments, dials), nullptr, 0},
    {"needless", THARSIS_FIELD_U64, offsetof(tharsis_stn_segments, needless), nullptr, 0},
};
constexpr tharsis_topic segment_topic = topic_of<tharsis_stn_segments>(THARSIS_TOPIC_EVENT, THARSIS_STN_SEGMENTS_TOPIC, segment_fields);

// Has the name's address shown by its certificate that it is another's? What the profile or the application gives as an address is their own word.
bool is_disproof(const race_plan& p, const road& by, const error& why) {
  return p.secure && by.source == address_source::resolver && why.status == THARSIS_E_UNTRUSTED && p.trust &&
         disproves(certificate_reason_of(why.text), p.trust->knows_authorities());
}

std::string segment_text(int64_t mss) { return mss == 0 ? "segments of full size" : "segments of " + std::to_string(mss) + " bytes"; }

}  // namespace

path_book::path_book(strand& place, const host& tables, resolver& names, const remedies& asked, std::string segments)
    : place_(place),
      host_(tables),
      names_(names),
      asked_(asked),
      narrow_dials_(host_.count<counter>("narrow_dials", "1", "Second connections with small segments, beside one that stood still")),
      narrow_needless_(host_.count<counter>("narrow_dials_needless", "1", "Of these such as the first connection made needless")),
      holes_(host_.count<counter>("segment_holes", "1", "Times that large segments were found to vanish")),
      file_(place, tables,
            {.path = std::move(segments),
             .what = "a file of segment sizes",
             .loss = "what is known of paths that lose large packets is not there",
             .never_kept = "what was found of paths that lose large packets cannot be kept for the next start"},
            {.read = [this](std::string_view text) { return sizes_.read(text, wall_seconds()); },
             .write = [this] { return sizes_.text(); }}) {}

void path_book::open() {
  topic_ = host_.declare(segment_topic);
  unread_ = file_.kept();
  file_.open([this] { on_read(); });
}

void path_book::on_read() {
  unread_ = false;
  for (signal* const s : waiting_) s->raise();
}

task<void> path_book::ready() {
  if (!unread_) co_return;
  signal read(place_);
  struct entry {  // The frame may be destroyed meanwhile.
    std::list<signal*>& all;
    std::list<signal*>::iterator at;
    ~entry() { all.erase(at); }
  };
  const entry mine{waiting_, waiting_.insert(waiting_.end(), &read)};
  co_await read.wait(later(place_.now(), read_max));
}

void path_book::on_network(const tharsis_network_state& now) {
  network_ = view(now.id);
  sizes_.on_network(network_);
  const uint64_t before = std::exchange(generation_, now.generation);
  // Two networks that nobody can name are two all the same.
  if (network_.empty() && before != 0 && before != generation_) sizes_.clamp(0, wall_seconds());
}

void path_book::tell_names(const tharsis_address& a, tharsis_status status, duration connect, duration rest, const std::string& name, int32_t proof) {
  names_.tell({sizeof(tharsis_dns_feedback), status, a, text_of(network_), connect.count(), proof, 0, text_of(name), rest.count()});
}

void path_book::prepare(race_plan& p, const dial_settings& s) {
  if (!p.through) arrange(p);
  p.weak = weak_;
  p.mss = s.mss;
  if (s.mss != 0 || !s.small_segments) return;
  p.mss = sizes_.next(wall_seconds()).mss;
  const int64_t most = asked_.segments(place_.now());
  if (most != 0) p.mss = p.mss == 0 ? most : std::min(p.mss, most);
  p.beside = sizes_.beside(p.mss);
}

// As somebody who knows more of this network has asked for. Nothing is left out: he may be wrong.
void path_book::arrange(race_plan& p) const {
  const instant now = place_.now();
  if (const uint16_t port = asked_.port(p.host, now); port != 0) {
    std::vector<road> moved;
    for (const road& r : p.roads) {
      if ((r.source != address_source::resolver && r.source != address_source::application) || r.at.port == port) continue;
      moved.push_back(r);
      moved.back().at.port = port;
      moved.back().expected = {};
      moved.back().avoided = names_.avoids(moved.back().at);  // That the other port is says nothing of this one.
    }
    p.roads.insert(p.roads.begin(), moved.begin(), moved.end());
  }
  std::stable_partition(p.roads.begin(), p.roads.end(), [](const road& r) { return !r.avoided; });
}

void path_book::on_beside(const std::string& server, const tharsis_address& silent, const tharsis_address& next) {
  if (!ear_) return;
  ear_(server + ": " + to_text(silent) + " has not answered in time, so " + (silent == next ? "it is dialled again" : to_text(next) + " is dialled") + " beside it");
}

void path_book::on_narrow_dial(const std::string& who, int64_t mss) {
  ++dials_;
  narrow_dials_.add();
  tell(THARSIS_STN_SEGMENTS_RACED, who + " stands still; " + segment_text(mss) + " are tried beside it", sizes_.here(), {});
}

void path_book::on_narrow_needless(const std::string& who) {
  ++needless_;
  narrow_needless_.add();
  tell(THARSIS_STN_SEGMENTS_NEEDLESS, who + " moves again with segments as large as before", sizes_.here(), {});
}

void path_book::on_hole(const std::string& who, int64_t stuck, int64_t passed, duration cost) {
  const int64_t before = sizes_.here();
  holes_.add();
  if (!sizes_.on_hole(stuck, passed, wall_seconds())) return file_.change();
  file_.change();
  std::string reason = who + " stood still with " + segment_text(stuck) + ", and " + segment_text(passed) +
                       " got through: something on the way drops large packets without a word. All connections on this network have small ones now";
  host_.warning(reason);
  tell(THARSIS_STN_SEGMENTS_HOLE, std::move(reason), before, cost);
}

void path_book::on_passed(int64_t mss) {
  const int64_t before = sizes_.here();
  if (!sizes_.on_passed(mss, wall_seconds())) return;
  file_.change();
  std::string reason = segment_text(mss) + " got through";
  host_.info(reason + " where " + segment_text(before) + " were the largest before");
  tell(THARSIS_STN_SEGMENTS_LARGER, std::move(reason), before, {});
}

void path_book::clamp(int64_t mss, const std::string& reason) {
  const int64_t before = sizes_.here();
  if (!sizes_.clamp(mss, wall_seconds())) return;
  file_.change();
  host_.info((mss == 0 ? "the limit of segments is lifted: " : segment_text(mss) + " at most on this network: ") + reason);
  tell(mss == 0 ? THARSIS_STN_SEGMENTS_FREE : THARSIS_STN_SEGMENTS_CLAMPED, reason, before, {});
}

void booked_race::on_tcp(const race_plan& p, const road& by, tharsis_status status, duration took) {
  if (status == THARSIS_OK) book_.on_success(by.at, took);
  else if (p.through) book_.on_failure(by.at, status);
}

void booked_race::on_silent(const race_plan& p, const road& by) {
  if (!p.through) book_.on_silent(by.at);
}

void booked_race::on_failed(const race_plan& p, const road& by, const error& why) {
  if (p.through) return;
  if (is_disproof(p, by, why)) book_.on_disproved(p.host, by.at);
  else book_.on_failure(by.at, why.status);
}

void path_book::tell(uint32_t what, std::string reason, int64_t before, duration cost) {
  const tharsis_stn_segments payload{what, static_cast<uint32_t>(before), static_cast<uint32_t>(sizes_.here()), 0,
                                     text_of(network_), text_of(reason), cost.count(), dials_, needless_};
  if (topic_ != 0) host_.publish(topic_, &payload);
}

}  // namespace tharsis::stn
