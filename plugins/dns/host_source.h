// The application's own source (sdk/abi/dns_source.h), asked as one more server. It comes and goes with the plugin that provides it.
#pragma once
#include <map>
#include <string>

#include "plugins/dns/core/findings.h"
#include "sdk/abi/dns_source.h"
#include "sdk/async/host.h"
#include "sdk/async/mailbox.h"
#include "sdk/async/signal.h"
#include "sdk/async/task.h"

namespace tharsis::dns {

class host_source {
 public:
  host_source(const host& tables, strand& place) : place_(place), answers_(*tables.loop, &host_source::on_answer, this), changed_(place) {}
  host_source(const host_source&) = delete;

  // Null: nobody provides it any more; who waits for it does so in vain. [own strand]
  void use(const tharsis_dns_own_source* source);
  // Types A and AAAA only. Destroying the task takes the question back.
  task<findings> ask(std::string name, uint16_t kind, instant deadline);
  // Returns when each question that was taken has its answer: nobody has an address of this object then.
  task<void> settle();

 private:
  struct open_question;
  struct letter {
    tharsis_handle question;
    findings what;
  };
  static void on_done(void* context, tharsis_handle question, const tharsis_dns_own_answer* a);
  static void on_answer(void* self, letter l);

  strand& place_;
  const tharsis_dns_own_source* source_ = nullptr;
  tharsis_handle last_ = 0;
  tharsis_handle last_before_ = 0;  // Of who provided it before.
  size_t owed_ = 0;  // Answers that are to come.
  std::map<tharsis_handle, open_question*> open_;
  inbox<letter> answers_;
  signal changed_;
};

}  // namespace tharsis::dns
