#include "plugins/stn/links_overview.h"

#include "plugins/stn/core/network_status.h"

namespace tharsis::stn {

link_totals totals_of(const link_directory& links, const traffic& all) {
  link_totals sum;
  for (const longlink* link : links.all()) {
    sum.connects += link->totals().connects;
    sum.bytes_sent += link->totals().bytes_sent;
    sum.bytes_received += link->totals().bytes_received;
  }
  for (const auto& by_class : all.all()) sum.repeated += by_class[static_cast<size_t>(traffic_class::repeated)].sent;
  return sum;
}

tharsis_stn_network network_of(const link_directory& links, bool there) {
  tharsis_stn_network n{};
  network_status all;
  for (const longlink* link : links.all()) {
    all.add(link->state(), link->why(), link->failures());
    ++n.links;
    n.links_up += link->state() == THARSIS_STN_UP;
  }
  n.status = all.value(there);
  return n;
}

}  // namespace tharsis::stn
