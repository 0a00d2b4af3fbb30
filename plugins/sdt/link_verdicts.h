// Tells on sdt.verdict what diagnoses say about the links of stn that they are about.
#pragma once
#include <map>
#include <string>

#include "plugins/sdt/core/outage.h"
#include "sdk/abi/sdt.h"
#include "sdk/abi/stn.h"
#include "sdk/async/host.h"
#include "sdk/pure/metrics.h"

namespace tharsis::sdt {

class link_verdicts {
 public:
  explicit link_verdicts(const host& tables);
  link_verdicts(const link_verdicts&) = delete;

  // `topic` is sdt.verdict; 0: nobody is told.
  void open(tharsis_handle topic) { topic_ = topic; }
  // [own strand, all below]
  void on_link(const tharsis_stn_link& told, instant now);
  // The end of a diagnosis that was not given up; `why` is THARSIS_SDT_ASKED ..., `took` its time.
  void on_report(const report& r, uint32_t why, duration took);

 private:
  struct link {
    outage machine;
    std::string server, reason;  // As stn told them last.
  };
  void tell(const std::string& name, const link& of, const report& r, const outage::word& w, duration took) const;
  void tell_fine(const std::string& name, const link& of, duration lasted, duration took) const;

  const host host_;
  const counter faults_, fine_;
  tharsis_handle topic_ = 0;
  std::map<std::string, link> links_;
};

}  // namespace tharsis::sdt
