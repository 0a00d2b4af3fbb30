// tharsis.sdt/1: diagnoses for whoever asks, and those that begin by themselves; all are told on the bus.
#pragma once
#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugins/sdt/core/healing.h"
#include "plugins/sdt/core/resolver_memory.h"
#include "plugins/sdt/core/trigger.h"
#include "plugins/sdt/core/verdict.h"
#include "plugins/sdt/healer.h"
#include "plugins/sdt/link_verdicts.h"
#include "plugins/sdt/session.h"
#include "sdk/abi/dns.h"
#include "sdk/abi/sdt.h"
#include "sdk/abi/stn.h"
#include "sdk/abi/stn_links.h"
#include "sdk/async/host.h"
#include "sdk/async/mailbox.h"
#include "sdk/async/network_watch.h"
#include "sdk/async/signal.h"
#include "sdk/async/task_set.h"

namespace tharsis::sdt {

class service {
 public:
  service(const host& tables, strand& place, resolver& names, const settings& s);
  service(const service&) = delete;

  const tharsis_sdt* table() const { return &table_; }

  // On the bus; 0: nobody is told.
  struct topics {
    tharsis_handle report = 0, heal = 0, verdict = 0;
  };
  // [own strand]
  tharsis_status open(const topics& told, tharsis_error* error);
  // Ends all with CANCELLED; those that come later get GONE. [own strand]
  void close();

 private:
  struct caller {
    tharsis_handle strand = 0;  // 0: nobody waits.
    tharsis_sdt_done done = nullptr;
    void* context = nullptr;
  };
  struct letter {
    bool withdrawal = false;
    tharsis_handle id = 0;
    wish asked;
    caller to;
  };
  struct work {
    caller to;
    uint32_t why = THARSIS_SDT_ASKED;
    std::unique_ptr<session> session_;
    std::optional<task<void>> running;
    instant begun{};
  };
  // What goes to a caller, and to the bus: owned texts and the struct that points to them.
  struct outcome {
    std::string target, code, blame, certainty, sentence, detail, action, json;
    tharsis_sdt_report told{};
  };
  struct delivery {
    caller to;
    tharsis_handle id;
    std::shared_ptr<const outcome> what;
    void deliver() const { to.done(to.context, id, &what->told); }
  };
  struct counts {
    explicit counts(const host& h);
    counter begun, ended, cancelled, by_itself;
    histogram time, bytes;
  };

  static tharsis_status diagnose(void* self, const tharsis_sdt_wish* wish, tharsis_sdt_done done, void* context, tharsis_handle* id,
                                 tharsis_error* error);
  static void cancel(void* self, tharsis_handle id);
  static void on_letter(void* self, letter l);
  template <class Event, void (service::*take)(const Event&)>
  tharsis_status follow(const char* topic, tharsis_error* error);
  void on_link(const tharsis_stn_link& told);
  static void note_trouble(passive_probe& p, const tharsis_stn_link& told);
  void end_silence(passive_probe& p);
  void on_task(const tharsis_stn_task_event& told);
  void on_weak(const tharsis_stn_weak& told);
  void on_pong(const tharsis_stn_pong& told);
  void on_lie(const tharsis_dns_hijack& told);

  task<void> serve();
  task<void> run(tharsis_handle id);
  task<void> look_for_opening(task<bool> (*asks)(bench& b, canary c), duration within);
  task<void> avoid_lies(remedy of);
  void begin(tharsis_handle id, wish w, caller to, uint32_t why);
  void end(tharsis_handle id, observations seen, tharsis_status status);
  void give_up(tharsis_handle id);
  wish wish_of(const std::string& target, depth how_deep) const;
  void start(const std::string& target, depth how_deep, uint32_t why);
  void heal();
  task<void> note_name_servers();
  instant look_at_attempts();

  const host host_;
  strand& place_;
  resolver& names_;
  const settings settings_;
  const wish usual_;  // The plugin is not made of settings that say none.
  const counts counts_;
  tharsis_sdt table_{};
  tharsis_handle topic_ = 0;
  std::vector<tharsis_handle> subscriptions_;
  std::atomic<tharsis_handle> last_id_ = 0;
  std::atomic<size_t> open_ = 0;
  std::atomic<bool> closed_ = true;
  std::map<tharsis_handle, work> works_;
  trigger_desk triggers_;
  healing healing_;
  healer healer_;
  link_verdicts verdicts_;
  uint64_t generation_ = 0;
  std::map<std::string, passive_probe> links_;  // As stn told of them last.
  // When a link has been connecting for too long.
  struct attempt {
    std::string target;
    instant due = never;
  };
  std::map<std::string, attempt> attempts_;
  std::string network_id_;
  resolver_memory resolvers_;
  std::string last_target_;  // Of stn's link that told something last.
  trust trust_;
  bool trusts_ = false;
  signal stirred_;
  network_watch network_;
  inbox<letter> inbox_;
  outbox<delivery> outbox_;
  task_set endings_;
  task_set knocks_, looks_past_, errands_, looks_around_;
  std::optional<task<void>> serving_;
};

}  // namespace tharsis::sdt
