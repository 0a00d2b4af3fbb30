#include "runtime/metrics.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

#include "sdk/pure/error.h"
#include "sdk/pure/views.h"

namespace tharsis::runtime {
namespace {

// A mistake (a metric for each address, each task) is to be found by its author, not by memory running out.
constexpr size_t metrics_most = 1024;
constexpr size_t name_longest = 64;  // A line of a table has room for it.

bool is_snake_case(std::string_view name) {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  return !name.empty() && name.size() <= name_longest && name[0] >= 'a' && name[0] <= 'z' &&
         std::all_of(name.begin(), name.end(), fits);
}

constexpr size_t cells_of(uint32_t kind) { return kind == THARSIS_METRIC_HISTOGRAM ? size_t{THARSIS_HISTOGRAM_CELLS} : 1; }

uint64_t read(const uint64_t& cell) { return __atomic_load_n(&cell, __ATOMIC_RELAXED); }

}  // namespace

tharsis_status metrics::lend(const std::string& plugin, const tharsis_metric* wanted, uint64_t** cells, tharsis_error* error) {
  if (wanted == nullptr || cells == nullptr || !THARSIS_HAS(wanted, help) || wanted->name == nullptr || wanted->unit == nullptr || wanted->help == nullptr)
    return fail(error, THARSIS_E_INVALID, "a metric needs `size`, a name, a unit, a line of help and a place for its cells");
  const std::string sentence = "metric '" + std::string(wanted->name) + "' ";
  if (!is_snake_case(wanted->name))
    return fail(error, THARSIS_E_INVALID, sentence + "needs a name of at most 64 small letters, digits and '_', a letter first");
  if (wanted->kind < THARSIS_METRIC_COUNTER || wanted->kind > THARSIS_METRIC_HISTOGRAM)
    return fail(error, THARSIS_E_INVALID, sentence + "is neither counter nor gauge nor histogram");
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find({plugin, wanted->name});
  if (found == entries_.end()) {
    size_t& lent = lent_[plugin];
    if (lent == metrics_most)
      return fail(error, THARSIS_E_BUSY, sentence + "is one too many: a plugin may have " + std::to_string(metrics_most));
    ++lent;
    *cells = make(plugin, *wanted, false).cells.get();
    return THARSIS_OK;
  }
  const entry& known = found->second;
  if (known.of_runtime)
    return fail(error, THARSIS_E_IN_USE, sentence + "is counted by the runtime itself; choose another name");
  if (known.kind != wanted->kind || known.unit != wanted->unit)
    return fail(error, THARSIS_E_INVALID, sentence + "was of another kind or unit when it was asked for the first time");
  *cells = known.cells.get();
  return THARSIS_OK;
}

uint64_t* metrics::own_cells(const std::string& plugin, const tharsis_metric& wanted) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find({plugin, wanted.name});
  return (found == entries_.end() ? make(plugin, wanted, true) : found->second).cells.get();
}

// [mutex held]
metrics::entry& metrics::make(const std::string& plugin, const tharsis_metric& wanted, bool of_runtime) {
  entry& made = entries_[{plugin, wanted.name}];
  made = {wanted.kind, of_runtime, wanted.unit, wanted.help, std::make_unique<uint64_t[]>(cells_of(wanted.kind))};
  return made;
}

void metrics::clear_gauges(const std::string& plugin) {
  const std::lock_guard lock(mutex_);
  for (auto at = entries_.lower_bound({plugin, ""}); at != entries_.end() && at->first.first == plugin; ++at)
    if (at->second.kind == THARSIS_METRIC_GAUGE && !at->second.of_runtime)
      __atomic_store_n(at->second.cells.get(), uint64_t{0}, __ATOMIC_RELAXED);
}

void metrics::visit(void (*told)(void* context, const tharsis_metric_value* value), void* context) const {
  std::vector<const std::pair<const name, entry>*> all;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& one : entries_) all.push_back(&one);
  }
  for (const auto* one : all) tell(one->first, one->second, told, context);
}

void metrics::tell(const name& id, const entry& e, void (*told)(void*, const tharsis_metric_value*), void* context) {
  tharsis_metric_value value{};
  value.size = sizeof value;
  value.kind = e.kind;
  value.plugin = text_of(id.first);
  value.name = text_of(id.second);
  value.unit = text_of(e.unit);
  value.help = text_of(e.help);
  const uint64_t first = read(e.cells[0]);
  uint64_t buckets[THARSIS_HISTOGRAM_BUCKETS];
  if (e.kind == THARSIS_METRIC_COUNTER) value.count = first;
  if (e.kind == THARSIS_METRIC_GAUGE) value.value = static_cast<int64_t>(first);
  if (e.kind == THARSIS_METRIC_HISTOGRAM) {
    for (size_t b = 0; b < THARSIS_HISTOGRAM_BUCKETS; ++b) buckets[b] = read(e.cells[1 + b]);
    value.sum = first;
    value.count = values_in(buckets);
    value.buckets = buckets;
  }
  told(context, &value);
}

}  // namespace tharsis::runtime
