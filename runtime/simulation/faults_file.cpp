#include "runtime/simulation/faults_file.h"

#include <algorithm>

#include "runtime/os_profile_files.h"
#include "runtime/setting_text.h"
#include "runtime/setting_value.h"
#include "runtime/text_columns.h"
#include "runtime/yaml_tree.h"
#include "sdk/pure/address.h"
#include "sdk/pure/nearest.h"

namespace tharsis::runtime {
namespace {

constexpr double rate_of_all = 0.05;  // With twenty faults and some targets each, a few in a run.

setting named(std::string_view name, setting_type type) {
  setting made;
  made.name = name;
  made.type = type;
  return made;
}

setting texts(std::string_view name) {
  setting made = named(name, setting_type::list);
  made.element.push_back(named("", setting_type::text));
  return made;
}

setting one_fault(const sim::fault_facts& facts) {
  setting group = named(facts.name, setting_type::group);
  setting rate = named("rate", setting_type::real);
  rate.min = bound{0, 0, "0"};
  rate.max = bound{1, 1, "1"};
  group.members = {rate, texts("only")};
  if (facts.lasts.count() == 0) return group;
  setting lasts = named("lasts", setting_type::duration);
  lasts.min = bound{1'000'000, 0, "1ms"};
  group.members.push_back(lasts);
  return group;
}

const setting& schema() {
  static const setting all = [] {
    setting root = named("", setting_type::group), faults = named("faults", setting_type::group),
            hosts = named("hosts", setting_type::map);
    for (const sim::fault_facts& facts : sim::all_faults()) faults.members.push_back(one_fault(facts));
    hosts.element.push_back(texts(""));
    root.members = {faults, hosts};
    return root;
  }();
  return all;
}

std::vector<std::string> texts_of(const setting_value* list) {
  std::vector<std::string> all;
  if (list != nullptr)
    for (const setting_value& v : list->children) all.push_back(std::get<std::string>(v.scalar));
  return all;
}

sim::fault_rate rate_of(const setting_value& fault) {
  sim::fault_rate made;
  if (const auto* rate = fault.child("rate")) made.rate = std::get<double>(rate->scalar);
  if (const auto* lasts = fault.child("lasts")) made.lasts = duration(std::get<int64_t>(lasts->scalar));
  made.only = texts_of(fault.child("only"));
  return made;
}

// What the schema cannot say.
void check(const yaml_node& file, const setting_value& read, const std::vector<std::string>& names, diagnostics& problems) {
  if (const yaml_node* faults = file.find("faults"))
    for (const yaml_node& fault : faults->children)
      if (fault.find("rate") == nullptr)
        problems.add(fault.key_at, "'" + fault.key + "' needs a rate, like { rate: 0.1 }: how likely it strikes each target");
  for (const setting_value& fault : read.child("faults")->children)
    if (const auto* only = fault.child("only"))
      for (const setting_value& v : only->children) {
        const auto& name = std::get<std::string>(v.scalar);
        if (std::find(names.begin(), names.end(), name) != names.end()) continue;
        const auto meant = nearest(name, names);
        problems.add(v.at, "no plugin and no machine of this simulation is called " + in_quotes(name))
            .with(meant ? "did you mean '" + *meant + "'?" : "there are " + listed(names));
      }
  if (const auto* hosts = read.child("hosts"))
    for (const setting_value& host : hosts->children)
      for (const setting_value& v : host.children)
        if (!parse_ip(std::get<std::string>(v.scalar)).ok())
          problems.add(v.at, "expected an IP address like '10.0.0.2', got " + in_quotes(std::get<std::string>(v.scalar)));
}

}  // namespace

faults_file read_faults(const std::string& file, const std::vector<std::string>& names, diagnostics& problems) {
  faults_file made;
  if (file == "all") {
    for (const sim::fault_facts& facts : sim::all_faults()) made.rates[facts.kind].rate = rate_of_all;
    return made;
  }
  const auto in = std::make_shared<source>(source{file, {}, source::kind::profile, {}});
  const auto text = read_text_file(file, yaml_text_largest);
  if (!text) return problems.add({in, 0, 0}, text.failure().text), made;
  in->text = *text;
  const auto tree = parse_yaml(in, problems);
  if (!tree || !problems.empty()) return made;
  const setting_value read = resolve({schema(), &*tree, "", {in, 0, 0}, nullptr}, problems);
  if (!problems.empty()) return made;
  check(*tree, read, names, problems);
  if (!problems.empty()) return made;
  for (const sim::fault_facts& facts : sim::all_faults())
    if (const auto* fault = read.child("faults")->child(facts.name)) made.rates[facts.kind] = rate_of(*fault);
  if (const auto* hosts = read.child("hosts"))
    for (const setting_value& host : hosts->children) made.hosts[host.key] = texts_of(&host);
  return made;
}

std::string faults_reference() {
  std::vector<std::vector<std::string>> rows = {{"FAULT", "STRIKES", "LASTS UP TO", "WHAT HAPPENS"}};
  const std::string_view scopes[] = {"a plugin", "a machine", "a disk", "a path"};
  for (const sim::fault_facts& f : sim::all_faults())
    rows.push_back({std::string(f.name), std::string(scopes[static_cast<size_t>(f.scope)]),
                    f.lasts.count() == 0 ? "" : duration_text(f.lasts.count()), std::string(f.about)});
  return "Faults that a seed can draw:\n\n" + text_columns(rows, "  ") +
         "\n--faults all draws each with a rate of 0.05. A file says which, how often, how long and for whom:\n\n"
         "  faults:\n"
         "    vanishes: { rate: 0.2, only: [stn] }\n"
         "    disk_full: { rate: 0.1, lasts: 5s }\n"
         "  hosts:                            # names that the simulated resolver knows\n"
         "    im.example.com: [10.0.0.2]\n";
}

}  // namespace tharsis::runtime
