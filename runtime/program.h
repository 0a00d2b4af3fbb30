// The `tharsis` program: from the words on the command line to an exit code (0 done, 1 the work failed,
// 2 the input is wrong).
#pragma once
#include <string>
#include <vector>

namespace tharsis::runtime {

int run_program(const std::vector<std::string>& typed);

}  // namespace tharsis::runtime
