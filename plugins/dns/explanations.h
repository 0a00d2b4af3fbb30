// explain() of tharsis.dns/1: all servers are asked, and each is told of.
#pragma once
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "plugins/dns/core/settings.h"
#include "plugins/dns/core/trace.h"
#include "plugins/dns/guard.h"
#include "plugins/dns/inquiry.h"
#include "sdk/abi/dns.h"
#include "sdk/async/mailbox.h"
#include "sdk/async/task_set.h"

namespace tharsis::dns {

// All that came of one question.
struct explained {
  ruling what{};
  std::vector<trace_matter> matters{};  // One for each type of records that was asked for.
  std::vector<std::string> records{};   // That are believed, as a person reads them; of addresses none.
  trust mode = trust::guarded;
  instant since{};
  duration took{};
};

class explanations {
 public:
  // Of all of these types of records, of one name that canonical_name() has written.
  struct query {
    std::string name;
    std::vector<uint16_t> kinds;
    std::vector<server> servers{};  // Who is asked; nobody: the profile's.
    duration time{};                // For all of them.
    bool to_the_end = true;         // All are waited for; else as many as an answer needs.
  };
  using taker = std::function<void(explained)>;

  // All outlive it.
  explanations(const host& tables, strand& place, const settings& s, const guard& known);
  explanations(const explanations&) = delete;

  // The application's own source, which outlives this.
  void use(host_source& own) { means_.source = &own; }
  // What is known of how servers answer is told with what they say; outlives this.
  void use(source_health& known) { means_.health = &known; }
  // As tharsis_dns::explain; `id` is new. [any strand]
  tharsis_status ask(tharsis_handle id, const tharsis_dns_wish* wish, tharsis_dns_explained done, void* context, tharsis_error* error);
  // The same for dns' own command: `done` is called once, inside a task of this object. An `id` of its own. [own strand]
  void ask(tharsis_handle id, query q, taker done);
  // Whatever is no question of explain() is no failure. [any thread]
  void cancel(tharsis_handle id);
  // Everything open is answered with CANCELLED. [own strand]
  void close();

 private:
  struct letter {
    tharsis_handle id = 0;
    bool withdraws = false;
    query asks{};
    // Who is told: a strand, or somebody here.
    tharsis_handle strand = 0;
    tharsis_dns_explained done = nullptr;
    void* context = nullptr;
    taker here{};
  };
  struct entry {
    letter from;
    settings own;  // With the servers that are asked.
    instant since{};
    std::shared_ptr<signal> over{};
    std::unique_ptr<inquiry> asked{};
    record_ruling records{};            // What came of it, where no addresses were asked for.
    std::unique_ptr<inquiry> places{};  // Of a service record that has no hints: the addresses of its target.
  };
  struct delivery {
    tharsis_handle id = 0;
    tharsis_dns_explained done = nullptr;
    void* context = nullptr;
    explained what{};
    void deliver() const;
  };
  static void on_letter(void* self, letter l);
  void begin(letter l);
  task<void> ask(tharsis_handle id);
  task<void> load();
  bool asks_for_places(entry& e);
  explained made_of(entry& e) const;
  void send(const entry& e, explained what);
  void give_up(tharsis_handle id, const error& why);

  static constexpr size_t open_max = 16;

  const host host_;
  strand& place_;
  const settings& settings_;
  const guard& known_;
  means means_;
  bool loading_ = false, has_trust_ = false, closed_ = false;
  std::atomic<size_t> open_ = 0;
  std::map<tharsis_handle, entry> entries_;
  outbox<delivery> outbox_;
  inbox<letter> inbox_;
  task_set work_;
};

}  // namespace tharsis::dns
