#include "runtime/load_order.h"

#include <algorithm>
#include <deque>
#include <optional>

#include "runtime/interface_wish.h"
#include "sdk/pure/nearest.h"

namespace tharsis::runtime {
namespace {

using plugin_list = std::vector<const plugin_manifest*>;

struct edge {
  size_t provider;
  const placed_name* need;  // The line of the consumer's manifest that asks for it.
};
using graph = std::vector<std::vector<edge>>;  // For each consumer, whom it waits for.

std::vector<size_t> providers_of(const plugin_list& plugins, std::string_view interface_id) {
  std::vector<size_t> found;
  for (size_t i = 0; i < plugins.size(); ++i)
    if (std::any_of(plugins[i]->provided.begin(), plugins[i]->provided.end(), [&](const placed_name& p) { return meets(interface_id, p.name); }))
      found.push_back(i);
  return found;
}

void report_missing(const plugin_manifest& consumer, const placed_name& need, const plugin_list& known,
                    diagnostics& problems) {
  diagnostic& d =
      problems.add(need.at, consumer.id + " requires '" + need.name + "', which no plugin of this profile provides");
  std::vector<std::string> able, ids;
  for (const plugin_manifest* k : known) {
    if (holds(k->provided, need.name)) able.push_back("'" + k->id + "'");
    for (const placed_name& p : k->provided) ids.push_back(p.name);
  }
  if (!able.empty()) {
    d.with("it is provided by " + listed(able, "or") + "; name one under 'plugins:' in the profile");
  } else if (const auto meant = nearest(need.name, ids)) {
    d.with("no known plugin provides it; did you mean '" + *meant + "'?");
  } else {
    d.with("no known plugin provides it; is the folder with the plugin searched (--plugins)?");
  }
}

graph required_edges(const plugin_list& plugins, const plugin_list& known, diagnostics& problems) {
  graph edges(plugins.size());
  for (size_t i = 0; i < plugins.size(); ++i) {
    for (const placed_name& need : plugins[i]->required) {
      const auto providers = providers_of(plugins, need.name);
      if (providers.empty()) report_missing(*plugins[i], need, known, problems);
      for (const size_t p : providers) edges[i].push_back({p, &need});
    }
  }
  return edges;
}

// The shortest way along the edges, as (consumer, edge) steps; a way from a node to itself has at
// least one step. Nothing when there is none.
using step = std::pair<size_t, const edge*>;
std::optional<std::vector<step>> way(const graph& edges, size_t from, size_t to) {
  std::vector<std::optional<step>> reached_by(edges.size());
  std::deque<size_t> next{from};
  while (!next.empty()) {
    const size_t at = next.front();
    next.pop_front();
    for (const edge& e : edges[at]) {
      if (reached_by[e.provider]) continue;
      reached_by[e.provider] = step{at, &e};
      next.push_back(e.provider);
    }
    if (reached_by[to]) break;
  }
  if (!reached_by[to]) return {};
  std::vector<step> steps;
  size_t at = to;
  do {
    steps.push_back(*reached_by[at]);
    at = reached_by[at]->first;
  } while (at != from);
  std::reverse(steps.begin(), steps.end());
  return steps;
}

void report_circle(const plugin_list& plugins, const std::vector<step>& steps, diagnostics& problems) {
  std::string path;
  for (const step& s : steps) path += plugins[s.first]->id + " -> ";
  path += plugins[steps.front().first]->id;
  diagnostic& d = problems.add(steps.front().second->need->at, "these plugins require each other: " + path);
  for (const step& s : steps)
    d.with(plugins[s.first]->id + " requires '" + s.second->need->name + "' of " + plugins[s.second->provider]->id,
           s.second->need->at);
  d.with("turn one of them into 'wants', which is bound late");
}

// One circle for each knot of plugins that all lean on each other: its shortest through the first.
void report_circles(const plugin_list& plugins, const graph& edges, diagnostics& problems) {
  std::vector<bool> told(plugins.size());
  for (size_t i = 0; i < plugins.size(); ++i) {
    if (told[i]) continue;
    const auto circle = way(edges, i, i);
    if (!circle) continue;
    report_circle(plugins, *circle, problems);
    for (size_t j = i; j < plugins.size(); ++j)
      if (j == i || (way(edges, i, j) && way(edges, j, i))) told[j] = true;
  }
}

// A wish counts only when fulfilling it cannot lead back to the one who wishes.
void add_wishes(const plugin_list& plugins, graph& edges) {
  graph all = edges;
  for (size_t i = 0; i < plugins.size(); ++i)
    for (const placed_name& wish : plugins[i]->wanted)
      for (const size_t p : providers_of(plugins, wish.name)) all[i].push_back({p, &wish});
  for (size_t i = 0; i < plugins.size(); ++i)
    for (size_t e = edges[i].size(), end = all[i].size(); e < end; ++e)
      if (all[i][e].provider != i && !way(all, all[i][e].provider, i)) edges[i].push_back(all[i][e]);
}

}  // namespace

std::vector<size_t> load_order(const plugin_list& plugins, const plugin_list& known, diagnostics& problems) {
  graph edges = required_edges(plugins, known, problems);
  report_circles(plugins, edges, problems);
  add_wishes(plugins, edges);
  std::vector<size_t> order;
  std::vector<bool> placed(plugins.size());
  const auto is_ready = [&](size_t i) {
    return !placed[i] &&
           std::all_of(edges[i].begin(), edges[i].end(), [&](const edge& e) { return placed[e.provider]; });
  };
  for (bool moved = true; moved;) {
    moved = false;
    for (size_t i = 0; i < plugins.size() && !moved; ++i) {
      if (!is_ready(i)) continue;
      placed[i] = moved = true;
      order.push_back(i);
    }
  }
  return order;
}

}  // namespace tharsis::runtime
