// `tharsis xlog verify`: reads everything, so that each seal or checksum is proven, and names what is wrong.
#include <map>

#include "plugins/xlog/log_folder.h"
#include "plugins/xlog/read_run.h"
#include "sdk/pure/json.h"

namespace tharsis::xlog {
namespace {

struct found_damage {
  std::vector<damage> list;
  uint64_t more = 0, more_frames = 0, more_lines = 0;  // Places that are not in the list, and what is missing there.
};

class verified_files final : public line_sink {
 public:
  void on_line(const log_line&) override {}
  void on_damage(const read_source& from, const damage& d) override {
    found_damage& f = found[from.path];
    if (d.cut || f.list.size() < damage_kept_most) return f.list.push_back(d);
    ++f.more;
    f.more_frames += d.missing_frames;
    f.more_lines += d.missing_lines;
  }

  std::map<std::string, found_damage> found;  // By path.
};

std::string counted(uint64_t n, const std::string& what) { return std::to_string(n) + " " + what + (n == 1 ? "" : "s"); }

std::string json_of(const damage& d) {
  json_object o;
  o.add("byte", d.at);
  if (d.frame) o.add("frame", *d.frame);
  else o.add_raw("frame", "null");
  return o.add("why", d.why).add("missing_frames", d.missing_frames).add("missing_lines", d.missing_lines).text();
}

// What is wrong with the end of a file: nothing, where it is told already or its last frame is there.
std::optional<damage> unfinished(const read_source& s, const std::vector<damage>& found) {
  if (s.bytes->failure().status != THARSIS_OK) return damage{s.lines->position(), s.bytes->failure().text};
  if (s.lines->complete() || s.lines->missing_by_choice().is_open || (!found.empty() && (found.back().cut || s.lines->frames() == 0))) return {};
  damage d{s.lines->position(), "the file ends before its last frame: its writer was killed, or somebody cut it"};
  if (s.bytes->size() == 0) d.why = "the file is empty";
  d.cut = true;
  return d;
}

// One file's. With `kept`, its writer was killed, and what is missing at its end is in another file; with `open`, somebody
// writes it now.
class report {
 public:
  report(const read_source& s, const found_damage& found, bool kept, bool open)
      : of_(s), left_out_(s.lines->missing_by_choice()), kept_(kept), open_(open), more_(found.more), frames_(found.more_frames), lines_(found.more_lines) {
    for (const damage& d : found.list)
      if (!d.cut || !(kept || open)) damage_.push_back(d);
    for (const damage& d : damage_) frames_ += d.missing_frames, lines_ += d.missing_lines;
  }
  bool whole() const { return damage_.empty(); }

  std::string json() const {
    std::string list;
    for (const damage& d : damage_) list += (list.empty() ? "" : ",") + json_of(d);
    return json_object()
        .add("file", of_.shown)
        .add("bytes", of_.bytes->size())
        .add("frames", of_.lines->frames())
        .add("complete", of_.lines->complete())
        .add("damaged", !whole())
        .add("open", open_)
        .add("missing_frames", frames_)
        .add("missing_lines", lines_)
        .add("left_out_frames", left_out_.frames)
        .add("left_out_lines", left_out_.lines)
        .add("left_out_bytes", left_out_.bytes)
        .add("shipped_open", left_out_.is_open)
        .add_raw("damage", "[" + list + "]")
        .add("more_damage", more_)
        .text();
  }
  std::string text() const {
    if (whole())
      return of_.shown + ": whole, " + counted(of_.lines->frames(), "frame") +
             chosen() +
             (open_ ? "; it is still being written"
              : kept_ && !of_.lines->complete() ? "; its writer was killed, and what it left is in another file" : "");
    std::string all;
    for (const damage& d : damage_)
      all += of_.shown + ": byte " + std::to_string(d.at) + (d.frame ? ", frame " + std::to_string(*d.frame) : "") + ": " + d.why + "\n";
    if (more_ > 0) all += of_.shown + ": and " + counted(more_, "more damaged place") + "\n";
    all += of_.shown + ": damaged" + chosen();
    if (frames_ > 0) all += "; " + counted(frames_, "frame") + " missing";
    if (lines_ > 0) all += "; at least " + counted(lines_, "line") + " missing";
    return all;
  }

 private:
  // What is not here, and is no damage.
  std::string chosen() const {
    if (left_out_.frames == 0) return left_out_.is_open ? "; it was still being written when it was shipped" : "";
    return "; " + counted(left_out_.frames, "frame") + " with " + counted(left_out_.lines, "line") + " left out when it was shipped" +
           (left_out_.is_open ? ", and it was still being written" : "");
  }

  const read_source& of_;
  const left_out_facts left_out_;
  const bool kept_, open_;
  std::vector<damage> damage_;
  const uint64_t more_;
  uint64_t frames_, lines_;
};

}  // namespace

int verify_files(const reading& r) {
  read_run run(r, r.asked.wanted);
  run.take_all();  // A file that is called a log and is none is damaged.
  if (!run.find()) return 2;
  verified_files sink;
  if (!run.run(sink)) return 1;
  bool damaged = false;
  for (const auto& s : run.sources()) {
    if (s->recorded.value_or(false)) continue;  // The other source of the file told it.
    auto& found = sink.found[s->path];
    if (auto d = unfinished(*s, found.list)) found.list.push_back(std::move(*d));
    const bool open = !s->lines->complete() && s->bytes->size() > 0 && file_claim(r.files, s->path).is_anothers();
    const report of(*s, found, run.is_kept_elsewhere(*s), open);
    r.call.print(r.asked.json ? of.json() : harmless_lines(of.text()));
    damaged = damaged || !of.whole();
  }
  return damaged ? 1 : 0;
}

}  // namespace tharsis::xlog
