// links_report in words and as JSON.
#include <algorithm>

#include "plugins/stn/core/links_report.h"
#include "plugins/stn/core/reason.h"
#include "sdk/abi/stn.h"
#include "sdk/pure/json.h"
#include "sdk/pure/utc.h"

namespace tharsis::stn {
namespace {

constexpr const char* network_names[] = {"unknown",    "unavailable", "gateway failed", "server failed",
                                         "connecting", "connected",   "server down"};

template <size_t N>
constexpr std::string_view name_of(const char* const (&names)[N], uint32_t index) {
  return index < N ? names[index] : "unknown";
}

// "12 s", in the largest unit that leaves a whole number above one.
std::string span(int64_t nanoseconds) {
  const int64_t ms = std::max<int64_t>(nanoseconds / 1'000'000, 0);
  if (ms < 2000) return std::to_string(ms) + " ms";
  const int64_t s = ms / 1000;
  if (s < 120) return std::to_string(s) + " s";
  if (s < 7200) return std::to_string(s / 60) + " min";
  return s < 2 * 86400 ? std::to_string(s / 3600) + " h" : std::to_string(s / 86400) + " d";
}

std::string bytes_text(uint64_t n) {
  if (n < 10240) return std::to_string(n) + " B";
  return n < (10u << 20) ? std::to_string(n >> 10) + " KiB" : std::to_string(n >> 20) + " MiB";
}

// "2026-11-26 11:20:05Z"
std::string moment(int64_t wall) {
  const std::string text = moment_text(wall);
  return text.substr(0, 10) + " " + text.substr(utc_date_size, 8) + "Z";
}

std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows)
    for (size_t i = 0; i < row.size(); ++i) {
      if (i == widths.size()) widths.push_back(0);
      widths[i] = std::max(widths[i], row[i].size());
    }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) line += row[i] + std::string(widths[i] + 2 - row[i].size(), ' ');
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

std::string state_text(const link_report& l) {
  const bool finer = l.state == THARSIS_STN_CONNECTING && l.phase != THARSIS_STN_PHASE_DOWN;
  return std::string(name_of(state_names, l.state)) + (finer ? ", " + std::string(phase_name(l.phase)) : "");
}

// "a (up), b (down)"
std::string members_text(const links_report& r, const group_report& g) {
  std::string text;
  for (const std::string& name : g.links) {
    const link_report* const link = r.find(name);
    text += (text.empty() ? "" : ", ") + name + " (" + (link != nullptr ? std::string(name_of(state_names, link->state)) : "gone") + ")";
  }
  return text;
}

// Who wishes it is said, who finds it out is not.
std::string heartbeat_text(const link_report& l) {
  const std::string who = l.heartbeat_from == 2 ? ", the server's" : l.heartbeat_from == 3 ? ", the application's" : "";
  return std::to_string(milliseconds(l.heartbeat) / 1000) + " s" + who;
}

// What all four begin with: how old this is, and whether anybody runs.
std::string head_text(const links_report& r, int64_t now) {
  if (!r.running) return "stn stopped " + span(now - r.wall) + " ago; this is how it was then\n";
  const std::string weak = r.weak ? ", weak: " + std::string(name_of(weak_names, r.weak_because)) : "";
  return "network: " + std::string(network_name(r.network)) + weak + " (as stn wrote it " + span(now - r.wall) + " ago)\n";
}

std::string or_dash(duration d) { return d == duration::zero() ? "-" : span(d.count()); }

std::string story(const incident& i, int64_t now) {
  std::string text = "  " + moment(i.wall) + ", " + span(now - i.wall) + " ago: ";
  if (i.lived > duration::zero()) text += "after " + span(i.lived.count()) + " the connection ";
  else if (i.times > 1) text += std::to_string(i.times) + " attempts ";
  else text += "the attempt ";
  const char* const end = i.lived == duration::zero() ? " failed: " : i.why == THARSIS_STN_WHY_IDLE ? " was closed: " : " was lost: ";
  text += "to " + i.endpoint + (i.address.empty() ? "" : " (" + i.address + ")") + end + i.text + " [" + std::string(reason_name(i.why)) +
          "]\n";
  for (const cause& c : i.causes)
    text += "      " + moment(c.wall) + "  " + c.text + (c.times > 1 ? " (" + std::to_string(c.times) + " times)" : "") + "\n";
  return text;
}

