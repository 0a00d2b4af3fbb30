#include "plugins/stn/core/links_report.h"

#include "sdk/pure/url.h"
#include "sdk/pure/whole_number.h"

namespace tharsis::stn {
namespace {

constexpr std::string_view report_head = "tharsis.stn links 1\n";

// A line of the file: words between spaces, with "-" for an empty one.
class line_writer {
 public:
  line_writer(std::string& out, std::string_view kind) : out_(out) { out_ += kind; }
  ~line_writer() { out_ += '\n'; }
  line_writer& text(std::string_view t) {
    out_ += ' ';
    out_ += t.empty() ? "-" : percent_encode(t);
    return *this;
  }
  template <class Number>
  line_writer& number(Number n) {
    out_ += ' ' + std::to_string(n);
    return *this;
  }

 private:
  std::string& out_;
};

// Reads what line_writer wrote; what does not fit is remembered.
class line_reader {
 public:
  explicit line_reader(std::string_view line) : line_(line) {}
  std::string_view word() {
    const std::string_view w = line_.substr(0, line_.find(' '));
    line_.remove_prefix(std::min(line_.size(), w.size() + 1));
    return w;
  }
  line_reader& text(std::string& into) {
    const std::string_view w = word();
    if (w == "-") return *this;
    auto decoded = percent_decode(w);
    good_ = good_ && decoded && !w.empty();
    if (decoded) into = std::move(*decoded);
    return *this;
  }
  template <class Number>
  line_reader& number(Number& into) {
    const auto n = whole_number<Number>(word());
    good_ = good_ && n;
    if (n) into = *n;
    return *this;
  }
  line_reader& wait(duration& into) {
    int64_t n = 0;
    number(n);
    into = duration(n);
    return *this;
  }
  bool more() const { return good_ && !line_.empty(); }
  bool good() const { return good_ && line_.empty(); }

