// Answers messages of programs: addresses as any plugin would get them, other records as the trusted servers have them.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "plugins/dns/core/served_message.h"
#include "plugins/dns/core/settings.h"
#include "plugins/dns/inquiry.h"
#include "sdk/abi/dns.h"

namespace tharsis::dns {

class answering {
 public:
  // What is thought of who answers for a name, before it does.
  using opinion = std::function<beliefs(const std::string& name)>;
  // `names` is a service on the same strand; all outlive it. It lives until no answer of `names` can come any more.
  answering(const means& m, const settings& s, const tharsis_dns& names, opinion known, size_t questions_max)
      : means_(m), settings_(s), names_(names), known_(std::move(known)), questions_max_(questions_max) {}
  answering(const answering&) = delete;

  // The message that answers, or nothing where none is due. Over UDP not longer than who asks can take.
  task<std::vector<uint8_t>> answer(std::vector<uint8_t> request, bool datagram);

  size_t open() const { return open_; }

 private:
  // What came of a question for addresses.
  struct waiting {
    explicit waiting(strand& place) : came(place) {}
    signal came;
    bool done = false;
    tharsis_status status = THARSIS_OK;
    std::vector<tharsis_address> addresses;
    std::string reason, verdict;
    duration life{};
    bool no_name = false, unbelieved = false;
  };
  // Takes a question back whose asker has gone.
  struct withdrawal {
    answering& owner;
    tharsis_handle id;
    ~withdrawal();
  };
  struct counted {
    size_t& open;
    explicit counted(size_t& n) : open(n) { ++open; }
    ~counted() { --open; }
    counted(const counted&) = delete;
  };

  std::vector<uint8_t> remembered(const served_question& q, size_t room) const;
  task<std::vector<uint8_t>> answer_addresses(served_question q, size_t room);
  task<std::vector<uint8_t>> answer_records(served_question q, size_t room);
  static void on_answer(void* self, tharsis_handle id, const tharsis_dns_answer* a);

  const means& means_;
  const settings& settings_;
  const tharsis_dns& names_;
  const opinion known_;
  const size_t questions_max_;
  size_t open_ = 0;
  std::map<tharsis_handle, waiting*> waiting_;
};

}  // namespace tharsis::dns