std::string story(const link_report& l, int64_t now) {
  std::string text = l.name + " is " + state_text(l) + " since " + span(now - l.since);
  text += l.reason.empty() ? "" : ": " + l.reason + (l.why == THARSIS_STN_WHY_NONE ? "" : " [" + std::string(reason_name(l.why)) + "]");
  text += "\n";
  if (const std::string udp = udp_text(l.udp); !udp.empty()) text += "  datagrams: " + udp + "\n";
  if (const std::string second = second_text(l.second); !second.empty()) text += "  second connections: " + second + "\n";
  if (const std::string lanes = lane_text(l.lanes); !lanes.empty()) text += "  lanes: " + lanes + "\n";
  for (const cause& c : l.causes) text += "      " + moment(c.wall) + "  " + c.text + "\n";
  if (l.incidents.empty()) text += "  it has not gone down since stn started\n";
  for (auto i = l.incidents.rbegin(); i != l.incidents.rend(); ++i) text += story(*i, now);
  return text;
}

json_object head_json(const links_report& r, int64_t now) {
  json_object o;
  o.add("running", r.running).add("written", r.wall).add("age_ns", now - r.wall).add("network", network_name(r.network)).add("weak", r.weak);
  if (r.weak) o.add("weak_because", name_of(weak_names, r.weak_because));
  o.add("segments", r.segments);
  if (r.has_outbox) o.add_raw("outbox", json_object().add("tasks", r.outbox_tasks).add("bytes", r.outbox_bytes).text());
  return o;
}

template <class Items, class Json>
std::string json_list(const Items& items, Json json) {
  std::string list;
  for (const auto& item : items) list += (list.empty() ? "" : ",") + json(item);
  return "[" + list + "]";
}

std::string cause_json(const cause& c) {
  return json_object().add("wall", c.wall).add("why", reason_name(c.why)).add("times", c.times).add("text", c.text).text();
}

std::string incident_json(const incident& i) {
  const reason mars = i.why < std::size(reasons) ? reasons[i.why] : reasons[0];
  return json_object()
      .add("wall", i.wall)
      .add("why", reason_name(i.why))
      .add("code", i.why)
      .add("mars_reason", mars.mars_reason)
      .add("mars_type", mars.mars_type)
      .add("reason", i.text)
      .add("endpoint", i.endpoint)
      .add("address", i.address)
      .add("lived_ns", i.lived.count())
      .add("times", i.times)
      .add_raw("causes", json_list(i.causes, cause_json))
      .text();
}

std::string group_json(const group_report& g) {
  return json_object()
      .add("group", g.name)
      .add("choose", name_of(choice_names, g.choose))
      .add_raw("links", json_list(g.links, [](const std::string& name) { return json_text(name); }))
      .text();
}

std::string udp_json(const udp_report& u) {
  const udp_totals& t = u.totals;
  return json_object()
      .add("state", udp_state_names[static_cast<size_t>(u.state)])
      .add("reason", u.reason)
      .add("sent", t.sent)
      .add("copies", t.copies)
      .add("received", t.received)
      .add("won", t.won)
      .add("lost", t.lost)
      .add("to_connection", t.to_stream)
      .add("dropped", u.dropped)
      .add("loss_permille", u.loss_permille)
      .add("queue", u.queue_stands)
      .text();
}

std::string second_json(const second_report& s) {
  const second_totals& t = s.totals;
  return json_object()
      .add("dialled", t.dialled)
      .add("needed", t.needed)
      .add("needless", t.needless)
      .add("failed", t.failed)
      .add("copies", s.copies)
      .add("because", second_reason_names[static_cast<size_t>(s.why)])
      .text();
}

std::string lane_json(const lane_report& r) {
  const lane_totals& t = r.totals;
  return json_object()
      .add("state", lane_use_names[static_cast<size_t>(r.use)])
      .add("reason", r.reason)
      .add("lanes", r.lanes)
      .add("late_permille", r.late_permille)
      .add("opened", t.opened)
      .add("failed", t.failed)
      .add("copies", t.copies)
      .add("copy_bytes", t.copy_bytes)
      .add("won", t.won)
      .add("late", t.late)
      .add("refused", t.refused)
      .add("copies_left", r.copies_left)
      .text();
}

