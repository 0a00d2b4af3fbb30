// From what several servers say of one name to the addresses that are to be used, and to those that are not.
//
//   strict   only servers that proved who they are are believed
//   guarded  they decide where one of them answered; else what most others say, marked as not proven
//   open     the first answer counts, whatever it is
//
// In strict and guarded mode an address that no public name has is dropped, whoever gives it, except for local names. A
// server that says that there is no such name has a vote as those that have addresses; a draw is for the addresses, so one
// liar's NXDOMAIN erases nothing.
//
// Pure.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/dns/core/beliefs.h"
#include "plugins/dns/core/findings.h"

namespace tharsis::dns {

enum class trust : uint8_t { strict, guarded, open };
std::optional<trust> trust_named(std::string_view word);

// What one server said.
struct testimony {
  std::string source;
  bool vouched = false;
  findings what;
  // Answers that came in its name and that it contradicted: somebody else forged them.
  std::vector<findings> forged;
  instant began{};  // When it was asked.
  std::string health{};  // What was known then of how it answers, for a person; empty: it is well.
};

struct candidate {
  tharsis_address address{};
  std::string source;
  bool proven = false;
  std::string why;
  // As a service record says, see tharsis_dns_candidate.
  std::string alpn{};
  std::vector<uint8_t> ech{};
  bool doubtful = false;  // Another's certificate is there; it is given as there is nothing else, and stands last.
};
struct refusal {
  tharsis_address address{};
  std::string source;
  std::string why;
};

// The worst that was seen, the lowest first.
enum class finding : uint8_t {
  proven,     // Who proved to be a trusted server says so, and nobody says otherwise.
  agreed,     // Several say the same, and nobody says otherwise; not proven.
  single,     // One says so.
  disputed,   // They differ, as they may where a name has many servers; what most say, or a trusted one, counts.
  hijack,     // A server gives addresses that cannot be, or hides a name that a trusted one knows.
  injection,  // Forged answers race those of a server.
};
std::string_view word(finding f);

struct ruling {
  // OK; NOT_FOUND: there is no such name, or it has no address, or none that may be used; DENIED: there are addresses, but from
  // nobody whom this mode believes; NETWORK: no server answered.
  tharsis_status status = THARSIS_E_NETWORK;
  finding saw = finding::single;
  std::vector<candidate> candidates;
  std::vector<refusal> refused;
  bool trusted = false;  // Servers that proved their names said so, also where it is that there is nothing.
  uint32_t life = 0;   // Seconds, of what was believed; 0: it does not say.
  std::string reason;  // A sentence unless OK.
  bool no_name = false;  // NOT_FOUND: there is no such name, of any type.
  bool unbelieved = false;  // NOT_FOUND: there were addresses, all were refused, and nobody who is believed says that there is none.
  std::string verdict() const;  // One word: word(saw), or why there is nothing.
};

// Servers that did not answer, or not yet.
struct silence {
  size_t vouched = 0, plain = 0;
};

// `heard`, in the order they came, about one type of addresses.
// What is known beforehand: an address that is refuted is refused, unless it is all there is and that is not sure (beliefs::refuted::sure), one that has proved to be the name's counts as if a trusted
// server gave it, whoever does, and who is in quarantine has no vote where others speak or a trusted server was asked.
ruling judge(const question& q, trust mode, std::span<const testimony> heard, silence silent, const beliefs& known = {});

// May one stop waiting for the silent ones? A trusted answer decides; where no trusted server is left to wait for, so do
// more than half of all.
bool decided(const question& q, trust mode, std::span<const testimony> heard, silence silent, const beliefs& known = {});

// Of any other type of records: those that a trusted server has, else those that most have. `known` as above.
struct record_ruling {
  tharsis_status status = THARSIS_E_NETWORK;  // As ruling has it.
  std::string source;
  bool proven = false;
  std::vector<std::string> texts;
  std::vector<service_record> services;  // Of HTTPS and SVCB, the best first, with the hints that may be.
  std::vector<refusal> refused;          // The other hints.
  std::string reason;
};
// The addresses that its service records give, each with what its record says.
std::vector<candidate> hinted(const record_ruling& r);
// What a service record says, for an address of its target.
void add_service(const service_record& s, candidate& to);
record_ruling judge_records(const question& q, trust mode, std::span<const testimony> heard, const beliefs& known = {});

// Of both families, in the order to try: one of each in turn, IPv6 first.
ruling both(ruling v6, ruling v4);

}  // namespace tharsis::dns
