// tharsis.dns/1: questions come from any strand, the desk decides on dns' own, and each answer goes
// back to the strand that asked; what is remembered is read on the caller's thread. Also publishes dns.stats.
#pragma once
#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "plugins/dns/blocking_question.h"
#include "plugins/dns/core/desk.h"
#include "plugins/dns/core/source_health.h"
#include "plugins/dns/delivery.h"
#include "plugins/dns/explanations.h"
#include "plugins/dns/guard.h"
#include "plugins/dns/kept_connections.h"
#include "plugins/dns/known_files.h"
#include "plugins/dns/lookups.h"
#include "plugins/dns/ranking.h"
#include "plugins/dns/state_folder.h"
#include "plugins/dns/translation.h"
#include "sdk/async/host.h"
#include "sdk/async/kept_file.h"
#include "sdk/async/mailbox.h"
#include "sdk/async/network_watch.h"
#include "sdk/async/signal.h"
#include "sdk/async/task.h"
#include "sdk/pure/error.h"
#include "sdk/pure/logger.h"

namespace tharsis::dns {

class service {
 public:
  // `kept` is what is known of addresses, proven names, who lied, and the last signed table.
  service(const host& tables, strand& place, const settings& s, const state_folder& kept = {});
  service(const service&) = delete;

  const tharsis_dns* table() const { return &table_; }

  // The application's own source, which outlives the service.
  void use(host_source& own) { means_.source = &own, explanations_.use(own); }
  // How servers answer; for who asks them beside the service. It lives as long. [own strand]
  source_health& health() { return health_; }
  // explain() for dns' own command; see explanations. [own strand]
  void explain(explanations::query q, explanations::taker done) { explanations_.ask(++last_id_, std::move(q), std::move(done)); }
  // From now on questions are worked on. `topic` is dns.stats, 0: nobody is told. [own strand]
  void open(tharsis_handle topic);
  // Where it is told who lies, and what was answered. Before open().
  void tell_on(const guard::topics& t, tharsis_handle answers) { guard_.tell_on(t), lookups_.tell_on(answers); }
  // Answers everything with CANCELLED; questions that come later get GONE. [own strand]
  void close();
  // Once hosts files and the signed table have been read; for one who waits. [own strand]
  task<void> begun() { co_await began_.wait(); }
  // What is wrong with the signed table's file then, empty: nothing; and who needs nobody to be asked. [own strand]
  const std::string& complaint() const { return known_.complaint(); }
  bool is_sure(const subject& about);
  // What is thought of who answers for a name, before it does; valid as long as the service. [own strand]
  std::function<beliefs(const std::string& name)> opinion() const {
    return [this](const std::string& name) { return guard_.about(name); };
  }
  // What is remembered now, and how many networks there were so far. [own strand]
  const cache& known() const { return desk_.known(); }
  uint64_t network_generation() const { return generation_; }
  // All where `name` is empty; the profile's own words come back at once. False: it was not known. [own strand]
  bool forget_now(const std::string& name);
  // That, and whatever else has changed, is on the disk when it returns; or why not. [own strand]
  task<error> settle() { return proven_.settle(); }
  // Reads the hosts files and the signed table again, whenever that was last; see known_files::reread(). [own strand]
  task<known_files::news> reread() { return known_.reread(); }
  // After that: what is kept is on the disk when it returns, if the disk takes it by then.
  task<void> keep(instant deadline);

