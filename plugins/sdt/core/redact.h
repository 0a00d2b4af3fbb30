// Takes out of a report what tells where somebody is and who: addresses, the network's name, and private_words.h.
//
// Addresses become others of the same kind, the same one everywhere: public IPv4 ones of 198.18.0.0/15, IPv6 ones of
// 2001:db8::/32 and fd00::/16, numbered as they appear. Private IPv4 ones stay: half of the world has the same, and a
// portal's page has to be found. Addresses within names of lines ("203-0-113-77.dsl.example.net") are addresses. What was in one network stays in one, so that a
// redacted report is judged as the whole one is. Names that a person asked about stay. Where a page sent somebody within its site, and whom a certificate
// names that is not of a host that was asked, is left out wherever it stands.
#pragma once
#include <string>
#include <string_view>

#include "plugins/sdt/core/verdict.h"

namespace tharsis::sdt {

report redacted(report whole);

// For a line of log, which goes further than the machine: addresses as they are, and without what private_words.h finds, for a login's
// URL may have a session in it. What `host`, the one that was asked about, is called stays.
std::string log_text(std::string_view sentence, std::string_view host);
std::string log_text(const action& a, std::string_view host);

}  // namespace tharsis::sdt
