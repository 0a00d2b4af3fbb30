// The file that says which faults a simulation draws and how often, checked like a profile:
//
//     faults:
//       vanishes: { rate: 0.2, only: [stn] }
//       disk_full: { rate: 0.1, lasts: 5s }
//     hosts:
//       im.example.com: [10.0.0.2]
#pragma once
#include <map>
#include <string>
#include <vector>

#include "runtime/diagnostic.h"
#include "sdk/sim/faults.h"

namespace tharsis::runtime {

struct faults_file {
  sim::fault_rates rates;
  std::map<std::string, std::vector<std::string>> hosts;  // Names that the simulated resolver knows.
};

// `file` may be "all": every fault, at one rate. `names`: the plugins and machines that `only` may name.
faults_file read_faults(const std::string& file, const std::vector<std::string>& names, diagnostics& problems);

// Every fault, what it does, and how the file is written.
std::string faults_reference();

}  // namespace tharsis::runtime
