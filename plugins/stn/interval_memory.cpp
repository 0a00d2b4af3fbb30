#include "plugins/stn/interval_memory.h"

namespace tharsis::stn {

interval_memory::interval_memory(strand& place, const host& tables, std::string path)
    : file_(place, tables,
            {.path = std::move(path),
             .what = "a file of intervals",
             .loss = "learned heartbeats are not there",
             .never_kept = "what heartbeats have learned cannot be kept for the next start"},
            {.read = [this](std::string_view text) { return take_over(text); }, .write = [this] { return known_.text(); }}) {}

void interval_memory::keep(std::string_view link, std::string_view network, const learned_interval& l, bool dozing) {
  if (known_.find(link, network, dozing) == l) return;
  known_.put(link, network, l, dozing);
  file_.change();
}

// What was learned meanwhile is newer.
error interval_memory::take_over(std::string_view text) {
  auto read = learned_intervals::parse(text);
  if (!read) return read.failure();
  const learned_intervals newer = std::move(known_);
  known_ = std::move(*read);
  known_.add_newer(newer);
  return fine();
}

}  // namespace tharsis::stn
