// `tharsis xlog import`: lines of other files into log files of ours.
#include <algorithm>

#include "plugins/xlog/made_log.h"
#include "plugins/xlog/read_run.h"

namespace tharsis::xlog {
namespace {

class imported_lines final : public line_sink {
 public:
  imported_lines(const command_call& call, made_log& to) : call_(call), to_(to) {}
  void on_line(const log_line& l) override {
    if (failure_.status == THARSIS_OK) failure_ = to_.add(l);
  }
  void on_damage(const read_source& from, const damage& d) override { call_.complain(damage_text(from, d)); }
  bool on_progress(const merged_lines&) override { return failure_.status == THARSIS_OK; }
  error end() {
    if (failure_.status == THARSIS_OK) failure_ = to_.end();
    return failure_;
  }

 private:
  const command_call& call_;
  made_log& to_;
  error failure_{THARSIS_OK, {}};
};

}  // namespace

int import_lines(const reading& r) {
  read_run run(r, r.asked.wanted);
  if (!run.find()) return 2;
  made_log to(r.files, r.call.absolute_folder(r.asked.output), r.asked.name, *r.random);
  imported_lines lines(r.call, to);
  const bool all = run.run(lines);
  if (const error failure = lines.end(); failure.status != THARSIS_OK || !all) {
    to.remove();
    r.call.complain("xlog import: " + (failure.status != THARSIS_OK ? failure.text : std::string("stopped")) + "; nothing was imported");
    return 1;
  }
  for (const std::string& path : to.paths()) r.call.print(path);
  const auto files = std::count_if(run.sources().begin(), run.sources().end(), [](const auto& s) { return !s->recorded.value_or(false); });
  const auto counted = [](uint64_t n, const std::string& what) { return std::to_string(n) + " " + what + (n == 1 ? "" : "s"); };
  const uint64_t lines_in = to.lines(), files_in = to.paths().size();
  r.call.print(counted(lines_in, "line") + " of " + counted(static_cast<uint64_t>(files), "file") + (lines_in == 1 ? " is" : " are") + " in " + counted(files_in, "file") + " now");
  return run.code();
}

}  // namespace tharsis::xlog
