// What `tharsis plugins` says about a profile's plugins, for people and as JSON.
#pragma once
#include <string>

#include "runtime/profile.h"

namespace tharsis::runtime {

// The profile's in the order in which they start, then the others that were found.
std::string plugin_listing(const profile& plan, const plugin_catalogue& found);
std::string plugin_listing_json(const profile& plan, const plugin_catalogue& found);

}  // namespace tharsis::runtime