json_object link_json(const link_report& l) {
  json_object o;
  o.add("link", l.name)
      .add("state", name_of(state_names, l.state))
      .add("phase", phase_name(l.phase))
      .add("why", reason_name(l.why))
      .add("reason", l.reason)
      .add("endpoint", l.endpoint)
      .add("address", l.address)
      .add("since", l.since)
      .add("connects", l.connects)
      .add("waiting", l.waiting)
      .add("rtt_ns", l.rtt.count())
      .add("heartbeat_ns", l.heartbeat.count())
      .add("heartbeat_from", name_of(heartbeat_sources, l.heartbeat_from))
      .add("remembers_ns", l.remembers.count())
      .add("bytes_sent", l.bytes_sent)
      .add("bytes_received", l.bytes_received)
      .add_raw("datagrams", udp_json(l.udp))
      .add_raw("second", second_json(l.second))
      .add_raw("lanes", lane_json(l.lanes));
  return o;
}

std::string traffic_json(const traffic_table& all) {
  json_object kinds;
  for (size_t kind = 0; kind < all.size(); ++kind) {
    json_object classes;
    for (size_t of = 0; of < all[kind].size(); ++of) {
      const traffic_flow& f = all[kind][of];
      const std::string flow =
          json_object().add("sent", f.sent).add("bytes_sent", f.bytes_sent).add("received", f.received).add("bytes_received", f.bytes_received).text();
      classes.add_raw(traffic_class_names[of], flow);
    }
    kinds.add_raw(network_kind_names[kind], classes.text());
  }
  return kinds.text();
}

}  // namespace

std::string_view phase_name(uint32_t phase) { return name_of(phase_names, phase); }
std::string_view network_name(uint32_t status) { return name_of(network_names, status); }

std::string status_text(const links_report& r, int64_t now) {
  std::vector<std::vector<std::string>> rows = {{"LINK", "STATE", "SINCE", "CONNECTS", "WAITING", "RTT", "HEARTBEAT", "SENT",
                                                 "RECEIVED", "ENDPOINT", "ADDRESS", "REASON"}};
  for (const link_report& l : r.links)
    rows.push_back({l.name, state_text(l), span(now - l.since), std::to_string(l.connects), std::to_string(l.waiting),
                    or_dash(l.rtt), heartbeat_text(l), bytes_text(l.bytes_sent), bytes_text(l.bytes_received),
                    l.endpoint, l.address.empty() ? "-" : l.address,
                    l.why == THARSIS_STN_WHY_NONE ? "" : std::string(reason_name(l.why))});
  std::string text = head_text(r, now) + table(rows);
  for (const link_report& l : r.links) {
    if (const std::string udp = udp_text(l.udp); !udp.empty()) text += "datagrams of " + l.name + ": " + udp + "\n";
    if (const std::string second = second_text(l.second); !second.empty()) text += "second connections of " + l.name + ": " + second + "\n";
    if (const std::string lanes = lane_text(l.lanes); !lanes.empty()) text += "lanes of " + l.name + ": " + lanes + "\n";
    if (l.remembers > duration::zero()) text += l.name + ": its server carries out once what comes twice, and knows it for " + span(l.remembers.count()) + "\n";
    if (l.state == THARSIS_STN_UP && !l.reason.empty()) text += l.name + ": " + l.reason + "\n";
  }
  if (r.segments != 0) text += "segments on this network: " + std::to_string(r.segments) + " bytes at most, since larger ones were lost\n";
  if (r.has_outbox) text += "outbox: " + std::to_string(r.outbox_tasks) + " durable tasks, " + bytes_text(r.outbox_bytes) + "\n";
  if (r.groups.empty()) return text;
  rows = {{"GROUP", "CHOOSES", "LINKS"}};
  for (const group_report& g : r.groups) rows.push_back({g.name, std::string(name_of(choice_names, g.choose)), members_text(r, g)});
  return text + table(rows);
}

std::string status_json(const links_report& r, int64_t now) {
  return head_json(r, now)
      .add_raw("links", json_list(r.links, [](const link_report& l) { return link_json(l).text(); }))
      .add_raw("groups", json_list(r.groups, group_json))
      .add_raw("traffic", traffic_json(r.traffic))
      .text();
}

std::string explain_text(const links_report& r, std::string_view link, int64_t now) {
  std::string text = head_text(r, now);
  for (const link_report& l : r.links)
    if (link.empty() || l.name == link) text += story(l, now);
  return text;
}

std::string explain_json(const links_report& r, std::string_view link, int64_t now) {
  std::vector<link_report> wanted;
  for (const link_report& l : r.links)
    if (link.empty() || l.name == link) wanted.push_back(l);
  const auto json = [](const link_report& l) {
    return link_json(l)
        .add_raw("causes", json_list(l.causes, cause_json))
        .add_raw("incidents", json_list(l.incidents, incident_json))
        .text();
  };
  return head_json(r, now).add_raw("links", json_list(wanted, json)).text();
}

}  // namespace tharsis::stn
