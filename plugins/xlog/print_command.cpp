// `tharsis xlog cat` and `grep`.
#include "plugins/xlog/read_run.h"

namespace tharsis::xlog {
namespace {

// Damage is named where it stands among the lines.
class counted_lines final : public line_sink {
 public:
  explicit counted_lines(const command_call& call) : call_(call) {}
  void on_line(const log_line&) override { ++lines; }
  void on_damage(const read_source& from, const damage& d) override { call_.complain(damage_text(from, d)); }

  uint64_t lines = 0;

 private:
  const command_call& call_;
};

}  // namespace

int print_lines(const reading& r) {
  read_run run(r, r.asked.wanted);
  if (!run.find()) return 2;
  printed_lines lines(r.call, output_of(r));
  const bool all = run.run(lines);
  lines.show();
  return all ? run.code() : 1;
}

int find_lines(const reading& r) {
  read_run run(r, r.asked.wanted);
  if (!run.find()) return 2;
  uint64_t found = 0;
  bool all = false;
  if (r.asked.count) {
    counted_lines lines(r.call);
    all = run.run(lines);
    found = lines.lines;
    r.call.print(std::to_string(found));
  } else {
    printed_lines lines(r.call, output_of(r));
    all = run.run(lines);
    lines.show();
    found = lines.lines();
  }
  if (!all || run.code() != 0) return 2;
  return found > 0 ? 0 : 1;
}

}  // namespace tharsis::xlog
