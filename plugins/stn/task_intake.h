// What a caller wants, checked and made into a request. It reads only what stays as it is while stn runs, so it is asked on
// any thread.
#pragma once
#include <memory>
#include <string_view>

#include "plugins/stn/core/request.h"
#include "plugins/stn/core/settings.h"
#include "plugins/stn/link_choice.h"
#include "plugins/stn/link_directory.h"
#include "plugins/stn/link_names.h"
#include "plugins/stn/minor_links.h"
#include "plugins/stn/shortlinks.h"
#include "sdk/abi/stn.h"
#include "sdk/async/host.h"

namespace tharsis::stn {

// Where a task wants to go.
struct direction {
  size_t link = link_directory::none;
  uint32_t group = 0;
  short_request over;
  minor_request minor;
};

class task_intake {
 public:
  // All of them outlive it.
  task_intake(const host& tables, const settings& s, const link_names& names, const link_choice& choice, const minor_links& minors, const shortlinks& shorts)
      : host_(tables), settings_(s), names_(names), choice_(choice), minors_(minors), shorts_(shorts) {}

  // As tharsis_stn says of start(): what is wrong with it, or where it wants to go.
  tharsis_status check(const tharsis_stn_task& task, direction& to, tharsis_error* error) const;
  // One that was found to be right, as a request that is nobody's yet.
  std::unique_ptr<request> make(const tharsis_stn_task& task, tharsis_handle number, direction to) const;
  // The whole of a durable one, for another process;
  static std::unique_ptr<kept_task> keep(const tharsis_stn_task& task, const request& r);
  // and what an earlier one has left, for nobody here; it has no number yet.
  result<std::unique_ptr<request>> make_again(const kept_task& left) const;

 private:
  tharsis_status find_ways(const tharsis_stn_task& task, std::string_view wanted, direction& to, tharsis_error* error) const;

  const host& host_;
  const settings& settings_;
  const link_names& names_;
  const link_choice& choice_;
  const minor_links& minors_;
  const shortlinks& shorts_;
};

}  // namespace tharsis::stn
