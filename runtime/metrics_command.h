// `tharsis metrics`: what a `tharsis run` that is at work has counted so far.
#pragma once
#include <cstdio>

#include "runtime/command_line.h"
#include "runtime/metrics_report.h"

namespace tharsis::runtime {

// [PROFILE]. Answers the program's exit code: 1 when nothing runs there.
int metrics_command(const command_line& line);

// How a table looks there: coloured on a terminal, without the meanings on a narrow one.
table_style table_style_of(FILE* stream);

}  // namespace tharsis::runtime
