// `tharsis xlog stat`: what is in the files, over time.
#include "plugins/xlog/core/log_statistics.h"
#include "plugins/xlog/read_run.h"

namespace tharsis::xlog {
namespace {

class counting final : public line_sink {
 public:
  explicit counting(const command_call& call) : call_(call) {}
  void on_line(const log_line& l) override { statistics.add(l); }
  void on_damage(const read_source& from, const damage& d) override { call_.complain(damage_text(from, d)); }

  log_statistics statistics;

 private:
  const command_call& call_;
};

}  // namespace

int show_statistics(const reading& r) {
  read_run run(r, r.asked.wanted);
  if (!run.find()) return 2;
  counting sink(r.call);
  if (!run.run(sink)) return 1;
  uint64_t bytes = 0;
  for (const auto& s : run.sources())
    if (!s->recorded.value_or(false)) bytes += s->bytes->size();
  r.call.print(r.asked.json ? sink.statistics.json(bytes) : sink.statistics.text(bytes, r.call.colours()));
  return run.code();
}

}  // namespace tharsis::xlog
