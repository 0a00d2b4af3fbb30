#include "plugins/dns/core/answer.h"

#include <algorithm>
#include <utility>

namespace tharsis::dns {

answer answer_of(ruling r) {
  answer a;
  a.source = THARSIS_DNS_SERVERS;
  a.verdict = r.verdict();
  // Of addresses those that are there count, though a family may not have come in time; of nothing both families do.
  const auto proven = [](const candidate& c) { return c.proven; };
  a.trusted = r.status == THARSIS_OK ? std::all_of(r.candidates.begin(), r.candidates.end(), proven) : r.trusted;
  // That a mode believes nobody who answered is no failure of the network, and no news about the name.
  a.status = r.status;
  a.reason = std::move(r.reason);
  a.no_name = r.no_name;
  a.unbelieved = r.unbelieved;
  for (const candidate& c : r.candidates) a.addresses.push_back(c.address);
  a.candidates = std::move(r.candidates);
  a.refused = std::move(r.refused);
  if (r.life > 0) a.life = std::chrono::seconds(r.life);
  return a;
}

void describe(answer& a, std::string_view source, bool proven, std::string_view why) {
  for (const auto& address : a.addresses) a.candidates.push_back({address, std::string(source), proven, std::string(why)});
  if (!a.verdict.empty()) return;
  if (a.status == THARSIS_OK) a.verdict = word(proven ? finding::proven : finding::single);
  else a.verdict = a.status == THARSIS_E_NOT_FOUND ? "not_found" : "no_answer";
}

}  // namespace tharsis::dns
