#include "runtime/report_json.h"

#include "sdk/pure/json.h"

namespace tharsis::runtime {

namespace {

std::string list_json(const std::vector<std::string>& sentences) {
  std::string text;
  for (const std::string& s : sentences) text += (text.empty() ? "" : ",") + json_text(s);
  return "[" + text + "]";
}

}  // namespace

std::string report_json(const std::vector<runtime::plugin_report>& plugins) {
  std::string text;
  for (const auto& r : plugins)
    text += (text.empty() ? "" : ",") + json_object()
                                            .add("id", r.id)
                                            .add("state", name(r.state))
                                            .add("since", r.since)
                                            .add("reason", r.reason)
                                            .add("stuck", r.stuck)
                                            .add("retry", r.retry)
                                            .add_raw("leaks", list_json(r.leaks))
                                            .text();
  return "[" + text + "]";
}

}  // namespace tharsis::runtime
