#include "plugins/xlog/core/log_reader.h"

namespace tharsis::xlog {

std::optional<log_reader::item> log_reader::take() {
  for (;;) {
    switch (lines_.next()) {
      case log_lines::step::line: return item_of(lines_.line());
      case log_lines::step::damage: {
        item i;
        i.damage = lines_.told().text();
        i.cut = lines_.told().cut;
        i.torn = lines_.told().torn;
        return i;
      }
      case log_lines::step::later: break;
      case log_lines::step::more:
      case log_lines::step::end: return {};
    }
  }
}

log_reader::item log_reader::item_of(const log_line& l) {
  item i{record_of(l)};
  i.recorded = l.recorded;
  if (l.of == nullptr || is_finished_text(*l.of)) return i;
  i.of = l.of;
  arguments_.clear();
  append_cells(arguments_, l.values);
  i.arguments = arguments_;
  return i;
}

}  // namespace tharsis::xlog
