// Settings that a manifest's schema allows, drawn for tests: the least, the most, any, and texts that mean nothing.
#pragma once
#include <cstddef>
#include <string>

#include "runtime/schema.h"
#include "sdk/pure/dice.h"

namespace tharsis::runtime {

enum class drawing {
  needed,    // Only what has no default and must be there.
  least,     // The least of every range, the first of every choice.
  most,      // Their opposites; sizes not beyond what a test's memory bears.
  any,       // Something in between; what may be left out is there half of the time.
  nonsense,  // Every text, path and endpoint is something that hardly means anything.
};

// As a flow map of YAML, "{ a: 1, b: [x] }". All of it fits the schema; whether the plugin likes it is another question.
std::string drawn_settings(const setting& group, drawing how, dice& chance);

// One of them alone, of so many; the others are left out.
size_t count_of_settings(const setting& group);
std::string one_drawn_setting(const setting& group, size_t which, dice& chance);

}  // namespace tharsis::runtime
