#include "runtime/program.h"

int main(int count, char** words) { return tharsis::runtime::run_program({words + (count > 0 ? 1 : 0), words + count}); }
