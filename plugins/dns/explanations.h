// explain() of tharsis.dns/1: all servers are asked, and each is told of.
#pragma once
#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "plugins/dns/core/settings.h"
#include "plugins/dns/guard.h"
#include "plugins/dns/inquiry.h"
#include "sdk/abi/dns.h"
#include "sdk/async/mailbox.h"
#include "sdk/async/task_set.h"

namespace tharsis::dns {

class explanations {
 public:
  // All outlive it.
  explanations(const host& tables, strand& place, const settings& s, const guard& known);
  explanations(const explanations&) = delete;

  // As tharsis_dns::explain; `id` is new. [any strand]
  tharsis_status ask(tharsis_handle id, const tharsis_dns_wish* wish, tharsis_dns_explained done, void* context, tharsis_error* error);
  // Whatever is no question of explain() is no failure. [any thread]
  void cancel(tharsis_handle id);
  // Everything open is answered with CANCELLED. [own strand]
  void close();

 private:
  struct letter {
    tharsis_handle id = 0;
    bool withdraws = false;
    inquiry::wish wish{};
    std::vector<server> servers{};
    duration time{};
    tharsis_handle strand = 0;
    tharsis_dns_explained done = nullptr;
    void* context = nullptr;
  };
  struct entry {
    letter from;
    settings own;  // With the servers that are asked.
    instant since{};
    std::shared_ptr<signal> over{};
    std::unique_ptr<inquiry> asked{};
  };
  struct delivery {
    tharsis_handle id = 0;
    tharsis_dns_explained done = nullptr;
    void* context = nullptr;
    ruling what{};
    std::string verdict{};
    std::vector<std::pair<uint16_t, testimony>> heard{};  // With the type that was asked for.
    instant since{};
    duration took{};
    void deliver() const;
  };
  static void on_letter(void* self, letter l);
  void begin(letter l);
  task<void> ask(tharsis_handle id);
  task<void> load();
  void send(entry& e, delivery d);
  void give_up(tharsis_handle id, const std::string& why);

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