 private:
  std::string_view line_;
  bool good_ = true;
};

void write(std::string& out, const std::vector<cause>& causes) {
  for (const cause& c : causes) line_writer(out, "cause").number(c.wall).number(c.why).number(c.times).text(c.text);
}

void write(std::string& out, const incident& i) {
  line_writer(out, "down").number(i.wall).number(i.why).number(i.times).number(i.lived.count()).text(i.text)
      .text(i.endpoint).text(i.address);
  write(out, i.causes);
}

// Only where there is something to say.
void write(std::string& out, const udp_report& u) {
  if (udp_text(u).empty()) return;
  const udp_totals& t = u.totals;
  line_writer(out, "udp").number(static_cast<uint32_t>(u.state)).text(u.reason).number(t.sent).number(t.copies).number(t.received)
      .number(t.won).number(t.lost).number(t.to_stream).number(u.dropped).number(u.loss_permille).number(u.queue_stands ? 1 : 0);
}

void write(std::string& out, const second_report& s) {
  const second_totals& t = s.totals;
  if (t.dialled == 0) return;
  line_writer(out, "second").number(t.dialled).number(t.needed).number(t.needless).number(t.failed).number(s.copies).number(static_cast<uint32_t>(s.why));
}

void write(std::string& out, const lane_report& r) {
  if (lane_text(r).empty()) return;
  const lane_totals& t = r.totals;
  line_writer(out, "lanes").number(static_cast<uint32_t>(r.use)).text(r.reason).number(r.lanes).number(r.late_permille).number(t.opened)
      .number(t.failed).number(t.copies).number(t.copy_bytes).number(t.won).number(t.late).number(t.refused).number(r.copies_left);
}

void write(std::string& out, const link_report& l) {
  line_writer(out, "link").text(l.name).number(l.state).number(l.phase).number(l.why).number(l.since).text(l.reason)
      .text(l.endpoint).text(l.address).number(l.connects).number(l.waiting).number(l.bytes_sent)
      .number(l.bytes_received).number(l.rtt.count()).number(l.heartbeat.count());
  line_writer(out, "heartbeat").number(l.heartbeat_from);
  if (l.remembers > duration::zero()) line_writer(out, "remembers").number(l.remembers.count());
  write(out, l.udp);
  write(out, l.second);
  write(out, l.lanes);
  write(out, l.causes);
  for (const incident& i : l.incidents) write(out, i);
}

void write(std::string& out, const traffic_table& all) {
  for (size_t kind = 0; kind < all.size(); ++kind)
    for (size_t of = 0; of < all[kind].size(); ++of) {
      const traffic_flow& f = all[kind][of];
      if (f == traffic_flow{}) continue;
      line_writer(out, "traffic").number(kind).number(of).number(f.sent).number(f.bytes_sent).number(f.received).number(f.bytes_received);
    }
}

bool read(line_reader& line, traffic_table& all) {
  size_t kind = 0, of = 0;
  traffic_flow f;
  const bool good = line.number(kind).number(of).number(f.sent).number(f.bytes_sent).number(f.received).number(f.bytes_received).good();
  if (!good || kind >= all.size() || of >= all[kind].size()) return false;
  all[kind][of] = f;
  return true;
}

bool read(line_reader& line, cause& c) {
  return line.number(c.wall).number(c.why).number(c.times).text(c.text).good();
}
bool read(line_reader& line, incident& i) {
  return line.number(i.wall).number(i.why).number(i.times).wait(i.lived).text(i.text).text(i.endpoint).text(i.address)
      .good();
}
bool read(line_reader& line, udp_report& u) {
  udp_totals& t = u.totals;
  uint32_t state = 0, queue = 0;
  const bool good = line.number(state).text(u.reason).number(t.sent).number(t.copies).number(t.received).number(t.won)
                        .number(t.lost).number(t.to_stream).number(u.dropped).number(u.loss_permille).number(queue).good();
  if (state >= std::size(udp_state_names)) return false;
  u.state = static_cast<udp_state>(state);
  u.queue_stands = queue != 0;
  return good;
}
bool read(line_reader& line, second_report& s) {
  second_totals& t = s.totals;
  uint32_t why = 0;
  const bool good = line.number(t.dialled).number(t.needed).number(t.needless).number(t.failed).number(s.copies).number(why).good();
  if (why >= std::size(second_reason_names)) return false;
  s.why = static_cast<second_reason>(why);
  return good;
}
bool read(line_reader& line, lane_report& r) {
  lane_totals& t = r.totals;
  uint32_t use = 0;
  const bool good = line.number(use).text(r.reason).number(r.lanes).number(r.late_permille).number(t.opened).number(t.failed).number(t.copies)
                        .number(t.copy_bytes).number(t.won).number(t.late).number(t.refused).number(r.copies_left).good();
  if (use >= std::size(lane_use_names)) return false;
  r.use = static_cast<lane_use>(use);
  return good;
}
bool read(line_reader& line, link_report& l) {
  return line.text(l.name).number(l.state).number(l.phase).number(l.why).number(l.since).text(l.reason).text(l.endpoint)
      .text(l.address).number(l.connects).number(l.waiting).number(l.bytes_sent).number(l.bytes_received).wait(l.rtt)
      .wait(l.heartbeat).good();
}

void write(std::string& out, const group_report& g) {
  line_writer line(out, "group");
  line.text(g.name).number(g.choose);
  for (const std::string& link : g.links) line.text(link);
}
bool read(line_reader& line, group_report& g) {
  line.text(g.name).number(g.choose);
  while (line.more()) line.text(g.links.emplace_back());
  return line.good();
}

// One line, into the report that was read so far.
bool add(links_report& r, line_reader line) {
  const std::string_view kind = line.word();
  if (kind == "at") {
    uint32_t running = 0;
    const bool good = line.number(r.wall).number(running).number(r.network).good();
    r.running = running != 0;
    return good;
  }
  if (kind == "weak") return r.weak = true, line.number(r.weak_because).good();
  if (kind == "traffic") return read(line, r.traffic);
  if (kind == "segments") return line.number(r.segments).good();
  if (kind == "outbox") return r.has_outbox = true, line.number(r.outbox_tasks).number(r.outbox_bytes).good();
  if (kind == "link") return read(line, r.links.emplace_back());
  if (kind == "group") return read(line, r.groups.emplace_back());
  if (r.links.empty()) return false;
  link_report& l = r.links.back();
  if (kind == "remembers") return line.wait(l.remembers).good();
  if (kind == "heartbeat") return line.number(l.heartbeat_from).good();
  if (kind == "udp") return read(line, l.udp);
  if (kind == "second") return read(line, l.second);
  if (kind == "lanes") return read(line, l.lanes);
  if (kind == "down") return read(line, l.incidents.emplace_back());
  return kind == "cause" && read(line, (l.incidents.empty() ? l.causes : l.incidents.back().causes).emplace_back());
}

}  // namespace

const link_report* links_report::find(std::string_view link) const {
  for (const link_report& l : links)
    if (l.name == link) return &l;
  return nullptr;
}

std::string book_text(const links_report& r) {
  std::string out(report_head);
  line_writer(out, "at").number(r.wall).number(r.running ? 1 : 0).number(r.network);
  if (r.weak) line_writer(out, "weak").number(r.weak_because);
  write(out, r.traffic);
  if (r.segments != 0) line_writer(out, "segments").number(r.segments);
  if (r.has_outbox) line_writer(out, "outbox").number(r.outbox_tasks).number(r.outbox_bytes);
  for (const link_report& l : r.links) write(out, l);
  for (const group_report& g : r.groups) write(out, g);
  return out;
}

result<links_report> parse_links_report(std::string_view text) {
  if (!text.starts_with(report_head)) return error{THARSIS_E_PROTOCOL, "its first line is not that of a file of links"};
  text.remove_prefix(report_head.size());
  links_report r;
  for (size_t number = 2; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos || !add(r, line_reader(text.substr(0, end))))
      return error{THARSIS_E_PROTOCOL, "line " + std::to_string(number) + " means nothing"};
    text.remove_prefix(end + 1);
  }
  return r;
}

}  // namespace tharsis::stn
