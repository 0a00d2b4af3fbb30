// Has names looked up: of the servers, of the system's resolver, or, before a login, of nobody. What came of it goes to the desk.
#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "plugins/dns/core/desk.h"
#include "plugins/dns/core/own_words.h"
#include "plugins/dns/guard.h"
#include "plugins/dns/inquiry.h"
#include "plugins/dns/translation.h"
#include "sdk/async/host.h"
#include "sdk/async/signal.h"
#include "sdk/async/task_set.h"
#include "sdk/pure/logger.h"

namespace tharsis::dns {

class lookups {
 public:
  struct tools {
    const means& asks;
    guard& watches;
    const translation& translates;
    desk& hears;
    signal& stirred;  // Raised where the desk has something to decide, or collect() has something to do.
  };
  // All outlive it.
  lookups(const host& tables, strand& place, const settings& s, const tools& t);
  lookups(const lookups&) = delete;

  // Where it is told what was answered; 0: nobody is.
  void tell_on(tharsis_handle topic) { topic_ = topic; }
  void start(const subject& about);
  void give_up(const subject& about);
  // What the servers said of names is enough, or their time is up.
  void collect();

  // Those of the name's domain, or the profile's.
  const settings& settings_for(const std::string& name) const {
    const auto rule = settings_.domains.index(name);
    return rule ? by_domain_[*rule] : settings_;
  }

 private:
  struct of_system {
    subject about;
    instant since;
  };
  // What it says, as it came.
  struct system_word {
    subject about;
    instant since;
    tharsis_status status = THARSIS_OK;
    std::vector<tharsis_address> addresses{};
  };
  void refuse(const subject& about, tharsis_status status, const char* verdict, const std::string& why);
  bool wait_for_login(const subject& about);
  void ask_servers(const subject& about);
  void ask_system(const subject& about);
  static void on_resolved(void* self, tharsis_handle lookup, tharsis_status status, const tharsis_address* list, size_t count);
  bool is_weighed(const system_word& said) const;
  task<void> weigh(system_word said, uint64_t number);
  void take(system_word said, const own_words* own);
  void tell_lie(const std::string& name, const answer& what);
  void tell_answer(const subject& about, const answer& what, instant since) const;

  const host host_;
  const logger log_;
  strand& place_;
  const settings& settings_;
  const std::vector<settings> by_domain_;  // As settings::domains.
  const counter count_;
  const means& means_;
  guard& guard_;
  const translation& translation_;
  desk& desk_;
  signal& stirred_;
  tharsis_handle topic_ = 0;
  std::set<std::pair<std::string, std::string>> warned_of_;  // Networks and their liars.
  std::map<tharsis_handle, of_system> of_system_;  // By the host's number.
  std::map<subject, uint64_t> weighing_;  // What the system's resolver said is looked at; each has a number of its own.
  uint64_t last_weighing_ = 0;
  std::map<subject, std::unique_ptr<inquiry>> inquiries_;
  task_set work_;
};

}  // namespace tharsis::dns
