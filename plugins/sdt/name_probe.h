// Questions to one resolver at a time, over one way at a time, and all that comes back.
#pragma once
#include "plugins/sdt/bench.h"
#include "plugins/sdt/core/name_reply.h"
#include "sdk/async/task.h"

namespace tharsis::sdt {

struct name_question {
  probe_role role = probe_role::system;
  trusted_resolver server;
  std::string name;
  record_type type = record_type::a;
  duration most = 1200ms;
  // After an answer over UDP, how long a second one is listened for: forged ones come first.
  duration late = 200ms;
  bool from_older_network = false;
};

struct name_answer {
  bool came = false;
  int rcode = -1;
  std::vector<tharsis_address> addresses;  // Port 0.
  failure failed = failure::none;
};

// Asks and notes it. `first`, where there is one, is filled and raised with the first answer, before late ones are waited for.
struct first_answer {
  explicit first_answer(strand& place) : told(place) {}
  name_answer what;
  signal told;
};
task<name_answer> ask_name(bench& b, name_question q, first_answer* first = nullptr);

}  // namespace tharsis::sdt
