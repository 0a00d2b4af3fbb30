// Facts about the standard streams and the environment that only the system knows.
#pragma once
#include <cstdio>
#include <string>

namespace tharsis::runtime {

// A terminal that understands escape sequences (and the person has not said NO_COLOR).
bool is_live_terminal(FILE* stream);
bool wants_colours(FILE* stream);
// Columns; 80 when nobody knows.
size_t terminal_width(FILE* stream);

// The folder of the running program.
std::string program_folder();

}  // namespace tharsis::runtime
