#include "plugins/dns/delivery.h"

#include <algorithm>
#include <vector>

#include "sdk/pure/address.h"
#include "sdk/pure/views.h"

namespace tharsis::dns {

void delivery::deliver() const {
  std::vector<tharsis_dns_candidate> candidates;
  std::vector<tharsis_dns_refusal> refused;
  std::vector<const tharsis_dns_candidate*> each;
  std::vector<const tharsis_dns_refusal*> each_refused;
  for (const known_address& one : known) {
    const auto said = std::find_if(what.candidates.begin(), what.candidates.end(), [&](const candidate& c) { return same_ip(c.address, one.at); });
    const bool is = said != what.candidates.end();
    candidates.push_back({sizeof(tharsis_dns_candidate), is && said->proven, one.at, text_of(is ? said->source : std::string_view()),
                          text_of(is ? said->why : std::string_view()), (now - what.learned).count(), what.stale, 0, one.connect.count(), one.avoided, 0, {}, {}});
  }
  for (const refusal& r : what.refused)
    refused.push_back({sizeof(tharsis_dns_refusal), 0, r.address, text_of(r.source), text_of(r.why)});
  for (const auto& c : candidates) each.push_back(&c);
  for (const auto& r : refused) each_refused.push_back(&r);
  const duration left = std::max(duration::zero(), what.life.value_or(duration::zero()));
  const tharsis_dns_answer a{sizeof a,
                             what.status,
                             what.source,
                             static_cast<uint32_t>(what.addresses.size()),
                             what.addresses.data(),
                             text_of(what.reason),
                             each.data(),
                             each_refused.data(),
                             each_refused.size(),
                             text_of(what.verdict),
                             left.count(),
                             what.no_name,
                             0,
                             usual.count(),
                             what.unbelieved,
                             0};
  done(context, id, &a);
}

}  // namespace tharsis::dns
