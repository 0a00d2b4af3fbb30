#include "runtime/simulation/plugin_bench.h"

#include <algorithm>

#include "runtime/os_profile_files.h"
#include "sdk/pure/json.h"

namespace tharsis::runtime {
namespace {

bool has(const std::vector<manifest_pointer>& list, const std::string& id) {
  return std::any_of(list.begin(), list.end(), [&](const manifest_pointer& m) { return m->id == id; });
}

const found_plugin* provider_of(const plugin_catalogue& found, const std::string& interface_id) {
  for (const found_plugin& p : found.plugins)
    if (p.manifest && holds(p.manifest->provided, interface_id)) return &p;
  return nullptr;
}

// "hello: { path: ..., a: 1 }"; the settings are a flow map.
std::string entry_of(const plugin_manifest& m, const std::string& settings) {
  const std::string rest = settings.substr(1, settings.size() - 2);  // Between the braces.
  const bool empty = rest.find_first_not_of(' ') == std::string::npos;
  return "  " + m.id + ": { path: " + json_text(m.folder) + (empty ? "" : "," + rest) + " }\n";
}

}  // namespace

plugin_bench::plugin_bench(const std::string& folder, const profile_request& request, diagnostics& problems) : request_(request) {
  const found_plugin found = read_plugin_folder(absolute_path(folder));
  problems.add_all(found.problems);
  if (!found.manifest) return;
  manifest_ = found.manifest;
  const plugin_catalogue others = find_manifests(request_.plugin_folders);
  find_others(*manifest_, others, false, problems);
  find_others(*manifest_, others, true, problems);
  if (!problems.empty()) return;
  request_.plugin_folders.clear();  // Every plugin is named with its folder; the others there would be read for each life.
  request_.environment.clear();     // The same on every machine.
  request_.data_folder = "/state";
  request_.file = "bench.yaml";
  const profile plain = load(drawing::needed, 1, false, problems);
  if (!problems.empty()) {
    problems.last().with("give what it cannot do without like --set " + id() + ".KEY=VALUE");
    return;
  }
  check_libraries(plain, problems);
  for (const plugin_entry& entry : plain.plugins) shipped_.merge(shipped_files(*entry.manifest));
}

void plugin_bench::find_others(const plugin_manifest& of, const plugin_catalogue& found, bool wanted, diagnostics& problems) {
  for (const placed_name& need : wanted ? of.wanted : of.required) {
    const found_plugin* const other = provider_of(found, need.name);
    if (other == nullptr && wanted) continue;
    if (other == nullptr) {
      problems.add(need.at, "no plugin that is found provides " + need.name + ", which this one requires").with("searched in " + listed(found.folders) + "; name another folder with --plugins");
      continue;
    }
    const std::string& name = other->manifest->id;
    if (name == manifest_->id || has(required_, name) || has(wanted_, name)) continue;
    (wanted ? wanted_ : required_).push_back(other->manifest);
    // What the others require has to be there in the same way.
    if (wanted) {
      for (const placed_name& theirs : other->manifest->required)
        if (const found_plugin* p = provider_of(found, theirs.name); p != nullptr && !has(required_, p->id) && !has(wanted_, p->id) && p->id != manifest_->id) wanted_.push_back(p->manifest);
    } else {
      find_others(*other->manifest, found, false, problems);
    }
  }
}

std::vector<std::string> plugin_bench::others(bool wanted) const {
  std::vector<std::string> ids;
  for (const manifest_pointer& m : required_) ids.push_back(m->id);
  if (wanted)
    for (const manifest_pointer& m : wanted_) ids.push_back(m->id);
  return ids;
}

profile plugin_bench::load(drawing how, uint64_t seed, bool wanted, diagnostics& problems) const {
  dice chance(seed);
  return load(drawn_settings(manifest_->settings, how, chance), wanted, chance, problems);
}

profile plugin_bench::load(const std::string& settings, bool wanted, dice& chance, diagnostics& problems) const {
  std::string text = "tharsis: 1\nplugins:\n" + entry_of(*manifest_, settings);
  for (const manifest_pointer& m : required_) text += entry_of(*m, drawn_settings(m->settings, drawing::needed, chance));
  if (wanted)
    for (const manifest_pointer& m : wanted_) text += entry_of(*m, drawn_settings(m->settings, drawing::needed, chance));
  profile_request request = request_;
  request.text = text;
  return load_profile(request, problems);
}

result<profile> plugin_bench::made(profile plan, const diagnostics& problems) {
  if (!problems.empty()) return error{THARSIS_E_INVALID, render(problems, {false, 3})};
  for (plugin_entry& entry : plan.plugins) entry.restart.on = restart_policy::when::never;  // What fails is to be seen.
  return plan;
}

result<profile> plugin_bench::plan(drawing how, uint64_t seed, bool wanted) const {
  diagnostics problems;
  return made(load(how, seed, wanted, problems), problems);
}

result<profile> plugin_bench::plan_with(size_t setting, uint64_t seed) const {
  diagnostics problems;
  dice chance(seed);
  return made(load(one_drawn_setting(manifest_->settings, setting, chance), false, chance, problems), problems);
}

}  // namespace tharsis::runtime
