#include "plugins/xlog/core/backlog.h"

#include <algorithm>
#include <string>

#include "plugins/xlog/core/utc.h"

namespace tharsis::xlog {

bool backlog::add(record r) {
  const uint64_t sequence = ++sequence_;
  const size_t level = r.level;
  const size_t cost = sizeof(entry) + r.plugin.size() + r.text.size();
  size_t yielding = 0;  // What less severe lines could give.
  for (size_t i = 0; i < level; ++i) yielding += bytes_[i];
  if (used_ - yielding + cost > memory_) {
    lose(sequence, r);
    return false;
  }
  for (size_t i = 0; used_ + cost > memory_;) {
    if (by_level_[i].empty()) {
      ++i;
      continue;
    }
    const entry& victim = by_level_[i].back();
    lose(victim.sequence, victim.line);
    used_ -= victim.cost;
    waiting_ -= victim.cost;
    bytes_[i] -= victim.cost;
    by_level_[i].pop_back();
  }
  used_ += cost;
  waiting_ += cost;
  bytes_[level] += cost;
  by_level_[level].push_back({sequence, cost, std::move(r)});
  return true;
}

void backlog::lose(uint64_t sequence, const record& r) {
  ++lost_;
  if (!gap_) gap_ = gap{sequence, r.wall, r.wall, {}};
  if (sequence < gap_->sequence) {
    gap_->sequence = sequence;
    gap_->first = r.wall;
  }
  gap_->last = std::max(gap_->last, r.wall);
  ++gap_->counts[r.level];
}

record backlog::gap_line() const {
  uint64_t total = 0;
  std::string parts;
  for (size_t i = levels_count; i-- > 0;) {
    if (gap_->counts[i] == 0) continue;
    total += gap_->counts[i];
    parts += (parts.empty() ? "" : ", ") + std::to_string(gap_->counts[i]) + " " + std::string(level_names[i]);
  }
  return {gap_->first, THARSIS_LOG_WARNING, 0, "xlog",
          std::to_string(total) + (total == 1 ? " line" : " lines") + " lost from here to " + utc_text(gap_->last) + " (" + parts + "): the memory of " +
              std::to_string(memory_) + " bytes for lines that wait for the file was full"};
}

std::deque<backlog::entry>* backlog::oldest() {
  std::deque<entry>* found = nullptr;
  for (auto& level : by_level_)
    if (!level.empty() && (found == nullptr || level.front().sequence < found->front().sequence)) found = &level;
  return found;
}

backlog::batch backlog::take(size_t bytes) {
  batch taken;
  taken.through = sequence_;
  while (std::deque<entry>* level = oldest()) {
    entry& e = level->front();
    if (gap_ && gap_->sequence < e.sequence) {
      taken.records.push_back(gap_line());
      gap_.reset();
    }
    if (taken.bytes > 0 && taken.bytes + e.cost > bytes) {
      taken.through = e.sequence - 1;
      return taken;
    }
    taken.bytes += e.cost;
    waiting_ -= e.cost;
    bytes_[e.line.level] -= e.cost;
    taken.records.push_back(std::move(e.line));
    level->pop_front();
  }
  if (gap_) taken.records.push_back(gap_line());
  gap_.reset();
  return taken;
}

uint64_t backlog::clear() {
  uint64_t count = 0;
  for (auto& level : by_level_) {
    count += level.size();
    level.clear();
  }
  lost_ += count;
  bytes_.fill(0);
  used_ -= waiting_;
  waiting_ = 0;
  gap_.reset();
  return count;
}

}  // namespace tharsis::xlog
