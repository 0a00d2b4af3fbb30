// A resolved setting: checked against its schema, defaults filled in, knowing where it was set.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "runtime/expansion.h"
#include "runtime/schema.h"
#include "runtime/setting_scalar.h"

namespace tharsis::runtime {

// One layer that said something about a setting: its default, a file, a variable or an option.
struct setting_origin {
  source_position at;
  std::string written;  // As it stands there; empty for a secret, a group and a map.
};

struct setting_value {
  std::string key;  // In a group or map its name, in a list its number.
  setting_type type = setting_type::group;
  setting_scalar scalar;
  // The layer is the source's kind: manifest (a default), profile, environment or command line.
  source_position at;
  std::vector<setting_origin> origins;  // The strongest first; the first one counts.
  bool secret = false;
  std::vector<setting_value> children;  // Optional settings without a value are not among them.

  const setting_value* child(std::string_view wanted) const;
  // "links.main.timeout", relative to this value; "" is this value itself. A map's key may hold dots
  // ("pins.im.example.com.0"); where two keys fit, the longer one is meant.
  const setting_value* find(std::string_view path) const;

 private:
  const setting_value* step(std::string_view path) const;
};

struct resolve_request {
  const setting& described;
  const yaml_node* given;        // Null: nothing was written; the defaults stand.
  std::string label;             // How messages call it: "stn".
  source_position parent;        // Where a missing setting would have to be written.
  const expansion* expand;       // Null: `${x}` stays as it is.
};

// Always answers a tree; it is whole when no problem was added.
setting_value resolve(const resolve_request& request, diagnostics& problems);

}  // namespace tharsis::runtime
