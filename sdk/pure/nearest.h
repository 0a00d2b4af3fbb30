// The candidate that a mistyped word most likely meant, for "did you mean" in messages.
#pragma once
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tharsis {

// Insertions, deletions, replacements and swaps of neighbours that lead from one word to the other.
inline size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1), last(b.size() + 1), now(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) now[j] = std::min(now[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(now);
  }
  return last[b.size()];
}

// Nothing when no candidate is near: a wild guess is worse than silence. A word that begins a
// candidate, or that a candidate begins, counts as near from three letters on.
inline std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates) {
  constexpr size_t longest = 64;  // The cost is the product of the lengths; no key of ours is longer.
  std::optional<std::string> best;
  size_t best_distance = 0;
  if (word.size() > longest) return best;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > longest) continue;
    const size_t distance = edit_distance(word, candidate);
    const std::string_view shorter = word.size() < candidate.size() ? word : std::string_view(candidate);
    const std::string_view longer = word.size() < candidate.size() ? std::string_view(candidate) : word;
    const bool begins = shorter.size() >= 3 && longer.starts_with(shorter);
    if (distance > std::max<size_t>(1, longer.size() / 3) && !begins) continue;
    if (best && distance >= best_distance) continue;
    best = candidate;
    best_distance = distance;
  }
  return best;
}

}  // namespace tharsis