 private:
  // What a caller's thread hands over: a question, the wish to take one back, or something without an answer.
  struct letter {
    enum class wish : uint8_t { question, withdrawal, refresh, oblivion, rank };
    wish what = wish::question;
    tharsis_handle id = 0;
    subject about{};
    tharsis_handle strand = 0;
    tharsis_dns_done done = nullptr;
    void* context = nullptr;
    std::shared_ptr<blocking_question> waits{};
    std::vector<tharsis_address> list{};
  };
  // What sdt found.
  struct advice {
    uint32_t code;
    std::string about;
    duration life;
  };
  struct caller {
    tharsis_handle strand;
    tharsis_dns_done done;
    void* context;
    instant since;
    std::shared_ptr<blocking_question> waits{};  // A thread instead of a strand.
  };
  struct counts {
    explicit counts(const host& h);
    shared_counter refused;  // [any thread]
    counter questions, answers, failures, cancelled, cache_hits, refreshes, stale_answers, readings, restored;
    gauge names, bytes;
    histogram time;
  };
  static tharsis_status resolve(void* self, tharsis_text name, uint32_t family, tharsis_dns_done done, void* context,
                                tharsis_handle* query, tharsis_error* error);
  static void cancel(void* self, tharsis_handle query);
  static void feedback(void* self, const tharsis_dns_feedback* what);
  static tharsis_status set_table(void* self, tharsis_text table, tharsis_error* error) {
    return static_cast<service*>(self)->known_.hand_over(view(table), error);
  }
  static tharsis_status lookup(void* self, tharsis_text name, uint32_t family, tharsis_dns_found* into);
  static tharsis_status resolve_blocking(void* self, tharsis_text name, uint32_t family, int64_t timeout, tharsis_dns_found* into,
                                         tharsis_error* error);
  static tharsis_status prefetch(void* self, tharsis_text name, uint32_t family, tharsis_error* error);
  static tharsis_status forget(void* self, tharsis_text name, tharsis_error* error);
  static tharsis_status explain(void* self, const tharsis_dns_wish* wish, tharsis_dns_explained done, void* context, tharsis_handle* query, tharsis_error* error);
  static tharsis_status advise(void* self, uint32_t code, tharsis_text about, int64_t life, tharsis_error* error);
  static tharsis_status rank(void* self, const tharsis_address* list, size_t count, tharsis_dns_done done, void* context, tharsis_handle* query, tharsis_error* error);
  static void on_advice(void* self, advice a);
  static void on_outcome(void* self, dial_outcome o);
  static void on_letter(void* self, letter l);
  void begin();

  tharsis_status look(std::string_view name, uint32_t family, tharsis_dns_found& into);
  tharsis_status ask(letter l, tharsis_dns_done done, void* context, tharsis_handle* query, tharsis_error* error);
  tharsis_status take_question(letter l, tharsis_handle& id, tharsis_error* error);
  tharsis_status hand_over(letter l, tharsis_error* error);
  tharsis_status wait_for(blocking_question& q, tharsis_handle id, duration timeout, tharsis_dns_found& into, tharsis_error* error);
  void on_question(letter& l);
  void on_refresh(const subject& about);
  void on_rank(letter& l);
  void reorder(const tharsis_address* touched = nullptr);
  error restore(std::string_view text);

  void on_network(const tharsis_network_state& now);
  task<void> serve();
  void carry_out();
  void send(desk::reply& reply);
  void order_to_dial(answer& what);
  void count(const answer& what, duration took) const;
  void count_known();
  static tharsis_status refuse(service& s, tharsis_error* error, tharsis_status status, const std::string& reason);
  void tell_stats();

  const host host_;
  const logger log_;
  strand& place_;
  const counts counts_;
  const settings settings_;
  tharsis_dns table_{};

  // Of the callers' threads.
  std::atomic<tharsis_handle> last_id_ = 0;
  std::atomic<size_t> open_ = 0;
  std::atomic<bool> closed_ = false;
  std::atomic<std::thread::id> thread_{};  // Which carries the own strand.

  // Of the own strand.
  known_files known_;
  desk desk_;
  std::map<tharsis_handle, caller> callers_;
  bool ready_ = false;  // What needs nobody to be asked is known; until then letters wait.
  signal began_;
  std::vector<letter> early_;
  source_health health_;
  means means_;
  kept_connections connections_{means_};
  guard guard_;
  explanations explanations_;
  translation translation_;
  signal stirred_;
  lookups lookups_;
  tharsis_handle topic_ = 0;
  tharsis_dns_stats told_{};
  outbox<delivery> outbox_;
  ranking ranking_;
  kept_file proven_;
  // While it is read: the names that were forgotten meanwhile; an empty one is all.
  std::optional<std::vector<std::string>> forgotten_;
  uint64_t told_refreshes_ = 0, told_stale_ = 0, told_readings_ = 0;
  inbox<letter> inbox_;
  inbox<dial_outcome> outcomes_;
  inbox<advice> advices_;
  std::optional<task<void>> serving_;
  network_watch network_;
  uint64_t generation_ = 0;  // Of the network that the desk knows.
};

}  // namespace tharsis::dns
