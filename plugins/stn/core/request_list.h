// A list that goes through the requests themselves: no memory of its own for each.
#pragma once
#include "plugins/stn/core/request.h"

namespace tharsis::stn {

struct request_list {
  request* first = nullptr;
  request* last = nullptr;

  // Null: at the end.
  void insert(request& r, request* before) {
    request* const behind = before == nullptr ? last : before->before;
    r.before = behind;
    r.behind = before;
    (behind == nullptr ? first : behind->behind) = &r;
    (before == nullptr ? last : before->before) = &r;
  }
  void remove(request& r) {
    (r.before == nullptr ? first : r.before->behind) = r.behind;
    (r.behind == nullptr ? last : r.behind->before) = r.before;
  }
};

}  // namespace tharsis::stn
