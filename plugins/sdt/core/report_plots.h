// The pictures of a report, as inline SVG that takes its colours from the page.
#pragma once
#include <string>

#include "plugins/sdt/core/verdict.h"

namespace tharsis::sdt {

// Device to service; the way is cut where it breaks.
std::string path_picture(const report& r);
// Round trips in the order they were sent; empty where there are fewer than two.
std::string latency_picture(const observations& seen);
// How many of the small and the large packets were lost; empty without a train.
std::string loss_picture(const observations& seen);
// When each probe ran; empty without probes.
std::string timeline_picture(const observations& seen);

}  // namespace tharsis::sdt
