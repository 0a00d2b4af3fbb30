// The application's word on which way a task goes, if somebody provides it.
#pragma once
#include <string>

#include "plugins/stn/core/request.h"
#include "sdk/abi/stn_route.h"
#include "sdk/async/host.h"
#include "sdk/pure/error.h"
#include "sdk/pure/views.h"

namespace tharsis::stn {

class route_hook {
 public:
  explicit route_hook(const host& tables) : host_(tables) {}
  route_hook(const route_hook&) = delete;

  // The hook stays as long as the plugin.
  void open() {
    tharsis_error why = no_error();
    if (host_.registry->watch(host_.registry->self, THARSIS_STN_ROUTE_ID, on_service, this, &why) != THARSIS_OK)
      host_.warning("tasks go where their callers say, without the application's word: " + std::string(why.text));
  }
  void close() { table_ = nullptr; }
  bool there() const { return table_ != nullptr; }

  // The name of the link for this task, or why it goes nowhere.
  result<std::string> route(const request& r, const std::string& link) const {
    const tharsis_stn_route_task task{sizeof task, r.command, r.flags, r.priority, text_of(link), text_of(r.user), r.body.size()};
    tharsis_text to = task.link;
    tharsis_error why = no_error();
    const tharsis_status status = table_->route(table_->self, &task, &to, &why);
    if (status != THARSIS_OK) return error{status, why.text[0] != '\0' ? why.text : "the application lets the task go nowhere"};
    return std::string(view(to));
  }

 private:
  static void on_service(void* context, const void* table) {
    static_cast<route_hook*>(context)->table_ = static_cast<const tharsis_stn_route*>(table);
  }

  const host host_;
  const tharsis_stn_route* table_ = nullptr;
};

}  // namespace tharsis::stn
