// How HTTP calls spare servers: whom they ask when, what their answers mean for the next connection, and who hears of it.
#pragma once
#include <functional>
#include <string>

#include "plugins/stn/core/breakers.h"
#include "plugins/stn/core/now_and_then.h"
#include "plugins/stn/core/origin_care.h"
#include "plugins/stn/link_events.h"
#include "sdk/abi/net.h"
#include "sdk/async/host.h"
#include "sdk/async/strand.h"
#include "sdk/pure/http1.h"
#include "sdk/pure/metrics.h"
#include "sdk/pure/url.h"

namespace tharsis::stn {

class http_care {
 public:
  struct terms {
    rest_settings rest{};
    budget_settings budget{};
    counter busy{}, no_budget{}, left_alone{};
    std::string who{};  // On the bus: "http", or the name of a short link.
    std::function<void(const server_word&)> tell{};  // Empty: nobody.
  };
  // What servers do after the connect is in `servers`, by address, for links too; it outlives this. [own strand]
  http_care(strand& place, const host& tables, breakers& servers, terms t)
      : place_(place), random_(*tables.random), servers_(servers), terms_(std::move(t)), care_(terms_.rest, terms_.budget) {}

  // When this origin may be asked; the past: now.
  instant until(const std::string& origin) const { return care_.until(origin); }
  void on_first(const std::string& origin) { care_.on_first(origin, place_.now()); }
  // A request is to go there again. False: the origin bears no more of them, and that was told.
  [[nodiscard]] bool spend(const std::string& origin);

  // What came of one that was sent to this address (family 0: a proxy stands between). `opened`: the address is left alone
  // from here on, and was not. For how long the origin wants to be left alone; zero: it does not.
  duration on_answer(const url& from, const tharsis_address& at, const http1::response_head& head, bool& opened);
  void on_no_answer(const tharsis_address& at, const std::string& why, bool& opened);

 private:
  bool on_failure(const tharsis_address& at, const std::string& why, duration at_least);
  void tell(uint32_t what, const std::string& address, const std::string& reason, duration wait) const;
  uint64_t chance() const;

  strand& place_;
  const tharsis_random& random_;
  breakers& servers_;
  const terms terms_;
  origin_care care_;
  now_and_then no_budget_news_{budget_told};
};

}  // namespace tharsis::stn
